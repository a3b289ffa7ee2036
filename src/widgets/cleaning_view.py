"""The folded part of the sliders: how the image is parted and its labels are cleaned."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw

from .cleaning_settings import UNIT_WORDS
from .cleaning_units import Measure, length_measure, size_measure
from .views import QUIET, Message, follow, link

_ROW = {"width": "100%", "max_width": "340px"}
_STYLE = {"description_width": "128px"}
_METHODS = (
    ("thresholds alone", "thresholds"),
    ("hysteresis", "hysteresis"),
    ("local, above the surroundings", "local"),
)
_SHAPES = (("mean", "mean"), ("Gaussian mean", "gaussian"))
_TOUCHING = {
    2: (("faces (4)", 4), ("and corners (8)", 8)),
    3: (("faces (6)", 6), ("and edges (18)", 18), ("and corners (26)", 26)),
}


def cleaning_section(sliders: Any, message: Message) -> ipw.Accordion:
    """Build the section; it is folded until somebody wants it."""
    unit = UNIT_WORDS[sliders.length_unit]
    counted = {"smoothing_px": length_measure(sliders), "min_size_px": size_measure(sliders)}
    smoothing, size = counted.values()
    rows = {
        "method": _choice(
            "parted by",
            _METHODS,
            "Hysteresis keeps a piece only where it reaches a higher grey value; local thresholds "
            "are differences to the mean around each voxel",
        ),
        "seed_rise": _number(
            "rise", "grey value", "How far above the threshold a piece has to reach somewhere"
        ),
        "window": _number("surroundings", unit, "Width: some times the largest object", least=1e-9),
        "window_shape": _choice("their weight", _SHAPES, "Of the voxels in the surroundings"),
        "smoothing_px": _number(
            "smooth",
            smoothing.unit,
            "Standard deviation of a Gaussian before the thresholds; rounds corners; "
            + _voxel_words(smoothing),
            most=20 * smoothing.per_px,
            step=0.5 * smoothing.per_px,
        ),
        "opening_radius": _number(
            "open", unit, "Radius of a ball: what is thinner goes to the phase below"
        ),
        "closing_radius": _number(
            "close", unit, "Radius of a ball: gaps that are narrower go to the phase above"
        ),
        "min_size_px": _number(
            "smallest",
            size.unit,
            "Smaller pieces go to the phase around them; " + _voxel_words(size),
            most=1e9 * size.per_px,
            step=size.per_px,
        ),
        "connectivity": _choice(
            "touching by", _TOUCHING[sliders.dims()], "Which voxels make one piece"
        ),
        "fill_holes": ipw.Checkbox(
            description="fill holes",
            indent=False,
            tooltip="Enclosed pieces of the darkest phase go to the phase around them",
        ),
        "split_depth": _number(
            "cut touching",
            unit,
            "Objects of the brightest phase are cut at necks whose radius is smaller by this; "
            "0 cuts nothing",
        ),
    }
    for trait, control in rows.items():
        measure = counted.get(trait)
        other = {"shown": measure.shown, "taken": measure.taken} if measure else {}
        link(control, sliders, trait, message, **other)
    words = ipw.HTML()

    def show() -> None:
        rows["seed_rise"].layout.display = "" if sliders.method == "hysteresis" else "none"
        for trait in ("window", "window_shape"):
            rows[trait].layout.display = "" if sliders.method == "local" else "none"
        words.value = _sentence(sliders.cleaning_words() or "nothing beside the thresholds")

    follow(sliders, tuple(rows), show)
    show()
    section = ipw.Accordion(children=[ipw.VBox([*rows.values(), words])], selected_index=None)
    section.set_title(0, "Cleaning")
    if sliders.cleaned:
        section.selected_index = 0
    return section


def _sentence(text: str) -> str:
    from html import escape

    return f'<div style="color:{QUIET};line-height:1.45;max-width:340px">{escape(text)}</div>'


def _choice(words: str, options: Any, tip: str) -> ipw.Dropdown:
    return ipw.Dropdown(
        options=options, description=words, tooltip=tip, layout=_row(), style=_STYLE
    )


def _number(
    words: str, unit: str, tip: str, *, least: float = 0.0, most: float = 1e6, step: float = 0.1
) -> ipw.BoundedFloatText:
    return ipw.BoundedFloatText(
        min=least, max=most, step=step, description=f"{words} [{unit}]", tooltip=f"{tip} [{unit}]",
        layout=_row(), style=_STYLE,
    )  # fmt: skip


def _voxel_words(measure: Measure) -> str:
    return "in voxels" if measure.unit == "px" else f"1 px is {measure.shown(1):g} {measure.unit}"


def _row() -> ipw.Layout:
    """One a control: each is hidden by itself."""
    return ipw.Layout(**_ROW)
