"""Mirrored and turned voxel grids, and the flip that takes them back.

A grid whose x, y, z steps are left-handed in world coordinates shows the specimen mirrored: no
rotation lays it over an image from another instrument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

# Direction cosines in files are rounded to a few digits.
_ALIGNED = 1e-3


@dataclass(frozen=True)
class Grid:
    """Where a voxel grid lies in the file's world.

    Attributes
    ----------
    mirrored : bool
        Whether its steps are left-handed.
    flip_offered : str or None
        Axes whose reversal makes it right-handed and best aligned with the world.
    origin_um : dict
        Centre of the first voxel by axis [µm], empty if the grid is turned in its world.
    notes : tuple of str
    """

    mirrored: bool
    flip_offered: str | None
    origin_um: dict[str, float]
    notes: tuple[str, ...]


def best_flip(direction: np.ndarray) -> str:
    """Find the axes to reverse so that a direction matrix is right-handed and nearest identity.

    Parameters
    ----------
    direction : ndarray, shape (d, d)
        Columns are the steps along x, y(, z) in world coordinates.

    Examples
    --------
    >>> best_flip(np.diag([1.0, -1.0, 1.0])), best_flip(np.eye(3))
    ('y', '')
    """
    letters = "xyz"[: len(direction)]
    odd = np.linalg.det(direction) < 0
    choices = [
        "".join(chosen)
        for count in range(len(letters) + 1)
        if count % 2 == odd
        for chosen in combinations(letters, count)
    ]
    return max(
        choices, key=lambda chosen: (np.trace(direction @ _signs(chosen, letters)), -len(chosen))
    )


def place_grid(
    direction: np.ndarray | None,
    *,
    size: Mapping[str, int],
    spacing_um: Mapping[str, float] | None,
    origin_um: Mapping[str, float],
    flip: str,
) -> Grid:
    """Judge a voxel grid after the axes in `flip` have been reversed.

    Parameters
    ----------
    direction : ndarray, shape (d, d), or None
        As stored; None if the file has none, then the grid counts as aligned.
    size, spacing_um, origin_um : mapping
        By axis letter, as stored.
    flip : str
        Axes that are read backwards.
    """
    letters = "".join(axis for axis in "xyz" if axis in size)
    stored = np.eye(len(letters)) if direction is None else np.asarray(direction, float)
    seen = stored @ _signs(flip, letters)
    mirrored = bool(np.linalg.det(seen) < 0)
    aligned = np.allclose(seen, np.eye(len(letters)), atol=_ALIGNED)
    origin = _moved_origin(stored, letters, size, spacing_um, origin_um, flip) if aligned else {}
    offered = best_flip(stored) if mirrored else None
    return Grid(mirrored, offered, origin, _notes(seen, aligned, mirrored, letters))


def _signs(flip: str, letters: str) -> np.ndarray:
    return np.diag([-1.0 if axis in flip else 1.0 for axis in letters])


def _moved_origin(
    stored: np.ndarray,
    letters: str,
    size: Mapping[str, int],
    spacing_um: Mapping[str, float] | None,
    origin_um: Mapping[str, float],
    flip: str,
) -> dict[str, float]:
    if any(axis not in origin_um for axis in letters):
        return {}
    if flip and spacing_um is None:
        return {}
    steps = np.array([(size[a] - 1) * (spacing_um or {})[a] if a in flip else 0.0 for a in letters])
    moved = np.array([origin_um[axis] for axis in letters]) + stored @ steps
    return dict(zip(letters, moved.tolist(), strict=True))


def _notes(seen: np.ndarray, aligned: bool, mirrored: bool, letters: str) -> tuple[str, ...]:
    if aligned or mirrored:
        return ()
    half_turn = best_flip(seen)
    if half_turn and np.allclose(
        seen @ _signs(half_turn, letters), np.eye(len(letters)), atol=_ALIGNED
    ):
        return (
            f"the file's world has {' and '.join(half_turn)} the other way round (half a turn, no "
            f"mirror image): Answers(flip={half_turn!r}) would align them; origin left out",
        )
    return (
        "the voxel grid is turned in the file's world: frame kept to the grid, origin left out",
    )
