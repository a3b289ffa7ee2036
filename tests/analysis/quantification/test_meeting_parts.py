"""Intervals of interfaces, of triple lines and of surfaces with a preferred direction."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.quantification import interface_table, measure, surface

from .test_interfaces import halved_ball

VOXELS = ((1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (5.0, 1.0, 1.0))
COUNTS = [8, pytest.param(80, marks=pytest.mark.full)]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("spacing", VOXELS)
def test_interfaces_and_lines_of_halved_balls_lie_in_their_intervals(spacing, count) -> None:
    rng = np.random.default_rng(1)
    names, held = ("air", "a", "b"), []
    for rotation in Rotation.random(count, rng=rng):
        radius = rng.uniform(6, 14) * max(spacing) ** 0.5
        labels = halved_ball(radius, rotation, spacing, rng.uniform(-0.5, 0.5, 3))
        found = measure(
            labels, spacing_um=spacing, what=("interfaces", "triple_lines"), names=names,
            sampling=False,
        )  # fmt: skip
        whole = labels.size * np.prod(spacing)
        half, flat, rim = 2 * np.pi * radius**2, np.pi * radius**2, 2 * np.pi * radius
        for key, truth in (
            ("air and a.interface_density", half), ("air and b.interface_density", half),
            ("a and b.interface_density", flat), ("air, a and b.triple_line_density", rim),
        ):  # fmt: skip
            low, high = found[key].interval95
            held.append(low <= truth / whole <= high)
            assert found[key].parts["voxels"] < 0.5 * found[key].value
    assert np.mean(held) >= 0.95


def plane_through_a_box(normal: np.ndarray, offset: float, size: np.ndarray) -> float:
    """Area of the plane normal · x = offset inside a box from 0 to size; no normal's part is 0."""
    flipped = np.where(normal < 0, size, 0.0)
    start, normal = offset - float(normal @ flipped), np.abs(normal)
    corners = list(product((0, 1), repeat=3))
    beyond = [max(0.0, start - float(normal @ (np.array(c) * size))) ** 2 for c in corners]
    signs = [(-1) ** sum(c) for c in corners]
    return float(np.dot(signs, beyond) / 2 / np.prod(normal))


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.full)])
@pytest.mark.parametrize("spacing", VOXELS)
def test_the_surface_of_a_plane_in_any_direction_lies_in_its_interval(spacing, count) -> None:
    rng = np.random.default_rng(2)
    shape = np.array([int(48 / s) for s in spacing])
    size = shape * spacing
    centres = [(np.arange(n) + 0.5) * s for n, s in zip(shape, spacing, strict=True)]
    at = np.stack(np.meshgrid(*centres, indexing="ij"), axis=-1)
    held = []
    for normal in Rotation.random(count, rng=rng).as_matrix()[:, 0]:
        offset = float(normal @ (size / 2)) + rng.uniform(-0.5, 0.5)
        found = measure(at @ normal < offset, spacing_um=spacing, phase=1, what=("phases",))
        low, high = found["class 1.specific_surface"].interval95
        truth = plane_through_a_box(normal, offset, size) / np.prod(size)
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.9


def test_no_direction_is_preferred_by_a_ball_and_one_by_a_plane() -> None:
    z, y, x = np.ogrid[-20:20, -20:20, -20:20]
    assert surface(z**2 + y**2 + x**2 < 15**2, spacing_um=(1, 1, 1)).anisotropy < 0.05
    flat = np.broadcast_to(z < 0, (40, 40, 40))
    assert surface(flat, spacing_um=(1, 1, 1)).anisotropy > 0.9
    assert surface(np.zeros((9, 9), bool), spacing_um=(1, 1)).anisotropy == 0


def test_what_is_outside_the_mask_has_no_interface() -> None:
    layers = np.repeat([0, 1, 2], 8)[:, None, None] * np.ones((1, 16, 16), int)
    mask = np.ones(layers.shape, bool)
    mask[12:] = False
    found = interface_table(layers, spacing_um=(1, 1, 1), mask=mask)
    assert found[["phase", "other"]].to_numpy().tolist() == [[0, 1]]
    whole = interface_table(layers[:12], spacing_um=(1, 1, 1))
    assert found["area_um2_per_um3"][0] == pytest.approx(whole["area_um2_per_um3"][0], rel=0.02)
