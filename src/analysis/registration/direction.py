"""Does a transform run the way it says? A test by what lies in what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .points import lift
from .transform import AffineTransform

_GRID = 9  # points along each axis of a field of view
_MUCH, _LITTLE = 0.5, 0.05  # shares that tell one direction from the other


@dataclass(frozen=True)
class DirectionTest:
    """How much of the smaller field of view lies in the larger one.

    Attributes
    ----------
    share_inside : float
        With the transform as it is, 0 to 1.
    share_if_inverted : float
        With the transform taken the other way round.
    backwards : bool or None
        Whether it seems to run the other way; None where the fields do not tell.
    statement : str
        In words.
    """

    share_inside: float
    share_if_inverted: float
    backwards: bool | None
    statement: str


def judge_direction(
    transform: AffineTransform, moving_corners_um: ArrayLike, fixed_corners_um: ArrayLike
) -> DirectionTest:
    """Tell by containment whether a transform maps the moving to the fixed image, or back.

    Whatever is registered overlaps: of two images of one specimen, a good part of the one with the
    smaller field lies in the other. A transform that was stored or read in the wrong direction
    usually carries it elsewhere.

    Parameters
    ----------
    transform : AffineTransform
        Said to map the moving to the fixed frame.
    moving_corners_um, fixed_corners_um : (n, 3) array, or (n, 2) of a 2-D image
        Corners of the two fields of view, each in its own frame [um]. Depth is not asked of a
        field that is flat in z.

    Returns
    -------
    DirectionTest
        ``backwards`` is True if less than 5 % lies inside as it is and 50 % or more inverted, False
        the other way round, else None.

    Examples
    --------
    >>> zoom, survey = [[0, 0, 0], [20, 20, 20]], [[0, 0, 0], [500, 500, 500]]
    >>> into = AffineTransform.exact(offset_um=[200, 300, 400])
    >>> judge_direction(into, zoom, survey).statement
    '100% of the smaller image lies in the larger one; 0% if the transform were inverted'
    >>> wrong = AffineTransform.exact(offset_um=[-200, -300, -400])
    >>> judge_direction(wrong, zoom, survey).backwards
    True
    """
    moving = lift(moving_corners_um, name="moving_corners_um")
    fixed = lift(fixed_corners_um, name="fixed_corners_um")
    there, back = transform.apply, transform.inverse_apply
    inside = max(_share(there, moving, fixed), _share(back, fixed, moving))
    inverted = max(_share(back, moving, fixed), _share(there, fixed, moving))
    backwards = None
    if inside >= _MUCH and inverted < _LITTLE:
        backwards = False
    elif inverted >= _MUCH and inside < _LITTLE:
        backwards = True
    return DirectionTest(inside, inverted, backwards, _words(inside, inverted, backwards))


def _share(
    map_points: Callable[[np.ndarray], np.ndarray], inner: np.ndarray, outer: np.ndarray
) -> float:
    """How much of one field lies in the box of the other, once mapped."""
    sides = [np.linspace(low, high, _GRID) for low, high in zip(*_box(inner), strict=True)]
    grid = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)
    low, high = _box(outer)
    deep = high > low
    found = map_points(grid)[:, deep]
    slack = 1e-9 * (high - low)[deep]
    return float(
        np.all((found >= low[deep] - slack) & (found <= high[deep] + slack), axis=1).mean()
    )


def _box(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return corners.min(axis=0), corners.max(axis=0)


def _words(inside: float, inverted: float, backwards: bool | None) -> str:
    said = (
        f"{inside:.0%} of the smaller image lies in the larger one; {inverted:.0%} if the "
        "transform were inverted"
    )
    if backwards:
        return f"{said}: it seems to run the other way, fixed to moving; invert it"
    if backwards is None and inside < _LITTLE:
        return f"{said}: the images do not overlap, so one of the transforms is wrong"
    if backwards is None:
        return f"{said}: containment does not tell the direction"
    return said
