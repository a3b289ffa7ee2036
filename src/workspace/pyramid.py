"""The plan of a pyramid: which levels, which chunks, and how one level becomes the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np

_CHUNK_3D = 64
_CHUNK_2D = 512
_SQRT2 = math.sqrt(2)


@dataclass(frozen=True)
class LevelPlan:
    """One level of a pyramid.

    Attributes
    ----------
    shape : tuple of int
        Spatial axes only [voxel].
    factors : tuple of int
        Voxels of level 0 in one voxel here, per spatial axis.
    chunks : tuple of int
    """

    shape: tuple[int, ...]
    factors: tuple[int, ...]
    chunks: tuple[int, ...]


def plan_levels(
    shape: Sequence[int],
    *,
    spacing_um: Sequence[float] | None,
    plane_bytes: int = 0,
    memory_bytes: int | None = None,
) -> list[LevelPlan]:
    """Plan levels that become near-isotropic on the way down.

    Only the axes whose voxels are finest are halved, until the level fits one chunk.

    Parameters
    ----------
    shape : sequence of int
        Spatial axes, (z, y, x) or (y, x).
    spacing_um : sequence of float or None
        Voxel size [µm]; None plans as if voxels were cubes.
    plane_bytes : int
        Bytes of one plane along the first axis, all channels.
    memory_bytes : int, optional
        A slab one chunk deep must fit this; chunks become flatter for it.

    Returns
    -------
    list of LevelPlan

    Examples
    --------
    >>> [level.factors for level in plan_levels((64, 256, 256), spacing_um=(4.0, 1.0, 1.0))]
    [(1, 1, 1), (1, 2, 2), (1, 4, 4)]
    """
    edge = _CHUNK_3D if len(shape) == 3 else _CHUNK_2D
    depth = edge
    while memory_bytes and depth > 2 and depth * plane_bytes > memory_bytes:
        depth //= 2
    size = np.ones(len(shape)) if spacing_um is None else np.asarray(spacing_um, dtype=float)
    levels = [_level(shape, (1,) * len(shape), edge, depth)]
    while max(levels[-1].shape) > edge:
        last = levels[-1]
        voxel = size * last.factors
        divisible = [voxel[i] for i, n in enumerate(last.shape) if n > 1]
        finest = min(divisible)
        factors = tuple(
            f * 2 if n > 1 and voxel[i] < _SQRT2 * finest else f
            for i, (f, n) in enumerate(zip(last.factors, last.shape, strict=True))
        )
        levels.append(_level(shape, factors, edge, depth))
    return levels


def _level(shape: Sequence[int], factors: tuple[int, ...], edge: int, depth: int) -> LevelPlan:
    own = tuple(-(-n // f) for n, f in zip(shape, factors, strict=True))
    chunks = tuple(min(n, depth if i == 0 else edge) for i, n in enumerate(own))
    return LevelPlan(own, factors, chunks)


def level_origin_um(
    origin_um: Sequence[float], spacing_um: Sequence[float], factors: Sequence[int]
) -> tuple[float, ...]:
    """Place the centre of a level's first voxel: half a voxel of the difference further in.

    Examples
    --------
    >>> level_origin_um((0.0, 0.0), (1.0, 0.5), (2, 4))
    (0.5, 0.75)
    """
    return tuple(
        o + (f - 1) / 2 * s for o, s, f in zip(origin_um, spacing_um, factors, strict=True)
    )


def shrink(block: np.ndarray, *, steps: Sequence[int], labels: bool = False) -> np.ndarray:
    """Halve some axes of a block.

    Parameters
    ----------
    block : ndarray
        Grey values or labels.
    steps : sequence of int
        1 or 2 per axis. An odd end is completed with its last plane.
    labels : bool
        Take the most frequent label (the smallest of equals) instead of the mean.

    Returns
    -------
    ndarray
        Of the same dtype; means of integers are rounded half up.

    Examples
    --------
    >>> shrink(np.array([[1, 2, 9], [3, 4, 9]], dtype=np.uint8), steps=(2, 2))
    array([[3, 9]], dtype=uint8)
    """
    if all(step == 1 for step in steps):
        return block
    parts = _parts(_completed(block, steps), steps)
    if labels:
        return _mode(parts)
    return _mean(parts, block.dtype)


def _completed(block: np.ndarray, steps: Sequence[int]) -> np.ndarray:
    missing = [(0, n % step) for n, step in zip(block.shape, steps, strict=True)]
    return np.pad(block, missing, mode="edge") if any(m for _, m in missing) else block


def _parts(block: np.ndarray, steps: Sequence[int]) -> list[np.ndarray]:
    corners = product(*(range(step) for step in steps))
    return [
        block[tuple(slice(c, None, step) for c, step in zip(corner, steps, strict=True))]
        for corner in corners
    ]


def _mean(parts: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "f":
        total: Any = parts[0].astype(np.float64 if dtype.itemsize == 8 else np.float32)
        for part in parts[1:]:
            total += part
        return (total / len(parts)).astype(dtype)
    wide: Any = parts[0].astype(_wide(dtype))
    for part in parts[1:]:
        wide += part
    wide += len(parts) // 2
    wide >>= len(parts).bit_length() - 1
    return wide.astype(dtype)


def _wide(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"{dtype.kind}{2 * dtype.itemsize}")


def _mode(parts: list[np.ndarray]) -> np.ndarray:
    stack = np.sort(np.stack(parts), axis=0)
    best, best_count = stack[0].copy(), np.ones(stack.shape[1:], dtype=np.uint8)
    count = best_count.copy()
    for previous, current in pairwise(stack):
        count = np.where(current == previous, count + 1, 1).astype(np.uint8)
        better = count > best_count
        best[better], best_count[better] = current[better], count[better]
    return best
