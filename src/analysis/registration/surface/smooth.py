"""A survey without its noise, once with the edges that its blur has moved put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Point spread of a usual X-ray scan, its standard deviation [voxel].
BLUR_PX = 0.7


@dataclass(frozen=True, eq=False)
class Smooth:
    """A volume whose noise was taken off.

    Attributes
    ----------
    plain : ndarray of float32, shape (z, y, x)
        What lies outside and inside of an edge.
    sharp : ndarray of float32, shape (z, y, x)
        Where the edge is: with what blur takes off curved edges put back. It overshoots inside.
    """

    plain: NDArray[np.float32]
    sharp: NDArray[np.float32]

    def refuse_without(self, level: float) -> None:
        """Refuse a level at which there is no surface.

        Raises
        ------
        ValueError
        """
        grey = self.sharp
        if not (grey < level).any() or not (grey >= level).any():
            raise ValueError(
                f"level needs a grey value between outside and specimen, got {level:g} where the "
                f"volume reaches from {grey.min():g} to {grey.max():g}"
            )


def smoothed(volume: NDArray, smoothing_px: float, blur_px: float = BLUR_PX) -> Smooth:
    """Check a volume, take its noise off, and put back what blur takes off edges.

    A blurred edge recedes by its curvature times half the blur's variance, which the heat equation
    run back by one step undoes.
    """
    from scipy import ndimage

    plain = np.ascontiguousarray(volume, np.float32)
    if plain.ndim != 3:
        raise ValueError(f"volume needs 3 axes (z, y, x), got {plain.ndim}")
    if smoothing_px > 0:
        plain = ndimage.gaussian_filter(plain, smoothing_px, mode="nearest")
    sharp = plain
    if smoothing_px > 0 and blur_px > 0:
        variance = np.float32(smoothing_px**2 + blur_px**2)
        sharp = plain - variance / 2 * ndimage.laplace(plain, mode="nearest")
    return Smooth(plain, np.ascontiguousarray(sharp))
