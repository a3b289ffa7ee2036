"""The series' controls: time, what it is compared with, and the plot that moves it."""

from __future__ import annotations

import math
from typing import Any

import ipywidgets as ipw

from .explorer_view import columns, redraw_all, sharing
from .live import HINT
from .series import MODES, SeriesExplorer
from .series_panel import SeriesPanel
from .series_picture import series_words
from .timeline import Timeline, places, timeline_svg
from .views import Message, button, follow, heading, history_buttons, link, words_html

_STATE = ("time", "reference", "mode", "difference_limit", "box", "quantity", "revision")
_WIDE = {"width": "calc(100% - 4px)", "max_width": "340px"}
_STYLE = {"description_width": "76px"}


def series_view(series: SeriesExplorer, *, width_px: int = 900) -> ipw.VBox:
    """Build the controls of a series."""
    message = Message()
    panels = [
        SeriesPanel(series, guard=message.guard, reference=True),
        SeriesPanel(series, guard=message.guard),
    ]
    for panel in panels:
        panel.layout.flex = "1 1 40%"
    row, words = columns(panels[1], gap="8px"), ipw.HTML()
    plot = _plot(series, message)

    def tell() -> None:
        shown = panels if series.mode == "beside" else panels[1:]
        if len(row.children) != len(shown):
            row.children = sharing(*shown)
        page = series_words(series)
        for panel in shown:
            panel.alt = " ".join(page.caption)
            panel.redraw()
        words.value = words_html(page, hint=HINT)

    say = message.guard(tell)
    follow(series, _STATE, say)
    redraw_all(series.explorer, say)
    for layer in series.layers:
        follow(layer, layer.trait_names(), say)
    say()
    picture = ipw.VBox([row, plot, words], layout=ipw.Layout(flex="1 1 460px"))
    picture.layout.max_width = f"{width_px}px"
    side = columns(ipw.VBox(_time_controls(series, message)), flex="1 1 280px")
    return ipw.VBox([columns(picture, side), message.widget])


def _plot(series: SeriesExplorer, message: Message) -> Timeline:
    plot = Timeline(points=places([moment.when for moment in series.moments.points]))

    def draw() -> None:
        plot.svg = timeline_svg(
            series.plotted(), at=series.moments[series.time].when, time_unit=series.moments.unit
        )

    link(plot, series, "time", message)
    follow(series, ("time", "quantity", "revision"), message.guard(draw))
    message.guard(draw)()
    return plot


def _time_controls(series: SeriesExplorer, message: Message) -> list[Any]:
    last = len(series.moments) - 1
    names = [(moment.name, number) for number, moment in enumerate(series.moments.points)]
    time = ipw.IntSlider(min=0, max=last, description="time point", layout=_WIDE, style=_STYLE)
    play = ipw.Play(min=0, max=last, step=1, repeat=True, show_repeat=False)
    rate = ipw.FloatSlider(
        min=0.5, max=10, step=0.5, description="per second", layout=_WIDE, style=_STYLE
    )
    mode = ipw.Dropdown(options=MODES, description="show", layout=_WIDE, style=_STYLE)
    reference = ipw.Dropdown(options=names, description="reference", layout=_WIDE, style=_STYLE)
    quantity = ipw.Dropdown(options=[""], description="plot", layout=_WIDE, style=_STYLE)
    for control, trait in (
        (time, "time"), (play, "time"), (mode, "mode"), (reference, "reference"),
        (rate, "frame_rate"),
    ):  # fmt: skip
        link(control, series, trait, message)

    def pace(_: Any = None) -> None:
        play.interval = round(1000 / series.frame_rate)

    def offer(_: Any = None) -> None:
        quantity.options = [(name, name) for name in series.quantities()]
        quantity.value = series.quantity or series.quantities()[0]

    def choose(change: Any) -> None:
        if change["new"] and change["new"] != series.plotted()["quantity"].iloc[0]:
            series.quantity = change["new"]

    series.observe(pace, names="frame_rate")
    series.observe(offer, names=["revision", "quantity"])
    quantity.observe(choose, names="value")
    pace()
    message.guard(offer)()
    return [
        time,
        ipw.HBox([play]),
        rate,
        mode,
        reference,
        quantity,
        *_box_controls(series, message),
        ipw.HBox(history_buttons(series, message)),
    ]


def _box_controls(series: SeriesExplorer, message: Message) -> list[Any]:
    low, high = series.box_corners_um()
    whole = float((high - low).max())
    half = ipw.FloatLogSlider(
        value=whole / 8,
        min=math.log10(whole / 1e3),
        max=math.log10(whole),
        description="half [µm]",
        layout=_WIDE,
        style=_STYLE,
    )

    def here() -> None:
        series.measure_in(half_size=half.value)

    return [
        heading("Measure in"),
        half,
        ipw.HBox(
            [
                button("box at the cursor", message.guard(here)),
                button("everywhere", message.guard(lambda: series.measure_in())),
            ]
        ),
    ]
