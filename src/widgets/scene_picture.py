"""The scene's picture: drawn by VTK, then named, measured and set on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .annotate import Color, Marks, draw_scale_bar, grey_words, scale_bar_length, text_width
from .colors import rgb
from .page import Entry, Page, Ramp, Swatches, panel_width, text_size
from .picture import caption_of, legend_of
from .plane import Plane
from .space import EDGES, Block, Space
from .stage import render

_AXIS: Color = (200, 204, 210, 255)
_LEAST_PX = 70  # an axis that is seen shorter than this has no ticks
_TICKS = 5


def scene_page(scene: Any, *, width_px: int) -> Page:
    """Draw the scene's view, its words beside it."""
    space = scene.space()
    legend = scene_legend(scene, space)
    width = panel_width(width_px, panels=1, legend=bool(legend))
    panel = scene_panel(scene, space, width_px=width, size=text_size(width_px))
    return Page(panels=(panel,), legend=tuple(legend), caption=tuple(scene_caption(scene, space)))


def scene_panel(scene: Any, space: Space, *, width_px: int, size: int = 13) -> Image.Image:
    """The picture alone, with names, axes and scale bar on it."""
    plane = scene.view_plane()
    height = plane.height_px(width_px)
    pixels = render(space, plane, width_px=width_px, height_px=height)
    sheet = Marks(width_px, height)
    if scene.axes:
        draw_axes(sheet, plane, scene.explorer.world.corners_um(), size=size - 1)
        draw_scale_bar(sheet, pixel_um=plane.pixel_um(width_px), size=size)
    draw_names(sheet, plane, space, size=size)
    return sheet.over(Image.fromarray(pixels))


def draw_names(marks: Marks, plane: Plane, space: Space, *, size: int = 13) -> None:
    """Name each box at that of its corners that is furthest to the upper right, and each spot."""
    width, height = marks.size
    named = [(box.name, box.color, box.corners_um) for box in space.boxes if box.name]
    named += [(spot.name, spot.color, spot.position_um) for spot in space.spots]
    seen = [plane.to_canvas(points, width) for _, _, points in named]
    ends = [points[np.argmax(points @ (1.0, -0.6))] for points in seen]
    rows = apart([end[1] for end in ends], gap=size * 1.6, low=size, high=height - size)
    for (name, color, _), end, row in zip(named, ends, rows, strict=True):
        if not (0 <= end[0] <= width and 0 <= end[1] <= height):
            continue
        long = text_width(name, size, True)
        left = float(min(max(end[0] + 1.6 * size, 4), width - long - 6))
        shade = (*rgb(color), 255)
        marks.line([end, (left - 3, row)], color=shade, width=1.2)
        marks.disc(end, 2.6, fill=shade)
        marks.text((left, row), name, size=size, anchor="lm", bold=True)


