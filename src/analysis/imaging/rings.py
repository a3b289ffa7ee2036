"""Rings: what a detector's columns leave around the axis of rotation of a reconstruction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim

if TYPE_CHECKING:
    import pandas as pd

_FINE_PX = 3.0  # detail that is finer than this Gaussian counts
_CLIP, _MAD = 3.0, 0.6745  # robust standard deviations to which detail is cut
_INNER = 8.0  # px: nearer to the axis a ring has too few voxels
_ASIDE = 0.15  # of the radius: how far beside the axis the other centres lie
_DIRECTIONS = 12
_PLANES = 16
_METHOD = 0.1  # of the amplitude: what clipping and smoothing do to it
_SURE = 3.0  # standard deviations of the other centres


@dataclass(frozen=True)
class RingStrength:
    """How strong rings around a centre are, beside other centres in the same image.

    Attributes
    ----------
    amplitude : float
        Root mean square of rings finer than about 7 px [grey value]; 0 where they are no stronger
        than what noise and specimen show around other centres.
    error : float
        Standard uncertainty: the scatter of the other centres, and 10 % of the method.
    elsewhere : float
        The same figure around other centres: noise and specimen [grey value].
    significance : float
        By how many of their standard deviations the centre stands out from the others.
    centre_px : tuple of float
        (y, x)
    radius_px : float
        Rings up to here were looked at.
    """

    amplitude: float
    error: float
    elsewhere: float
    significance: float
    centre_px: tuple[float, float]
    radius_px: float

    @property
    def told(self) -> bool:
        """Whether there are rings beyond what chance makes."""
        return self.significance > _SURE

    def table(self) -> pd.DataFrame:
        """Return one row: amplitude, what stands elsewhere, and what that says."""
        import pandas as pd

        words = "rings" if self.told else "no rings beyond noise and specimen"
        return pd.DataFrame(
            {
                "amplitude": [self.amplitude],
                "error": [self.error],
                "elsewhere": [self.elsewhere],
                "significance": [self.significance],
                "said": [words],
            }
        )


def ring_strength(image: NDArray, *, centre_px: tuple[float, float] | None = None) -> RingStrength:
    """Measure rings around the axis of rotation.

    Fine detail, with the specimen's edges cut down to what noise reaches, is averaged over circles,
    voxel wide: what is left are rings, and what noise and specimen leave. The same is done around
    centres beside the axis, where rings average out: the difference of the mean squares is that
    of the rings.

    Parameters
    ----------
    image : ndarray, (y, x) or (z, y, x)
        Slices across the axis; of a volume 16 evenly spaced planes are used.
    centre_px : (float, float), optional
        Where the axis goes through, y and x [px]; the middle of the slice unless told. Around a
        wrong centre there are no rings: give it where the volume was cropped.

    Returns
    -------
    RingStrength

    Raises
    ------
    ValueError
        The centre lies too near to the border, or values are no numbers.

    Notes
    -----
    Arcs count by their share of the circle. A round specimen that is centred on the axis has rings
    of its own: take the centre of the axis, not that of the specimen, and a region inside.

    Examples
    --------
    >>> y, x = np.indices((160, 160)) - 80
    >>> rings = 2.0 * (np.rint(np.hypot(y, x)) % 3 == 0)  # root mean square 0.94
    >>> noise = np.random.default_rng(0).normal(0, 5, rings.shape)
    >>> found = ring_strength(rings + noise, centre_px=(80, 80))
    >>> 0.8 < found.amplitude < 1.1, found.told, ring_strength(noise).told
    (True, True, False)
    """
    image = np.asarray(image)
    planes = image[None] if checked_image_ndim(image.shape) == 2 else image
    if len(planes) > _PLANES:
        planes = planes[np.linspace(0, len(planes) - 1, _PLANES).round().astype(int)]
    shape = planes.shape[1:]
    middle = ((shape[0] - 1) / 2, (shape[1] - 1) / 2)
    y, x = middle if centre_px is None else (float(centre_px[0]), float(centre_px[1]))
    room = min(y, x, shape[0] - 1 - y, shape[1] - 1 - x)
    aside, radius = _ASIDE * room, (1 - _ASIDE) * room
    if radius < 4 * _INNER:
        raise ValueError(
            f"centre_px needs {4 * _INNER / (1 - _ASIDE):.0f} px to every border of {shape}, got "
            f"{(y, x)}: cut less away"
        )
    grey = planes.astype(np.float32)
    if not np.isfinite(grey).all():
        raise ValueError("image needs numbers, got NaN or inf: cut to what was reconstructed")
    turns = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    around = np.stack([y + aside * np.sin(turns), x + aside * np.cos(turns)], axis=1)
    grey = np.stack([_fine_detail(plane) for plane in grey])
    here = _mean_square(grey, (y, x), radius)
    others = np.array([_mean_square(grey, tuple(place), radius) for place in around])
    level, scatter = float(others.mean()), float(others.std(ddof=1))
    amplitude = float(np.sqrt(max(0.0, here - level)))
    chance = scatter / (2 * amplitude) if amplitude**2 > scatter else float(np.sqrt(scatter))
    error = float(np.hypot(chance, _METHOD * amplitude))
    significance = (here - level) / scatter if scatter > 0 else 0.0
    return RingStrength(amplitude, error, float(np.sqrt(level)), significance, (y, x), radius)


def _fine_detail(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is finer than a Gaussian, edges of the specimen cut to what noise and rings reach."""
    from scipy.ndimage import gaussian_filter

    fine = plane - gaussian_filter(plane, _FINE_PX)
    seen = np.abs(fine[fine != 0])  # not what lies outside the reconstructed circle
    most = _CLIP * float(np.median(seen)) / _MAD if len(seen) else 0.0
    return np.clip(fine, -most, most)


def _mean_square(planes: NDArray, centre: tuple[float, ...], radius: float) -> float:
    """Mean square of the means over circles, weighted by their voxels."""
    y, x = np.ogrid[: planes.shape[1], : planes.shape[2]]
    distance = np.hypot(y - centre[0], x - centre[1])
    reach = int(radius)
    inside = distance < reach + 0.5
    circle = np.rint(distance[inside]).astype(np.intp)
    voxels = np.bincount(circle, minlength=reach + 1)
    squares = 0.0
    weights = voxels[int(_INNER) :].astype(float)
    for plane in planes:
        sums = np.bincount(circle, plane[inside].astype(float), minlength=reach + 1)
        means = sums / np.maximum(voxels, 1)
        squares += float(np.average(means[int(_INNER) :] ** 2, weights=weights))
    return squares / len(planes)
