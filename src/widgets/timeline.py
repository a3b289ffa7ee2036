"""A plot against time that is drawn again in a few milliseconds, and that can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
from numpy.typing import NDArray
from traitlets import Int, List, Unicode

from ..plots.theme import OKABE_ITO, phase_color
from .annotate import scale_bar_length
from .svg import SVG_FONT, svg_path, svg_text
from .views import LINE, QUIET

if TYPE_CHECKING:
    import pandas as pd

_STATIC = Path(__file__).parent / "static"
_SIZE = (720, 220)
_EDGES = (76, 12, 96, 42)  # left, top, right, bottom [px]


class Timeline(anywidget.AnyWidget):
    """A plot in the browser: Python draws, a click chooses the nearest time point."""

    _esm = _STATIC / "timeline.js"

    svg = Unicode("", help="The plot.").tag(sync=True)
    points: Any = List(help="Where each time point stands, from left to right, 0 to 1.").tag(
        sync=True
    )
    value = Int(0, help="Number of the time point that is seen.").tag(sync=True)


def timeline_svg(table: pd.DataFrame, *, at: float, time_unit: str) -> str:
    """Draw values against time as an SVG.

    Parameters
    ----------
    table : DataFrame
        Rows of one quantity, as `SeriesExplorer.table`.
    at : float
        Time that is marked.
    time_unit : str
        Empty where time points are counted.
    """
    x, y = _scale_x(table), _scale_y(table)
    parts = [*_grid(x, y), svg_path([(x(at), y.top), (x(at), y.bottom)], QUIET, 1.4, dash="5 3")]
    for name, rows in table.groupby("series", sort=False):
        parts += _series(str(name), rows.sort_values("time"), x, y)
    label = f"time [{time_unit}]" if time_unit else "time point"
    parts.append(svg_text((x.low_px + x.high_px) / 2, _SIZE[1] - 6, label, anchor="middle"))
    quantity, unit = str(table["quantity"].iloc[0]), str(table["unit"].iloc[0])
    name = f"{quantity} [{unit}]" if unit else quantity
    middle = (y.top + y.bottom) / 2
    turn = f' transform="rotate(-90 12 {middle:.1f})"'
    parts.append(svg_text(12, middle, name, anchor="middle", more=turn))
    head = f'viewBox="0 0 {_SIZE[0]} {_SIZE[1]}" width="100%" role="img" class="sb-timeline"'
    words = f"<title>{escape(name)} against time</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {head} style="{SVG_FONT}">{words}'
        f"{''.join(parts)}</svg>"
    )


def places(whens: Sequence[float]) -> list[dict[str, float]]:
    """Where time points stand in the plot, from left to right, 0 to 1."""
    import pandas as pd

    x = _scale_x(pd.DataFrame({"time": list(whens)}))
    return [{"at": x(when) / _SIZE[0]} for when in whens]


class _Scale:
    """From values to pixels."""

    def __init__(self, low: float, high: float, low_px: float, high_px: float) -> None:
        self.low, self.high, self.low_px, self.high_px = low, high, low_px, high_px
        self.top, self.bottom = min(low_px, high_px), max(low_px, high_px)

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.low_px + share * (self.high_px - self.low_px)

    def ticks(self, most: int) -> NDArray[np.float64]:
        """Round values."""
        step = scale_bar_length(self.high - self.low, share=1 / most)
        first, last = np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9)
        return np.arange(first, last + 1) * step + 0.0


def _scale_x(table: pd.DataFrame) -> _Scale:
    low, high = float(table["time"].min()), float(table["time"].max())
    room = 0.04 * (high - low) or 0.5
    return _Scale(low - room, high + room, _EDGES[0], _SIZE[0] - _EDGES[2])


def _scale_y(table: pd.DataFrame) -> _Scale:
    values = table[["value", "lower", "upper"]].to_numpy(float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.12 * (high - low) or max(1e-3 * abs(low), 1e-9)
    return _Scale(low - room, high + room, _SIZE[1] - _EDGES[3], _EDGES[1])


def _grid(x: _Scale, y: _Scale) -> list[str]:
    parts = []
    for value in y.ticks(5):
        row = y(value)
        parts.append(svg_path([(x.low_px, row), (x.high_px, row)], LINE, 1))
        parts.append(svg_text(x.low_px - 6, row + 4, _number(value), anchor="end"))
    for value in x.ticks(8):
        column = x(value)
        parts.append(svg_path([(column, y.top), (column, y.bottom)], LINE, 1))
        parts.append(svg_text(column, y.bottom + 16, _number(value), anchor="middle"))
    return parts


def _series(name: str, rows: pd.DataFrame, x: _Scale, y: _Scale) -> list[str]:
    color = phase_color(name) if name else OKABE_ITO["blue"]
    seen = [(x(row.time), y(row.value), row) for row in rows.itertuples() if row.value == row.value]
    parts = [svg_path([(column, line) for column, line, _ in seen], color, 1.4)]
    for column, line, row in seen:
        if np.isfinite([row.lower, row.upper]).all():
            parts.append(svg_path([(column, y(row.lower)), (column, y(row.upper))], color, 2.2))
        parts.append(f'<circle cx="{column:.1f}" cy="{line:.1f}" r="4.5" style="fill:{color}"/>')
    if name and seen:
        parts.append(svg_text(x.high_px + 6, seen[-1][1] + 4, name, anchor="start"))
    return parts


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")