def apart(wanted: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Rows near where they were wanted, none nearer to another than a gap.

    Examples
    --------
    >>> apart([5, 5, 40], gap=10, low=0, high=50)
    [5.0, 15.0, 40.0]
    """
    order = np.argsort(np.asarray(wanted, float), kind="stable")
    places = np.zeros(len(order))
    lowest = low
    for number in order:
        places[number] = max(lowest, float(wanted[number]))
        lowest = places[number] + gap
    highest = high
    for number in order[::-1]:
        places[number] = min(highest, places[number])
        highest = places[number] - gap
    return [float(place) for place in places]


def draw_axes(
    marks: Marks, plane: Plane, corners_um: NDArray[np.float64], *, size: int = 12
) -> None:
    """Ticks and numbers [µm] along three outer edges of everything that is shown."""
    low, high = corners_um.min(axis=0), corners_um.max(axis=0)
    box = np.where(np.indices((2, 2, 2)).reshape(3, 8).T == 0, low, high)
    seen = plane.to_canvas(box, marks.size[0])
    middle = seen.mean(axis=0)
    for axis, name in enumerate("zyx"):
        edge = _outer_edge(axis, box, seen)
        if edge is not None:
            _draw_axis(marks, plane, box[list(edge)], axis, name, middle, size)


def _outer_edge(
    axis: int, box: NDArray[np.float64], seen: NDArray[np.float64]
) -> tuple[int, int] | None:
    """Of the four edges along an axis the lowest, or for z the one furthest to the left."""
    edges = [edge for edge in EDGES if np.argmax(np.abs(box[edge[1]] - box[edge[0]])) == axis]
    edges = [edge for edge in edges if np.ptp(box[list(edge)][:, axis]) > 0]
    if not edges:
        return None
    score = (-1.0, 1e-3) if axis == 0 else (-1e-3, 1.0)
    return max(edges, key=lambda edge: float(seen[list(edge)].mean(axis=0) @ score))


def _draw_axis(
    marks: Marks,
    plane: Plane,
    ends_um: NDArray[np.float64],
    axis: int,
    name: str,
    middle: NDArray[np.float64],
    size: int,
) -> None:
    ends = plane.to_canvas(ends_um, marks.size[0])
    along = ends[1] - ends[0]
    length = float(np.hypot(*along))
    if length < _LEAST_PX:
        return
    out = np.array([-along[1], along[0]]) / length
    out = out if out @ (ends.mean(axis=0) - middle) >= 0 else -out
    marks.line(ends, color=_AXIS, width=0.9)
    start, stop = ends_um[:, axis]
    step = scale_bar_length(stop - start, share=1 / _TICKS * (1 if length > 200 else 2))
    decimals = max(0, -int(np.floor(np.log10(step))))
    anchor = _anchor(out)
    widest = 0.0
    for value in np.arange(np.ceil(start / step), np.floor(stop / step) + 1) * step:
        place = ends[0] + along * (value - start) / (stop - start)
        marks.line([place, place + 4 * out], color=_AXIS, width=0.9)
        words = f"{value + 0.0:.{decimals}f}".replace("-", "−")
        widest = max(widest, text_width(words, size - 1))
        marks.text(place + 7 * out, words, size=size - 1, color=_AXIS, anchor=anchor)
    away = 10 + (size * 1.5 if abs(out[1]) > 0.7 else size * 0.6 + widest)
    words = f"{name} [µm]"
    place = ends.mean(axis=0) + away * out
    wide = text_width(words, size, True) * {"l": 0, "m": 0.5, "r": 1}[anchor[0]]
    place[0] = max(place[0], wide + 3)
    marks.text(place, words, size=size, color=_AXIS, anchor=anchor, bold=True)


def _anchor(out: NDArray[np.float64]) -> str:
    """Where a label is held so that it lies outside: Pillow's letters."""
    across = "m" if abs(out[0]) < 0.35 else ("l" if out[0] > 0 else "r")
    down = "m" if abs(out[1]) < 0.35 else ("a" if out[1] > 0 else "d")
    return across + {"a": "t" if across == "m" else "a", "d": "b", "m": "m"}[down]


def scene_legend(scene: Any, space: Space) -> list[Entry]:
    """Colours of slices, volumes and surfaces."""
    explorer, entries = scene.explorer, []
    volumes = {volume.image: volume for volume in scene.volumes}
    for item in explorer.world.placed(explorer.layers):
        own = legend_of([item], time=explorer.time) if scene.slices else []
        volume = volumes.get(item.layer.image)
        if volume is not None and item.layer.mode == "image":
            low, high = volume.limits_of(item, time=explorer.time)
            ramp = Ramp(
                title=f"{item.title}, volume" if scene.slices else item.title,
                color_map=volume.map_of(item),
                low=grey_words(low),
                high=grey_words(high),
            )
            if not any(replace(entry, title=ramp.title) == ramp for entry in own):
                own.append(ramp)
        entries += own
    named = {surface.name: surface.color for surface in space.surfaces}
    if named:
        entries.append(Swatches(title="surfaces", entries=tuple(named.items())))
    return entries


def scene_caption(scene: Any, space: Space) -> list[str]:
    """What is seen, and what is left out."""
    explorer = scene.explorer
    parts = [caption_of(explorer.world, explorer.layers)]
    if scene.slices and space.sheets:
        parts.append("Slices: " + "; ".join(sheet.name for sheet in space.sheets) + ".")
    if space.blocks:
        parts.append("Volumes: " + ", ".join(map(_block_words, space.blocks)) + ".")
    if scene.cut:
        parts.append("What lies before it towards the eye is left out of volumes and surfaces.")
    parts.append("Seen without perspective; the scale bar holds at every depth.")
    return [" ".join(parts), *([" ".join(space.notes)] if space.notes else [])]


def _block_words(block: Block) -> str:
    sizes = " × ".join(str(count - 2) for count in block.rgba.shape[2::-1])
    return f"{block.name} in {sizes} voxels (x, y, z)"
