"""The trainer's controls: classes by name, features, what was scribbled and how it was learned."""

from __future__ import annotations

from typing import Any

import ipywidgets as ipw
import numpy as np
import pandas as pd

from ..analysis.segmentation.pixel_features import KINDS
from .explorer_view import columns, redraw_all
from .learning import Learning
from .live import HINT
from .segmentation_view import color_words
from .training_panels import ClassPanel, ScribblePanel
from .training_picture import training_words
from .training_settings import INTENSITY, LEARNED, SETTINGS
from .views import (
    Message,
    button,
    follow,
    heading,
    history_buttons,
    html_table,
    link,
    notice,
    words_html,
)
from .whole_view import apply_row

_HALF = "1 1 340px"
_WIDE = {"width": "100%", "max_width": "340px"}
_STYLE = {"description_width": "92px"}
_ROW = {"flex_flow": "row wrap", "align_items": "center"}


def training_view(trainer: Any) -> ipw.VBox:
    """Build the controls of the trainer."""
    message = Message()
    table, status, words = ipw.HTML(), ipw.HTML(), ipw.HTML()
    judged: list[Any] = [None]

    def learned() -> None:
        judged[0] = None if not trainer.is_current else judged[0]
        renew()

    def told(found: Any) -> None:
        judged[0] = found
        table.value = html_table(class_table(trainer, judged[0]))

    learning = Learning(trainer, learned=learned, judged=told)
    panels = (
        ScribblePanel(trainer, guard=message.quiet, seen=learning.watch),
        ClassPanel(trainer, guard=message.quiet, seen=learning.watch),
    )

    def redraw() -> None:
        learning.ask()  # another moment or channel is learned on its own
        page = training_words(trainer)
        for panel in panels:
            panel.alt = " ".join(page.caption)
            panel.redraw()
        words.value = words_html(page, hint=HINT)

    def renew() -> None:
        table.value = html_table(class_table(trainer, judged[0]))
        status.value = status_html(trainer, learning)
        redraw()

    follow(trainer, LEARNED, learning.ask)
    follow(trainer, (*SETTINGS, "opacity", "theme", "saved"), renew)
    redraw_all(trainer.explorer, redraw)
    renew()
    left = ipw.VBox(
        [heading("Classes"), _names_row(trainer, message), table, _doubt_row(trainer, message)],
        layout=ipw.Layout(flex=_HALF),
    )
    right = ipw.VBox(
        [heading("How it is learned"), *_settings(trainer, message)],
        layout=ipw.Layout(flex=_HALF),
    )
    return ipw.VBox(
        [
            ipw.VBox([columns(*panels, gap="8px"), words]),
            status,
            columns(left, right),
            _save_row(trainer, message),
            apply_row(trainer, message),
            message.widget,
        ]
    )


def class_table(trainer: Any, judged: Any = None) -> pd.DataFrame:
    """One row a class: strokes, voxels, and the share of left-out ones that were named right."""
    shown = trainer.scribbled()
    right = judged.right if judged is not None else {}
    if right:
        shares = [100 * right.get(phase["label"], np.nan) for phase in trainer.phases]
        shown["left-out strokes named right [%]"] = np.round(shares, 1)
    return shown


def status_html(trainer: Any, learning: Learning) -> str:
    """Whether the record says what is seen, and what is learned; escaped."""
    count = len(trainer.classes_scribbled())
    if count < 2:
        rest = "another class" if count else "each class"
        say = f"Choose a class and the brush above the picture, and draw short lines on {rest}."
        return notice(say, "attention")
    words = ""
    if learning.trouble:
        words = notice(learning.trouble, "refused")
    elif learning.job is not None and not trainer.is_current:
        words = notice("learning …", "information")
    if trainer.saved:
        return words + notice(f"saved as {trainer.name}", "information")
    return words + notice("not saved: the workspace does not know these scribbles yet", "attention")


