"""Slices as they stand in space: a plane's picture, cut out where images cover it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .plane import Plane, triple
from .rendering import PLAIN, Rendering
from .scene import Placed, box_corners_um, draw
from .space import EDGES, Sheet

_FLAT = 1e-9  # of a box's size: a corner so near the plane lies on it


def sheet_of(
    world: Any,
    layers: Sequence[Any],
    plane: Plane,
    *,
    name: str,
    width_px: int,
    how: Rendering = PLAIN,
) -> Sheet | None:
    """Draw a plane as the explorer does, and cut it out where visible images cover it.

    Returns
    -------
    Sheet or None
        None where the plane meets no image.
    """
    placed = [item for item in world.placed(layers) if _is_seen(item.layer, plane)]
    outlines = [outline(item_corners_um(world, item, plane, width_px), plane) for item in placed]
    polygons = [found for found in outlines if len(found) > 2]
    if not polygons:
        return None
    pixels = draw(placed, plane, width_px=width_px, how=how)
    size = np.array([width_px, pixels.shape[0]])
    places = tuple(plane.to_canvas(polygon, width_px) / size for polygon in polygons)
    return Sheet(name=name, pixels=pixels, polygons=tuple(polygons), places=places)


def _is_seen(layer: Any, plane: Plane) -> bool:
    return bool(layer.visible and layer.shown(plane.width_um) > 0)


def whole_plane(plane: Plane, corners_um: ArrayLike) -> Plane:
    """The plane, as far as everything reaches."""
    corners = np.asarray(corners_um, float)
    right, below = corners @ np.asarray(plane.across), corners @ np.asarray(plane.down)
    middle = np.asarray(plane.centre_um)
    shift = [
        ((edge.min() + edge.max()) / 2 - middle @ np.asarray(axis)) * np.asarray(axis)
        for edge, axis in ((right, plane.across), (below, plane.down))
    ]
    return replace(
        plane,
        centre_um=triple(middle + shift[0] + shift[1]),
        width_um=float(np.ptp(right)),
        height_um=float(np.ptp(below)),
    )


def item_corners_um(world: Any, item: Placed, plane: Plane, width_px: int) -> NDArray[np.float64]:
    """Corners of what a layer can show: a flat image is as thick as its slab."""
    own = box_corners_um(item.levels)
    if item.dims == 2:
        pixel = max(plane.pixel_um(width_px), max(item.levels[0].spacing_um))
        slab = item.layer.slab_um or pixel
        own[:, 0] = np.where(np.arange(8) < 4, -slab, slab)
    return np.asarray(world.from_frame(own, world.images[item.layer.image].frame))


def outline(corners_um: ArrayLike, plane: Plane) -> NDArray[np.float64]:
    """Where a plane's rectangle cuts a box: a convex polygon, (n, 3) z, y, x [µm]; n may be 0.

    Parameters
    ----------
    corners_um : array_like, shape (8, 3)
        In the order of `box_corners_um`.
    plane : Plane

    Examples
    --------
    >>> from scalebridge.widgets.plane import axis_plane
    >>> box = np.indices((2, 2, 2)).reshape(3, 8).T * 10.0
    >>> plane = axis_plane("xy", centre_um=(5, 5, 5), width_um=8, height_um=100)
    >>> sorted(outline(box, plane)[:, 2].tolist())
    [1.0, 1.0, 9.0, 9.0]
    """
    corners = np.asarray(corners_um, float)
    height = plane.distance_um(corners)
    near = np.abs(height) <= _FLAT * float(np.ptp(corners, axis=0).max())
    found = list(corners[near])
    for first, second in EDGES:
        if height[first] * height[second] < 0 and not (near[first] or near[second]):
            share = height[first] / (height[first] - height[second])
            found.append(corners[first] + share * (corners[second] - corners[first]))
    if len(found) < 3:
        return np.empty((0, 3))
    offset = np.array(found) - np.asarray(plane.centre_um)
    flat = np.stack([offset @ np.asarray(plane.across), offset @ np.asarray(plane.down)], axis=1)
    clipped = _clipped(_around(flat), plane.width_um / 2, plane.height_um / 2)
    directions = np.array([plane.across, plane.down])
    return np.asarray(plane.centre_um) + clipped @ directions if len(clipped) else np.empty((0, 3))


def _around(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of a convex polygon in their order around its middle."""
    offset = points - points.mean(axis=0)
    return points[np.argsort(np.arctan2(offset[:, 1], offset[:, 0]), kind="stable")]


def _clipped(polygon: NDArray[np.float64], right: float, below: float) -> NDArray[np.float64]:
    """The polygon within plus and minus these half widths (Sutherland and Hodgman 1974)."""
    for axis, limit in ((0, right), (0, -right), (1, below), (1, -below)):
        inside = polygon[:, axis] * np.sign(limit) <= abs(limit)
        kept: list[NDArray[np.float64]] = []
        for number, point in enumerate(polygon):
            before = polygon[number - 1]
            if inside[number] != inside[number - 1]:
                share = (limit - before[axis]) / (point[axis] - before[axis])
                kept.append(before + share * (point - before))
            if inside[number]:
                kept.append(point)
        if not kept:
            return np.empty((0, 2))
        polygon = np.array(kept)
    return polygon
