"""Poses from which a search begins: marks on a plane look alike from two sides."""

from __future__ import annotations

import numpy as np

from ..transform import AffineTransform
from .view import SurfaceView

_SOLID = 0.02  # third to first spread of marks above which they are worth a start of their own


def starting_poses(
    marks_um: np.ndarray, surface_um: np.ndarray, view: SurfaceView, *, scale_free: bool
) -> list[AffineTransform]:
    """Begin from both poses of the marks' best plane, from all three dimensions, and the stage.

    Parameters
    ----------
    marks_um : (n, 2) array
        Picked in the picture, y, x [um].
    surface_um : (n, 3) array
        The same marks in the survey [um].
    view : SurfaceView
    scale_free : bool
        Whether picture and survey may differ in scale.

    References
    ----------
    Huang & Lee 1989, doi:10.1109/34.31448 (two views of four marks under orthography have a
    two-fold ambiguity); the plane's own is Necker's reversal.
    """
    centre, middle = surface_um.mean(axis=0), marks_um.mean(axis=0)
    arms, seen = surface_um - centre, marks_um - middle
    _, spread, axes = np.linalg.svd(arms, full_matrices=False)
    turns = _of_a_plane(arms, seen, axes[:2].T, scale_free)
    if len(spread) > 2 and spread[2] > _SOLID * spread[0]:
        turns.append(_of_a_solid(arms, seen))
    turns.append((view.axes, 1.0))
    return [
        AffineTransform(
            model="similarity" if scale_free else "rigid",
            matrix=turn / scale if scale_free else turn,
            centre_um=np.append(0.0, middle),
            offset_um=centre,
            ndim_moving=2,
            ndim_fixed=3,
        )
        for turn, scale in turns
    ]


def _of_a_plane(
    arms: np.ndarray, seen: np.ndarray, sides: np.ndarray, scale_free: bool
) -> list[tuple[np.ndarray, float]]:
    """Both ways to tilt a plane so that it is foreshortened as the picture shows it."""
    drawn = np.linalg.lstsq(arms @ sides, seen, rcond=None)[0].T
    values, vectors = np.linalg.eigh(drawn.T @ drawn)
    square = values[1] if scale_free else 1.0
    height = np.sqrt(max(1.0 - values[0] / square, 0.0)) * vectors[:, 0]
    found = []
    for sign in (1.0, -1.0):
        columns = _orthonormal(np.vstack([sign * height, drawn / np.sqrt(square)]))
        normal = np.cross(columns[:, 0], columns[:, 1])
        plane = np.column_stack([sides, np.cross(sides[:, 0], sides[:, 1])])
        found.append((plane @ np.column_stack([columns, normal]).T, float(np.sqrt(square))))
    return found


def _of_a_solid(arms: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, float]:
    drawn = np.linalg.lstsq(arms, seen, rcond=None)[0].T
    rows = _orthonormal(drawn.T)
    turn = np.column_stack([np.cross(rows[:, 0], rows[:, 1]), rows])
    return turn, float(np.mean(np.linalg.svd(drawn, compute_uv=False)))


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left @ right)
