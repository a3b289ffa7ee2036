"""Euler numbers, connectivity and objects of bodies drawn by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.quantification import (
    connectivity_of,
    curvature,
    edge_weights,
    euler_density,
    euler_number,
    label_objects,
    object_table,
    size_distribution,
    volume_fraction,
    volume_um3,
)


def distance(shape, centre) -> np.ndarray:
    return np.linalg.norm(np.stack(np.indices(shape)) - np.reshape(centre, (3, 1, 1, 1)), axis=0)


@pytest.mark.parametrize("connectivity", [6, 26])
def test_a_torus_has_the_euler_number_0(connectivity, reference) -> None:
    z, y, x = np.indices((20, 40, 40)) - np.reshape((9.5, 19.5, 19.5), (3, 1, 1, 1))
    torus = (np.hypot(y, x) - 12) ** 2 + z**2 <= 25
    found = euler_number(torus, connectivity=connectivity)
    what = f"Euler number of a torus, {connectivity} neighbours"
    reference(what, found, 0, source="topology")


@pytest.mark.parametrize("connectivity", [6, 26])
def test_a_hollow_sphere_has_the_euler_number_2(connectivity, reference) -> None:
    r = distance((30, 30, 30), (15, 15, 15))
    found = euler_number((r <= 12) & (r > 6), connectivity=connectivity)
    what = f"Euler number of a hollow sphere, {connectivity} neighbours"
    reference(what, found, 2, source="topology")


def test_two_voxels_touching_at_a_corner_are_one_body_or_two(reference) -> None:
    corner = np.zeros((2, 2, 2), bool)
    corner[0, 0, 0] = corner[1, 1, 1] = True
    for connectivity, bodies in ((26, 1), (6, 2)):
        found = euler_number(corner, connectivity=connectivity)
        what = f"Euler number of two voxels at a corner, {connectivity} neighbours"
        reference(what, found, bodies, source="topology")


@pytest.mark.parametrize("start", [(0, 0, 0), (3, 5, 7), (8, 1, 6)])
def test_the_euler_density_of_a_lattice_of_spheres_is_one_a_cell_wherever_the_window_cuts(
    start,
) -> None:
    z, y, x = ((np.arange(49) + s) % 16 - 8 for s in start)
    spheres = z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 <= 25
    cells = euler_density(spheres, spacing_um=(1, 1, 1), connectivity=26) * 16**3
    assert cells == pytest.approx(1, abs=1e-12)
    shells = spheres & (z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 > 4)
    cells = euler_density(shells, spacing_um=(2, 1, 1), connectivity=6) * 2 * 16**3
    assert cells == pytest.approx(2, abs=1e-12)


def test_an_object_has_its_place_by_name_and_its_volume() -> None:
    body = np.zeros((10, 12, 14), bool)
    body[2:5, 3:5, 4:8] = True
    row = object_table(body, spacing_um=(3, 2, 1), connectivity=6, origin_um=(100, 0, 0)).iloc[0]
    assert (row["x_um"], row["y_um"], row["z_um"]) == (5.5, 7.0, 109.0)
    assert row["volume_um3"] == 24 * 6
    assert (row["size_x_um"], row["size_y_um"], row["size_z_um"]) == (4, 4, 9)
    assert row["equivalent_diameter_um"] == pytest.approx((6 * 144 / np.pi) ** (1 / 3))
    assert not row["at_border"]


def test_objects_at_the_border_are_marked() -> None:
    body = np.zeros((6, 6, 6), bool)
    body[0, 1, 1] = body[3, 3, 3] = body[2, 5, 2] = True
    table = object_table(body, spacing_um=(1, 1, 1), connectivity=26).set_index("z_um")
    assert table.loc[[0.0, 2.0, 3.0], "at_border"].tolist() == [True, True, False]


def test_the_table_takes_labels_with_gaps_and_measures_each_surface() -> None:
    labels = np.zeros((40, 40, 80), np.int32)
    labels[distance(labels.shape, (20, 20, 20)) <= 12] = 7
    labels[distance(labels.shape, (20, 20, 60)) <= 8] = 3
    table = object_table(labels, spacing_um=(0.5, 0.5, 0.5), connectivity=26, surface=True)
    table = table.set_index("object")
    assert table.index.tolist() == [3, 7]
    assert table.loc[7, "surface_um2"] == pytest.approx(4 * np.pi * 36, rel=0.02)
    assert table.loc[3, "sphericity"] == pytest.approx(1, abs=0.02)


def test_objects_of_an_image_have_area_and_no_z() -> None:
    y, x = np.indices((60, 60))
    disc = (y - 30) ** 2 + (x - 25) ** 2 <= 15**2
    grey = np.where(disc, 7.0, 1.0)
    row = object_table(disc, spacing_um=(2, 2), connectivity=8, image=grey, surface=True).iloc[0]
    assert "z_um" not in row
    assert row["area_um2"] == pytest.approx(np.pi * 900, rel=0.01)
    assert row["perimeter_um"] == pytest.approx(2 * np.pi * 30, rel=0.03)
    assert row["mean_grey"] == 7.0


def test_spacing_doubled_multiplies_the_volume_by_8() -> None:
    body = distance((20, 20, 20), (10, 10, 10)) <= 6
    assert volume_um3(body, spacing_um=(2, 2, 2)) == 8 * volume_um3(body, spacing_um=(1, 1, 1))
    assert volume_fraction(body) == np.count_nonzero(body) / 8000


def test_the_border_correction_gives_large_objects_back_their_share() -> None:
    rng = np.random.default_rng(11)
    size = 60.0
    chance = {}
    for diameter in (6, 24):
        corners = rng.uniform(-diameter, size, (200_000, 3))
        inside = ((corners > 1) & (corners + diameter < size - 1)).all(axis=1).mean()
        chance[diameter] = inside * (size + diameter) ** 3
    rows = pd.DataFrame(
        {f"size_{a}_um": [5.0, 23.0, 9.0] for a in "xyz"} | {"at_border": [False, False, True]}
    )
    weights = edge_weights(rows, shape=(60, 60, 60), spacing_um=(1, 1, 1))
    assert weights[2] == 0
    assert weights[1] / weights[0] == pytest.approx(chance[6] / chance[24], rel=0.12)


def test_means_by_number_and_by_volume_are_what_the_objects_say() -> None:
    labels = np.zeros((80, 80, 200), np.uint32)
    for k, (x, r) in enumerate([(30, 5), (70, 5), (130, 15)], start=1):
        labels[distance(labels.shape, (40, 40, x)) <= r] = k
    table = object_table(labels, spacing_um=(1, 1, 1), connectivity=26)
    found = size_distribution(table, shape=labels.shape, spacing_um=(1, 1, 1))
    weights = edge_weights(table, shape=labels.shape, spacing_um=(1, 1, 1))
    d = table["equivalent_diameter_um"].to_numpy()
    assert found.mean_um == pytest.approx(np.average(d, weights=weights))
    assert found.mean_by_volume_um == pytest.approx(28.62, abs=0.2)
    assert found.mean_error_um == 0.0  # the border cuts none: these are all there are
    assert found.table["share_by_number"].sum() == pytest.approx(1)
    assert "Miles-Lantuéjoul" in found.correction


def test_percolation_is_told_axis_by_axis() -> None:
    rod = np.zeros((8, 9, 10), bool)
    rod[4, 4, :] = True
    rod[0, 0, 0] = True
    found = connectivity_of(rod, connectivity=6)
    assert found.percolates == {"x": True, "y": False, "z": False}
    assert found.pieces == 2
    assert found.largest_fraction == pytest.approx(10 / 11)


def test_a_wrong_connectivity_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"connectivity needs one of \(26, 6\) in 3D, got 18"):
        connectivity_of(np.ones((3, 3, 3), bool), connectivity=18)


@pytest.mark.parametrize("connectivity", [4, 8, 6, 26])
def test_objects_are_numbered_as_scipy_numbers_them(connectivity) -> None:
    """cc3d 4.1.1, told that an image is binary, parts what touches by corners (5 % of these)."""
    from scipy import ndimage

    ndim = 2 if connectivity in (4, 8) else 3
    touch = ndimage.generate_binary_structure(ndim, 1 if connectivity in (4, 6) else ndim)
    rng = np.random.default_rng(connectivity)
    for _ in range(100):
        phase = rng.random(tuple(rng.integers(2, {2: 50, 3: 14}[ndim], ndim))) < rng.random()
        found = label_objects(phase, connectivity=connectivity)
        expected, count = ndimage.label(phase, touch)
        assert found.max(initial=0) == count
        pairs = np.unique(np.stack([found.ravel(), expected.ravel()]), axis=1)
        assert pairs.shape[1] == len(np.unique(expected))


def test_in_a_ball_shaped_mask_a_medium_has_the_topology_and_curvature_of_its_box() -> None:
    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((96,) * 3), 3, mode="wrap")
    medium = field > np.quantile(field, 0.7)
    places = np.indices(medium.shape) - 47.5
    mask = (places**2).sum(axis=0) < 47**2
    whole, inside = (curvature(medium, spacing_um=(1, 1, 1), mask=m) for m in (None, mask))
    assert inside.mean_per_um == pytest.approx(whole.mean_per_um, rel=0.1)
    assert inside.gaussian_per_um2 == pytest.approx(whole.gaussian_per_um2, rel=0.2)
    cut = (medium & mask, {"spacing_um": (1, 1, 1), "connectivity": 26})
    density = euler_density(cut[0], **cut[1], mask=mask)
    assert density == pytest.approx(euler_density(medium, **cut[1]), rel=0.2)
    nothing = np.zeros(medium.shape, bool)
    nothing[::2] = True
    with pytest.raises(ValueError, match="needs 2 voxels an axis inside the mask"):
        euler_density(medium, **cut[1], mask=nothing)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_a_ball_inside_a_mask_keeps_its_curvature(spacing) -> None:
    shape = [int(32 / s) for s in spacing]
    places = zip(np.indices(shape), spacing, strict=True)
    far = sum(((k + 0.5) * s - 16) ** 2 for k, s in places)
    ball, around = far < 81, far < 15.5**2
    whole = curvature(ball, spacing_um=spacing)
    for mask in (np.ones(ball.shape, bool), around):
        found = curvature(ball, spacing_um=spacing, mask=mask)
        assert found.gaussian_per_um2 == pytest.approx(whole.gaussian_per_um2, rel=0.01)
        assert found.mean_per_um == pytest.approx(whole.mean_per_um, rel=0.01)
