"""The four steps' contents: the same widgets as in the notebooks, with the tables around them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ipywidgets as ipw
import pandas as pd
from traitlets import TraitError

from ..analysis.registration import transform_from_dict
from ..columns import significant
from ..errors import NotFound, ScalebridgeError
from ..guides import (
    choose_instrument,
    choose_map,
    map_images,
    open_loops,
    overlay_of,
    stale_statements,
)
from ..guides.decisions import CUT_TAG
from ..guides.survey import times
from ..quantities import format_value
from ..widgets import (
    LandmarkPicker,
    SegmentationSliders,
    SliceExplorer,
    TargetPicker,
    TrainableSegmentation,
)
from ..widgets.training_record import is_trained
from ..widgets.views import Message, button, heading, html_table, notice, notices
from ..workspace import Workspace
from ..workspace.staleness import stale_transforms
from ..workspace.surface import SURFACE_TAG
from .content import Content, Holder, choice, deciding, row
from .steps import apart_from_map, proposals, quantities, undecided

_NONE: tuple[str, str] = ("none", "")
_PARTED, _LEARNED = "thresholds", "scribbles"


def content_of(key: str, ws: Workspace) -> Content:
    """Build the content of a step.

    Parameters
    ----------
    key : {"survey", "registration", "targeting", "quantification"}
    ws : Workspace
    """
    return _CONTENTS[key](ws)


# -- survey --------------------------------------------------------------------


def _survey(ws: Workspace) -> Content:
    table, message, holder = ipw.HTML(), Message(), Holder()
    images = choice("map", [(name, name) for name in calibrated(ws)], first_map(ws))

    def explore() -> Any:
        there = first_map(ws)
        return SliceExplorer(ws, frame=ws.images[there].frame if there else None)

    def decide(name: str | None) -> str:
        if not name:
            raise NotFound("there is no image with a voxel size to choose: import one first")
        choose_map(ws, name)
        holder.show(explore)
        return f"the map is {name}, written to the workspace"

    def refresh() -> None:
        table.value = html_table(image_table(ws), empty="No image yet.")

    refresh()
    holder.show(explore)
    parts = [table, deciding("choose as map", images, decide, message), message.widget]
    return Content((ipw.VBox([heading("Images"), *parts]), holder), refresh)


def image_table(ws: Workspace) -> pd.DataFrame:
    """One row an image: name, modality, size, voxel size, frame."""
    return pd.DataFrame(
        [
            {
                "image": image.name,
                "modality": image.modality or "not stated",
                "size x × y × z [px]": times(image.shape[-image.ndim :]),
                "voxel x × y × z [µm]": times(image.spacing_um)
                if image.calibrated
                else "uncalibrated",
                "frame": image.frame,
            }
            for image in ws.images
        ]
    )


def calibrated(ws: Workspace) -> list[str]:
    """Names of the images with a voxel size."""
    return [image.name for image in ws.images if image.calibrated]


def first_map(ws: Workspace) -> str | None:
    """The map, where somebody has chosen one."""
    return next(iter(map_images(ws)), None)


# -- registration --------------------------------------------------------------


def _registration(ws: Workspace) -> Content:
    table, told, message, holder = ipw.HTML(), ipw.HTML(), Message(), Holder()
    names = [(name, name) for name in calibrated(ws)]
    start = _first_pair(ws)
    moving = choice("moving", names, start[0], tip="Image that is mapped")
    fixed = choice("fixed", names, start[1], tip="Image that it is mapped into")
    targets = [str(record.name) for record in ws.targets]

    def pick() -> Any:
        if not moving.value or moving.value == fixed.value:
            raise ValueError("a registration needs two images, one to map and one to map it into")
        aim = targets[0] if len(targets) == 1 else ""
        return LandmarkPicker(ws, moving=moving.value, fixed=fixed.value, target=aim)

    def refresh() -> None:
        empty = "No pair has landmarks yet: choose two images and press open."
        table.value = html_table(pair_table(ws), empty=empty)
        told.value = graph_html(ws)

    opened = button("open", message.guard(lambda: holder.show(pick) and None))
    waiting, update = _proposals(ws, message, holder)

    def refresh_all() -> None:
        refresh()
        update()

    refresh_all()
    holder.show(pick)
    parts = [
        heading("Registrations"),
        table,
        told,
        waiting,
        row(moving, fixed, opened),
        message.widget,
    ]
    return Content((ipw.VBox(parts), holder), refresh_all)


def _proposals(
    ws: Workspace, message: Message, holder: Holder
) -> tuple[ipw.Widget, Callable[[], None]]:
    """A row to look at proposed transforms and to decide about them; hidden where none waits."""
    chosen = choice("proposed", [_NONE], None, tip="Transform that nobody has decided about")
    seen: dict[str, Any] = {}

    def look() -> Any:
        record = ws.transforms[chosen.value]
        at = images_by_frame(ws)
        for frame in (record.from_frame, record.to_frame):
            if frame not in at:
                raise NotFound(f"no image lies in {frame}: there is nothing to look at")
        moving, fixed = (ws.images[at[f]] for f in (record.from_frame, record.to_frame))
        return overlay_of(ws, moving, fixed, transform_from_dict(record.transform))

    def decide(status: str) -> str:
        record = seen[chosen.value]
        try:
            ws.transforms.edit(record.id, version=record.version, status=status)
        finally:  # also where another person has decided meanwhile: it is no proposal any more
            update()
        return f"{record.name} is {status}, written to the workspace"

    def update() -> None:
        seen.update({str(record.name): record for record in proposals(ws)})
        names = [str(record.name) for record in proposals(ws)]
        kept = chosen.value if chosen.value in names else next(iter(names), "")
        chosen.options = [(name, name) for name in names] or [_NONE]
        chosen.value = kept
        line.layout.display = None if names else "none"

    line = row(
        chosen,
        button("look", message.guard(lambda: holder.show(look) and None)),
        button("accept", message.guard(lambda: decide("accepted"))),
        button("refuse", message.guard(lambda: decide("refused"))),
    )
    return line, update


def _first_pair(ws: Workspace) -> tuple[str | None, str | None]:
    """Images to begin with: a pair that waits for a decision, one that is apart, any pair."""
    at, apart = images_by_frame(ws), apart_from_map(ws)
    known = [*undecided(ws), *((mark.moving_frame, mark.fixed_frame) for mark in ws.landmarks)]
    pairs = [(at[a], at[b]) for a, b in known if a in at and b in at]
    if pairs:
        return pairs[0]
    names = calibrated(ws)
    fixed = first_map(ws) or next(iter(names), None)
    return next((name for name in [*apart, *names] if name != fixed), None), fixed


def images_by_frame(ws: Workspace) -> dict[str, str]:
    """The first image of every frame."""
    return {str(image.frame): str(image.name) for image in reversed(list(ws.images))}


def graph_html(ws: Workspace) -> str:
    """Loops of accepted transforms that do not close, in red, and stale ones; escaped."""
    try:
        graph = ws.graph()
    except ScalebridgeError as error:
        return notice(str(error), "refused")
    return notices(open_loops(graph), "refused") + notices(stale_statements(ws))


def pair_table(ws: Workspace) -> pd.DataFrame:
    """One row a pair with landmarks or a transform: how many, how well, what was decided."""
    at = images_by_frame(ws)
    counts: dict[tuple[str, str], int] = {}
    for mark in ws.landmarks:
        pair = (mark.moving_frame, mark.fixed_frame)
        counts[pair] = counts.get(pair, 0) + bool(mark.active)
    standing = {(record.from_frame, record.to_frame): record for record in ws.transforms}
    stale = {record.id for record in stale_transforms(ws.transforms, ws.landmarks)}
    rows = [
        _pair_row(at.get(a, a), at.get(b, b), counts.get((a, b), 0), standing.get((a, b)), stale)
        for a, b in dict.fromkeys([*counts, *standing])
    ]
    table = pd.DataFrame(rows)
    if len(table):
        table["leave-one-out [µm]"] = significant(table["leave-one-out [µm]"].astype(float))
    return table


def _pair_row(
    moving: str, fixed: str, landmarks: int, record: Any, stale: set[str]
) -> dict[str, Any]:
    mark = ", stale" if record and record.id in stale else ""
    return {
        "moving": moving,
        "fixed": fixed,
        "landmarks": landmarks,
        "model": str(record.transform.get("model") or record.method) if record else "–",
        "leave-one-out [µm]": record.loo_um if record else None,
        "decision": record.status + mark if record else "to decide",
        "by": record.who if record else "–",
    }


# -- targeting -----------------------------------------------------------------


def _targeting(ws: Workspace) -> Content:
    message, holder = Message(), Holder()
    frames = sorted({str(ws.images[name].frame) for name in calibrated(ws)})
    placed = [record.frame for record in ws.targets]
    there = first_map(ws)
    begin = placed[0] if placed else (ws.images[there].frame if there else None)
    frame = choice("placed in", [(name, name) for name in frames], begin)
    tool = choice("instrument that cuts", [(name, name) for name in frames], _cutting_frame(ws))
    surfaces = [(f"{r.name} of {r.image}", r.name) for r in ws.segmentations]
    surface = choice("surface", surfaces or [_NONE], _surface(ws))
    shown: dict[str, Any] = {}

    def place() -> Any:
        if not frame.value:
            raise NotFound("no image has a voxel size: a target needs one")
        shown["picker"] = None
        names = [str(record.name) for record in ws.targets if record.frame == frame.value]
        picker = TargetPicker(ws, frame.value, selected=names[0] if names else "")
        tool_frame = _cutting_frame(ws)
        if names and tool_frame and tool_frame != frame.value:
            with suppress(ScalebridgeError, TraitError):  # not connected: the step says so
                picker.into = tool_frame
        shown["picker"] = picker
        return picker

    def choose_tool(name: str | None) -> str:
        if not name:
            raise NotFound("there is no frame of an instrument to choose")
        choose_instrument(ws, name)
        return f"{name} will cut, written to the workspace"

    def choose_surface(name: str | None) -> str:
        if not name:
            raise NotFound("no segmentation is saved yet: save one in the step quantification")
        _tag_surface(ws, name)
        return f"depths are measured from {name}, written to the workspace"

    def parameters() -> dict[str, Any]:
        picker = shown.get("picker")
        return {"target": picker.selected} if picker is not None and picker.selected else {}

    holder.show(place)
    rows = [
        deciding("choose instrument", tool, choose_tool, message),
        deciding("choose surface", surface, choose_surface, message),
        row(frame, button("open", message.guard(lambda: holder.show(place) and None))),
    ]
    return Content((ipw.VBox([*rows, message.widget]), holder), lambda: None, parameters)


def _cutting_frame(ws: Workspace) -> str | None:
    return next((str(frame.name) for frame in ws.frames if CUT_TAG in frame.tags), None)


def _surface(ws: Workspace) -> str | None:
    tagged = (str(record.name) for record in ws.segmentations if SURFACE_TAG in record.tags)
    return next(tagged, None)


def _tag_surface(ws: Workspace, name: str) -> None:
    """Write down which segmentation shows the surface; a workspace has one."""
    with ws.transaction():
        for record in list(ws.segmentations):
            if record.name == name and SURFACE_TAG not in record.tags:
                ws.segmentations.tag(record.name, SURFACE_TAG)
            elif record.name != name and SURFACE_TAG in record.tags:
                ws.segmentations.tag(record.name, drop=[SURFACE_TAG])


# -- quantification ------------------------------------------------------------


def _choice_of(record: Any) -> tuple[str, str, str]:
    how = _LEARNED if is_trained(record) else _PARTED
    return str(record.image), str(record.name), how


def _quantification(ws: Workspace) -> Content:
    table, message, holder = ipw.HTML(), Message(), Holder()
    saved = [(f"{r.name} of {r.image}", _choice_of(r)) for r in ws.segmentations]
    fresh = [
        (f"new, by {how}, of {name}", (name, None, how))
        for name in calibrated(ws)
        for how in (_PARTED, _LEARNED)
    ]
    to_measure = [
        _choice_of(r) for r in ws.segmentations if r.accepted and SURFACE_TAG not in r.tags
    ]
    chosen = choice("segmentation", saved + fresh, to_measure[0] if to_measure else None)

    def adjust() -> Any:
        if chosen.value is None:
            raise NotFound("no image has a voxel size: phases are measured in micrometres")
        image, record, how = chosen.value
        made = TrainableSegmentation if how == _LEARNED else SegmentationSliders
        return made(ws, image, record=record)

    def refresh() -> None:
        table.value = html_table(number_table(ws), empty="Nothing is measured yet: run the report.")

    refresh()
    holder.show(adjust)
    opened = button("open", message.guard(lambda: holder.show(adjust) and None))
    above = ipw.VBox([row(chosen, opened), message.widget])
    return Content((above, holder, ipw.VBox([heading("Measured"), table])), refresh)


def number_table(ws: Workspace) -> pd.DataFrame:
    """One row a quantity: value ± 95 %, unit, image, segmentation, when."""
    return pd.DataFrame([_number_row(m) for m in quantities(ws)])


def _number_row(m: Any) -> dict[str, str]:
    """A share stands in percent, as beside the thresholds."""
    name = m.key.split(".")[-1]
    share = name.endswith("fraction") and m.unit == "1"
    factor, unit = (100.0, "%") if share else (1.0, m.unit)
    half_width = None if m.uncertainty is None else factor * m.uncertainty
    return {
        "image": m.image or m.key.split(".")[1],
        "phase": m.key.split(".")[-2],
        "quantity": name.replace("_", " "),
        "value ± 95 %": format_value(factor * m.value, half_width),
        "unit": unit,
        "segmentation": m.segmentation or "–",
        "measured": f"{m.when:%Y-%m-%d %H:%M} UTC",
    }


_CONTENTS: dict[str, Callable[[Workspace], Content]] = {
    "survey": _survey,
    "registration": _registration,
    "targeting": _targeting,
    "quantification": _quantification,
}
