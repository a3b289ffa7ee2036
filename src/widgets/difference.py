"""One time point less another, on the plane that is seen, each from its own pyramid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .coarse import Coding
from .colors import DIFFERENCE, table
from .compose import GROUND
from .plane import Plane
from .rendering import PLAIN, Rendering
from .sampling import choose_level, sample
from .scene import Placed, sample_slab

# Limits and means are found on so many points along each axis.
GRID = 40
_LIMIT = 0.995


@dataclass(frozen=True)
class Frame:
    """A placed image and the index along its time axis."""

    item: Placed
    index: int


@dataclass(frozen=True)
class Differences:
    """Grey values of one less those of another; `inside` where both have one."""

    values: NDArray[np.float32]
    inside: NDArray[np.bool_]


def difference_on(
    frame: Frame,
    reference: Frame,
    plane: Plane,
    *,
    width_px: int,
    height_px: int,
    how: Rendering = PLAIN,
) -> Differences:
    """Sample two time points on the same points of a plane, or through a slab, and subtract."""
    points = plane.lattice(width_px, height_px)
    now, before = (
        sample_slab(one.item, plane, points, how=replace(how, time=one.index))
        for one in (frame, reference)
    )
    values = now.values.astype(np.float32) - before.values.astype(np.float32)
    return Differences(values, now.inside & before.inside & np.isfinite(values))


def difference_colors(found: Differences, limit: float) -> NDArray[np.uint8]:
    """Colours of differences, shape (height, width, 3): white where nothing changed."""
    share = np.clip(np.nan_to_num(found.values) / (2 * limit) + 0.5, 0, 1)
    colors = table(DIFFERENCE)[np.rint(share * 255).astype(np.uint8)]
    return np.where(found.inside[..., None], colors, np.array(GROUND, np.uint8))


def coding_of(limit: float) -> Coding:
    """How differences travel to the browser: twice the limit fits."""
    return Coding(-2 * limit, 4 * limit / 65535, wide=True)


def difference_bytes(found: Differences, limit: float) -> bytes:
    """Differences as a browser's patch: value in two bytes, and whether there is one."""
    whole = np.ascontiguousarray(coding_of(limit).values(found.values).astype("<u2"))
    pixels = np.zeros((*whole.shape, 4), np.uint8)
    pixels[..., :2] = whole.view(np.uint8).reshape(*whole.shape, 2)
    pixels[..., 3] = np.where(found.inside, 255, 0)
    return pixels.tobytes()


def common_limit(frames: list[Frame], reference: Frame, corners_um: NDArray[np.float64]) -> float:
    """A symmetric limit that holds for every time point.

    The largest 99.5 % quantile of the absolute differences on a grid through the whole, rounded up
    to two digits; 1 where nothing differs.
    """
    points = grid_points(corners_um)
    before, inside = values_at(reference, points)
    limit = 0.0
    for frame in frames:
        now, seen = values_at(frame, points)
        both = inside & seen
        if both.any():
            limit = max(limit, float(np.quantile(np.abs(now - before)[both], _LIMIT)))
    if not limit > 0:
        return 1.0
    step = 10.0 ** (np.floor(np.log10(limit)) - 1)
    return float(np.ceil(limit / step - 1e-6) * step)


def grid_points(corners_um: NDArray[np.float64], count: int = GRID) -> NDArray[np.float64]:
    """Points on a grid through a box, shape (n, m, 3) z, y, x [µm], half a step from its faces."""
    low, high = corners_um.min(axis=0), corners_um.max(axis=0)
    counts = [count if b > a else 1 for a, b in zip(low, high, strict=True)]
    steps = [(np.arange(n) + 0.5) / n for n in counts]
    share = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1)
    return (low + share * (high - low)).reshape(counts[0], -1, 3)


def values_at(
    frame: Frame,
    points_um: NDArray[np.float64],
    *,
    level: int | None = None,
    nearest: bool = False,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Grey values of a time point at positions of the world (n, m, 3), and where there are any.

    Parameters
    ----------
    level : int, optional
        Of the pyramid; by default the one whose voxels are about as far apart as the points.
    nearest : bool
        Voxels as they are: what lies between two is less noisy than either.
    """
    item = frame.item
    own = item.placement.apply(points_um)
    number = choose_level(item.levels, _steps(frame, points_um)) if level is None else level
    found = sample(
        item.levels, own, level=number, select=item.select(time=frame.index), nearest=nearest
    )
    inside = found.inside & np.isfinite(found.values)
    return found.values.astype(np.float32), inside


def _steps(frame: Frame, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
    """Steps of a grid along its axes, in the image's own frame (3, 3) [µm]."""
    points = points_um.reshape(-1, 3)
    size = np.array([max(1, len(np.unique(points[:, axis])) - 1) for axis in range(3)])
    ends = points[0] + np.diag(np.ptp(points, axis=0) / size)
    return frame.item.placement.apply(ends) - frame.item.placement.apply(points[:1])
