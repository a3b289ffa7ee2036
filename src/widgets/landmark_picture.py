"""The picker's picture: both images with numbered pairs and what the fit leaves over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..plots.theme import OKABE_ITO
from .annotate import Color, Marks, draw_mark
from .colors import rgb
from .graph_words import typed_in
from .page import Page, Ramp, panel_width, text_size
from .pair_records import predicted_side
from .pairs import FitState, positions
from .picker_fields import error_words, field_words, shown_field, why_no_field
from .picture import REGION, MarkDrawer, draw_region, panel_picture
from .plane import Plane
from .scene import Placed

_ACTIVE: Color = (*rgb(OKABE_ITO["yellow"]), 255)
SNAP: Color = (*rgb(OKABE_ITO["orange"]), 255)
_EXCLUDED: Color = (190, 190, 190, 255)
_RESIDUAL: Color = (*rgb(OKABE_ITO["vermilion"]), 255)
# The longest residual is drawn this share of the picture's width long.
_LONGEST = 0.08


def landmark_picture(picker: Any, *, width_px: int) -> Image.Image:
    """Draw moving and fixed image side by side on a page."""
    return landmark_page(picker, width_px=width_px).picture(width_px=width_px, theme=picker.theme)


def landmark_page(picker: Any, *, width_px: int) -> Page:
    """Draw moving and fixed image, their words beside them."""
    legend = field_legend(picker)
    width = panel_width(width_px, panels=2, legend=bool(legend))
    panels = tuple(
        _panel(picker, side, width_px=width, size=text_size(width_px))
        for side in ("moving", "fixed")
    )
    return Page(panels=panels, legend=legend, caption=tuple(caption(picker)))


def field_legend(picker: Any) -> tuple[Ramp, ...]:
    """The colours that lie over both images."""
    field = shown_field(picker, "fixed")
    return () if field is None else (field.ramp,)


def caption(picker: Any) -> list[str]:
    """What is seen, the model with its reason, and the warnings."""
    state = picker.state()
    stretch = residual_stretch(state, picker.fixed_view.width_um)
    lines = [
        f"Left, moving: {picker.words_of('moving')}. Right, fixed: {picker.words_of('fixed')}."
    ]
    if state.fit is None:
        return [*lines, f"No fit: {state.reason}"]
    times = f"{stretch:g} times longer than they are" if stretch != 1 else "true to scale"
    loo = float(np.sqrt(np.mean(np.asarray(state.fit.loo_um) ** 2)))
    rms = error_words(picker, state.fit.fre_um)
    left_out = error_words(picker, loo) if math.isfinite(loo) else "not known"
    lines.append(
        f"{_fitted_words(state.fit)} of {len(state.records)} pairs; residuals "
        f"(vermilion) {times}, RMS {rms}, which is not the accuracy; "
        f"leave-one-out error {left_out}.{_target_words(picker)}"
    )
    field = field_words(picker) or why_no_field(picker)
    lines += [field] if field else []
    return [*lines, *(f"Look here: {warning}" for warning in state.warnings)]


def _fitted_words(fit: Any) -> str:
    return str(getattr(fit, "title", f"{fit.transform.model.capitalize()} fit"))


def _target_words(picker: Any) -> str:
    if not picker.target:
        return ""
    error = picker.error_at_target()
    size = error_words(picker, error) if math.isfinite(error) else "not known"
    return f" Predicted RMS error at target {picker.target}: {size}{typed_in(picker)}."


def residual_stretch(state: FitState, width_um: float) -> float:
    """By how much residuals are drawn longer, so that the longest can be seen: 1, 2, 5, 10 ..."""
    if state.fit is None:
        return 1.0
    longest = float(np.linalg.norm(state.fit.residuals_um, axis=1).max())
    if longest <= 0:
        return 1.0
    wanted = width_um * _LONGEST / longest
    if wanted <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(wanted))
    return float(next(step * power for step in (5.0, 2.0, 1.0) if step * power <= wanted))


def _panel(picker: Any, side: str, *, width_px: int, size: int) -> Image.Image:
    view, plane = picker.view_of(side), shown_plane(picker, side)
    return panel_picture(
        layers_on(picker, side, plane, width_px=width_px),
        plane,
        width_px=width_px,
        size=size,
        how=view.rendering(),
        cursor_um=tuple(view.cursor_um.values()) if view.crosshair else None,
        title=picker.title_of(side),
        marks=pair_marks(picker, side, size=size),
    )


def layers_on(picker: Any, side: str, plane: Plane, *, width_px: int) -> list[Placed]:
    """The layers of one side and, where one is shown, the field over them on a plane."""
    view, field = picker.view_of(side), shown_field(picker, side)
    placed = list(view.world.placed(view.layers))
    if field is None:
        return placed
    height = plane.height_px(width_px)
    return [*placed, field.placed(view.layers[0].image, plane, width_px, height)]


def pair_marks(picker: Any, side: str, *, size: int = 13) -> MarkDrawer:
    """Draw the pairs of one side, and on the fixed one what the fit leaves over."""
    planar = picker.images[side].ndim == 2

    def draw(marks: Marks, shown: Plane) -> None:
        state, records = picker.state(), picker.records()
        if side == "fixed":
            stretch = residual_stretch(state, picker.fixed_view.width_um)
            _draw_residuals(marks, shown, state, planar, stretch)
        points = positions(records, side, planar=planar)
        canvas = shown.to_canvas(points, marks.size[0])
        far = picker.faded(side, points, shown)
        for record, where, away in zip(records, canvas, far, strict=True):
            color = _ACTIVE if record.active else _EXCLUDED
            label = record.name + _standing(record, side)
            shade = (*color[:3], 150) if away else color
            draw_mark(marks, where, label, color=shade, size=size)

    return draw


def _standing(record: Any, side: str) -> str:
    """Why a pair does not count, beside its name."""
    if guessed := predicted_side(record):
        return " (expected)" if guessed == side else " (not yet used)"
    return "" if record.active else " (excluded)"


def ghost_marks(picker: Any, side: str, *, size: int = 13) -> MarkDrawer:
    """Draw where the other side's crosshair is expected on this one, with its 95 % region."""
    other = "fixed" if side == "moving" else "moving"

    def draw(marks: Marks, shown: Plane) -> None:
        if picker.state().fit is None:
            return
        found = picker.predict(**{other: getattr(picker, f"{other}_view").cursor_um})
        place = shown.to_canvas(list(found.position.values()), marks.size[0])[0]
        nu = picker.fit().transform.nu
        draw_region(marks, shown, place, found.covariance_um2, nu=nu)
        taken = [r.fields[side] for r in picker.records() if predicted_side(r) == side]
        label = "" if found.position in taken else "expected"  # else its pair says so already
        draw_mark(marks, place, "", color=REGION, size=size)
        below = (place[0] + 8, place[1] + size)  # a pair's own name stands above
        marks.text(below, label, size=size, color=REGION, anchor="lm", bold=True)

    return draw


def shown_plane(picker: Any, side: str) -> Plane:
    """The plane of one side, as high as that of the other."""
    view = picker.moving_view if side == "moving" else picker.fixed_view
    plane: Plane = view.plane(aspect=tallest(picker))
    return plane


def tallest(picker: Any) -> float:
    """Both panels are equally high: the flatter image gets the other's shape."""
    return max(float(picker.moving_view.aspect), float(picker.fixed_view.aspect))


def _draw_residuals(
    marks: Marks, plane: Plane, state: FitState, planar: bool, stretch: float
) -> None:
    if state.fit is None:
        return
    fixed = positions(state.records, "fixed", planar=planar)
    left = _in_three(state.fit.residuals_um)
    width = marks.size[0]
    starts = plane.to_canvas(fixed, width)
    ends = plane.to_canvas(fixed - stretch * left, width)
    for start, end in zip(starts, ends, strict=True):
        marks.line([start, end], color=_RESIDUAL, width=2)


def _in_three(residuals_um: NDArray[np.float64] | Sequence[Any]) -> NDArray[np.float64]:
    left = np.asarray(residuals_um, float)
    out = np.zeros((len(left), 3))
    out[:, 3 - left.shape[1] :] = left
    return out
