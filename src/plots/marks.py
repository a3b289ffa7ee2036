"""The marks that plots are made of, each drawn alike by both HoloViews backends.

Few on purpose: boxes, outlines, lines, points, words and pictures. What looks alike in Bokeh and
Matplotlib has different option names there; only this file and `panels` know them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh
import holoviews.plotting.mpl
import numpy as np

from .theme import SMALL_PT, Ground

hv.Store.set_current_backend("bokeh")  # interactive by default; stills name their backend

_DASHES = {"solid": "-", "dashed": (0, (5, 3)), "dotted": (0, (1, 2))}
_ALIGN = {"middle": "center", "top": "top", "bottom": "bottom"}
Hover = Mapping[str, Sequence[Any]]


def _hover(about: Hover | None) -> tuple[list[str], list[str]]:
    return (list(about), ["hover"]) if about else ([], [])


def boxes(
    edges: Sequence[tuple[float, float, float, float]],
    *,
    color: str,
    alpha: float = 1.0,
    outline: str | None = None,
    width: float = 1.0,
    about: Hover | None = None,
) -> hv.Rectangles:
    """Draw filled boxes ``(left, bottom, right, top)``; `about` is shown under the mouse."""
    names, tools = _hover(about)
    columns = [list(values) for values in (about or {}).values()]
    rows = [(*edge, *(c[i] for c in columns)) for i, edge in enumerate(edges)]
    mark = hv.Rectangles(rows, vdims=names)
    mark = mark.opts(
        backend="matplotlib",
        facecolor=color,
        edgecolor=outline or "none",
        linewidth=width if outline else 0,
        alpha=alpha,
    )
    return mark.opts(
        backend="bokeh",
        fill_color=color,
        line_color=outline,
        line_width=width,
        fill_alpha=alpha,
        line_alpha=alpha,
        tools=tools,
    )


def shapes(
    corners: Sequence[np.ndarray], *, color: str, alpha: float = 1.0, about: Hover | None = None
) -> hv.Polygons:
    """Fill closed shapes, each ``(n, 2)`` as x, y."""
    names, tools = _hover(about)
    rows = [
        {"x": c[:, 0], "y": c[:, 1], **{n: about[n][i] for n in names}}  # type: ignore[index]
        for i, c in enumerate(corners)
    ]
    mark = hv.Polygons(rows, vdims=names)
    # Both: HoloViews gives one a cycle of colours, and without the other a hover column wins.
    mark = mark.opts(
        backend="matplotlib", color=color, facecolor=color, edgecolor="none", linewidth=0,
        alpha=alpha,
    )  # fmt: skip
    return mark.opts(backend="bokeh", color=color, line_color=None, fill_alpha=alpha, tools=tools)


def outlines(
    corners: Sequence[np.ndarray],
    *,
    color: str,
    alpha: float = 0.12,
    width: float = 1.6,
    dash: str = "solid",
    about: Hover | None = None,
) -> hv.Overlay:
    """Draw closed shapes, each ``(n, 2)`` as x, y: a pale fill and a full line."""
    fill = shapes(corners, color=color, alpha=alpha, about=about)
    closed = [np.vstack([c, c[:1]]) for c in corners]
    return fill * lines(closed, color=color, width=width, dash=dash)


def lines(
    paths: Sequence[np.ndarray],
    *,
    color: str,
    width: float = 1.6,
    dash: str = "solid",
    alpha: float = 1.0,
) -> hv.Path:
    """Draw open lines, each ``(n, 2)`` as x, y."""
    mark = hv.Path([np.asarray(p, float) for p in paths])
    mark = mark.opts(
        backend="matplotlib", color=color, linewidth=width, linestyle=_DASHES[dash], alpha=alpha
    )
    return mark.opts(backend="bokeh", color=color, line_width=width, line_dash=dash, alpha=alpha)


def points(
    xy: np.ndarray,
    *,
    color: str,
    size: float = 7.0,
    marker: str = "o",
    outline: str | None = None,
    alpha: float = 1.0,
    about: Hover | None = None,
) -> hv.Points:
    """Draw markers at ``(n, 2)`` x, y. `marker` is ``o``, ``s``, ``d``, ``+`` or ``x``."""
    names, tools = _hover(about)
    xy = np.asarray(xy, float).reshape(-1, 2)
    columns = [list(values) for values in (about or {}).values()]
    mark = hv.Points((xy[:, 0], xy[:, 1], *columns), vdims=names)
    stroke = marker in "+x"
    mark = mark.opts(
        backend="matplotlib",
        marker={"d": "D"}.get(marker, marker),
        s=size**2 * 0.52,  # points squared of a marker of so many pixels
        color=color,
        **({} if stroke else {"edgecolors": outline or "none"}),
        linewidth=1.6 if stroke else 1.2,
        alpha=alpha,
    )
    return mark.opts(
        backend="bokeh",
        marker={"o": "circle", "s": "square", "d": "diamond", "+": "cross", "x": "x"}[marker],
        size=size,
        fill_color=color,
        line_color=color if stroke else outline,
        line_width=1.6 if stroke else 1.2,
        alpha=alpha,
        tools=tools,
    )


def words(
    x: Sequence[float],
    y: Sequence[float],
    text: Sequence[str],
    *,
    color: str,
    align: str = "left",
    baseline: str = "middle",
    size_pt: float = SMALL_PT,
) -> hv.Labels:
    """Write direct labels; `align` is left, center or right of the given place."""
    mark = hv.Labels((list(x), list(y), [str(t) for t in text]))
    mark = mark.opts(
        backend="matplotlib",
        color=color,
        size=size_pt,
        horizontalalignment=align,
        verticalalignment=_ALIGN[baseline],
    )
    return mark.opts(
        backend="bokeh",
        text_color=color,
        text_font_size=f"{size_pt}pt",
        text_align=align,
        text_baseline=baseline,
    )


def picture(
    values: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    *,
    name: str,
    limits: tuple[float, float],
    ground: Ground,
    cmap: str | None = None,
) -> hv.Image:
    """Draw a map of `values` ``(len(y), len(x))`` with a colour bar called `name`.

    Of a still, the bar is drawn by `still`, which knows the room (see `panel`'s ``bar``).
    """
    mark = hv.Image((np.asarray(x), np.asarray(y), np.asarray(values)), vdims=["value"])
    common: dict[str, Any] = {
        "cmap": cmap or ground.picture,
        "clim": limits,
    }
    mark = mark.opts(backend="matplotlib", **common)
    style = {
        "major_label_text_color": ground.ink,
        "title_text_color": ground.ink,
        "title_text_font_style": "normal",
        "background_fill_alpha": 0.0,
        "bar_line_color": None,
        "major_tick_line_color": None,
    }
    bar = {"colorbar": True, "clabel": name, "colorbar_opts": style, "tools": ["hover"]}
    return mark.opts(backend="bokeh", **bar, **common)
