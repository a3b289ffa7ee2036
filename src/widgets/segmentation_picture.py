"""The sliders' picture: the slice, the slice with its phases, and the histogram."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PIL import Image

from ..quantities import format_value
from .annotate import grey_words
from .histogram import histogram_picture
from .page import GAP_PX, Entry, Page, Swatches, panel_width, text_size
from .picture import caption_of, legend_of, panel_picture


def segmentation_picture(sliders: Any, *, width_px: int, histogram: bool = True) -> Image.Image:
    """Draw the present settings on a page."""
    page = segmentation_page(sliders, width_px=width_px, theme=sliders.theme, histogram=histogram)
    return page.picture(width_px=width_px, theme=sliders.theme)


def segmentation_page(sliders: Any, *, width_px: int, theme: str, histogram: bool = True) -> Page:
    """Draw the slice, the slice with its phases and the histogram, their words beside them."""
    size = text_size(width_px)
    width = panel_width(width_px, panels=2, legend=True)
    explorer, placed = sliders.explorer, sliders.preview(width)
    given = {"width_px": width, "size": size, "how": explorer.rendering()}
    given["unit"] = explorer.world.unit
    panels = (
        panel_picture(placed[:1], explorer.plane(), **given),
        panel_picture(placed, explorer.plane(), title=_title(sliders), **given),
    )
    below = threshold_histogram(sliders, 2 * width + GAP_PX, size, theme) if histogram else None
    return replace(segmentation_words(sliders), panels=panels, below=below)


def segmentation_words(sliders: Any) -> Page:
    """Legend and caption, without the pictures."""
    explorer = sliders.explorer
    placed = explorer.world.placed(explorer.layers)
    caption = (caption_of(explorer.world, explorer.layers), _words(sliders))
    return Page(panels=(), legend=tuple(_legend(sliders, placed)), caption=caption)


def threshold_histogram(sliders: Any, width_px: int, size: int, theme: str) -> Image.Image:
    """The histogram of grey values in the colours of their phases, with the thresholds."""
    return histogram_picture(
        sliders.sample(),
        thresholds=sliders.thresholds,
        uncertainty=sliders.threshold_uncertainty,
        colors=[phase["color"] for phase in sliders.named_phases()],
        width_px=width_px,
        height_px=round(width_px * 0.19),
        size=size,
        theme=theme,
        what=sliders.grey_words(),
    )


def _title(sliders: Any) -> str:
    return "phases" if sliders.saved else "phases: preview, not saved"


def _legend(sliders: Any, placed: Any) -> list[Entry]:
    entries = legend_of(placed[:1], time=sliders.explorer.time)
    if sliders.thresholds:
        shares = sliders.fractions()
        rows = zip(sliders.named_phases(), shares["fraction"], strict=True)
        named = tuple((f"{p['name']} ≈ {share:.1%}", p["color"]) for p, share in rows)
        entries.append(Swatches(title="phases, on a sample", entries=named))
    return entries


def _words(sliders: Any) -> str:
    if not sliders.thresholds:
        return "No threshold yet: click the histogram to set one, or ask for a suggestion."
    known = list(sliders.threshold_uncertainty) or [0.0] * len(sliders.thresholds)
    pairs = zip(sliders.thresholds, known, strict=False)
    parts = [_threshold_words(value, sigma) for value, sigma in pairs]
    done = sliders.cleaning_words()
    words = f"Thresholds {', '.join(parts)}" + (f"; {done}." if done else ".")
    origin = sliders.origin()
    return f"{words} {origin[0].upper()}{origin[1:]}." if origin else words


def _threshold_words(value: float, sigma: float) -> str:
    """A threshold with its 95 % half-width, where one is stated."""
    return f"{format_value(value, 2 * sigma)} (95 %)" if sigma > 0 else grey_words(value)
