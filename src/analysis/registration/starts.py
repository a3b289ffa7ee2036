"""Where a search for the best map begins, and which of its ends are different places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .descent import Summit
from .estimate import moved
from .grey_image import GreyImage
from .transform import AffineTransform

_RUNAWAY = 1.5
_ROUNDING_DEG = 1e-3
_SAME = 2.0  # voxels: ends that differ less are one place


def centred(fixed: GreyImage, moving: GreyImage, model: str = "rigid") -> AffineTransform:
    """Middle on middle, axes along axes."""
    return AffineTransform(
        model=model,  # type: ignore[arg-type]
        matrix=np.eye(3),
        centre_um=moving.centre_um,
        offset_um=fixed.centre_um,
        ndim_moving=moving.ndim,
        ndim_fixed=fixed.ndim,
    )


def around(
    start: AffineTransform,
    count: int,
    *,
    reach_um: float,
    reach_deg: float,
    rng: np.random.Generator,
) -> list[AffineTransform]:
    """Turn and shift a start at random: evenly within a ball of either."""
    rigid = replace(start, model="rigid", covariance=None)
    shifts = rigid.parameter_count - (3 if start.ndim_fixed == 3 else 1)
    turns = rigid.parameter_count - shifts
    found = []
    for _ in range(count):
        shift = reach_um * _in_ball(shifts, rng)
        turn = np.radians(reach_deg) * _in_ball(turns, rng)
        found.append(moved(rigid, np.concatenate([shift, turn])))
    return found


def turned_away(
    start: AffineTransform, count: int, *, rng: np.random.Generator
) -> list[AffineTransform]:
    """Turn a start by 60 to 180 degrees about its middle, any way round."""
    rigid = replace(start, model="rigid", covariance=None)
    turns = 1 if start.ndim_fixed == 2 else 3
    found = []
    for _ in range(count):
        axis = rng.normal(size=turns)
        turn = np.radians(rng.uniform(60, 180)) * axis / np.linalg.norm(axis)
        found.append(moved(rigid, np.concatenate([np.zeros(rigid.parameter_count - turns), turn])))
    return found


def _in_ball(dims: int, rng: np.random.Generator) -> np.ndarray:
    direction = rng.normal(size=dims)
    return direction / np.linalg.norm(direction) * rng.random() ** (1 / dims)


def distance_um(a: AffineTransform, b: AffineTransform, corners_um: np.ndarray) -> float:
    """Largest distance at the corners of the image between two maps of it [um]."""
    return float(np.linalg.norm(a.apply(corners_um) - b.apply(corners_um), axis=1).max())


def within_reach(
    start: AffineTransform, end: AffineTransform, *, reach_um: float, reach_deg: float
) -> bool:
    """Whether a climb has not run away: at most half as far again as was to be looked."""
    middle = start.centre_um[None]
    shift = float(np.linalg.norm(end.apply(middle) - start.apply(middle)))
    turn = _polar(end.matrix @ np.linalg.inv(start.matrix))
    angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    return bool(shift <= _RUNAWAY * reach_um and angle <= _RUNAWAY * reach_deg + _ROUNDING_DEG)


def _polar(matrix: np.ndarray) -> np.ndarray:
    """The turn in a matrix."""
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ right)


def different(
    summits: Sequence[Summit], corners_um: np.ndarray, *, voxel_um: float
) -> list[Summit]:
    """Keep the best of each place, best first."""
    kept: list[Summit] = []
    for one in sorted(summits, key=lambda summit: summit.shared, reverse=True):
        near = (distance_um(one.transform, other.transform, corners_um) for other in kept)
        if all(far > _SAME * voxel_um for far in near):
            kept.append(one)
    return kept
