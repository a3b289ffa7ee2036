"""The explorer's picture: planes drawn, marked, and set on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from ..plots.theme import OKABE_ITO
from ..quantities import format_length, length_unit
from .annotate import (
    Color,
    Marks,
    Point,
    draw_crosshair,
    draw_scale_bar,
    ellipse_points,
    grey_words,
    text_width,
)
from .colors import rgb
from .layers import Layer
from .page import Entry, Page, Ramp, Swatches, panel_width, text_size, wrapped
from .pinned_picture import pinned_marks, together
from .plane import ACROSS_THE_PLANE, AXES, Plane
from .rendering import PLAIN, Rendering
from .scene import Placed, draw

MarkDrawer = Callable[[Marks, Plane], None]
REGION: Color = (*rgb(OKABE_ITO["sky blue"]), 255)


def explorer_picture(
    explorer: Any, *, width_px: int, marks: MarkDrawer | None = None
) -> Image.Image:
    """Draw the explorer's view on a page."""
    page = explorer_page(explorer, width_px=width_px, marks=marks)
    return page.picture(width_px=width_px, theme=explorer.theme)


def explorer_page(explorer: Any, *, width_px: int, marks: MarkDrawer | None = None) -> Page:
    """Draw the explorer's view, its words beside it."""
    words, planes, size = explorer_words(explorer), explorer.planes(), text_size(width_px)
    width = panel_width(width_px, panels=len(planes), legend=bool(words.legend))
    panels = tuple(
        panel_picture(
            explorer.world.placed(explorer.layers),
            plane,
            width_px=width,
            size=size,
            how=explorer.rendering(),
            unit=explorer.world.unit,
            cursor_um=tuple(explorer.cursor_um.values()) if explorer.crosshair else None,
            marks=together(pinned_marks(explorer, size=size), marks),
        )
        for plane in planes
    )
    return replace(words, panels=panels)


def explorer_words(explorer: Any) -> Page:
    """Legend and caption of the explorer's view, without its picture."""
    legend = legend_of(explorer.world.placed(explorer.layers), time=explorer.time)
    caption = [caption_of(explorer.world, explorer.layers)]
    if (count := explorer.world.time_count) > 1:
        caption.append(f"Time point {explorer.time}, of 0 to {count - 1}.")
    return Page(panels=(), legend=tuple(legend), caption=tuple(caption))


def panel_picture(
    placed: Sequence[Placed],
    plane: Plane,
    *,
    width_px: int,
    size: int,
    how: Rendering = PLAIN,
    unit: str = "um",
    cursor_um: Sequence[float] | None = None,
    title: str = "",
    marks: MarkDrawer | None = None,
) -> Image.Image:
    """One plane with scale bar, orientation, crosshair and marks."""
    height = plane.height_px(width_px)
    pixels = draw(placed, plane, width_px=width_px, height_px=height, how=how)
    sheet = Marks(width_px, height)
    if cursor_um is not None:
        draw_crosshair(sheet, plane.to_canvas(cursor_um, width_px)[0])
    if marks is not None:
        marks(sheet, plane)
    draw_scale_bar(sheet, pixel_um=plane.pixel_um(width_px), size=size, unit=unit)
    flat = all(item.dims == 2 for item in placed)
    draw_orientation(sheet, plane, size=size, unit=unit, title=title, flat=flat, how=how)
    return sheet.over(Image.fromarray(pixels))


def draw_region(
    marks: Marks, plane: Plane, where_px: Point, covariance_um2: Any, *, nu: float | None
) -> None:
    """The 95 % region of a place as seen along the normal, where it can be stated."""
    from ..analysis.registration import confidence_region

    seen = plane.covariance_on(covariance_um2)
    if not np.all(np.isfinite(seen)):
        return
    region = confidence_region(seen, nu=nu)
    if region.stated:
        pixels = seen / plane.pixel_um(marks.size[0]) ** 2
        marks.line(ellipse_points(where_px, pixels, region.factor), color=REGION, width=1.8)


def draw_orientation(
    marks: Marks,
    plane: Plane,
    *,
    size: int,
    unit: str = "um",
    title: str = "",
    flat: bool = False,
    how: Rendering = PLAIN,
) -> None:
    """Name the plane, its position and the directions of its axes at the top left.

    A flat world has one plane only: its position says nothing.
    """
    margin = round(size * 0.8)
    top = margin
    words = plane_name(plane) if flat else position_words(plane, unit=unit)
    titles = wrapped(title, size, marks.size[0] - 2 * margin, bold=True)
    rows = [(text_width(line, size, bold=True), 1.5) for line in titles]
    lines = [words, *slab_words(how, unit=unit)]
    rows += [*((text_width(line, size), 1.5) for line in lines), (size * 2.6, 2.9)]
    edge = float(margin)
    for width, tall in rows:  # no wider than the words: the corner may hold what is looked for
        marks.plate((margin / 3, edge - size * 0.25), (width + 1.3 * margin, size * tall))
        edge += size * tall
    for line in titles:
        marks.text((margin, top), line, size=size, bold=True)
        top += round(size * 1.5)
    for line in lines:
        marks.text((margin, top), line, size=size)
        top += round(size * 1.5)
    top += round(size * 0.4)
    length = size * 1.5
    origin = np.array([margin + 2, top])
    for direction, name in zip(np.eye(2), axis_names(plane), strict=True):
        tip = origin + length * direction
        marks.line([origin, tip], width=1.4)
        side = np.array([-direction[1], direction[0]]) * 3
        marks.line([tip - 4 * direction + side, tip, tip - 4 * direction - side], width=1.4)
        marks.text(tip + direction * size * 0.6, name, size=size - 2, anchor="mm")


