"""How each instrument happens to hold the specimen: mounts, tilts, remounts, cuts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from .layout import Layout
from .views import SlicedView, View

Floats = NDArray[np.floating]


PULL_BACK = 0.8  # how much of an error of the cut's position the next slice keeps


def random_turns(rng: np.random.Generator, count: int) -> Floats:
    """Draw rotations uniformly, shape (count, 3, 3)."""
    return Rotation.from_quat(rng.standard_normal((count, 4))).as_matrix().reshape(-1, 3, 3)


def small_turn(rng: np.random.Generator, low_deg: float, high_deg: float) -> Floats:
    """Draw a rotation about any axis by an angle between the limits, shape (3, 3)."""
    axis = rng.standard_normal(3)
    angle = np.deg2rad(rng.uniform(low_deg, high_deg))
    return Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix()


def survey_views(rng: np.random.Generator, layout: Layout) -> dict[str, View]:
    """Three surveys of the whole specimen: one mount, then two slightly different ones.

    The file states ``survey_nominal_um``; the voxel is ``survey_true_um``.
    """
    turn = small_turn(rng, 1.5, 4.0)
    centre = np.array([layout.block_um[0] / 2 - 14, 0, 0]) + rng.uniform(-8, 8, 3)
    views = {}
    for time in range(3):
        views[f"xrm_survey_t{time}"] = _centred(
            f"xrm_survey_t{time}",
            layout.survey_shape,
            (layout.survey_nominal_um,) * 3,
            turn * layout.survey_true_um / layout.survey_nominal_um,
            centre,
            time=time,
        )
        turn = turn @ small_turn(rng, 0.3, 0.9)
        centre = centre + rng.uniform(-7, 7, 3)
    return views


def zoom_view(rng: np.random.Generator, layout: Layout, target_um: Floats) -> View:
    """The zoom: remounted by several degrees, its middle below the target."""
    below = np.array([layout.zoom_below_target_um, 0, 0])
    centre = target_um + below + rng.uniform(-4, 4, 3)
    turn = small_turn(rng, 3.0, 7.5)
    return _centred("xrm_zoom", layout.zoom_shape, (layout.zoom_um,) * 3, turn, centre, time=2)


def light_view(rng: np.random.Generator, layout: Layout) -> View:
    """The light microscope: straight down, turned in the plane."""
    turn = _about_z(np.deg2rad(rng.uniform(-12, 12)))
    centre = np.array([0, *rng.uniform(-12, 12, 2)])
    shape, spacing = (1, *layout.light_shape), (layout.light_um,) * 3
    return _centred("light_mosaic", shape, spacing, turn, centre, time=0)


def sem_view(rng: np.random.Generator, layout: Layout) -> View:
    """The SEM: orthographic, the stage tilted about the image's x axis."""
    tilt = np.deg2rad(layout.sem_tilt_deg)
    beam_z, beam_y = np.cos(tilt), -np.sin(tilt)
    tilted = np.array([[beam_z, -beam_y, 0], [beam_y, beam_z, 0], [0, 0, 1]])
    turn = _about_z(np.deg2rad(rng.uniform(-9, 9))) @ tilted
    centre = np.array([0, *rng.uniform(-10, 10, 2)])
    shape, spacing = (1, *layout.sem_shape), (layout.sem_um,) * 3
    return _centred("sem_view", shape, spacing, turn, centre, time=2)


def fibsem_views(
    rng: np.random.Generator, layout: Layout, target_um: Floats
) -> tuple[SlicedView, View]:
    """The FIB-SEM stack around the target and the EDS map on its middle face.

    The cut runs along n, horizontally; the face shows depth u and width v. Seen at the angle
    alpha between the two beams, a face at s along n puts depth u at
    ``y = u sin(alpha) - s cos(alpha)``: foreshortened, and sheared from slice to slice.
    """
    turn = _about_z(np.deg2rad(rng.uniform(-10, 10))) @ small_turn(rng, 0.5, 2.0)
    tool = turn @ np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1.0]])  # columns n, u, v
    alpha = np.deg2rad(layout.beam_angle_deg)
    seen = np.array([[1, 0, 0], [1 / np.tan(alpha), 1 / np.sin(alpha), 0], [0, 0, 1]])
    matrix = tool @ seen
    middle = (np.array(layout.fib_shape) - 1) / 2 * layout.fib_spacing_um
    offset = target_um + rng.uniform(-1, 1, 3) - matrix @ middle
    positions, drift = _unsteady(rng, layout)
    fib = SlicedView(
        "fibsem",
        layout.fib_shape,
        layout.fib_spacing_um,
        matrix,
        offset,
        time=2,
        angle_deg=layout.beam_angle_deg,
        positions_um=positions,
        drift_um=drift,
    )
    return fib, _eds_view(rng, layout, fib)


def eds_slice(layout: Layout) -> int:
    """Which slice of the stack was the face when the EDS map was taken."""
    return layout.fib_shape[0] // 2


def _eds_view(rng: np.random.Generator, layout: Layout, fib: SlicedView) -> View:
    shape, spacing = (1, *layout.eds_shape), (layout.eds_um,) * 3
    face = fib.positions_um[eds_slice(layout)]
    middle = (np.array(fib.shape) - 1) / 2 * fib.spacing_um
    start = middle - (np.array(shape) - 1) / 2 * spacing + rng.uniform(-0.6, 0.6, 3)
    start[0] = face
    return View("eds_map", shape, spacing, fib.matrix, fib.matrix @ start + fib.offset_um, time=2)


def _unsteady(rng: np.random.Generator, layout: Layout) -> tuple[Floats, Floats]:
    """Where the slices really lie and how the image moved while they were cut [um].

    The position of the cut errs by a wandering amount that the control of the instrument pulls
    back over some five slices, so that the thickness varies by ``thickness_jitter`` and errors do
    not pile up. The image jumps from slice to slice and drifts in a random walk besides.
    """
    count, step = layout.fib_shape[0], layout.fib_spacing_um[0]
    kick = layout.thickness_jitter * step * np.sqrt((1 + PULL_BACK) / 2)
    errors = np.zeros(count)
    errors[0] = kick / np.sqrt(1 - PULL_BACK**2) * rng.standard_normal()
    for k, draw in enumerate(rng.standard_normal(count - 1), start=1):
        errors[k] = PULL_BACK * errors[k - 1] + kick * draw
    positions = np.maximum.accumulate(np.arange(count) * step + errors)
    positions += 1e-6 * np.arange(count)  # two cuts at one place would still be in order
    walk = np.cumsum(layout.drift_step_um * rng.standard_normal((count, 2)), axis=0)
    jumps = layout.jump_um * rng.standard_normal((count, 2))
    return positions, walk - walk[count // 2] + jumps


def _centred(
    name: str,
    shape: tuple[int, int, int],
    spacing_um: tuple[float, float, float],
    matrix: Floats,
    centre_um: Floats,
    *,
    time: int,
) -> View:
    middle = (np.array(shape) - 1) / 2 * spacing_um
    return View(name, shape, spacing_um, matrix, centre_um - matrix @ middle, time=time)


def _about_z(angle: float) -> Floats:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
