"""The widgets as their golden pictures show them: the beads, every time the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from specimens import BEADS_UM, OFFSET_UM, beads, fine_to_survey, grey, grid, write

from scalebridge import (
    LandmarkPicker,
    Scene,
    SegmentationSliders,
    SeriesExplorer,
    SliceExplorer,
    SurfacePicker,
    TargetPicker,
    TrainableSegmentation,
    Workspace,
)
from scalebridge.analysis.registration import fit_landmarks

FOLDER = Path(__file__).parent / "golden"
HERE = {"z_um": 6.5, "y_um": 16.0, "x_um": 20.0}  # in a bead
ERROR_UM = 0.15
PHASES = [
    {"label": 0, "name": "ground", "color": "#000000"},
    {"label": 1, "name": "rim", "color": "#56B4E9"},
    {"label": 2, "name": "bead", "color": "#E69F00"},
]


def filled(folder: Path) -> Workspace:
    """Beads, with labels, a picture in colours, a film, a surface and a fit with an error."""
    ws = beads(folder)
    survey = ws.images["survey"].array()
    stands = {"spacing_um": (1, 1, 0.9), "origin_um": (0.5, 0.5, 0.5), "frame": "survey"}
    labels = np.digitize(survey, [80, 150]).astype(np.uint8)
    write(ws, "parts", labels, labels=True, **stands)
    solid = np.clip(np.arange(14) - 7.0, 0, 1)[:, None, None]
    block = np.maximum(survey, np.rint(240 * solid)).astype(np.uint8)
    write(ws, "block", block, **stands)
    film = np.stack([survey, np.roll(survey, 2, axis=2), np.roll(survey, 4, axis=2)])
    write(ws, "film", film, axes="tzyx", spacing_um=(1, 1, 0.9), origin_um=(0.5, 0.5, 0.5))
    view = grid((60, 80), (0.35, 0.35), (0.2, 0.2))
    tinted = np.stack([grey(view + np.array([6 + z, 5, 5])) for z in (-1.5, 0.0, 1.5)])
    write(ws, "tinted", tinted, axes="cyx", spacing_um=(0.35, 0.35))
    ws.segmentations.add(
        name="skin", image="block", thresholds=[120.0], tags=["surface"],
        phases=[{"name": "air"}, {"name": "block"}],
    )  # fmt: skip
    rng = np.random.default_rng(1)
    moving = rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (9, 3))
    fixed = fine_to_survey().apply(moving) + ERROR_UM * rng.standard_normal((9, 3))
    ws.transforms.add(
        name="fine_to_survey", from_frame="fine", to_frame="survey", status="accepted",
        method="landmarks, rigid",
        transform=fit_landmarks(moving, fixed, model="rigid").transform.to_dict(),
    )  # fmt: skip
    return ws


def _named(point: Any) -> dict[str, float]:
    return dict(zip(("z_um", "y_um", "x_um"), map(float, point), strict=True))


def slice_explorer(ws: Workspace) -> SliceExplorer:
    """Three planes of grey values, labels over them and a finer image."""
    shown = SliceExplorer(ws, ["survey", "parts", "fine"], linked=True, cursor_um=HERE)
    shown.layer("parts").mode = "labels"
    shown.layer("parts").phases, shown.layer("parts").opacity = tuple(PHASES[1:]), 0.5
    shown.layer("fine").color_map = "magma"
    return shown


def slice_explorer_colors(ws: Workspace) -> SliceExplorer:
    """A picture in red, green and blue, on a dark page."""
    return SliceExplorer(ws, ["tinted"], theme="dark")


def landmark_picker(ws: Workspace) -> LandmarkPicker:
    """Nine pairs, the ghost of the crosshair and the map of the error."""
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid", show_error=True)
    rng = np.random.default_rng(2)
    for moving in rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (9, 3)):
        fixed = fine_to_survey().apply(moving)[0] + ERROR_UM * rng.standard_normal(3)
        picker.add_pair(moving=_named(moving), fixed=_named(fixed))
    picker.moving_view.cursor_um = _named((0.5, 2.0, -3.0))
    picker.fixed_view.look_at(_named(OFFSET_UM))
    return picker


def segmentation_sliders(ws: Workspace) -> SegmentationSliders:
    """Three phases, cleaned, with a stroke."""
    sliders = SegmentationSliders(ws, "survey")
    sliders.thresholds = (70.0, 150.0)
    sliders.name_phases("ground", "rim", "bead")
    sliders.explorer.cursor_um = HERE
    sliders.add_stroke("brush", [HERE, {**HERE, "x_um": 28.0}], label=2, radius_um=1.5)
    return sliders


def trainable_segmentation(ws: Workspace) -> TrainableSegmentation:
    """Two classes, learned from a scribble each."""
    trained = TrainableSegmentation(ws, "survey", trees=10, scales_um=(1.0,))
    trained.name_classes("ground", "bead")
    trained.explorer.cursor_um = HERE
    outside = {**HERE, "y_um": 4.0}
    trained.add_stroke("pen", [outside, {**outside, "x_um": 30.0}], label=0, radius_um=1.0)
    _, y, x = BEADS_UM[1]
    for bead, away in ((1, 0.0), (0, 3.0)):
        at = {"z_um": HERE["z_um"], "y_um": y - away, "x_um": x}
        trained.add_stroke("pen", [at], label=bead, radius_um=1.2)
    return trained


def target_picker(ws: Workspace) -> TargetPicker:
    """A target with its box and its depth, and with its region in another image."""
    picker = TargetPicker(ws, "survey", images=["block"])
    picker.explorer.orientation = "xz"
    picker.place_target({**HERE, "z_um": 11.0}, half_size=1.0, name="bead")
    picker.explorer.look_at(picker.target().position, width_um=20)
    picker.into = "fine"
    return picker


def series_explorer(ws: Workspace) -> SeriesExplorer:
    """The difference to the first time point, beside it."""
    return SeriesExplorer(ws, "film", time=2, mode="difference")


def surface_picker(ws: Workspace) -> SurfacePicker:
    """The rendered surface of the beads beside a picture, with pairs."""
    picker = SurfacePicker(ws, sem="view", tilt_deg=35.0, rotation_deg=10.0)
    for bead in BEADS_UM:
        seen = picker.rendered.pose.inverse_apply(bead)[0, 1:]
        place = picker.rendered.position_at([seen])[0]
        at = {"y_um": bead[1] - 5.0, "x_um": bead[2] - 5.0}
        picker.add_pair(moving=at, fixed=_named(place))
    return picker


def scene(ws: Workspace) -> Scene:
    """Slices, the fields of view and the beads as surfaces."""
    shown = Scene(ws, ["survey", "parts", "fine"])
    shown.explorer.cursor_um = HERE
    shown.show_surfaces("parts")
    return shown


#: By the name of the picture: how the widget is made, and the picture's width [px].
WIDGETS: dict[str, tuple[Callable[[Workspace], Any], int]] = {
    made.__name__: (made, width)
    for made, width in (
        (slice_explorer, 500),
        (slice_explorer_colors, 360),
        (landmark_picker, 500),
        (segmentation_sliders, 420),
        (trainable_segmentation, 420),
        (target_picker, 500),
        (series_explorer, 420),
        (surface_picker, 500),
        (scene, 420),
    )
}


def picture(ws: Workspace, name: str) -> Any:
    """The snapshot of one of them."""
    made, width = WIDGETS[name]
    return made(ws).snapshot(width_px=width).convert("RGB")
