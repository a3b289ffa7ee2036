"""The sliders: thresholds with live preview, phases by name, cleaning, save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as ipw
import numpy as np

from ..plots.theme import OKABE_ITO
from .cleaning_view import cleaning_section
from .explorer_view import columns, redraw_all
from .histogram_panel import HistogramPanel
from .history import Drags
from .layers import MATRIX
from .live import HINT, LivePanel
from .phase_panel import PhasePanel
from .segmentation_picture import segmentation_words
from .threshold_settings import SETTINGS
from .views import Message, button, follow, heading, history_buttons, link, notice, words_html
from .whole_view import WholeShares, apply_row

_WIDE = {"width": "100%", "max_width": "420px"}
_SHORT = {"description_width": "92px"}
_SMALL, _FREE = {"width": "180px"}, {"width": "270px"}
_TABLE = "1 1 340px"  # as wide as the fractions of the phases


def segmentation_view(sliders: Any) -> ipw.VBox:
    """Build the controls of the sliders."""
    message, shares = Message(), WholeShares(sliders)
    panels = (
        LivePanel(sliders.explorer, guard=message.quiet, title=sliders.image, followed=True),
        PhasePanel(sliders, guard=message.quiet, seen=shares.watch),
    )
    histogram, words = HistogramPanel(sliders, guard=message.quiet), ipw.HTML()
    status = ipw.HTML()
    thresholds = ipw.VBox()

    def refresh() -> None:
        status.value = status_html(sliders)
        shares.ask()
        histogram.redraw()
        redraw()

    def redraw() -> None:
        page = segmentation_words(sliders)
        for panel in panels:
            panel.alt = " ".join(page.caption)
            panel.redraw()
        words.value = words_html(page, hint=HINT)

    built: list[Any] = []

    def rebuild() -> None:
        wanted = [len(sliders.thresholds), sliders.method == "local"]  # these have other ranges
        if built != wanted:
            built[:] = wanted
            count = range(len(sliders.thresholds))
            thresholds.children = [_threshold(sliders, number, message) for number in count]

    follow(sliders, (*SETTINGS, "opacity", "theme", "saved", "note"), rebuild, refresh)
    redraw_all(sliders.explorer, redraw)
    rebuild()
    refresh()
    left = ipw.VBox(
        [
            heading("Thresholds"),
            thresholds,
            _suggest_rows(sliders, message),
            shares.widget,
        ],
        layout=ipw.Layout(flex=_TABLE),
    )
    right = ipw.VBox(
        [
            heading("Phases"),
            _opacity(sliders, message),
            cleaning_section(sliders, message),
        ],
        layout=ipw.Layout(flex=_TABLE),
    )
    return ipw.VBox(
        [
            ipw.VBox([columns(*panels, gap="8px"), histogram, words]),
            status,
            columns(left, right),
            _save_row(sliders, message),
            apply_row(sliders, message),
            message.widget,
        ]
    )


def status_html(sliders: Any) -> str:
    """Whether the record says what is seen, and where the thresholds come from; escaped."""
    if not sliders.thresholds:
        return notice("No threshold yet: press 'suggest', or click the histogram.", "attention")
    if sliders.saved:
        words = notice(f"saved as {sliders.name}", "information")
    else:
        words = notice("not saved: the workspace does not know these settings yet", "attention")
    if sliders.origin():
        known = "information" if sliders.threshold_uncertainty else "attention"
        words += notice(sliders.origin(), known)
    suggested = sliders.note and not all(sliders.placed_by_hand())
    return words + (notice(sliders.note, "information") if suggested else "")


def _threshold(sliders: Any, number: int, message: Message) -> ipw.FloatSlider:
    low, high = (float(v) for v in np.quantile(sliders.sample(), [0.0005, 0.9995]))
    step = 10.0 ** np.floor(np.log10(max(high - low, 1e-9) / 1000))
    slider = ipw.FloatSlider(
        value=sliders.thresholds[number],
        min=step * np.floor(min(low, sliders.thresholds[number]) / step),
        max=step * np.ceil(max(high, sliders.thresholds[number]) / step),
        step=step,
        description=f"threshold {number + 1}",
        readout_format=".4g",
        continuous_update=True,
        layout=_WIDE,
        style=_SHORT,
    )

    told, drags = slider.value, Drags()

    def moved(change: Any) -> None:
        values = list(sliders.thresholds)
        # The browser rounds what it is shown to whole steps and sends that back.
        if number < len(values) and abs(change["new"] - told) > 0.51 * slider.step:
            values[number] = change["new"]
            with sliders.dragging(("slider", number, drags.now())):
                message.guard(lambda: sliders.set_threshold(*values))()

    def follow_state(_: Any) -> None:
        nonlocal told
        if number < len(sliders.thresholds):
            # A threshold beyond the slider's end stays where it is: the slider shows its end.
            told = float(np.clip(sliders.thresholds[number], slider.min, slider.max))
            slider.value = told

    slider.observe(moved, names="value")
    sliders.observe(follow_state, names="thresholds")
    return slider


def _suggest_rows(sliders: Any, message: Message) -> ipw.VBox:
    count = ipw.BoundedIntText(
        value=max(2, len(sliders.thresholds) + 1),
        min=2,
        max=5,
        description="phases",
        layout=_SMALL,
        style=_SHORT,
    )

    def suggest() -> str:
        sliders.suggest(classes=count.value)
        return "thresholds half-way between the phases"

    rows = [ipw.HBox([count, button("suggest", message.guard(suggest), icon="magic")])]
    others = [
        record.name
        for record in sliders.ws.segmentations
        if record.accepted and record.image != sliders.image and "surface" not in record.tags
    ]
    if others:
        by = ipw.Dropdown(options=others, description="finer scan", layout=_FREE, style=_SHORT)

        def calibrate() -> str:
            sliders.calibrate(by.value)
            return f"thresholds with which {sliders.image} agrees with {by.value}"

        tip = "Thresholds with which this scan has the phases of a finer, registered one"
        doer = button("calibrate", message.guard(calibrate), tip=tip, icon="balance-scale")
        rows.append(ipw.HBox([by, doer], layout=ipw.Layout(flex_flow="row wrap")))
    return ipw.VBox(rows)


def _opacity(sliders: Any, message: Message) -> ipw.FloatSlider:
    opacity = ipw.FloatSlider(
        min=0,
        max=1,
        step=0.05,
        description="opacity",
        layout=ipw.Layout(width="calc(100% - 4px)", max_width="340px"),
        style={"description_width": "76px"},
    )
    link(opacity, sliders, "opacity", message)
    return opacity


def color_words(before: Sequence[str], phases: Sequence[Mapping[str, Any]]) -> str:
    """Which colour each phase got with its name; empty where none changed.

    A name has one colour in every view, plot and report, so naming a phase may change it.
    """
    if list(before) == [phase["color"] for phase in phases]:
        return ""
    known = {code: name for name, code in OKABE_ITO.items()} | {MATRIX: "grey, not painted"}
    said = (f"{phase['name']} {known.get(phase['color'], phase['color'])}" for phase in phases)
    return f"; a name has its own colour, the same in every view: {', '.join(said)}"


def _save_row(sliders: Any, message: Message) -> ipw.HBox:
    name = ipw.Text(value=sliders.name or f"{sliders.image}_phases", description="name")
    phases = ipw.Text(
        value=", ".join(phase["name"] for phase in sliders.named_phases()),
        description="names",
        placeholder="of the phases, dark to bright, with commas",
    )
    told = phases.value

    def follow_names(_: Any = None) -> None:
        nonlocal told
        names = ", ".join(phase["name"] for phase in sliders.named_phases())
        if phases.value == told:  # what a person is writing stays
            phases.value = names
        told = names

    sliders.observe(follow_names, names=["thresholds", "phases"])

    def name_phases() -> str:
        names = [part.strip() for part in phases.value.split(",") if part.strip()]
        before = [phase["color"] for phase in sliders.named_phases()]
        sliders.name_phases(*names)
        return f"phases: {', '.join(names)}{color_words(before, sliders.named_phases())}"

    def save() -> str:
        sliders.save(name.value.strip() or None)
        return "written to the workspace"

    return ipw.HBox(
        [
            phases,
            button("name phases", message.guard(name_phases)),
            name,
            button("save", message.guard(save), tip="Write to the workspace", icon="save"),
            *history_buttons(sliders, message),
        ],
        layout=ipw.Layout(flex_flow="row wrap"),
    )
