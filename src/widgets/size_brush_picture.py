"""The brush's picture: the slice with its objects, and the histogram of their sizes."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from PIL import Image

from ..quantities import format_length
from .page import Page, Swatches, panel_width, text_size
from .picture import caption_of, legend_of, panel_picture
from .size_brush import COLORS
from .sized_objects import DIAMETER


def brush_page(brush: Any, *, width_px: int) -> Page:
    """Draw the slice and the histogram, their words beside them."""
    width = panel_width(width_px, panels=1, legend=True)
    explorer = brush.explorer
    picture = panel_picture(
        brush.placed(),
        explorer.plane(),
        width_px=width,
        size=text_size(width_px),
        how=explorer.rendering(),
        unit=explorer.world.unit,
        cursor_um=tuple(explorer.cursor_um.values()) if explorer.crosshair else None,
    )
    return replace(brush_words(brush), panels=(picture,), below=_histogram(brush, width))


def brush_words(brush: Any) -> Page:
    """Legend and caption, without the pictures."""
    explorer = brush.explorer
    placed = explorer.world.placed(explorer.layers)
    legend = [
        *legend_of(placed[:1], time=explorer.time),
        Swatches(title=brush.name, entries=tuple(COLORS.values())),
    ]
    said = f"{brush.words()}; {here_words(brush)}."
    caption = (caption_of(explorer.world, explorer.layers), said)
    return Page(panels=(), legend=tuple(legend), caption=caption)


def here_words(brush: Any) -> str:
    """The object under the cursor, in words."""
    row = brush.here()
    if row is None:
        return "no object at the cursor"
    size = f"object {row['object']} at the cursor: {format_length(row[DIAMETER])}"
    if row["at_border"]:
        return f"{size} or more, cut by the border and not counted"
    return size if row["counted"] else f"{size}, a speck that is not counted"


def _histogram(brush: Any, width_px: int) -> Image.Image:
    from ..plots import size_distribution, still

    drawn = size_distribution(
        brush.diameters_um,
        ndim=brush.objects.labels.ndim,
        bins=brush.bins,
        lit_um=brush.range_um,
        ground=brush.theme,
    )
    return Image.open(io.BytesIO(still(drawn, width_px=width_px))).convert("RGB")
