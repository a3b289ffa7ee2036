"""Objects whose size, surface, shape and contacts are known, in any position and voxel shape."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.quantification import (
    contact_table,
    line_directions,
    object_table,
    surface,
)


def turned(half_axes, rotation, spacing, *, kind, offset=(0.0, 0.0, 0.0)) -> np.ndarray:
    """Digitise a box or an ellipsoid with half axes in z, y, x order, turned about its middle."""
    reach = float(np.linalg.norm(half_axes)) + 3 * max(spacing)
    counts = [int(np.ceil(2 * reach / s)) for s in spacing]
    axes = [
        (np.arange(n) - (n - 1) / 2) * s + o
        for n, s, o in zip(counts, spacing, offset, strict=True)
    ]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) @ rotation.as_matrix()
    scaled = np.abs(places) / np.asarray(half_axes, dtype=float)
    return scaled.max(-1) <= 1 if kind == "box" else (scaled**2).sum(-1) <= 1


@pytest.mark.parametrize(
    ("spacing", "half_axes"),
    [
        ((1.0, 1.0, 1.0), (9.0, 17.0, 17.0)),
        ((2.0, 1.0, 1.0), (15.0, 20.0, 25.0)),
        ((5.0, 1.0, 1.0), (30.0, 40.0, 45.0)),
    ],
)
def test_surfaces_of_boxes_and_plates_in_random_rotations_are_right_within_2_percent(
    half_axes, spacing
) -> None:
    rng = np.random.default_rng(1)
    a, b, c = half_axes
    true = 8 * (a * b + b * c + a * c)
    ratios = []
    for rotation in Rotation.random(16, rng=rng):
        body = turned(
            half_axes, rotation, spacing, kind="box", offset=rng.uniform(-0.5, 0.5, 3) * spacing
        )
        table = object_table(
            body.astype(np.uint16), spacing_um=spacing, connectivity=26, surface=True
        )
        ratios.append(table["surface_um2"][0] / true)
    assert np.mean(ratios) == pytest.approx(1, abs=0.02)


def by_counting_pairs(body: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Crofton's surface of a body that does not touch the border."""
    lines, total = line_directions(spacing), 0.0
    for step, length, weight in zip(lines.steps, lines.lengths_um, lines.weights, strict=True):
        crossings = np.count_nonzero(body != np.roll(body, step, (0, 1, 2)))
        total += float(2 * np.prod(spacing) * weight / length * crossings)
    return total


def test_one_sweep_gives_the_surface_of_every_object_by_itself() -> None:
    rng = np.random.default_rng(2)
    labels = np.zeros((30, 40, 50), np.uint16)
    for label, (z, y, x) in enumerate(rng.integers(3, (20, 30, 40), (12, 3)), start=1):
        labels[z : z + 6, y : y + 7, x : x + 5] = label
    table = object_table(labels, spacing_um=(2, 1, 1.5), connectivity=26, surface=True)
    for row in table.itertuples():
        alone = by_counting_pairs(labels == row.object, (2.0, 1.0, 1.5))
        assert row.surface_um2 == pytest.approx(alone, rel=1e-9)


def test_an_object_cut_by_the_border_has_the_surface_inside_the_image_only() -> None:
    labels = np.zeros((16, 16, 16), np.uint16)
    labels[:8] = 1
    row = object_table(labels, spacing_um=(1, 1, 1), connectivity=26, surface=True).iloc[0]
    plain = surface(labels == 1, spacing_um=(1, 1, 1)).area_um2
    assert row["surface_um2"] == pytest.approx(plain, rel=0.01)
    whole = object_table(np.ones_like(labels), spacing_um=(1, 1, 1), connectivity=26, surface=True)
    assert whole["surface_um2"][0] == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_axes_and_direction_of_a_turned_ellipsoid_are_found(spacing) -> None:
    for rotation in Rotation.random(5, rng=np.random.default_rng(3)):
        body = turned((8.0, 12.0, 20.0), rotation, spacing, kind="ellipsoid")
        row = object_table(
            body, spacing_um=spacing, connectivity=26, shape=True, surface=True
        ).iloc[0]
        found = row[["long_axis_um", "middle_axis_um", "short_axis_um"]].to_numpy(float)
        np.testing.assert_allclose(found, [40, 24, 16], rtol=0.02)
        direction = row[["direction_z", "direction_y", "direction_x"]].to_numpy(float)
        assert abs(direction @ rotation.as_matrix()[:, 2]) > np.cos(np.radians(1))


