"""From the fiducials that one sees to the target that one does not, on the picture itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..quantities import format_length, length_unit
from .labels import beside
from .marks import hv, lines, outlines, picture, points
from .panels import padded, panel
from .targets import ellipse_outline
from .theme import MARGINS_PX, OKABE_ITO, STATUS, WIDTH_PX, Ground, ground_of

if TYPE_CHECKING:
    from ..analysis.targeting import Offset

_OVER_PICTURES = ("sky blue", "yellow", "orange", "purple")
_CHARACTER_PX, _LINE_PX, _TALLEST_PX, _LOWEST_PX = 5.9, 17, 520, 140


def offset_overlay(
    offsets: Sequence[Offset],
    *,
    image: ArrayLike | None = None,
    spacing_um: float | Sequence[float] | None = None,
    origin_um: ArrayLike = (0.0, 0.0),
    level: float = 0.95,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw the offsets of one view: fiducials, the way to the target, and its ellipse from each.

    Parameters
    ----------
    offsets : sequence of Offset
        Of one view.
    image : (rows, columns) array, optional
        The picture that the operator sees, y downwards.
    spacing_um : float or (2,) sequence, optional
        Pixel of `image` along y and x [um]; needed with it.
    origin_um : (2,) array
        Middle of pixel 0 along y and x [um].
    level : float
        Of the ellipses.
    ground : {"light", "dark"}
        What the plot stands on.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    ValueError
        No offset, offsets of several views, or a picture without its pixel size.
    """
    views = sorted({one.view for one in offsets})
    if len(views) != 1:
        raise ValueError(f"offset_overlay needs offsets of one view, got {views or 'none'}")
    if image is not None and spacing_um is None:
        raise ValueError("spacing_um needs the picture's pixel [um], got None")
    g = ground_of(ground)
    ends = np.array([one.from_um + one.offset_um for one in offsets])
    rings = [_ring(one, level) for one in offsets]
    near = np.vstack([ends, *[one.from_um[None] for one in offsets], *filter(_some, rings)])
    unit, factor = length_unit(float(np.ptp(near, axis=0).max()) / 2)
    around = [padded(float(a.min()), float(a.max()), share=0.12) for a in (near * factor).T]
    said = [*(_said(one, ring, level) for one, ring in zip(offsets, rings, strict=True)), "target"]
    window, per_px = _fitted(around, said)
    marks: list[Any] = []
    if image is not None:
        marks.append(_seen(np.asarray(image, float), spacing_um, origin_um, factor, window, g))
    anchors, colors = [], []
    bare = [STATUS["information"], OKABE_ITO["green"], OKABE_ITO["purple"], OKABE_ITO["orange"]]
    palette = bare if image is None else [OKABE_ITO[name] for name in _OVER_PICTURES]
    cross = g.ink if image is None else "#FFFFFF"
    for k, (one, end, ring) in enumerate(zip(offsets, ends, rings, strict=True)):
        color = palette[k % len(palette)]
        start = one.from_um * factor
        if _some(ring):
            marks.append(outlines([ring * factor], color=color, alpha=0.18))
        marks += [
            lines([np.array([start, end * factor])], color=color, width=1.4, dash="dashed"),
            points(start[None], color=color, marker="o", size=9, outline=g.paper),
        ]
        anchors.append(start)
        colors.append(color)
    marks.append(points(ends.mean(axis=0)[None] * factor, color=cross, marker="+", size=13))
    anchors.append(ends.mean(axis=0) * factor)
    return _panel(
        marks, np.array(anchors), said, [*colors, g.ink], window, per_px, unit, views[0], g
    )


def _ring(one: Offset, level: float) -> np.ndarray:
    """The ellipse around the target, x, y [um]; empty where there is too little to say."""
    region = one.region(level)
    if not region.stated:
        return np.empty((0, 2))
    outline = ellipse_outline(one.covariance_um2, factor=region.factor)
    return np.asarray(one.from_um + one.offset_um + outline)


def _some(ring: np.ndarray) -> bool:
    return len(ring) > 0


def _said(one: Offset, ring: np.ndarray, level: float) -> str:
    dx, dy = (
        f"{'+' if v >= 0 else '−'}{format_length(abs(float(v)), digits=4)}" for v in one.offset_um
    )
    if not _some(ring):
        return f"{one.fiducial}: {dx}, {dy}; too few to say"
    far = float(one.region(level).radii_um[0])
    return f"{one.fiducial}: {dx}, {dy} ± {format_length(far, digits=2)}"


def _seen(
    image: np.ndarray,
    spacing_um: Any,
    origin_um: ArrayLike,
    factor: float,
    window: list[tuple[float, float]],
    g: Ground,
) -> Any:
    """The part of the picture that lies in the window."""
    spacing = np.broadcast_to(np.asarray(spacing_um, float), (2,)) * factor
    origin = np.asarray(origin_um, float) * factor
    y, x = (origin[k] + spacing[k] * np.arange(image.shape[k]) for k in (0, 1))
    rows = (y >= window[1][0]) & (y <= window[1][1])
    columns = (x >= window[0][0]) & (x <= window[0][1])
    part = image[np.ix_(rows, columns)]
    if not part.size:
        raise ValueError(
            "the picture needs to show the target or a fiducial, got one that lies elsewhere: "
            "check origin_um and spacing_um"
        )
    low, high = np.percentile(part[np.isfinite(part)], [1, 99])
    limits = (float(low), float(max(high, low + 1e-9)))
    return picture(
        part, x[columns], y[rows], name="grey value", limits=limits, ground=g, cmap="gray"
    )


def _room_px(said: list[str]) -> float:
    return max(map(len, said)) * _CHARACTER_PX + 40


def _fitted(
    window: list[tuple[float, float]], said: list[str]
) -> tuple[list[tuple[float, float]], float]:
    """Widen a window to the room beside the words, and give the length of a pixel."""
    (left, right), (top, bottom) = window
    frame = WIDTH_PX - MARGINS_PX[0] - MARGINS_PX[1] - _room_px(said)
    least = max(len(said) * _LINE_PX, _LOWEST_PX)
    per_px = max((right - left) / frame, (bottom - top) / _TALLEST_PX)
    spare = max(0.0, frame * per_px - (right - left)) / 2
    more = max(0.0, least * per_px - (bottom - top)) / 2
    return [(left - spare, right + spare), (top - more, bottom + more)], per_px


def _panel(
    marks: list[Any],
    anchors: np.ndarray,
    said: list[str],
    colors: list[str],
    window: list[tuple[float, float]],
    per_px: float,
    unit: str,
    view: str,
    g: Ground,
) -> hv.Overlay:
    (left, right), (top, bottom) = window
    marks = marks + beside(
        anchors,
        said,
        colors,
        x=right + 26 * per_px,
        gap=_LINE_PX * per_px,
        low=top + 8 * per_px,
        high=bottom - 8 * per_px,
        ground=g,
    )
    far = right + _room_px(said) * per_px
    return panel(
        marks,
        xlabel=f"x in the picture [{unit}]",
        ylabel=f"y in the picture [{unit}]",
        xlim=(left, far),
        ylim=(top, bottom),
        span=(left, right),
        title=f"{view}: from the fiducials to the target",
        down=True,
        equal=True,
        ground=g,
        size_px=(round((far - left) / per_px), round((bottom - top) / per_px)),
    )
