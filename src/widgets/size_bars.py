"""A histogram of sizes in the browser: Python draws it, a drag over its bars chooses a range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from traitlets import List, Unicode

from ..plots.size_bins import size_ticks
from ..plots.theme import OKABE_ITO
from ..quantities import format_length
from .sized_objects import DIAMETER
from .svg import SVG_FONT, svg_path, svg_text
from .views import INK, LINE

_STATIC = Path(__file__).parent / "static"
_SIZE = (720, 200)
_LEFT, _TOP, _RIGHT, _BOTTOM = 46, 22, 12, 44
_LIT, _OTHER = OKABE_ITO["vermilion"], OKABE_ITO["sky blue"]


class SizeBars(anywidget.AnyWidget):
    """Bars by number of objects, logarithmic in size.

    Parameters
    ----------
    brush : SizeBrush
        What is shown; a drag or a click sets its range.
    guard : callable
        Wraps what a message of the browser does, so that a refusal is said in words.
    """

    _esm = _STATIC / "bars.js"

    svg = Unicode("", help="The plot.").tag(sync=True)
    ends: Any = List(help="Where each bar begins and the last one ends, 0 to 1.").tag(sync=True)
    lit: Any = List(help="First and last bar that is lit, from 0; empty: none.").tag(sync=True)

    def __init__(
        self, brush: Any, *, guard: Callable[[Callable[[], Any]], Callable[..., None]]
    ) -> None:
        self._brush = brush
        self.redraw()
        super().__init__()
        self.on_msg(lambda _, content, buffers: guard(lambda: self._hear(content))())

    def redraw(self) -> None:
        """Follow the brush."""
        edges = self._brush.edges_um
        with self.hold_sync():
            self.svg = bars_svg(self._brush)
            self.ends = [float(_column(edge, edges) / _SIZE[0]) for edge in edges]
            self.lit = lit_bars(self._brush)

    def _hear(self, content: Mapping[str, Any]) -> None:
        chosen = content.get("bars")
        if content.get("kind") != "brushed" or (chosen and len(chosen) != 2):
            raise ValueError(f"a histogram hears which bars were brushed, got {content}")
        if not chosen:
            self._brush.put_out()
            return
        first, last = sorted(min(max(0, int(bar)), self._brush.bins - 1) for bar in chosen)
        edges = self._brush.edges_um
        self._brush.light(edges[first], edges[last + 1])


def lit_bars(brush: Any) -> list[int]:
    """First and last bar that the range of a brush touches, from 0."""
    if brush.range_um is None:
        return []
    edges, (low, high) = brush.edges_um, brush.range_um
    first = np.searchsorted(edges, low * (1 + 1e-9), side="right") - 1
    last = np.searchsorted(edges, high * (1 - 1e-9), side="left") - 1
    return [int(np.clip(bar, 0, brush.bins - 1)) for bar in (first, last)]


def bars_svg(brush: Any) -> str:
    """Draw the numbers of objects against their sizes; what is lit has its own colour."""
    edges, sizes = brush.edges_um, brush.diameters_um
    counts = _counted(sizes, edges)
    lit = _counted(brush.lit()[DIAMETER].to_numpy(float), edges)
    top = max(1, int(counts.max()))
    parts = _axes(edges, top)
    for number, (count, bright) in enumerate(zip(counts, lit, strict=True)):
        ends = (_column(edges[number], edges) + 1, _column(edges[number + 1], edges) - 1)
        words = f"{format_length(edges[number])} to {format_length(edges[number + 1])}: {count}"
        parts += [
            f"<g><title>{escape(words)}</title>",
            _bar(ends, count, top, _OTHER),
            _bar(ends, bright, top, _LIT),
            "</g>",
        ]
        if count:
            middle, row = (ends[0] + ends[1]) / 2, _row(count, top) - 4
            parts.append(svg_text(middle, row, str(count), anchor="middle"))
    parts += _here(brush, edges)
    head = f'viewBox="0 0 {_SIZE[0]} {_SIZE[1]}" width="100%" role="img" class="sb-sizes"'
    said = f"<title>{escape(f'Sizes of {brush.name}: {brush.words()}')}</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {head} style="{SVG_FONT}">{said}'
        f"{''.join(parts)}</svg>"
    )


def _counted(sizes: np.ndarray, edges: np.ndarray) -> np.ndarray:
    bar = np.searchsorted(edges, sizes, side="right") - 1
    return np.bincount(np.clip(bar, 0, len(edges) - 2), minlength=len(edges) - 1)


def _axes(edges: np.ndarray, top: int) -> list[str]:
    low, high = _LEFT, _SIZE[0] - _RIGHT
    floor = _row(0, top)
    parts = [svg_path([(low, floor), (high, floor)], LINE, 1)]
    for count in sorted({0, top // 2, top}):
        row = _row(count, top)
        parts.append(svg_path([(low, row), (high, row)], LINE, 1))
        parts.append(svg_text(low - 6, row + 4, str(count), anchor="end"))
    for size, words in size_ticks(edges):
        column = _column(size, edges)
        parts.append(svg_path([(column, floor), (column, floor + 4)], INK, 1))
        parts.append(svg_text(column, floor + 17, words, anchor="middle"))
    middle, foot = (low + high) / 2, _SIZE[1] - 6
    parts.append(svg_text(middle, foot, "equivalent diameter", anchor="middle"))
    height = (_TOP + floor) / 2
    turn = f' transform="rotate(-90 11 {height:.1f})"'
    return [*parts, svg_text(11, height, "objects", anchor="middle", more=turn)]


def _here(brush: Any, edges: np.ndarray) -> list[str]:
    """A line at the size of the object under the cursor, where it is counted."""
    row = brush.here()
    if row is None or not row["counted"]:
        return []
    column = _column(float(row[DIAMETER]), edges)
    line = svg_path([(column, 6), (column, _row(0, 1))], INK, 1.6, dash="4 3")
    left = column > _SIZE[0] * 0.7
    words = f"here: {format_length(row[DIAMETER])}"
    place = column + (-5 if left else 5)
    return [line, svg_text(place, 14, words, anchor="end" if left else "start")]


def _bar(ends: tuple[float, float], count: int, top: int, color: str) -> str:
    row, floor = _row(count, top), _row(0, top)
    box = f'x="{ends[0]:.1f}" y="{row:.1f}" width="{ends[1] - ends[0]:.1f}"'
    return f'<rect {box} height="{floor - row:.1f}" style="fill:{color}"/>'


def _row(count: float, top: int) -> float:
    floor = _SIZE[1] - _BOTTOM
    return floor - (floor - _TOP) * count / top


def _column(size: float, edges: np.ndarray) -> float:
    share = np.log(size / edges[0]) / np.log(edges[-1] / edges[0])
    return float(_LEFT + share * (_SIZE[0] - _LEFT - _RIGHT))
