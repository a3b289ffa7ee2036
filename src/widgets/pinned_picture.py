"""Draws what is pinned to places, as the browser does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .annotate import Color, Marks
from .colors import rgb
from .measuring import measured_words
from .plane import Plane

Drawer = Callable[[Marks, Plane], None]
_LINE: Color = (*rgb("#E69F00"), 255)
_WORDS: Color = (*rgb("#FFD27F"), 255)
_NEAR = 1 / 50  # of the view's width: what is farther from the plane is drawn faintly
_FAINT = 90


def pinned_marks(explorer: Any, *, size: int = 13) -> Drawer:
    """Draw what is pinned in an explorer's world."""

    def draw(marks: Marks, plane: Plane) -> None:
        for one in explorer.annotations():
            _draw(marks, plane, one, size, explorer.world.unit)

    return draw


def together(*drawers: Drawer | None) -> Drawer:
    """Draw one after the other."""

    def draw(marks: Marks, plane: Plane) -> None:
        for drawer in drawers:
            if drawer is not None:
                drawer(marks, plane)

    return draw


def _draw(marks: Marks, plane: Plane, one: Any, size: int, unit: str) -> None:
    at = plane.to_canvas(one.points_um, marks.size[0])
    near = np.abs(plane.distance_um(one.points_um)) <= plane.width_um * _NEAR
    strength = 255 if near.any() else _FAINT
    line, ink = (*_LINE[:3], strength), (*_WORDS[:3], strength)
    if len(at) > 1:
        closed = [*at, at[0]] if one.shape == "area" else list(at)
        marks.line(closed, color=line, width=max(1.5, size / 8))
    for place in at:
        marks.disc(place, size / 4, fill=line)
    words = measured_words(one.shape, one.points_um, unit=unit)
    where = at[1] if one.shape == "angle" else at.mean(axis=0)
    text = ": ".join(part for part in (one.text, words) if part)
    marks.text(
        where + np.array([0.6, -0.5]) * size, text, size=size, color=ink, bold=True, anchor="ls"
    )
