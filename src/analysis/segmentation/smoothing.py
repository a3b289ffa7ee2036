"""Gaussian smoothing of boxes of an image, the same to the bit however it is cut up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing
from ..threads import in_slabs, thread_count

_TRUNCATE = 4.0  # standard deviations at which scipy and scikit-image end a Gaussian

Range = tuple[int, int]


def gaussian(
    image: NDArray,
    *,
    sigma_um: float,
    spacing_um: Sequence[float],
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Smooth an image by a Gaussian that is round in µm, whatever the shape of the voxels.

    Do not smooth before measuring surfaces or thin layers: curved interfaces move inwards by about
    sigma² / R, and what is thinner than twice sigma fades.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; mirrored at the borders. Computed in float32.
    sigma_um : float
        Standard deviation [µm]; the Gaussian ends at four of them.
    spacing_um : sequence of float
        Voxel size along each axis [µm]; 1 an axis to give sigma in voxels.
    threads : int, optional
        Threads; one a core unless told. The result does not depend on them.

    Returns
    -------
    ndarray of float32
        [grey value]

    Examples
    --------
    >>> gaussian(np.full((3, 3), 2.0), sigma_um=1.0, spacing_um=(1, 1)).round(5).max()
    np.float32(2.0)
    """
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    spacing = checked_spacing(spacing_um, ndim)
    if not (np.isfinite(sigma_um) and sigma_um >= 0):
        raise ValueError(f"sigma_um needs a width of 0 µm or more, got {sigma_um}")
    volume = as_volume(image)
    part = Part(np.ascontiguousarray(volume, np.float32), (0, 0, 0), volume.shape)
    sigmas = ((0.0,) if ndim == 2 else ()) + tuple(sigma_um / size for size in spacing)
    whole = tuple((0, n) for n in volume.shape)
    return smoothed_part(part, sigmas, whole, thread_count(threads)).reshape(image.shape)


@dataclass(frozen=True)
class Part:
    """A box of an image in memory.

    Attributes
    ----------
    values : ndarray of float32, (z, y, x)
    first : tuple of int
        Where it begins in the image.
    shape : tuple of int
        Of the image.
    """

    values: NDArray[np.float32]
    first: tuple[int, ...]
    shape: tuple[int, ...]

    def index(self, axis: int, wanted: Range, reach: int) -> NDArray[np.int64]:
        """The voxels of the part that stand for a range and its surroundings, mirrored."""
        n = self.shape[axis]
        places = np.arange(wanted[0] - reach, wanted[1] + reach) % (2 * n)
        return np.where(places < n, places, 2 * n - 1 - places) - self.first[axis]


def smoothed_part(
    part: Part, sigmas_px: Sequence[float], wanted: Sequence[Range], threads: int
) -> NDArray[np.float32]:
    """Smooth what is wanted of a part, which reaches `reach_px` further, if the image does.

    Parameters
    ----------
    part : Part
    sigmas_px : sequence of float
        Standard deviation along each axis [px].
    wanted : sequence of pairs of int
        First voxel and end along each axis, in the image; may lie beside it, by mirroring.
    threads : int
    """
    from .smoothing_loops import smooth_planes

    weights = [gaussian_weights(sigma) for sigma in sigmas_px]
    index = [part.index(axis, wanted[axis], len(w) - 1) for axis, w in enumerate(weights)]
    out = np.empty([b - a for a, b in wanted], np.float32)
    in_slabs(
        lambda first, last: smooth_planes(part.values, *index, *weights, out, first, last),
        len(out),
        threads=threads,
        slabs=threads,
    )
    return out


def gaussian_weights(sigma_px: float) -> NDArray[np.float32]:
    """Weights of a Gaussian from the middle outwards; their sum with both sides is 1.

    Examples
    --------
    >>> gaussian_weights(0.0).tolist()
    [1.0]
    """
    reach = reach_px(sigma_px)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / max(sigma_px, 1e-9)) ** 2)
    return np.asarray(weights / (2 * weights.sum() - 1), np.float32)


def reach_px(sigma_px: float) -> int:
    """How far a Gaussian looks [px].

    Examples
    --------
    >>> reach_px(1.5)
    6
    """
    return int(_TRUNCATE * sigma_px + 0.5)


def as_volume(image: NDArray) -> NDArray:
    """A picture as a volume of one plane; a volume as it is."""
    return image[None] if image.ndim == 2 else image
