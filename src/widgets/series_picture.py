"""The series' picture: the plane at a time point, its comparison, and the plot below."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from ..quantities import format_length
from .annotate import Marks, draw_crosshair, draw_scale_bar, grey_words
from .colors import DIFFERENCE
from .difference import difference_colors, difference_on
from .page import GAP_PX, Entry, Page, Ramp, panel_width, text_size
from .picture import caption_of, draw_orientation, explorer_words, panel_picture
from .plane import Plane
from .series_table import MEASURED_HERE, SHARES, segmentation_of

BOX = (230, 159, 0, 255)


def series_page(series: Any, *, width_px: int) -> Page:
    """Draw a series as it stands, with the plot of its measurements."""
    words = series_words(series)
    planes = series.explorer.planes()
    panels = len(planes) * (2 if series.mode == "beside" else 1)
    width = panel_width(width_px, panels=panels, legend=bool(words.legend))
    size = text_size(width_px)
    drawn = tuple(
        panel_of(series, view, plane, width_px=width, size=size)
        for view in shown_views(series)
        for plane in planes
    )
    whole = width * panels + GAP_PX * (panels - 1)
    return replace(words, panels=drawn, below=plot_picture(series, width_px=whole))


def shown_views(series: Any) -> list[Any]:
    """Explorers that are drawn: that of the reference, where it stands beside, and the series'."""
    return [series.beside, series.explorer] if series.mode == "beside" else [series.explorer]


def differs(series: Any) -> bool:
    """Whether a difference is seen: that of the reference to itself would be an empty picture."""
    return bool(series.mode == "difference" and series.time != series.reference)


def panel_title(series: Any, view: Any) -> str:
    """Which time point, or which difference, is seen."""
    if view is series.beside:
        return title_of(series, series.reference)
    here = title_of(series, series.time)
    if differs(series):
        return f"{here} − {title_of(series, series.reference)}"
    return f"{here}, the reference" if series.mode == "difference" else here


def series_words(series: Any) -> Page:
    """Legend and caption of a series, without its picture."""
    legend: tuple[Entry, ...] = explorer_words(series.explorer).legend
    if differs(series):
        limit = grey_words(series.limit())
        title = f"{panel_title(series, series.explorer)}, grey"
        legend = (Ramp(title=title, color_map=DIFFERENCE, low=f"−{limit}", high=f"+{limit}"),)
    layers = [layer for view in shown_views(series) for layer in view.layers]
    said = [caption_of(series.explorer.world, layers), mode_words(series), plot_words(series)]
    return Page(panels=(), legend=legend, caption=(" ".join(filter(None, said)),))


def title_of(series: Any, number: int) -> str:
    """A time point in words."""
    moment = series.moments[number]
    return f"t = {moment.name}" if series.moments.unit else moment.name


def mode_words(series: Any) -> str:
    """What is compared with what."""
    here, there = title_of(series, series.time), title_of(series, series.reference)
    if series.mode == "beside":
        return f"Left {there}, right {here}, with the same contrast."
    if series.mode == "difference" and not differs(series):
        return (
            f"{here} is the reference itself and is shown as it is: go to another time point to "
            "see what changed."
        )
    if series.mode == "difference":
        return (
            f"Grey values of {here} less those of {there}, each sampled on this plane; white is "
            "no difference."
        )
    return f"Seen at {here}."


def plot_words(series: Any) -> str:
    """What is plotted, and of which voxels."""
    rows = series.plotted()
    quantity = rows["quantity"].iloc[0]
    if quantity not in MEASURED_HERE:
        return f"Below: {quantity}."
    where = "where all time points reach"
    if series.box:
        half = series.box["half_size"]
        size = " × ".join(format_length(2 * half[f"{axis}_um"]) for axis in "xyz")
        place = ", ".join(f"{series.box['position'][f'{axis}_um']:.4g}" for axis in "xyz")
        where = f"in a box of {size} around x, y, z = {place} µm"
    spacing = series.table_spacing_um()
    of = f", voxels of {format_length(spacing)}" if spacing else ""
    thresholds = ""
    if quantity == SHARES and (record := segmentation_of(series)) is not None:
        thresholds = f", parted by the thresholds of {record.name} alone at every time point"
    return f"Below: {quantity} {where}{of}{thresholds}."


def difference_panel(
    series: Any, plane: Plane, *, width_px: int, size: int, title: str
) -> Image.Image:
    """The difference on a plane, with scale bar, orientation and crosshair."""
    explorer = series.explorer
    height = plane.height_px(width_px)
    found = difference_on(
        series.frame_at(series.time),
        series.frame_at(series.reference),
        plane,
        width_px=width_px,
        height_px=height,
        how=explorer.rendering(),
    )
    sheet = Marks(width_px, height)
    if explorer.crosshair:
        cursor = tuple(explorer.cursor_um.values())
        draw_crosshair(sheet, plane.to_canvas(cursor, width_px)[0])
    draw_box_measured(sheet, plane, series)
    unit = explorer.world.unit
    draw_scale_bar(sheet, pixel_um=plane.pixel_um(width_px), size=size, unit=unit)
    draw_orientation(
        sheet,
        plane,
        size=size,
        unit=unit,
        title=title,
        flat=explorer.planar,
        how=explorer.rendering(),
    )
    return sheet.over(Image.fromarray(difference_colors(found, series.limit())))


def draw_box_measured(marks: Marks, plane: Plane, series: Any) -> None:
    """Outline where is measured, as far as the plane cuts it."""
    if not series.box:
        return
    from .slices3d import outline

    low, high = series.box_corners_um()
    if series.explorer.planar:
        low[0], high[0] = low[0] - 1, high[0] + 1
    box = np.where(np.indices((2, 2, 2)).reshape(3, 8).T == 0, low, high)
    corners = outline(box, plane)
    if len(corners):
        marks.line(
            plane.to_canvas(np.vstack([corners, corners[:1]]), marks.size[0]),
            color=BOX,
            width=1.4,
        )


def plot_picture(series: Any, *, width_px: int) -> Image.Image:
    """The measurements against time, a line at the time point that is seen."""
    from ..plots import still, value_over_time

    rows = series.plotted()
    plot = value_over_time(
        rows if (rows["series"] != "").any() else rows.drop(columns="series"),
        name=rows["quantity"].iloc[0],
        unit=rows["unit"].iloc[0],
        time_unit=series.moments.unit,
        at=series.moments[series.time].when,
        ground=series.theme,
    )
    return Image.open(io.BytesIO(still(plot, width_px=width_px))).convert("RGB")


def panel_of(
    series: Any, view: Any, plane: Plane, *, width_px: int, size: int, title: str | None = None
) -> Image.Image:
    """One plane of a time point, or of the difference."""
    words = panel_title(series, view) if title is None else title
    if differs(series) and view is series.explorer:
        return difference_panel(series, plane, width_px=width_px, size=size, title=words)
    return panel_picture(
        view.world.placed(view.layers),
        plane,
        width_px=width_px,
        size=size,
        how=view.rendering(),
        unit=view.world.unit,
        cursor_um=tuple(view.cursor_um.values()) if view.crosshair else None,
        title=words,
        marks=lambda marks, plane: draw_box_measured(marks, plane, series),
    )