def test_a_sphere_has_sphericity_1_and_a_voxel_the_moments_of_a_box() -> None:
    ball = turned((15.0,) * 3, Rotation.identity(), (1.0, 1.0, 1.0), kind="ellipsoid")
    row = object_table(ball, spacing_um=(1, 1, 1), connectivity=26, surface=True).iloc[0]
    assert row["sphericity"] == pytest.approx(1, abs=0.01)
    voxel = np.ones((1, 1, 1), np.uint16)
    row = object_table(voxel, spacing_um=(3, 2, 1), connectivity=26, shape=True).iloc[0]
    assert row["moment_zz_um2"] == pytest.approx(9 / 12)
    assert row["moment_xy_um2"] == 0


def test_objects_that_touch_are_neighbours_and_share_a_surface() -> None:
    labels = np.zeros((24, 24, 24), np.uint16)
    labels[4:20, 4:20, 4:12], labels[4:20, 4:20, 12:20], labels[4:20, 4:20, 21:23] = 1, 2, 3
    pairs = contact_table(labels, spacing_um=(1, 1, 1))
    assert pairs[["object", "neighbour"]].to_numpy().tolist() == [[1, 2]]
    one, two = (by_counting_pairs(labels == k, (1.0, 1.0, 1.0)) for k in (1, 2))
    both = by_counting_pairs((labels == 1) | (labels == 2), (1.0, 1.0, 1.0))
    assert pairs["contact_um2"][0] == pytest.approx((one + two - both) / 2, rel=1e-9)
    table = object_table(labels, spacing_um=(1, 1, 1), connectivity=26, contacts=True)
    assert table["neighbours"].tolist() == [1, 1, 0]
    assert table["contact_um2"][0] == pairs["contact_um2"][0]


def test_threads_axes_and_spacing_do_not_change_the_table() -> None:
    labels = np.random.default_rng(4).integers(0, 40, (20, 21, 22)).astype(np.uint16)
    options = {"connectivity": 26, "surface": True, "shape": True, "contacts": True}
    one = object_table(labels, spacing_um=(3, 2, 1), threads=1, **options)
    assert one.equals(object_table(labels, spacing_um=(3, 2, 1), threads=3, **options))
    turned_ = object_table(labels.transpose(2, 0, 1), spacing_um=(1, 3, 2), **options)
    np.testing.assert_allclose(one["surface_um2"], turned_["surface_um2"], rtol=1e-8)
    np.testing.assert_allclose(one["contact_um2"], turned_["contact_um2"], rtol=1e-8)
    double = object_table(labels, spacing_um=(6, 4, 2), **options)
    np.testing.assert_allclose(4 * one["surface_um2"], double["surface_um2"], rtol=1e-12)


def test_an_image_has_perimeters_and_contacts_too() -> None:
    y, x = np.indices((90, 90)) - 44.3
    labels = ((y**2 + x**2 <= 30**2) * np.where(x < 0, 1, 2)).astype(np.int64)
    table = object_table(labels, spacing_um=(0.5, 0.5), connectivity=8, surface=True, contacts=True)
    half = np.pi * 15 + 30
    np.testing.assert_allclose(table["perimeter_um"], half, rtol=0.03)
    np.testing.assert_allclose(table["contact_um"], 30, rtol=0.15)  # a straight line along y


def test_an_object_that_the_border_cuts_has_no_sphericity() -> None:
    z, y, x = np.indices((24, 24, 40))
    balls = [(z - 12) ** 2 + (y - 12) ** 2 + (x - at) ** 2 < 64 for at in (1, 25)]
    table = object_table(balls[0] | balls[1], spacing_um=(1, 1, 1), connectivity=26, surface=True)
    assert table["at_border"].tolist() == [True, False]
    assert np.isnan(table["sphericity"][0])
    assert table["sphericity"][1] == pytest.approx(1, abs=0.03)
    assert (table["surface_um2"] > 0).all()
