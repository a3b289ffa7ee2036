"""The trainer's picture: the slice with its scribbles, and with its classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from ..errors import DecisionNeeded
from .page import Page, Swatches, panel_width, text_size
from .picture import caption_of, legend_of, panel_picture


def training_picture(trainer: Any, *, width_px: int) -> Image.Image:
    """Draw the present scribbles and classes on a page."""
    size = text_size(width_px)
    width = panel_width(width_px, panels=2, legend=True)
    explorer = trainer.explorer
    image = explorer.world.placed(explorer.layers)[0]
    given = {
        "width_px": width,
        "size": size,
        "how": explorer.rendering(),
        "unit": explorer.world.unit,
    }
    scribbles = [trainer.scribbles_placed(width)] if trainer.scribbles else []
    panels = [panel_picture([image, *scribbles], explorer.plane(), title="scribbles", **given)]
    try:
        classes = [trainer.classes_placed(trainer.classifier())]
    except DecisionNeeded:
        classes = []
    title = "classes" if trainer.saved else "classes: preview, not saved"
    panels.append(panel_picture([image, *classes], explorer.plane(), title=title, **given))
    page = replace(training_words(trainer), panels=tuple(panels))
    return page.picture(width_px=width_px, theme=trainer.theme)


def training_words(trainer: Any) -> Page:
    """Legend and caption, without the pictures."""
    explorer = trainer.explorer
    placed = explorer.world.placed(explorer.layers)
    legend = list(legend_of(placed[:1], time=explorer.time))
    named = tuple((phase["name"], phase["color"]) for phase in trainer.named_phases())
    legend.append(Swatches(title="classes", entries=named))
    caption = (caption_of(explorer.world, explorer.layers), _words(trainer))
    return Page(panels=(), legend=tuple(legend), caption=caption)


def _words(trainer: Any) -> str:
    if not trainer.scribbles:
        return "No scribble yet: draw short lines on each class."
    table = trainer.scribbled()
    counts = ", ".join(
        f"{row.phase} {row.voxels} voxels of {row.strokes} strokes" for row in table.itertuples()
    )
    scales = ", ".join(f"{scale:g}" for scale in trainer.scales_um)
    learned = f"Learned from scribbles: {counts}; features at {scales} µm, {trainer.trees} trees"
    if trainer.is_current:
        learned += _seen_words(trainer)
    return f"{learned}."


def _seen_words(trainer: Any) -> str:
    """What is classified of the view, and how sure it is."""
    seen = trainer.seen_before()
    if seen is None:  # the panel classifies it in its own time
        return ""
    margin = float(np.mean(seen.found.margin))
    words = f"; the first class leads by {margin:.0%} of the votes on average"
    if seen.share < 1:
        words += "; classified is the middle of the view: zoom in to see all of it"
    return words
