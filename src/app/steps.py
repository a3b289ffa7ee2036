"""The four steps and how far each of them is: read from the workspace's records alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..errors import NoPath, ScalebridgeError
from ..guides import open_loops
from ..guides.decisions import CUT_TAG, map_images
from ..workspace import Workspace
from ..workspace.staleness import stale_transforms
from ..workspace.surface import SURFACE_TAG

State = Literal["done", "open", "attention"]


@dataclass(frozen=True)
class Step:
    """One step of the way from images to numbers.

    Attributes
    ----------
    key, title : str
    template : str
        What ``scalebridge run`` runs for its report.
    state : {"done", "open", "attention"}
    word : str
        What there is, in a few words.
    next : str
        What to do next, in one sentence.
    """

    key: str
    title: str
    template: str
    state: State
    word: str
    next: str


Found = tuple[State, str, str]


def steps_of(ws: Workspace) -> tuple[Step, ...]:
    """Tell how far each step of a workspace is.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    tuple of Step
        Survey, registration, targeting, quantification. A record that cannot be used makes its
        step need attention, in the words of its error.
    """
    return tuple(
        _after_last_run(ws, Step(key, key.capitalize(), template, *_looked_at(ws, look)))
        for key, (template, look) in _STEPS.items()
    )


def _looked_at(ws: Workspace, look: Callable[[Workspace], Found]) -> Found:
    try:
        return look(ws)
    except ScalebridgeError as error:
        return "attention", "a record cannot be used", str(error)


def _after_last_run(ws: Workspace, step: Step) -> Step:
    """A report that failed needs attention until one has been written."""
    run = last_run(ws, step.template)
    if run is None or run.status != "failed":
        return step
    why = (run.error or "it was stopped").splitlines()[0]
    return replace(step, state="attention", word="its report failed", next=f"{why}: {step.next}")


def last_run(ws: Workspace, template: str) -> Any:
    """Return the record of a template's newest run, or None."""
    runs = [run for run in ws.runs if run.template == template]
    return max(runs, key=lambda run: (run.started or "", run.state), default=None)


# -- survey --------------------------------------------------------------------


def _survey(ws: Workspace) -> Found:
    images, maps = list(ws.images), map_images(ws)
    if not images:
        return (
            "open",
            "no image yet",
            "Import images, in a shell with scalebridge import FILE --workspace FOLDER.",
        )
    lacking = [image.name for image in images if not image.calibrated]
    if lacking:
        return (
            "attention",
            f"{_count(len(lacking), 'image')} without voxel size",
            f"Give {lacking[0]} its voxel size, in a shell with scalebridge calibrate: until then "
            "it gives no lengths.",
        )
    if not maps:
        return (
            "open",
            "no map chosen",
            "Choose the map below: the image in whose frame the others are shown.",
        )
    word = f"{_count(len(images), 'image')}, map {maps[0]}"
    return "done", word, "Look through the images, then go on to the registration."


# -- registration --------------------------------------------------------------


def _registration(ws: Workspace) -> Found:
    if changed := stale_transforms(ws.transforms, ws.landmarks):
        return (
            "attention",
            "landmarks have changed",
            f"The landmarks of {changed[0].name} are not those it was accepted with: look at the "
            "pair and accept or refuse it again.",
        )
    if apart := open_loops(ws.graph()):
        return (
            "attention",
            f"{_count(len(apart), 'loop')} of transforms not closed",
            f"{apart[0]}: look at its transforms, and refuse or repeat the one that is wrong.",
        )
    if waiting := undecided(ws):
        return (
            "open",
            f"{_count(len(waiting), 'pair')} to decide",
            f"Decide about {waiting[0][0]} in {waiting[0][1]}: add pairs until the error is small "
            "enough, then press accept or refuse.",
        )
    if proposed := proposals(ws):
        found = proposed[0]
        return (
            "open",
            f"{_count(len(proposed), 'proposal')} to decide",
            f"Decide about {found.name}, proposed by {found.method or 'hand'}: look at it below, "
            "then press accept or refuse.",
        )
    apart = apart_from_map(ws)
    accepted = sum(record.status == "accepted" for record in ws.transforms)
    if apart:
        return (
            "open",
            f"{_count(len(apart), 'image')} not on the map",
            f"Pick landmarks between {apart[0]} and an image on the map, or leave it apart.",
        )
    if not accepted:
        return "done", "nothing to register", "All images share one frame: go on to the target."
    return "done", f"{accepted} accepted", "All images are on the map: go on to the target."


