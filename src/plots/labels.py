"""Direct labels beside a drawing, spread so that they never cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .marks import lines, words
from .theme import Ground


def spread(wanted: ArrayLike, *, gap: float, low: float, high: float) -> np.ndarray:
    """Move places apart to at least `gap`, staying near where they were wanted.

    Parameters
    ----------
    wanted : array_like (n,)
        Places in any order.
    gap : float
        Least distance; reduced where the interval is too short for all.
    low, high : float
        The interval to stay in.

    Returns
    -------
    numpy.ndarray
        In the order of `wanted`.

    Examples
    --------
    >>> spread([0.0, 0.0, 5.0], gap=1.0, low=0.0, high=10.0).tolist()
    [0.0, 1.0, 5.0]
    """
    places = np.asarray(wanted, float)
    if len(places) < 2:
        return np.clip(places, low, high)
    gap = min(gap, (high - low) / (len(places) - 1))
    order = np.argsort(places, kind="stable")
    moved = np.clip(places[order], low, high)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    overshoot = moved[-1] - high
    if overshoot > 0:
        moved[-1] = high
        for i in range(len(moved) - 2, -1, -1):
            moved[i] = min(moved[i], moved[i + 1] - gap)
    back = np.empty_like(moved)
    back[order] = moved
    return back


def beside(
    anchors: np.ndarray,
    said: Sequence[str],
    colors: Sequence[str],
    *,
    x: float,
    gap: float,
    low: float,
    high: float,
    ground: Ground,
) -> list[Any]:
    """Write labels in a column at `x`, each with a thin line to its anchor ``(n, 2)``."""
    places = spread(anchors[:, 1], gap=gap, low=low, high=high)
    step = 0.25 * (x - anchors[:, 0].max())
    marks: list[Any] = []
    for anchor, color, y in zip(anchors, colors, places, strict=True):
        leader = np.array([anchor, [x - step, y], [x - 0.2 * step, y]])
        marks.append(lines([leader], color=color, width=0.8))
    return [*marks, words([x] * len(places), list(places), said, color=ground.ink)]
