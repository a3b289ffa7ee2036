"""The target's picture: where it is, and where it is in another image, with its ellipse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import CovarianceUnavailable, NoPath
from ..plots.theme import OKABE_ITO
from ..quantities import format_value
from ..workspace.instrument_cut import localisation_of
from .annotate import Color, Marks, draw_mark
from .colors import rgb
from .explorer import SliceExplorer
from .graph_words import typed_words
from .page import Page, panel_width, text_size
from .picture import MarkDrawer, caption_of, draw_region, panel_picture
from .plane import Plane
from .state import by_name
from .target_depth import dashes, draw_depth

_TARGET: Color = (*rgb(OKABE_ITO["yellow"]), 255)
_CUT: Color = (*rgb(OKABE_ITO["vermilion"]), 255)


def target_picture(picker: Any, *, width_px: int) -> Image.Image:
    """Draw the targets, and the selected one in the other frame, on a page."""
    return target_page(picker, width_px=width_px).picture(width_px=width_px, theme=picker.theme)


def target_page(picker: Any, *, width_px: int) -> Page:
    """Draw the targets, and the selected one in the other frame, their words beside them."""
    size = text_size(width_px)
    views = shown_views(picker)
    width = panel_width(width_px, panels=len(views), legend=False)
    aspect = max(view.aspect for view in views)
    panels = []
    for view in views:
        own = view is picker.explorer
        marks = own_marks(picker, size) if own else other_marks(picker, size)
        panels.append(_panel(view, width, size, aspect, marks))
    return Page(panels=tuple(panels), caption=tuple(captions(picker, views)))


def captions(picker: Any, views: Sequence[SliceExplorer]) -> list[str]:
    """What is seen, and where the selected target lies."""
    lines = [caption_of(view.world, view.layers) for view in views]
    if picker.selected:
        elsewhere = picker.into not in ("", picker.frame)  # a frame needs no image to be told of
        lines += target_words(picker, picker.target(), with_region=elsewhere)
    elif picker.into and picker.records():
        lines.append(f"No target is chosen: choose one to see it in {picker.into}.")
    return lines


def shown_views(picker: Any) -> list[SliceExplorer]:
    """The picker's own view and, for a selected target, the other frame's."""
    other = other_explorer(picker) if picker.selected else None
    return [picker.explorer] if other is None else [picker.explorer, other]


def target_words(picker: Any, record: Any, *, with_region: bool) -> list[str]:
    """Where the target lies here and there, its cut, and how that is known: a line each."""
    at = [record.position[f"{axis}_um"] for axis in "xyz"]
    decimals = min(3, max(0, 5 - math.floor(math.log10(max(1.0, *map(abs, at))))))
    here = ", ".join(f"{axis} = {v:.{decimals}f}" for axis, v in zip("xyz", at, strict=True))
    words = f"{record.name} in {picker.frame}: {here} µm."
    if not with_region:
        return [words]
    try:
        row = picker.where().iloc[0]
    except (CovarianceUnavailable, NoPath) as error:
        return [words, str(error)]
    there = ", ".join(
        f"{axis} = {format_value(row[f'{axis}_um'], row[f's{axis}_um'])}" for axis in "xyz"
    )
    cut = picker.cut().statement
    return [
        f"{words} In {picker.into}: {there} µm (± one standard uncertainty"
        f"{typed_words(row['error_source'])}).",
        f"{cut[0].upper()}{cut[1:]}. The cut is drawn dashed.",
        f"How well it is known: {row['statement']}.",
    ]


def _panel(view: Any, width: int, size: int, aspect: float, marks: MarkDrawer) -> Image.Image:
    return panel_picture(
        view.world.placed(view.layers),
        view.plane(aspect=aspect),
        width_px=width,
        size=size,
        how=view.rendering(),
        unit=view.world.unit,
        cursor_um=tuple(view.cursor_um.values()),
        title=view.frame,
        marks=marks,
    )


def own_marks(picker: Any, size: int = 13) -> MarkDrawer:
    """Draw the targets of a picker's own frame."""

    def draw(marks: Marks, plane: Plane) -> None:
        for record in picker.records():
            centre, half = picker.drawn_target(record.name)
            if half is not None:
                draw_box(marks, plane, box_corners(centre, half), color=_TARGET)
            where = plane.to_canvas(centre, marks.size[0])[0]
            draw_mark(marks, where, record.name, color=_TARGET, size=size)
        if picker.selected and (line := picker.depth_line(to=picker.frame)) is not None:
            draw_depth(marks, plane, line, said=picker.depth_line(), size=size)

    return draw


def other_explorer(picker: Any) -> SliceExplorer | None:
    """The finest calibrated image of the other frame, with the target in the middle."""
    if not picker.into or picker.into == picker.frame:
        return None
    images = [i for i in picker.ws.images if i.frame == picker.into and i.calibrated]
    if not images:
        return None
    try:
        where = _mapped(picker, _centre(picker.target()))[0]
    except NoPath:  # a transform was refused since; `target_words` says so
        return None
    finest = min(images, key=lambda image: max(image.spacing_um))
    view = SliceExplorer(picker.ws, [finest.name])
    view.cursor_um = by_name(where if not view.planar else where * [0, 1, 1])
    return view


def other_marks(picker: Any, size: int = 13) -> MarkDrawer:
    """Draw the selected target in the other frame, with its 95 % region."""
    record = picker.target()

    def draw(marks: Marks, plane: Plane) -> None:
        width, (place, half) = marks.size[0], picker.drawn_target()
        if half is not None:
            corners = _mapped(picker, box_corners(place, half))
            draw_box(marks, plane, corners, color=_TARGET)
        where = plane.to_canvas(_mapped(picker, place), width)[0]
        try:
            own = None if "position" in picker.draft else localisation_of(record)
            located = picker.ws.locate(
                by_name(place), from_=picker.frame, to=picker.into, localisation_um2=own
            )
            cut = picker.cut()
        except CovarianceUnavailable:
            pass
        else:
            if np.isfinite(cut.margin_um):
                corners = box_corners(cut.centre_um, cut.half_um)
                draw_box(marks, plane, corners, color=_CUT, dashed=True)
            draw_region(marks, plane, where, located.covariance_um2[0], nu=located.nu)
        if (line := picker.depth_line()) is not None:
            draw_depth(marks, plane, line, size=size)
        draw_mark(marks, where, record.name, color=_TARGET, size=size)

    return draw


def box_corners(centre: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    """The eight corners of a box, shape (8, 3) [µm]."""
    signs = np.indices((2, 2, 2)).reshape(3, 8).T * 2 - 1
    return centre + signs * half


def draw_box(
    marks: Marks,
    plane: Plane,
    corners: NDArray[np.float64],
    *,
    color: Color,
    dashed: bool = False,
) -> None:
    """The twelve edges of a box, seen along the normal."""
    canvas = plane.to_canvas(corners, marks.size[0])
    for first in range(8):
        for bit in (1, 2, 4):
            if not first & bit:
                ends = np.array([canvas[first], canvas[first | bit]])
                for part in dashes(ends) if dashed else [ends]:
                    marks.line(part, color=color, width=1.2)


def _centre(record: Any) -> NDArray[np.float64]:
    return np.array([record.position[name] for name in ("z_um", "y_um", "x_um")])


def _mapped(picker: Any, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
    points = np.atleast_2d(points_um)
    return np.asarray(picker.ws.graph().positions(points, picker.frame, picker.into))
