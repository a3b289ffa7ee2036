"""A small analytic specimen: a metal block with bright and dark balls under a slanting surface.

Everything is known in the survey's frame. The zoom sees a part of it, turned; the view looks at
marks that lie on the surface.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.special import ndtr

from scalebridge import Workspace

Floats = NDArray[np.float64]

SURVEY = "<img src=x onerror=alert(1)>"
AIR, PORE, METAL, BRIGHT = 200.0, 500.0, 1500.0, 3000.0
BLUR_UM, NOISE = 0.9, 40.0
SURFACE_UM = 14.0  # at x = 0, y = 0; z grows downwards
SLOPE = np.array([0.03, -0.05])  # of the surface along y and x
BALLS_UM = np.array(
    [
        (34, 30, 30), (40, 52, 33), (52, 33, 55), (46, 57, 57), (58, 44, 41),
        (37, 41, 60), (60, 29, 34), (62, 60, 47),
    ],
    float,
)  # fmt: skip
RADII_UM = np.array([4.5, 4.0, 5.0, 4.2, 4.8, 4.4, 3.9, 4.6])
PORES_UM = np.array([(44, 40, 42), (53, 52, 34), (41, 30, 47), (56, 56, 60)], float)
PORE_RADIUS_UM = 4.0
TARGET_UM = BALLS_UM[4]
PICK_UM = 0.08  # how well a landmark is placed, per axis
TURN = Rotation.from_euler("zyx", [8, -5, 12], degrees=True).as_matrix()
ZOOM_UM = np.array([28.0, 22.0, 24.0])  # where the zoom's origin lies in the survey
VIEW_SCALE = 1.02


def zoom_to_survey(points_um: Floats) -> Floats:
    return points_um @ TURN.T + ZOOM_UM


def survey_to_zoom(points_um: Floats) -> Floats:
    return (points_um - ZOOM_UM) @ TURN


def surface_frame() -> tuple[Floats, Floats]:
    """Return the origin of the view's plane, and z, y, x of its frame as columns."""
    y = np.array([SLOPE[0], 1, 0]) / np.hypot(SLOPE[0], 1)
    x = np.array([SLOPE[1], 0, 1.0])
    x -= (x @ y) * y
    x /= np.linalg.norm(x)
    return np.array([SURFACE_UM, 0, 0]), np.column_stack([np.cross(y, x), y, x])


def view_to_survey(points_um: Floats) -> Floats:
    origin, axes = surface_frame()
    return VIEW_SCALE * points_um @ axes.T + origin


def depth_um(point_um: Floats) -> float:
    """Depth of a survey position below the surface."""
    height = SURFACE_UM + SLOPE @ point_um[1:]
    return float((point_um[0] - height) / np.sqrt(1 + SLOPE @ SLOPE))


def grey(points_um: Floats, rng: np.random.Generator) -> NDArray[np.uint16]:
    """Grey value at points of the survey's frame, blurred and noisy."""
    below = points_um[..., 0] - SURFACE_UM - points_um[..., 1:] @ SLOPE
    value = AIR + (METAL - AIR) * ndtr(below / BLUR_UM)
    for centre, radius in zip(BALLS_UM, RADII_UM, strict=True):
        value += (BRIGHT - METAL) * _ball(points_um, centre, radius)
    for centre in PORES_UM:
        value += (PORE - METAL) * _ball(points_um, centre, PORE_RADIUS_UM)
    return np.rint(value + NOISE * rng.standard_normal(value.shape)).astype(np.uint16)


def _ball(points_um: Floats, centre: Floats, radius: float) -> Floats:
    return ndtr((radius - np.linalg.norm(points_um - centre, axis=-1)) / BLUR_UM)


def grid(shape: tuple[int, ...], spacing_um: float) -> Floats:
    return np.stack(np.indices(shape), axis=-1) * spacing_um


def write(ws: Workspace, name: str, array: NDArray, spacing_um: float, **fields: Any) -> Any:
    return ws.images.write(
        name,
        shape=array.shape,
        dtype=array.dtype,
        axes="zyx"[-array.ndim :],
        blocks=[(tuple(slice(0, n) for n in array.shape), array)],
        spacing_um=(spacing_um,) * array.ndim,
        spacing_source="made for a test",
        **fields,
    )


def coupon(folder: Path) -> Path:
    """Copy the undecided coupon: images, landmarks, a target, a surface; nothing accepted."""
    shutil.copytree(_coupon_once(), folder)
    return folder


@cache
def _coupon_once() -> Path:
    place = Path(tempfile.mkdtemp(prefix="scalebridge-coupon-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    rng = np.random.default_rng(7)
    with Workspace.create(place / "coupon") as ws:
        survey, zoom = grid((40, 44, 44), 2.0), grid((40, 40, 40), 1.0)
        write(ws, SURVEY, grey(survey, rng), 2.0, modality="XRM")
        write(ws, "zoom", grey(zoom_to_survey(zoom), rng), 1.0, modality="XRM")
        write(ws, "view", _view(rng), 1.0, modality="SEM")
        for ball in BALLS_UM:
            _pair(ws, "zoom", survey_to_zoom(ball), ball, rng)
        for y, x in ((10, 12), (70, 14), (40, 44), (12, 72), (68, 70), (42, 8), (8, 44)):
            mark = np.array([0.0, y, x])
            _pair(ws, "view", mark, view_to_survey(mark), rng, planar=True)
        target = _named(survey_to_zoom(TARGET_UM))
        half = {"z_um": 3.0, "y_um": 3.0, "x_um": 3.0}
        ws.targets.add(name="pit", frame="zoom", position=target, half_size=half, probability=0.9)
        ws.segmentations.add(
            name="metal", image=SURVEY, method="thresholds", thresholds=[(AIR + METAL) / 2],
            threshold_uncertainty=[10.0], phases=[{"name": "air"}, {"name": "metal"}],
            accepted=False,
        )  # fmt: skip
    return place / "coupon"


def _view(rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.rint(120 + 10 * rng.standard_normal((80, 84))).clip(0, 255).astype(np.uint8)


def _pair(
    ws: Workspace,
    moving_frame: str,
    moving: Floats,
    fixed: Floats,
    rng: np.random.Generator,
    *,
    planar: bool = False,
) -> None:
    """Write a pair of landmarks as a person would pick it: not quite at its place."""
    moved = moving + PICK_UM * rng.standard_normal(3) * ([0, 1, 1] if planar else 1)
    ws.landmarks.add(
        moving_frame=moving_frame,
        fixed_frame=SURVEY,
        moving=_named(moved),
        fixed=_named(fixed + PICK_UM * rng.standard_normal(3)),
    )


def _named(point: Floats) -> dict[str, float]:
    return dict(zip(("z_um", "y_um", "x_um"), point.tolist(), strict=True))
