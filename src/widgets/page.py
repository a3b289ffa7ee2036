"""The page around the pictures: panels, legend at the side, caption below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..plots.theme import Ground, ground_of
from .annotate import font, shortened, text_width
from .colors import rgb, table

GAP_PX = 10
_MARGIN = 4
_LINE = 1.45


@dataclass(frozen=True, kw_only=True)
class Ramp:
    """A colour map with its limits, for the legend."""

    title: str
    color_map: str
    low: str
    high: str


@dataclass(frozen=True, kw_only=True)
class Swatches:
    """Named colours, for the legend: pairs of name and colour."""

    title: str
    entries: tuple[tuple[str, str], ...]


Entry = Ramp | Swatches


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a widget shows, before it is set: a report draws it whole, a notebook in parts.

    Attributes
    ----------
    panels : tuple of Image
        Side by side, each of the width that `panel_width` gives.
    legend : tuple of Ramp or Swatches
    caption : tuple of str
        One paragraph each.
    below : Image or None
        Under the panels and as wide as they are: a histogram.
    """

    panels: tuple[Image.Image, ...]
    legend: tuple[Entry, ...] = ()
    caption: tuple[str, ...] = ()
    below: Image.Image | None = None

    def stage(self, theme: str | Ground = "light") -> Image.Image:
        """The panels, and what is below them, without words around."""
        width = sum(panel.width for panel in self.panels) + GAP_PX * (len(self.panels) - 1)
        row = compose_page(self.panels, width_px=width, theme=theme)
        if self.below is None:
            return row
        size = (width, row.height + GAP_PX + self.below.height)
        both = Image.new("RGB", size, ground_of(theme).paper)
        both.paste(row, (0, 0))
        both.paste(self.below, (0, row.height + GAP_PX))
        return both

    def picture(self, *, width_px: int, theme: str | Ground = "light") -> Image.Image:
        """Everything on one page."""
        return compose_page(
            [self.stage(theme)],
            width_px=width_px,
            legend=self.legend,
            caption=self.caption,
            theme=theme,
        )


def panel_width(width_px: int, *, panels: int, legend: bool) -> int:
    """Width of one panel on a page of this width [px].

    Raises
    ------
    ValueError
        If nothing could be seen on it.
    """
    if not isinstance(width_px, int | np.integer) or width_px < 200:
        raise ValueError(f"width_px needs a whole number of at least 200, got {width_px!r}")
    side = legend_width(width_px) + GAP_PX if legend else 0
    return (width_px - side - GAP_PX * (panels - 1)) // panels


def legend_width(width_px: int) -> int:
    """Width of the legend's column [px]."""
    return int(min(190, max(90, 0.19 * width_px)))


def text_size(width_px: int) -> int:
    """Size of words on a page of this width [px]."""
    return int(min(16, max(10, round(width_px / 70))))


def compose_page(
    panels: Sequence[Image.Image],
    *,
    width_px: int,
    legend: Sequence[Entry] = (),
    caption: Sequence[str] = (),
    theme: str | Ground = "light",
) -> Image.Image:
    """Put panels side by side with the legend to their right and the caption below.

    Parameters
    ----------
    panels : sequence of Image
        Already of the width that `panel_width` gives.
    width_px : int
        Of the whole page.
    legend : sequence of Ramp or Swatches
    caption : sequence of str
        One paragraph each.
    theme : {"light", "dark"}
    """
    ground, size = ground_of(theme), text_size(width_px)
    lines = [line for text in caption for line in wrapped(text, size, width_px - 2 * _MARGIN)]
    tallest = max(panel.height for panel in panels)
    body = max(tallest, legend_height(legend, size))
    height = body + (round(GAP_PX * 1.5 + len(lines) * size * _LINE) if lines else 0)
    page = Image.new("RGB", (width_px, height), ground.paper)
    left = 0
    for panel in panels:
        page.paste(panel, (left, 0))
        left += panel.width + GAP_PX
    draw = ImageDraw.Draw(page)
    if legend:
        _draw_legend(page, draw, legend, left, legend_width(width_px), size, ground)
    for number, line in enumerate(lines):
        top = body + GAP_PX + number * size * _LINE
        draw.text((_MARGIN, top), line, font=font(size), fill=ground.ink)
    return page


def wrapped(text: str, size: int, width_px: float, bold: bool = False) -> list[str]:
    """Break a paragraph into lines that fit; a word that is too long is shortened."""
    lines: list[str] = []
    for word in text.split():
        together = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(together, size, bold) <= width_px:
            lines[-1] = together
        else:
            lines.append(shortened(word, size, width_px, bold))
    return lines


def legend_height(legend: Sequence[Entry], size: int) -> int:
    """Height that the legend takes [px]."""
    return round(sum(_entry_height(entry, size) for entry in legend))


def _entry_height(entry: Entry, size: int) -> float:
    rows = 1 if isinstance(entry, Ramp) else len(entry.entries)
    title = size * _LINE if entry.title else 0
    ramp = size * 1.1 if isinstance(entry, Ramp) else 0
    return title + ramp + rows * size * _LINE + size


def _draw_legend(
    page: Image.Image,
    draw: ImageDraw.ImageDraw,
    legend: Sequence[Entry],
    left: int,
    width: int,
    size: int,
    ground: Ground,
) -> None:
    top = 0.0
    for entry in legend:
        row = top
        if entry.title:
            title = shortened(entry.title, size, width)
            draw.text((left, row), title, font=font(size), fill=ground.ink)
            row += size * _LINE
        if isinstance(entry, Ramp):
            page.paste(_ramp_image(entry.color_map, width, size), (left, round(row)))
            row += size * 1.1
            draw.text((left, row), entry.low, font=font(size - 1), fill=ground.quiet)
            end = (left + width, row)
            draw.text(end, entry.high, font=font(size - 1), fill=ground.quiet, anchor="ra")
        else:
            _draw_swatches(draw, entry, (left, row), width, size, ground)
        top += _entry_height(entry, size)


def _draw_swatches(
    draw: ImageDraw.ImageDraw,
    entry: Swatches,
    corner: tuple[float, float],
    width: int,
    size: int,
    ground: Ground,
) -> None:
    left, row = corner
    for name, color in entry.entries:
        box = [left, row + 2, left + size - 2, row + size]
        draw.rectangle(box, fill=rgb(color))
        words = shortened(name, size, width - size - 6)
        draw.text((left + size + 4, row), words, font=font(size), fill=ground.ink)
        row += size * _LINE


def _ramp_image(color_map: str, width: int, size: int) -> Image.Image:
    index: NDArray[np.int64] = np.linspace(0, 255, width).round().astype(int)
    strip = np.broadcast_to(table(color_map)[index], (max(6, round(size * 0.8)), width, 3))
    return Image.fromarray(np.ascontiguousarray(strip))
