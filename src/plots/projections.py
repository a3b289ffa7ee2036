"""Drawings seen from above and from the side, at one scale, with a column of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..quantities import length_unit
from .labels import beside
from .marks import hv, lines, outlines, points
from .panels import padded, panel, side_by_side
from .theme import MARGINS_PX, WIDTH_PX, Ground

_CHARACTER_PX = 5.9
_LINE_PX = 17
_AXES_PX = MARGINS_PX[0] + MARGINS_PX[1]
_TALLEST_PX, _LOWEST_PX = 520, 56
_COLUMN = {"x": 2, "y": 1, "z": 0}


@dataclass(frozen=True)
class Outline:
    """A thing to be seen from above and from the side.

    Attributes
    ----------
    name : str
        Its direct label.
    points_um : Mapping of str to ndarray (n, 2)
        Closed outline in each projection, ``"xy"`` and ``"xz"`` [µm].
    color : str
        Of line and fill.
    dash, alpha : str, float
        Of the line and of the fill.
    """

    name: str
    points_um: Mapping[str, np.ndarray]
    color: str
    dash: str = "solid"
    alpha: float = 0.10


def shadow(points_zyx_um: np.ndarray, projection: str) -> np.ndarray:
    """Outline ``(n, 2)`` of the convex hull of points ``(m, 3)`` z, y, x seen along one axis."""
    from scipy.spatial import ConvexHull, QhullError

    flat = np.asarray(points_zyx_um, float)[:, [_COLUMN[axis] for axis in projection]]
    try:
        return flat[ConvexHull(flat).vertices]
    except QhullError:  # a plane seen edge-on, or a point: its two ends
        along = flat @ (flat[np.argmax(np.linalg.norm(flat - flat[0], axis=1))] - flat[0])
        return flat[[int(np.argmin(along)), int(np.argmax(along))]]


def projected(
    things: Sequence[Outline],
    *,
    ground: Ground,
    stacked: bool,
    titles: Mapping[str, str],
    cross_um: Mapping[str, np.ndarray] | None = None,
    lines_um: Mapping[str, Sequence[tuple[np.ndarray, str]]] | None = None,
) -> hv.Layout:
    """Draw outlines from above (x, y) and from the side (x, z); y and z grow downwards.

    Parameters
    ----------
    things : sequence of Outline
        Drawn in this order, labelled on the right.
    stacked : bool
        The side view stands below the view from above (its x axis continues), not beside it.
    titles : Mapping
        Of ``"xy"`` and ``"xz"``.
    cross_um : Mapping, optional
        One marked place ``(2,)`` in each projection.
    lines_um : Mapping, optional
        Further named lines ``((n, 2), name)`` in each projection.
    """
    everything = np.vstack([t.points_um[p] for t in things for p in ("xy", "xz")])
    unit, factor = length_unit(float(np.ptp(everything, axis=0).max()) / 2)
    views = [
        _View(p, things, list((lines_um or {}).get(p, ())), factor, stacked or p == "xz")
        for p in ("xy", "xz")
    ]
    room = max(view.room_px for view in views)
    frame = WIDTH_PX - _AXES_PX - room if stacked else (WIDTH_PX - room) / 2 - _AXES_PX
    left, right = _union([view.across for view in views], room=0.04)
    per_px = max((right - left) / frame, max(np.ptp(v.deep) for v in views) / _TALLEST_PX)
    spare = max(0.0, left + frame * per_px - right)
    left, right = (left, right + spare) if stacked else (left - spare / 2, right + spare / 2)
    deepest = 0.0 if stacked else max(np.ptp(v.deep) for v in views)
    panels = []
    for view in views:
        cross = None if cross_um is None else np.asarray(cross_um[view.projection]) * factor
        limits = (left, right), view.height(per_px, at_least=deepest)
        panels.append(view.panel(unit, titles[view.projection], cross, limits, per_px, ground))
    return side_by_side(panels, columns=1 if stacked else 2)


@dataclass(frozen=True)
class _View:
    """One projection: what is seen in it, with labels or without."""

    projection: str
    things: Sequence[Outline]
    extra: Sequence[tuple[np.ndarray, str]]
    factor: float
    labelled: bool

    @property
    def seen(self) -> list[np.ndarray]:
        paths = [t.points_um[self.projection] for t in self.things]
        return [path * self.factor for path in [*paths, *(path for path, _ in self.extra)]]

    @property
    def across(self) -> np.ndarray:
        return np.concatenate(self.seen)[:, 0]

    @property
    def deep(self) -> np.ndarray:
        return np.concatenate(self.seen)[:, 1]

    @property
    def names(self) -> list[str]:
        return [t.name for t in self.things] + [name for _, name in self.extra]

    @property
    def room_px(self) -> float:
        return max(map(len, self.names)) * _CHARACTER_PX + 40 if self.labelled else 0.0

    def height(self, per_px: float, *, at_least: float) -> tuple[float, float]:
        low, high = _union([self.deep], room=0.04)
        rows = len(self.names) if self.labelled else 0
        needed = max(rows * _LINE_PX, _LOWEST_PX) * per_px
        more = max(0.0, needed - (high - low), at_least * 1.08 - (high - low)) / 2
        return low - more, high + more

    def panel(
        self,
        unit: str,
        title: str,
        cross: np.ndarray | None,
        limits: tuple[tuple[float, float], tuple[float, float]],
        per_px: float,
        g: Ground,
    ) -> hv.Overlay:
        (left, right), (top, bottom) = limits
        seen = self.seen
        outlined, drawn = seen[: len(self.things)], seen[len(self.things) :]
        marks: list[Any] = [
            _mark(thing, path, 6 * per_px)
            for thing, path in zip(self.things, outlined, strict=True)
        ]
        marks += [lines([path], color=g.quiet, width=1.2) for path in drawn]
        if cross is not None:
            marks.append(points(cross[None], color=g.ink, marker="+", size=13))
        if self.labelled:
            marks += beside(
                np.array([_right_end(path) for path in seen]),
                self.names,
                [t.color for t in self.things] + [g.quiet] * len(drawn),
                x=right + 26 * per_px,
                gap=_LINE_PX * per_px,
                low=top + 8 * per_px,
                high=bottom - 8 * per_px,
                ground=g,
            )
        across, deep = self.projection[0], self.projection[1]
        far = right + self.room_px * per_px
        size = (far - left) / per_px, (bottom - top) / per_px
        return panel(
            marks,
            xlabel=f"{across} [{unit}]",
            ylabel=f"{deep} [{unit}]",
            xlim=(left, far),
            ylim=(top, bottom),
            span=(left, right) if self.labelled else None,
            title=title,
            down=True,
            equal=True,
            ground=g,
            size_px=(round(size[0]), round(size[1])),
        )


def _union(parts: Sequence[np.ndarray], *, room: float) -> tuple[float, float]:
    values = np.concatenate(parts)
    return padded(float(values.min()), float(values.max()), share=room)


def _mark(thing: Outline, seen: np.ndarray, small: float) -> Any:
    shape = outlines([seen], color=thing.color, dash=thing.dash, alpha=thing.alpha)
    if np.ptp(seen, axis=0).max() < small:  # too small to be seen: mark the place as well
        return shape * points(seen.mean(axis=0)[None], color=thing.color, marker="s", size=6)
    return shape


def _right_end(path: np.ndarray) -> np.ndarray:
    right = path[:, 0] >= path[:, 0].max() - 1e-9 * max(np.ptp(path[:, 0]), 1e-12)
    return np.array([path[:, 0].max(), path[right, 1].min()])
