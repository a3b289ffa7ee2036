"""Depths along beams: known surfaces in, the same depths out, with intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import approach_table, depth_along

SPACING = (2.0, 1.0, 1.0)
SLOPE = np.array([0.2, -0.1])  # of the surface, along y and x
HEIGHT = 21.3


def below_plane(shape=(40, 60, 60), spacing=SPACING):
    """Signed depth below a tilted plane [µm]: a grey volume whose level 0 is the surface."""
    z, y, x = (np.arange(n) * s for n, s in zip(shape, spacing, strict=True))
    return z[:, None, None] - HEIGHT - SLOPE[0] * y[:, None] - SLOPE[1] * x


def true_depth(point, direction):
    """Distance back along a beam to the plane."""
    normal = np.array([1.0, *-SLOPE])
    way = np.asarray(direction, float) / np.linalg.norm(direction)
    return float((normal @ point - HEIGHT) / (normal @ way))


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 0.5, 0), (0.8, -0.3, 0.4)])
def test_the_depth_below_a_tilted_surface_is_that_along_the_beam(direction):
    target = np.array([60.3, 30.2, 28.7])
    found = depth_along(below_plane(), target, direction, level=0.0, spacing_um=SPACING)
    assert found.depth_um == pytest.approx(true_depth(target, direction), abs=1e-3)
    way = np.asarray(direction) / np.linalg.norm(direction)
    assert found.entry_um + found.depth_um * way == pytest.approx(target)
    assert found.sigma_um < 1e-3


def test_the_origin_moves_everything_and_larger_voxels_stretch_it():
    target = np.array([60.3, 30.2, 28.7])
    options = {"level": 0.0, "spacing_um": SPACING}
    plain = depth_along(below_plane(), target, (1, 0.4, 0), **options)
    origin = np.array([100.0, -50.0, 7.0])
    moved = depth_along(below_plane(), target + origin, (1, 0.4, 0), origin_um=origin, **options)
    assert moved.depth_um == pytest.approx(plain.depth_um)
    twice = depth_along(
        below_plane(), 2 * target, (1, 0.4, 0), level=0.0, spacing_um=tuple(2 * s for s in SPACING),
        half_size_um=8,
    )  # fmt: skip
    small = depth_along(below_plane(), target, (1, 0.4, 0), half_size_um=4, **options)
    assert twice.depth_um == pytest.approx(2 * plain.depth_um)
    assert twice.overburden_um3 == pytest.approx(8 * small.overburden_um3)


def test_intervals_of_a_target_under_a_slope_cover_the_truth_95_times_in_100():
    rng = np.random.default_rng(0)
    target, direction = np.array([60.0, 30.0, 30.0]), (1.0, 0.3, 0.0)
    covariance = np.array([[2.0, 0.5, 0.0], [0.5, 9.0, 1.0], [0.0, 1.0, 4.0]])
    truth = true_depth(target, direction)
    volume = below_plane()
    covered = []
    for seen in rng.multivariate_normal(target, covariance, 250):
        low, high = depth_along(
            volume, seen, direction, level=0.0, spacing_um=SPACING, covariance_um2=covariance
        ).interval95_um
        covered.append(low <= truth <= high)
    assert 0.93 <= np.mean(covered) <= 0.975


def test_the_variance_is_that_of_the_target_across_the_slope():
    covariance = np.diag([1.0, 16.0, 4.0])
    found = depth_along(
        below_plane(), (60, 30, 30), (1, 0, 0), level=0.0, spacing_um=SPACING,
        covariance_um2=covariance,
    )  # fmt: skip
    gradient = np.array([1.0, *-SLOPE])
    assert found.sigma_um == pytest.approx(np.sqrt(gradient @ covariance @ gradient), rel=1e-3)


def test_a_rough_surface_makes_the_depth_of_an_unsure_target_less_sure():
    rng = np.random.default_rng(1)
    steps = rng.normal(0, 3.0, (60, 60))
    rough = below_plane() - steps
    options = {"level": 0.0, "spacing_um": SPACING, "covariance_um2": 4 * np.eye(3)}
    smooth_sigma = depth_along(below_plane(), (60, 30, 30), (1, 0, 0), **options).sigma_um
    assert depth_along(rough, (60, 30, 30), (1, 0, 0), **options).sigma_um > 1.3 * smooth_sigma


def noisy_block(rng, scale):
    """A tilted surface with a soft edge, noise, and a bead on it: as a survey shows it."""
    from scipy import ndimage

    grey = 1000 / (1 + np.exp(-below_plane((30, 40, 40), (2.0, 2.0, 2.0)) / 1.5))
    grey[:9, 4:10, 28:36] = 1000
    noisy = grey + scale * rng.standard_normal(grey.shape)
    return ndimage.gaussian_filter(noisy, 1.0)


def test_intervals_cover_the_depth_below_a_noisy_surface_95_times_in_100():
    rng = np.random.default_rng(4)
    target = np.array([50.0, 40.0, 30.0])
    truth = true_depth(target, (1, 0, 0))
    covered, sigmas, errors = [], [], []
    for _ in range(250):
        found = depth_along(
            noisy_block(rng, 250.0), target, (1, 0, 0), level=500.0, spacing_um=(2, 2, 2)
        )
        low, high = found.interval95_um
        covered.append(low <= truth <= high)
        sigmas.append(found.sigma_um)
        errors.append(found.depth_um - truth)
    assert np.mean(sigmas) == pytest.approx(np.std(errors), rel=0.1)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_the_rounding_of_a_mask_is_in_the_uncertainty_of_the_depth():
    errors, sigmas = [], []
    for height in np.linspace(10, 14, 41):
        mask = np.arange(40)[:, None, None] * 2.0 >= height + np.zeros((1, 8, 8))
        found = depth_along(mask, (60, 4, 4), (1, 0, 0), level=0.5, spacing_um=SPACING)
        errors.append(found.depth_um - (60 - height))
        sigmas.append(found.sigma_um)
    assert np.std(errors) == pytest.approx(sigmas[0], rel=0.1)
    assert abs(np.mean(errors)) < 0.1


def layered():
    """Air, a cap, a gap, steel with an inclusion: along z, 1 µm voxels."""
    labels = np.zeros((60, 20, 20), np.uint8)
    labels[10:14] = 3
    labels[16:] = 1
    labels[25:30, 3:18, 3:18] = 2
    return labels


def test_what_is_in_the_way_is_told_piece_by_piece_and_its_volume():
    labels = layered()
    found = depth_along(
        labels > 0, (40, 10, 10), (1, 0, 0), level=0.5, spacing_um=(1, 1, 1), half_size_um=5,
        labels=labels, names={1: "steel", 2: "inclusion", 3: "cap"},
    )  # fmt: skip
    assert found.obstacles["label"].tolist() == ["cap", "steel", "inclusion", "steel"]
    lengths = found.obstacles["length_um"].to_numpy()
    assert lengths == pytest.approx([4, 9, 5, 10.5], abs=0.3)
    assert found.depth_um == pytest.approx(30.5)
    assert "cap 4 µm, then a gap of 2 µm, then steel" in found.statement
    assert found.material_um == pytest.approx(28.5, abs=0.3)
    volumes = found.obstacles.set_index("label")["volume_um3"]
    assert volumes["cap"] == pytest.approx(4 * 100, rel=0.05)
    assert volumes["inclusion"] == pytest.approx(5 * 100, rel=0.05)
    # the volume of interest itself, from 35 on, is no overburden
    assert found.overburden_um3 == pytest.approx((4 + 19) * 100, rel=0.05)


def test_what_lies_beside_the_beam_but_over_the_footprint_is_named():
    labels = layered()
    labels[20:24, 14:, 14:] = 4
    found = depth_along(
        labels > 0, (40, 10, 10), (1, 0, 0), level=0.5, spacing_um=(1, 1, 1), half_size_um=8,
        labels=labels, names={4: "vein"},
    )  # fmt: skip
    vein = found.obstacles.set_index("label").loc["vein"]
    assert vein["length_um"] == 0
    assert vein["volume_um3"] > 0
    table = approach_table({"from above": found})
    assert "beside it vein" in table["in_the_way"][0]


def test_a_volume_that_does_not_show_the_surface_gives_no_depth():
    block = np.ones((30, 20, 20), bool)
    block[:10] = False
    above = depth_along(block, (20, 10, 10), (1, 0, 0), level=0.5, spacing_um=(1, 1, 1))
    beside = depth_along(block, (20, 10, 10), (0, 1, 0), level=0.5, spacing_um=(1, 1, 1))
    assert above.stated
    assert not beside.stated
    assert np.isnan(beside.depth_um)
    assert beside.at_least_um == pytest.approx(10.5)
    assert "the depth is not known" in beside.statement
    assert np.isnan(beside.entry_um).all()
    table = approach_table({"side": beside, "top": above})
    assert table["approach"].tolist() == ["top", "side"]


def test_with_too_few_degrees_of_freedom_no_interval_is_stated():
    found = depth_along(
        below_plane(), (60, 30, 30), (1, 0, 0), level=0.0, spacing_um=SPACING,
        covariance_um2=np.eye(3), nu=2,
    )  # fmt: skip
    assert np.isnan(found.interval95_um).all()
    assert "too few degrees of freedom" in found.statement


@pytest.mark.parametrize(
    ("target", "direction", "words"),
    [
        ((600, 30, 30), (1, 0, 0), "target_um needs a point inside the volume"),
        ((60, 30), (1, 0, 0), "target_um needs 3 finite values"),
        ((60, 30, 30), (0, 0, 0), "direction needs 3 values"),
    ],
)
def test_impossible_approaches_are_refused_in_words(target, direction, words):
    with pytest.raises(ValueError, match=words):
        depth_along(below_plane(), target, direction, level=0.0, spacing_um=SPACING)