def _names_row(trainer: Any, message: Message) -> ipw.HBox:
    names = ipw.Text(
        description="names",
        placeholder="of the classes, with commas; a further name is a further class",
        layout=_WIDE,
    )
    told = ""

    def follow_names(_: Any = None) -> None:
        nonlocal told
        now = ", ".join(phase["name"] for phase in trainer.phases)
        if names.value == told:  # what a person is writing stays
            names.value = now
        told = now

    trainer.observe(follow_names, names="phases")
    follow_names()

    def name_classes() -> str:
        given = [part.strip() for part in names.value.split(",") if part.strip()]
        before = [phase["color"] for phase in trainer.phases]
        trainer.name_classes(*given)
        return f"classes: {', '.join(given)}{color_words(before, trainer.phases)}"

    return ipw.HBox(
        [names, button("name classes", message.guard(name_classes))], layout=ipw.Layout(**_ROW)
    )


def _doubt_row(trainer: Any, message: Message) -> ipw.HBox:
    def go() -> str:
        trainer.go_to_doubt()
        return "the cursor is where the classes are least sure on this plane: scribble there"

    tip = "Move the cursor to where the classifier is least sure on this plane"
    return ipw.HBox(
        [button("go to a doubtful place", message.guard(go), tip=tip, icon="crosshairs")]
    )


def _settings(trainer: Any, message: Message) -> list[ipw.Widget]:
    opacity = ipw.FloatSlider(min=0, max=1, step=0.05, description="opacity", layout=_WIDE)
    scales = ipw.Text(description="scales [µm]", layout=_WIDE, continuous_update=False)
    trees = ipw.BoundedIntText(min=1, max=1000, description="trees", layout=_WIDE)
    seed = ipw.BoundedIntText(min=0, max=2**31 - 1, description="seed", layout=_WIDE)
    least = ipw.BoundedIntText(
        min=0, max=2**31 - 1, description="least piece", layout=_WIDE,
        tooltip="Smaller pieces go to the class around them, when the whole is labelled [voxel]",
    )  # fmt: skip
    holes = ipw.Checkbox(description="fill holes of the first class", indent=False)
    link(opacity, trainer, "opacity", message)
    link(
        scales, trainer, "scales_um", message,
        shown=lambda values: ", ".join(f"{value:g}" for value in values),
        taken=lambda text: tuple(float(part) for part in text.split(",") if part.strip()),
    )  # fmt: skip
    for control, name in ((trees, "trees"), (seed, "seed"), (least, "min_size_px")):
        link(control, trainer, name, message)
    link(holes, trainer, "fill_holes", message)
    for control in (opacity, scales, trees, seed, least):
        control.style = _STYLE
    kinds = [_kind(trainer, name, message) for name in (INTENSITY, *KINDS)]
    return [
        opacity, scales, ipw.HBox(kinds, layout=ipw.Layout(**_ROW)), trees, seed, least, holes,
    ]  # fmt: skip


def _kind(trainer: Any, name: str, message: Message) -> ipw.Checkbox:
    box = ipw.Checkbox(description=name, indent=False, layout=ipw.Layout(width="auto"))

    def taken(on: bool) -> tuple[str, ...]:
        others = tuple(one for one in trainer.features if one != name)
        return (*others, name) if on else others

    link(box, trainer, "features", message, shown=lambda known: name in known, taken=taken)
    return box


def _save_row(trainer: Any, message: Message) -> ipw.HBox:
    name = ipw.Text(value=trainer.name or f"{trainer.image}_classes", description="name")

    def save() -> str:
        trainer.save(name.value.strip() or None)
        return "written to the workspace"

    return ipw.HBox(
        [
            name,
            button("save", message.guard(save), tip="Write to the workspace", icon="save"),
            *history_buttons(trainer, message),
        ],
        layout=ipw.Layout(flex_flow="row wrap"),
    )