def undecided(ws: Workspace) -> list[tuple[str, str]]:
    """Pairs of frames with landmarks that nobody has accepted or refused, oldest first."""
    pairs = dict.fromkeys((mark.moving_frame, mark.fixed_frame) for mark in ws.landmarks)
    decided = {
        (record.from_frame, record.to_frame)
        for record in ws.transforms
        if record.status != "proposed"
    }
    return [pair for pair in pairs if pair not in decided]


def proposals(ws: Workspace) -> list[Any]:
    """Proposed transforms between frames that no open pair of landmarks joins, oldest first."""
    pairs = undecided(ws)
    found = [record for record in ws.transforms if record.status == "proposed"]
    waiting = [record for record in found if (record.from_frame, record.to_frame) not in pairs]
    return sorted(waiting, key=lambda record: record.state)


def apart_from_map(ws: Workspace) -> list[str]:
    """Calibrated images that no accepted transforms connect with the map, or with the first."""
    images = [image for image in ws.images if image.calibrated]
    if not images:
        return []
    on_map = map_images(ws)
    frame, graph = (ws.images[on_map[0]] if on_map else images[0]).frame, ws.graph()
    return [image.name for image in images if not _connected(graph, image.frame, frame)]


def _connected(graph: Any, one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        graph.path(one, other)
    except NoPath:
        return False
    return True


# -- targeting -----------------------------------------------------------------


def _targeting(ws: Workspace) -> Found:
    targets = list(ws.targets)
    cut = [frame.name for frame in ws.frames if CUT_TAG in frame.tags]
    if not targets:
        return (
            "open",
            "no target yet",
            "Click the place, give the volume of interest a size and press place target.",
        )
    if not cut:
        return "open", "no instrument chosen", "Choose the instrument that will cut, below."
    if not any(SURFACE_TAG in record.tags for record in ws.segmentations):
        return (
            "open",
            "no surface chosen",
            "Save a segmentation of a volume that shows the surface (step quantification), and "
            "choose it below: depths are measured from it.",
        )
    for target in targets:
        if not _connected(ws.graph(), target.frame, str(cut[0])):
            return (
                "attention",
                f"{target.name} is not reached",
                f"No accepted transforms lead from {target.frame}, where {target.name} is, to "
                f"{cut[0]}: register them, or choose another instrument.",
            )
    word = f"{_count(len(targets), 'target')}, cut in {cut[0]}"
    return "done", word, _told_of_targets(ws, targets)


def _told_of_targets(ws: Workspace, targets: list[Any]) -> str:
    """What to do next about targets that can be cut: run the report, or run it once more."""
    decided = [*ws.transforms, *(r for r in ws.segmentations if SURFACE_TAG in r.tags)]
    decided += [frame for frame in ws.frames if CUT_TAG in frame.tags]
    newest = max(record.state for record in decided)
    for target in targets:
        key = f"targeting.{target.name}."
        told = max((m.state for m in ws.measurements if m.key.startswith(key)), default=None)
        if told is None:
            return f"Run the report: it tells position, depth and margin of {target.name}'s cut."
        if told < max(newest, target.state):
            return (
                f"Run the report once more: {target.name}, or what leads to it, has changed since."
            )
    return "The report tells position, depth and the margin of the cut: go on to the numbers."


# -- quantification ------------------------------------------------------------


def _quantification(ws: Workspace) -> Found:
    to_measure = [r for r in ws.segmentations if r.accepted and SURFACE_TAG not in r.tags]
    if not to_measure:
        return (
            "open",
            "no phases yet",
            "Part the image by thresholds or by scribbles, name the phases and press save.",
        )
    measured: dict[str, int] = {}
    for number in quantities(ws):
        measured[number.segmentation] = max(measured.get(number.segmentation, 0), number.state)
    for record in to_measure:
        if record.name not in measured:
            word = f"{record.name} not measured"
            return "open", word, f"Run the report: it measures the phases of {record.image}."
        if measured[record.name] < record.state:
            return (
                "attention",
                "phases have changed",
                f"{record.name} was saved again after it was measured: run the report once more.",
            )
    word = f"{_count(len(quantities(ws)), 'number')} of {_count(len(measured), 'segmentation')}"
    return "done", word, "The table below holds the numbers; the report says how they were found."


def quantities(ws: Workspace) -> list[Any]:
    """The newest measurement of every quantity of a phase."""
    found = {m.key: m for m in ws.measurements if m.key.startswith("quantification.")}
    return list(found.values())


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


_STEPS: dict[str, tuple[str, Callable[[Workspace], Found]]] = {
    "survey": ("10_survey", _survey),
    "registration": ("20_registration", _registration),
    "targeting": ("30_targeting", _targeting),
    "quantification": ("40_quantification", _quantification),
}
