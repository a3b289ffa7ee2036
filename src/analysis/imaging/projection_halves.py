"""Two independent images of one scan: odd and even projections, each reconstructed by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_FULL_TURN_DEG, _HALF_TURN_DEG = 360.0, 180.0
_FEWEST = 16
_FILTERS = ("ramp", "shepp-logan", "cosine", "hamming", "hann")


@dataclass(frozen=True)
class ProjectionHalves:
    """Slices from even and from odd projections.

    Attributes
    ----------
    first, second : ndarray of float32, (y, x) or (z, y, x)
        Attenuation per detector pixel, from projections 0, 2, 4 ... and 1, 3, 5 ...; a plane a
        row of the detector.
    projections : tuple of int
        In each half.
    """

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    projections: tuple[int, int]


def attenuation(
    projections: ArrayLike, *, flats: ArrayLike, darks: ArrayLike | None = None
) -> NDArray[np.float32]:
    """Turn counts behind a specimen into the sum of its attenuation along each ray.

    -ln((I - dark) / (flat - dark)), with the means of flats and darks.

    Parameters
    ----------
    projections : array_like, (angles, rows, columns) or (angles, columns)
    flats, darks : array_like, (images, rows, columns) or (images, columns)
        Without a specimen, and without a beam; darks are 0 unless given.

    Returns
    -------
    ndarray of float32
        [1]; where a ray has no counts left, that of one part in 10⁵ of the beam.

    Raises
    ------
    ValueError
        Shapes that do not fit, or a flat field that is not above the dark one.

    Examples
    --------
    >>> attenuation([[50.0, 100.0]], flats=[[100.0, 100.0]]).round(3).tolist()
    [[0.6930000185966492, -0.0]]
    """
    counts = np.asarray(projections, np.float32)
    dark = np.zeros(counts.shape[1:], np.float32) if darks is None else _mean(darks, counts)
    beam = _mean(flats, counts) - dark
    if not beam.min() > 0:
        raise ValueError(
            f"flats need to be above darks everywhere, got {beam.min():.4g} at least: mask dead "
            "columns, or swap flats and darks"
        )
    return np.asarray(-np.log(np.maximum((counts - dark) / beam, 1e-5)), np.float32)


def back_project(
    sinogram: NDArray, *, angles_deg: ArrayLike, centre_px: float, filter_name: str = "ramp"
) -> NDArray[np.float32]:
    """Reconstruct a slice from parallel rays by filtered back-projection.

    Parameters
    ----------
    sinogram : ndarray, (angles, columns)
        Attenuation along each ray.
    angles_deg : array_like of float
        Of the projections [degrees], half a turn of them, or a whole one.
    centre_px : float
        Column that the axis of rotation falls on, from 0 [px]. Between columns the rays are
        interpolated, which smooths them.
    filter_name : {"ramp", "shepp-logan", "cosine", "hamming", "hann"}
        All but the ramp smooth.

    Returns
    -------
    ndarray of float32, (columns, columns)
        Attenuation per column; the axis lies in pixel ``(columns // 2, columns // 2)``. 0 outside
        the circle that rays of all directions cross.

    Raises
    ------
    ValueError
        Angles that do not cover half a turn (radians?), or a centre outside the detector.

    Notes
    -----
    Not for a cone or fan of rays: away from the middle plane and axis their slices are wrong.

    References
    ----------
    Kak & Slaney 1988, doi:10.1137/1.9780898719277; done by `skimage.transform.iradon`.

    Examples
    --------
    >>> rays = np.zeros((90, 32)); rays[:, 16] = 1.0
    >>> slice_ = back_project(rays, angles_deg=np.arange(0, 180, 2), centre_px=16)
    >>> [int(n) for n in np.unravel_index(slice_.argmax(), slice_.shape)]
    [16, 16]
    """
    from skimage.transform import iradon

    rays = np.asarray(sinogram, np.float32)
    angles = np.asarray(angles_deg, float)
    if rays.ndim != 2 or len(rays) != len(angles):
        raise ValueError(
            f"sinogram needs (angles, columns) with {len(angles)} angles, got {rays.shape}"
        )
    if filter_name not in _FILTERS:
        raise ValueError(f"filter_name needs one of {_FILTERS}, got {filter_name!r}")
    centred = _centred(rays, _checked_centre(centre_px, rays.shape[1]))
    _check_turn(angles)
    found = iradon(
        centred.T, theta=angles, output_size=rays.shape[1], filter_name=filter_name, circle=True
    )
    return np.asarray(found, np.float32)


def projection_halves(
    projections: NDArray,
    *,
    angles_deg: ArrayLike,
    centre_px: float,
    flats: ArrayLike | None = None,
    darks: ArrayLike | None = None,
    filter_name: str = "ramp",
) -> ProjectionHalves:
    """Reconstruct even and odd projections apart, for `shell_correlation`.

    Flats and darks are parted as well, so that the halves share no noise of theirs.

    Parameters
    ----------
    projections : ndarray, (angles, rows, columns) or (angles, columns)
        Of parallel rays: counts where `flats` are given, else attenuation.
    angles_deg : array_like of float
        [degrees]
    centre_px : float
        Column of the axis of rotation [px].
    flats, darks : array_like, (images, rows, columns) or (images, columns), optional
        Two images of each or more.
    filter_name : str
        Of `back_project`.

    Returns
    -------
    ProjectionHalves

    Raises
    ------
    ValueError
        As `back_project` and `attenuation`; fewer than 32 projections, or a single flat.

    Notes
    -----
    Rays of n projections lie too far apart for a period p beyond n p / pi from the axis: there
    each half has streaks of its own, and the halves contradict each other. Mask the specimen, and
    take the resolution for that of a scan with half of the projections where they are few. What
    does not change from projection to projection is in both halves: rings are taken for structure
    (`ring_strength`).

    Examples
    --------
    >>> rays = np.random.default_rng(0).normal(1, 0.1, (64, 32))
    >>> halves = projection_halves(rays, angles_deg=np.arange(64) * 180 / 64, centre_px=16)
    >>> halves.first.shape, halves.projections
    ((32, 32), (32, 32))
    """
    counts = np.asarray(projections)
    if counts.ndim not in (2, 3) or len(counts) < 2 * _FEWEST:
        raise ValueError(
            f"projections needs (angles, rows, columns) and {2 * _FEWEST} angles or more, got "
            f"{counts.shape}"
        )
    angles = np.asarray(angles_deg, float)
    halves = []
    for start in (0, 1):
        rays = counts[start::2]
        if flats is not None:
            rays = attenuation(
                rays, flats=_parted(flats, start, "flats"),
                darks=None if darks is None else _parted(darks, start, "darks"),
            )  # fmt: skip
        rows = rays[:, None] if rays.ndim == 2 else rays
        slices = [
            back_project(
                rows[:, row], angles_deg=angles[start::2], centre_px=centre_px,
                filter_name=filter_name,
            )
            for row in range(rows.shape[1])
        ]  # fmt: skip
        halves.append(slices[0] if rays.ndim == 2 else np.stack(slices))
    return ProjectionHalves(halves[0], halves[1], (len(counts[::2]), len(counts[1::2])))


def _mean(images: ArrayLike, counts: NDArray) -> NDArray[np.float32]:
    found = np.asarray(images, np.float32)
    if found.shape[1:] != counts.shape[1:]:
        raise ValueError(
            f"flats and darks need images of {counts.shape[1:]} pixels, got {found.shape[1:]}"
        )
    return np.asarray(found.mean(axis=0))


def _parted(images: ArrayLike, start: int, name: str) -> NDArray:
    found = np.asarray(images)
    if len(found) < 2:
        raise ValueError(
            f"{name} needs two images or more, got {len(found)}: with one, both halves share its "
            "noise; correct the projections first and leave it out if that is what you want"
        )
    return np.asarray(found[start::2])


def _checked_centre(centre_px: float, columns: int) -> float:
    if not 0 <= centre_px <= columns - 1:
        raise ValueError(f"centre_px needs a column of 0 to {columns - 1}, got {centre_px}")
    return float(centre_px)


def _check_turn(angles: NDArray) -> None:
    if not np.isfinite(angles).all():
        raise ValueError("angles_deg needs numbers, got NaN or inf")
    span = float(np.ptp(angles)) * len(angles) / max(len(angles) - 1, 1)
    if span < 0.95 * _HALF_TURN_DEG or span > 1.1 * _FULL_TURN_DEG:
        advice = ": convert radians" if span < 7 else ""
        raise ValueError(
            f"angles_deg needs half a turn or a whole one, got {span:.4g} degrees{advice}"
        )


def _centred(rays: NDArray[np.float32], centre: float) -> NDArray[np.float32]:
    """Put the axis into the middle column, nothing cut; between columns, by lines."""
    from scipy.ndimage import shift

    columns = rays.shape[1]
    whole = round(centre)
    if abs(centre - whole) > 1e-6:
        rays = shift(rays, (0, whole - centre), order=1, mode="nearest")
    reach = max(whole, columns - 1 - whole)
    return np.pad(rays, ((0, 0), (reach - whole, reach + 1 - (columns - whole))))
