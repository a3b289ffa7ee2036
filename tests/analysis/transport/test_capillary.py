"""Capillary pressures, invasion and retention curves whose answer is known."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from scalebridge.analysis.transport import (
    fit_retention,
    invade,
    meniscus_pressure,
    square_tube_entry_kpa,
    young_laplace_kpa,
)

SEEDS = int(os.environ.get("SCALEBRIDGE_SEEDS", "0"))  # `make validate` asks for 50


def test_tubes_have_the_pressure_of_young_and_laplace(reference):
    source, tube = "Young & Laplace", "capillary pressure in a tube of 1 µm"
    water = young_laplace_kpa(1.0, tension_n_per_m=0.0728)
    reference(f"{tube}, water", water, 145.6, rel=1e-12, unit="kPa", source=source)
    mercury = young_laplace_kpa(1.0, tension_n_per_m=0.485, contact_angle_deg=140)
    reference(f"{tube}, mercury", mercury, 743.06, abs=0.005, unit="kPa", source=source)
    square = square_tube_entry_kpa(2.0, tension_n_per_m=0.0728)
    entry = square / (1e3 * 0.0728 / 2.0)
    what = "entry into a square tube, in tensions over its side"
    reference(what, entry, 3.7725, abs=1e-4, source="Mayer & Stowe; Princen")


@pytest.mark.parametrize(("radius", "tolerance"), [(20, 0.05), (10, 0.10)])
def test_a_drop_has_the_curvature_of_its_radius(radius, tolerance, reference):
    rng = np.random.default_rng(0)
    for drop_number in (1, 2):
        n = 2 * radius + 24
        axes = [np.arange(n) - n / 2 + o for o in rng.uniform(-0.5, 0.5, 3)]
        z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
        drop = z**2 + y**2 + x**2 <= radius**2
        found = meniscus_pressure(drop, ~drop, spacing_um=(0.5,) * 3, tension_n_per_m=0.0728)
        reference(
            f"curvature of drop {drop_number} of {radius} voxels", found.curvature_per_um,
            2 / (0.5 * radius), rel=tolerance, unit="1/µm", source="theory",
        )  # fmt: skip
        assert found.pressure_kpa == pytest.approx(72.8 * found.curvature_per_um)


def test_a_meniscus_in_a_tube_has_the_curvature_of_its_cap():
    z, y, x = np.meshgrid(np.arange(60), *[np.arange(52) - 25.5] * 2, indexing="ij", sparse=True)
    tube = np.broadcast_to(y**2 + x**2 <= 24**2, (60, 52, 52))
    gas = tube & ((z - 2.0) ** 2 + y**2 + x**2 <= 30**2)
    found = meniscus_pressure(gas, tube & ~gas, spacing_um=(1,) * 3, tension_n_per_m=0.03)
    assert found.curvature_per_um == pytest.approx(2 / 30, rel=0.05)
    turned = meniscus_pressure(tube & ~gas, gas, spacing_um=(1,) * 3, tension_n_per_m=0.03)
    assert turned.pressure_kpa == pytest.approx(-found.pressure_kpa, rel=0.02)


def test_no_interface_is_refused():
    ball = np.zeros((20, 20, 20), bool)
    with pytest.raises(ValueError, match="no interface"):
        meniscus_pressure(ball, ~ball, spacing_um=(1,) * 3, tension_n_per_m=0.03)


@pytest.mark.parametrize(
    ("shape", "threshold", "tolerance", "scatter"),
    [((64, 64, 64), 0.3116077, 0.003, 0.006), ((256, 256), 0.592746, 0.004, 0.014)],
)
def test_invasion_breaks_through_at_the_percolation_threshold(
    shape, threshold, tolerance, scatter, reference
):
    """Entry in the order of uniform random numbers: the easiest way through is the threshold."""
    found = []
    for seed in range(SEEDS or 4):
        radius = 1 - np.random.default_rng(seed).random(shape)
        run = invade(
            np.ones(shape, bool), spacing_um=(1,) * len(shape), axis="y", radius_um=radius,
            trapping=False,
        )  # fmt: skip
        found.append(1 - run.threshold_um)
    few = 0.0 if SEEDS >= 50 else 2 * scatter / math.sqrt(len(found))
    size = " × ".join(str(n) for n in shape)
    reference(
        f"invasion percolation through {size} voxels, mean of {len(found)}", np.mean(found),
        threshold, abs=tolerance + few, source="Xu et al. 2014; Newman & Ziff 2000",
    )  # fmt: skip


def test_a_tube_of_two_radii_drains_at_its_throat():
    y, x = np.meshgrid(*[np.arange(24) - 11.5] * 2, indexing="ij")
    wide, narrow = y**2 + x**2 <= 10.3**2, y**2 + x**2 <= 5.3**2
    tube = np.stack([wide] * 8 + [narrow] * 8 + [wide] * 8)
    found = invade(tube, spacing_um=(2.0,) * 3)
    assert found.threshold_um == pytest.approx(2 * 5.3, abs=1.2)
    assert found.breakthrough > 0


def test_what_is_surrounded_is_trapped_and_stays():
    """A narrow voxel in the middle of a wide ring; the way out leads round it."""
    pore = np.ones((7, 5), bool)
    radius = np.full((7, 5), 5.0)
    radius[3, 2] = 1.0
    free = invade(pore, spacing_um=(1, 1), axis="y", radius_um=radius, trapping=False)
    assert not free.trapped.any()
    assert (free.step >= 0).all()
    found = invade(pore, spacing_um=(1, 1), axis="y", radius_um=radius)
    assert found.trapped[3, 2]
    assert found.step[3, 2] == -1
    curve = found.curve(tension_n_per_m=0.0728)
    assert curve["wetting_saturation"].iloc[-1] == pytest.approx(found.trapped.sum() / 35)


def test_trapping_marks_what_a_search_at_every_step_finds():
    from scipy.ndimage import label

    rng = np.random.default_rng(3)
    pore = rng.random((9, 9)) < 0.85
    radius = np.where(pore, rng.random((9, 9)) + 0.1, 0)
    free = invade(pore, spacing_um=(1, 1), axis="y", radius_um=radius, trapping=False)
    found = invade(pore, spacing_um=(1, 1), axis="y", radius_um=radius)
    for voxel in np.argwhere(free.step >= 0):
        pieces, _ = label(pore & ~((free.step >= 0) & (free.step < free.step[tuple(voxel)])))
        leads = np.isin(pieces[tuple(voxel)], pieces[-1][pieces[-1] > 0])
        assert found.trapped[tuple(voxel)] == (not leads)


@pytest.mark.parametrize("model", ["brooks-corey", "van-genuchten"])
def test_a_fit_finds_the_curve_and_covers_it_with_its_errors(model):
    p = np.geomspace(1, 200, 60)
    truth = (8.0, 1.7 if model == "brooks-corey" else 2.7, 0.12)
    relative = p / truth[0]
    if model == "brooks-corey":
        effective = np.maximum(relative, 1) ** -truth[1]
    else:
        effective = (1 + relative ** truth[1]) ** (1 / truth[1] - 1)
    s = truth[2] + (1 - truth[2]) * effective
    rng, inside, known = np.random.default_rng(0), 0, []
    count = SEEDS or 16
    for _ in range(count):
        noisy = np.clip(s + rng.normal(0, 0.01, len(p)), 0, 1)
        found = fit_retention(p, noisy, model=model)
        sigma = np.sqrt(np.diag(found.covariance))
        inside += abs(math.log(found.scale_kpa / truth[0])) <= 1.96 * sigma[0]
        known.append(found.exponent)
    assert inside >= 0.85 * count - 1
    assert np.mean(known) == pytest.approx(truth[1], rel=0.03)
    exact = fit_retention(p, s, model=model)
    assert exact.scale_kpa == pytest.approx(truth[0], rel=1e-4)
    assert exact.saturation(p) == pytest.approx(s, abs=1e-5)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="at least 4"):
        fit_retention(np.array([1.0, 2.0]), np.array([1.0, 0.5]))