def slab_words(how: Rendering, *, unit: str = "um") -> list[str]:
    """What of a thick slab is seen; nothing of a thin one.

    Examples
    --------
    >>> slab_words(Rendering(slab_um=12.5, slab="max"))
    ['max of a slab of 12.5 µm']
    """
    if not how.slab_um > 0:
        return []
    return [f"{how.slab} of a slab of {how.slab_um:.3g} {'px' if unit == 'px' else 'µm'}"]


def plane_name(plane: Plane) -> str:
    """``xy``, ``xz``, ``yz`` or ``oblique``."""
    for name, axes in AXES.items():
        if (plane.across, plane.down) == axes:
            return name
    return "oblique"


def axis_names(plane: Plane) -> tuple[str, str]:
    """What the arrows at the top left are called."""
    name = plane_name(plane)
    return ("u", "v") if name == "oblique" else (name[0], name[1])


def position_words(plane: Plane, *, unit: str = "um") -> str:
    """The plane and where it lies, for people.

    Examples
    --------
    >>> from scalebridge.widgets.plane import axis_plane
    >>> position_words(axis_plane("xz", centre_um=(0, 12.5, 0), width_um=9, height_um=9))
    'xz at y = 12.50 µm'
    """
    name = plane_name(plane)
    if name == "oblique":
        z, y, x = (_number(value, plane.width_um, unit) for value in plane.centre_um)
        return f"oblique at x, y, z = {x}, {y}, {z} {_unit(plane.width_um, unit)}"
    axis = ACROSS_THE_PLANE[name]
    value = plane.centre_um["zyx".index(axis)]
    number = _number(value, plane.width_um, unit)
    return f"{name} at {axis} = {number} {_unit(plane.width_um, unit)}"


def _unit(width_um: float, unit: str) -> str:
    return "px" if unit == "px" else ("nm" if width_um < 1 else "mm" if width_um >= 5000 else "µm")


def _number(value_um: float, width_um: float, unit: str) -> str:
    """Enough decimals to tell neighbouring slices of this view apart."""
    factor = {"px": 1.0, "nm": 1e3, "mm": 1e-3, "µm": 1.0}[_unit(width_um, unit)]
    step = width_um * factor / 500
    decimals = int(np.clip(np.ceil(-np.log10(step)), 0, 4))
    value = round(value_um * factor, decimals) + 0.0
    return f"{value:.{decimals}f}".replace("-", "−")


def legend_of(placed: Sequence[Placed], *, time: int = 0) -> list[Entry]:
    """One entry for every visible layer that has colours to explain."""
    entries: list[Entry] = []
    for item in placed:
        layer = item.layer
        if not layer.visible:
            continue
        if layer.mode == "labels":
            named = tuple((phase["name"], phase["color"]) for phase in layer.phases)
            if named:
                entries.append(Swatches(title=layer.name, entries=named))
        elif layer.mode == "image":
            low, high = item.limits(time)
            entries.append(
                Ramp(
                    title=item.title,
                    color_map=layer.color_map,
                    low=grey_words(low),
                    high=grey_words(high),
                )
            )
    return entries


def caption_of(world: Any, layers: Sequence[Layer]) -> str:
    """Name and voxel size of every image that is seen, and whose positions these are."""
    seen = dict.fromkeys(layer.image for layer in layers if layer.visible)
    parts = [voxel_words(world.images[name]) for name in seen]
    where = f" Positions in the frame of {world.frame}." if len(world.images) > 1 else ""
    return "; ".join(parts) + "." + where


def voxel_words(image: Any) -> str:
    """Name, modality and voxel size of an image."""
    modality = f" ({image.modality})" if image.modality else ""
    if not image.calibrated:
        return f"{image.name}{modality}, voxel size not known"
    kind = "pixel" if len(image.spacing_um) == 2 else "voxel"
    return f"{image.name}{modality}, {kind} {spacing_words(image.spacing_um)}"


def spacing_words(spacing_um: Sequence[float]) -> str:
    """Voxel size in one unit, x first.

    Examples
    --------
    >>> spacing_words((1.0, 0.5, 0.5)), spacing_words((0.02, 0.02))
    ('0.5 × 0.5 × 1 µm (x, y, z)', '20 nm')
    """
    if max(spacing_um) / min(spacing_um) < 1.0005:
        return format_length(spacing_um[0])
    unit, factor = length_unit(max(spacing_um))
    sizes = " × ".join(f"{value * factor:.3g}" for value in reversed(spacing_um))
    return f"{sizes} {unit} ({', '.join('xyz'[: len(spacing_um)])})"
