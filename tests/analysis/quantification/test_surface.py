"""Surfaces of bodies whose surface is known, at any voxel shape."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.quantification import (
    crossings_per_length,
    line_directions,
    mean_chord_um,
    surface,
    surface_of_grey,
)


def sphere(radius: float, offset: np.ndarray, spacing=(1.0, 1.0, 1.0)) -> np.ndarray:
    shape = [int(np.ceil((2 * radius + 6) / s)) for s in spacing]
    axes = [(np.arange(n) - n / 2 - o) * s for n, o, s in zip(shape, offset, spacing, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 <= radius**2


def mean_ratio(radius: float, **options) -> float:
    rng = np.random.default_rng(0)
    true = 4 * np.pi * radius**2
    found = [
        surface(sphere(radius, rng.uniform(-0.5, 0.5, 3)), spacing_um=(1, 1, 1), **options).area_um2
        for _ in range(8)
    ]
    return float(np.mean(found) / true)


def test_direction_weights_of_cubes_are_the_published_ones(reference) -> None:
    lines = line_directions((0.7, 0.7, 0.7))
    by_length = dict(zip(np.round(np.array(lines.lengths_um) / 0.7, 6), lines.weights, strict=True))
    published = {1.0: 0.091556, 1.414214: 0.073961, 1.732051: 0.070392}
    assert len(lines.steps) == 13
    assert sum(lines.weights) == pytest.approx(1, abs=1e-12)
    for length, weight in published.items():
        reference(
            f"Crofton weight of a direction, lines {length:.4g} voxels apart",
            by_length[length], weight, abs=1.5e-6, source="Ohser & Schladitz 2009",
        )  # fmt: skip


def test_direction_weights_of_stretched_voxels_add_up_and_favour_rare_directions() -> None:
    lines = line_directions((5.0, 1.0, 1.0))
    weight = dict(zip(lines.steps, lines.weights, strict=True))
    assert sum(lines.weights) == pytest.approx(1, abs=1e-12)
    assert weight[(0, 0, 1)] > 2 * weight[(1, 0, 0)]  # 9 lines crowd around z, 4 lie in the plane


def test_a_sphere_of_20_voxels_has_its_surface_by_crofton(reference) -> None:
    what = "surface of a sphere of 20 voxels by Crofton, over the true one"
    reference(what, mean_ratio(20), 0.999, abs=0.005, source="theory, 8 places")


def test_marching_cubes_on_a_mask_is_nine_percent_too_large(reference) -> None:
    for radius, ratio, within in ((20, 1.087, 0.005), (40, 1.088, 0.001)):
        reference(
            f"surface of a sphere of {radius} voxels by marching cubes, over the true one",
            mean_ratio(radius, method="marching_cubes"), ratio, abs=within, source="its bias",
        )  # fmt: skip


def test_voxel_faces_are_fifty_percent_too_large(reference) -> None:
    what = "surface of a sphere of 20 voxels by voxel faces, over the true one"
    reference(what, mean_ratio(20, method="faces"), 1.499, abs=0.005, source="its bias")


def test_smoothing_a_mask_before_marching_cubes_shrinks_a_sphere_of_10_voxels_by_2_percent(
    reference,
) -> None:
    rng = np.random.default_rng(1)
    ratios = [
        surface_of_grey(
            sphere(10, rng.uniform(-0.5, 0.5, 3)), level=0.5, spacing_um=(1, 1, 1), smoothing_px=1
        ).area_um2
        / (400 * np.pi)
        for _ in range(12)
    ]
    reference(
        "the same of 10 voxels by marching cubes after a Gaussian of 1 voxel",
        float(np.mean(ratios)), 0.980, abs=0.003, source="its bias",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spacing", "sides"),
    [
        ((1.0, 1.0, 1.0), (50.0, 50.0, 50.0)),
        ((1.0, 1.0, 1.0), (60.0, 60.0, 16.0)),
        ((2.0, 1.0, 1.0), (60.0, 60.0, 60.0)),
        ((2.0, 1.0, 1.0), (80.0, 80.0, 24.0)),
        ((5.0, 1.0, 1.0), (110.0, 110.0, 110.0)),
        ((5.0, 1.0, 1.0), (120.0, 120.0, 60.0)),
    ],
)
def test_turned_boxes_have_their_surface_on_average_at_any_voxel_shape(
    spacing, sides, reference
) -> None:
    true = 2 * (sides[0] * sides[1] + sides[1] * sides[2] + sides[0] * sides[2])
    edge = float(np.linalg.norm(sides)) + 12
    shape = [int(np.ceil(edge / s)) for s in spacing]
    rng = np.random.default_rng(7)
    ratios = []
    for turn in Rotation.random(32, rng=rng):
        axes = [
            ((np.arange(n) - (n - 1) / 2 + rng.uniform(-0.5, 0.5)) * s).astype(np.float32)
            for n, s in zip(shape, spacing, strict=True)
        ]
        box = np.ones(shape, bool)
        for row, side in zip(turn.as_matrix().astype(np.float32), sides, strict=True):
            z, y, x = (
                (axis * c).reshape([-1 if i == k else 1 for i in range(3)])
                for k, (axis, c) in enumerate(zip(axes, row, strict=True))
            )
            box &= np.abs(z + y + x) <= side / 2
        ratios.append(surface(box, spacing_um=spacing).area_um2 / true)
    size, voxel = (" × ".join(f"{n:g}" for n in sizes) for sizes in (sides, spacing))
    reference(
        f"surface of boxes of {size} turned at random, voxels {voxel}, over the true one",
        float(np.mean(ratios)), 1, abs=0.02, source="theory, 32 turns",
    )  # fmt: skip


def test_spacing_doubled_halves_the_surface_per_volume_and_quadruples_the_area() -> None:
    body = sphere(9, np.zeros(3))
    one, two = surface(body, spacing_um=(1, 1, 1)), surface(body, spacing_um=(2, 2, 2))
    assert two.specific_um2_per_um3 == pytest.approx(one.specific_um2_per_um3 / 2)
    assert two.area_um2 == pytest.approx(4 * one.area_um2)


def test_the_border_of_the_image_is_no_interface_but_its_half_voxel_counts() -> None:
    stripes = np.zeros((24, 24, 24), bool)
    stripes[:, :, 12:] = True
    assert surface(np.ones((8, 8, 8), bool), spacing_um=(1, 1, 1)).area_um2 == 0
    by_direction = crossings_per_length(stripes, spacing_um=(1, 1, 1))
    lines = line_directions((1.0, 1.0, 1.0))
    along_x = lines.steps.index((0, 0, 1))
    assert by_direction[along_x] == pytest.approx(1 / 24)  # one interface in 24 voxels
    assert by_direction[lines.steps.index((0, 1, 0))] == 0


def test_a_mask_of_the_whole_image_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    grains = rng.random((20, 22, 24)) < 0.4
    free = surface(grains, spacing_um=(1, 2, 3)).specific_um2_per_um3
    masked = surface(grains, spacing_um=(1, 2, 3), mask=np.ones_like(grains)).specific_um2_per_um3
    assert masked == pytest.approx(free, rel=1e-12)


def test_a_mask_keeps_out_what_lies_beyond_it() -> None:
    body = np.zeros((40, 40, 40), bool)
    body[5:35, 5:35, 25:38] = True
    mask = np.zeros_like(body)
    mask[:, :, :20] = True
    assert surface(body, spacing_um=(1, 1, 1), mask=mask).area_um2 == 0


def test_the_length_of_a_circle_is_right_to_one_percent() -> None:
    y, x = np.indices((80, 80)) - 39.7
    disc = y**2 + x**2 <= 30**2
    found = surface(disc, spacing_um=(0.5, 0.5))
    assert found.area_um2 == pytest.approx(2 * np.pi * 15, rel=0.01)


def test_mean_chords_of_penetrable_spheres_agree_with_theory() -> None:
    rng = np.random.default_rng(5)
    size, radius, count = 128, 8.0, 600
    pore = np.ones((size,) * 3, bool)
    reach = int(radius) + 1
    grid = np.arange(-reach, reach + 1)
    for centre in rng.uniform(-radius, size + radius, (count, 3)):
        near = np.round(centre).astype(int)
        axes = [near[k] + grid for k in range(3)]
        inside = [(a >= 0) & (a < size) for a in axes]
        z, y, x = (a[i] - c for a, i, c in zip(axes, inside, centre, strict=True))
        ball = z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 <= radius**2
        pore[np.ix_(*(a[i] for a, i in zip(axes, inside, strict=True)))] &= ~ball
    chords = mean_chord_um(pore, spacing_um=(1, 1, 1))
    measured = 1 / np.mean([1 / c for c in chords.values()])
    from_surface = 4 / surface(pore, spacing_um=(1, 1, 1)).per_phase_um2_per_um3
    assert measured == pytest.approx(from_surface, rel=0.02)
    density = count / (size + 2 * radius) ** 3
    theory = 4 * radius / (3 * density * 4 / 3 * np.pi * radius**3)
    assert from_surface == pytest.approx(theory, rel=0.06)  # the field of view is finite


def test_extrapolated_to_steps_of_no_length_spheres_keep_their_surface(reference) -> None:
    what = "surface of a sphere of 20 voxels by Crofton, extrapolated, over the true one"
    rng, method = np.random.default_rng(0), "crofton_extrapolated"
    balls = [np.pad(sphere(20, rng.uniform(-0.5, 0.5, 3)), 8) for _ in range(8)]
    areas = [surface(ball, spacing_um=(1, 1, 1), method=method).area_um2 for ball in balls]
    found = float(np.mean(areas) / (4 * np.pi * 400))
    reference(what, found, 1, abs=0.005, source="theory, 8 places")
    flat = np.arange(12) < 7  # a line is counted as it is, and short lines by single steps
    for line in (flat, flat[5:8]):
        one, other = (
            surface(np.array([line]), spacing_um=(1, 1), method=method).area_um2
            for method in ("crofton", "crofton_extrapolated")
        )
        assert other == pytest.approx(one, rel=0.35)


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        ((1, 1), r"spacing_um needs 3 values \(z, y, x\), got 2: \(1.0, 1.0\)"),
        ((1, 1, 0), "spacing_um needs finite, positive values"),
        ((1, 1, float("nan")), "spacing_um needs finite, positive values"),
    ],
)
def test_a_bad_spacing_is_refused_in_words(spacing, words) -> None:
    with pytest.raises(ValueError, match=words):
        surface(np.ones((4, 4, 4), bool), spacing_um=spacing)


def test_labels_are_refused_where_a_phase_is_wanted() -> None:
    with pytest.raises(TypeError, match="phase needs an array of bool, got int64"):
        surface(np.ones((4, 4, 4), np.int64), spacing_um=(1, 1, 1))
