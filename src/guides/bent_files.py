"""Bends from and for other programs' files, sampled over the image that they move."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..analysis.registration import DisplacementField, PointMap
from ..errors import Degenerate
from ..io.itk_transform import Grid
from ..workspace import Workspace
from .coverage import field_points

_PLACES = 5_000  # of a grid that a record holds
_WRITTEN = 30_000  # of a grid in a file


def sampled_bend(
    ws: Workspace, mapping: Any, *, moving: str, sigma_um: float | None
) -> DisplacementField:
    """Sample a map that bends over the images of its frame, with the error that is stated.

    What the cells of the grid miss of the map is added to the error. How far errors of
    neighbouring places are alike no file says: cuts count each corner's as its own.

    Parameters
    ----------
    ws : Workspace
    mapping : PointMap, ThinPlateSpline or SplineMap
        From the moving frame.
    moving : str
        Frame, which has an image.
    sigma_um : float or None
        Standard uncertainty of a mapped place along each axis [µm].

    Raises
    ------
    ValueError
        Nobody states an error, or the frame has no image over which to sample.
    Degenerate
        The map has no way for some place of the image.
    """
    if sigma_um is None or not np.isfinite(sigma_um) or sigma_um <= 0:
        raise ValueError(
            f"sigma_um needs a length above 0, got {sigma_um}: the file does not say how well the "
            "transform is known"
        )
    corners = _corners(ws, moving)
    low, high = corners.min(axis=0), corners.max(axis=0)
    wide = (high > low) & ~((mapping.ndim_moving == 2) & (np.arange(3) == 0))
    step = (np.prod((high - low)[wide]) / _PLACES) ** (1 / max(1, wide.sum()))
    shape = np.where(wide, np.maximum(2, ((high - low) / step).astype(int) + 1), 1)
    while np.prod(shape) > _PLACES:
        shape = np.where(shape > 2, shape - 1, shape)
    spacing = np.where(wide, (high - low) / np.maximum(shape - 1, 1), 1.0)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
    places = low + spacing * index
    moves = (mapping.apply(places) - places).reshape(*shape, 3)
    field = DisplacementField(moves, spacing_um=spacing, origin_um=low)
    if field.folds():
        raise Degenerate(
            f"the map folds over {field.folds():.2g} of the image: it is no map of a specimen"
        )
    between = places[(index < shape - 1)[:, wide].all(axis=1)] + np.where(wide, spacing / 2, 0.0)
    missed = field.apply(between) - mapping.apply(between)
    own = np.sqrt(sigma_um**2 + np.mean(missed**2, axis=0).max())
    return DisplacementField(moves, spacing_um=spacing, origin_um=low, sigma_um=float(own))


def _corners(ws: Workspace, moving: str) -> np.ndarray:
    images = [one for one in ws.images if one.frame == moving and one.calibrated]
    if not images:
        raise ValueError(
            f"a bend is sampled over the image that it moves, and {moving} has none: import the "
            "image first"
        )
    return np.concatenate([field_points(image, grid=2) for image in images])


def grid_around(ws: Workspace, mapping: Any, *, moving: str) -> Grid:
    """Lay a grid in the fixed frame around what a bend makes of the images of the moving frame.

    Raises
    ------
    ValueError
        The frame has no image.
    """
    corners = _corners(ws, moving)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if isinstance(mapping, DisplacementField):
        end = mapping.spacing_um * (np.array(mapping.field_um.shape[:3]) - 1)
        low = np.maximum(low, mapping.origin_um)
        high = np.minimum(high, mapping.origin_um + end)
    sides = np.linspace(low, high, 9).T
    seen = mapping.apply(np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3))
    flat = mapping.ndim_moving == 2
    low, high = seen.min(axis=0), seen.max(axis=0)
    axes = slice(1, None) if flat else slice(None)
    size = (high - low)[axes]
    step = float((np.prod(size) / _WRITTEN) ** (1 / len(size)))
    shape = tuple(int(n) for n in np.ceil(size / step) + 1)
    return Grid(tuple(low[axes].tolist()), (step,) * len(size), shape)


def both_ways(mapping: Any) -> Any:
    """Let a displacement field have a way back everywhere: beyond its image the nearest one's.

    Other maps have one and stay as they are.
    """
    if not isinstance(mapping, DisplacementField):
        return mapping
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

    shape = mapping.field_um.shape[:3]
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
    origins = mapping.origin_um + mapping.spacing_um * index
    ends, wide = mapping.apply(origins), np.array(shape) > 1
    inner = LinearNDInterpolator(ends[:, wide], origins - ends)
    outer = NearestNDInterpolator(ends[:, wide], origins - ends)

    def back(points_um: np.ndarray) -> np.ndarray:
        found = inner(points_um[:, wide])
        gone = np.isnan(found).any(axis=1)
        found[gone] = outer(points_um[gone][:, wide])
        return np.asarray(points_um + found)

    dims = {"ndim_moving": mapping.ndim_moving, "ndim_fixed": mapping.ndim_fixed}
    return PointMap("a displacement field", forward=mapping.apply, backward=back, **dims)
