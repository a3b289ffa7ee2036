"""Points on the specimen's surface, found in a volume along the columns of one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..spacing import checked_spacing

_TRIM = 3.5  # robust standard deviations beyond which a point is a pit, a bead or debris
_ROUNDS = 12


def surface_points(
    volume: NDArray,
    *,
    threshold: float,
    spacing_um: Sequence[float],
    origin_um: Sequence[float] | None = None,
    side: Literal["low", "high"] = "low",
    smoothing_px: float = 1.0,
    step_px: int = 4,
) -> NDArray[np.float64]:
    """Find where each column along z first crosses from outside into the specimen.

    Parameters
    ----------
    volume : ndarray, (z, y, x)
        Grey values; the specimen is brighter than what is around it.
    threshold : float
        Between outside and specimen [grey value].
    spacing_um : sequence of float
        Voxel size (z, y, x) [µm].
    origin_um : sequence of float, optional
        Centre of voxel 0 [µm]; 0 unless told.
    side : {"low", "high"}
        Whether the column is entered from small or from large z.
    smoothing_px : float
        Gaussian before the search, against single bright voxels of noise; it leaves a flat
        surface where it is [voxel].
    step_px : int
        Distance of the columns that are used; at least the reach of the smoothing, so that the
        points are independent [voxel].

    Returns
    -------
    ndarray of shape (n, 3)
        z, y, x [µm], between voxels by linear interpolation. Columns that miss the specimen or
        begin inside it are left out.

    Examples
    --------
    >>> volume = np.zeros((20, 9, 9)); volume[8:] = 100
    >>> surface_points(volume, threshold=50, spacing_um=(2, 2, 2), smoothing_px=0)[0]
    array([15.,  0.,  0.])
    """
    spacing = np.asarray(checked_spacing(spacing_um, 3))
    grey = np.asarray(volume, dtype=np.float32)
    if grey.ndim != 3:
        raise ValueError(f"volume needs 3 axes (z, y, x), got {grey.ndim}")
    if smoothing_px > 0:
        grey = ndimage.gaussian_filter(grey, smoothing_px, mode="nearest")
    grey = grey[:, ::step_px, ::step_px]
    if side == "high":
        grey = grey[::-1]
    first = np.argmax(grey >= threshold, axis=0)
    crossed = (first > 0) & (np.max(grey, axis=0) >= threshold)
    rows, columns = np.nonzero(crossed)
    index = first[rows, columns]
    below, above = grey[index - 1, rows, columns], grey[index, rows, columns]
    depth = index - 1 + (threshold - below) / (above - below)
    if side == "high":
        depth = grey.shape[0] - 1 - depth
    points = np.stack([depth, rows * step_px, columns * step_px], axis=1) * spacing
    return points if origin_um is None else points + np.asarray(origin_um, float)


def flat_part(
    points_um: NDArray[np.float64], *, around_um: Sequence[float], radius_um: float
) -> NDArray[np.float64]:
    """Keep the points near a place that lie on one plane: no pits, beads, debris or far sides.

    Parameters
    ----------
    points_um : array, shape (n, 3)
        Points on the surface, z, y, x [µm].
    around_um : sequence of float
        z, y, x; only y and x are used [µm].
    radius_um : float
        Lateral reach [µm].

    Returns
    -------
    array, shape (m, 3)

    Raises
    ------
    ValueError
        Fewer than 12 points are left: widen the radius.

    Notes
    -----
    The plane is fitted with Tukey's biweight from the median height; it must hold the majority.
    """
    points = np.asarray(points_um, float)
    arms = points[:, 1:] - np.asarray(around_um, float)[1:]
    near = np.linalg.norm(arms, axis=1) < radius_um
    points, arms = points[near], arms[near]
    if len(points) < 12:
        raise ValueError(
            f"radius_um needs to hold at least 12 surface points, got {len(points)} within "
            f"{radius_um:g} µm: widen it"
        )
    design = np.column_stack([np.ones(len(points)), arms])
    fitted = np.array([np.median(points[:, 0]), 0.0, 0.0])
    scale = _scatter(points[:, 0] - fitted[0])
    for _ in range(_ROUNDS):
        off = points[:, 0] - design @ fitted
        weight = np.clip(1 - (off / (4.685 * scale)) ** 2, 0, None)
        fitted = np.linalg.lstsq(design * weight[:, None], points[:, 0] * weight, rcond=None)[0]
        scale = _scatter(points[:, 0] - design @ fitted)
    off = points[:, 0] - design @ fitted
    kept = points[np.abs(off) < _TRIM * scale]
    if len(kept) < 12:
        raise ValueError(f"only {len(kept)} of {len(points)} surface points lie on one plane")
    return kept


def _scatter(values: NDArray[np.float64]) -> float:
    return max(1.4826 * float(np.median(np.abs(values - np.median(values)))), 1e-9)
