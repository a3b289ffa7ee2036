"""Two-point correlation of overlapping spheres, whose S2, S_V and mean chord are known exactly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from scalebridge.analysis.quantification import surface, two_point_correlation

RADIUS, SIZE, SEEDS = 8.0, 128, 6


@lru_cache(maxsize=SEEDS)
def overlapping_spheres(seed: int) -> tuple[np.ndarray, float]:
    """Return the space between spheres in a periodic box, and their number per volume."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(np.log(2) / (4 / 3 * np.pi * RADIUS**3) * SIZE**3)
    pore = np.ones((SIZE,) * 3, bool)
    reach = int(RADIUS) + 1
    for centre in rng.uniform(0, SIZE, (count, 3)):
        near = [np.arange(int(np.floor(c)) - reach, int(np.floor(c)) + reach + 2) for c in centre]
        z, y, x = np.meshgrid(
            *[(n - c) ** 2 for n, c in zip(near, centre, strict=True)], indexing="ij", sparse=True
        )
        pore[np.ix_(*[n % SIZE for n in near])] &= z + y + x > RADIUS**2
    return pore, count / SIZE**3


def truth(density: float, r: np.ndarray) -> np.ndarray:
    union = 4 / 3 * np.pi * RADIUS**3 * (1 + 3 * r / (4 * RADIUS) - r**3 / (16 * RADIUS**3))
    return np.exp(-density * np.where(r < 2 * RADIUS, union, 8 / 3 * np.pi * RADIUS**3))


@pytest.mark.parametrize("periodic", [True, False])
def test_correlation_surface_and_chord_of_overlapping_spheres_are_those_of_theory(
    periodic, reference
) -> None:
    off, area, crofton, chord = [], [], [], []
    for seed in range(SEEDS):
        pore, density = overlapping_spheres(seed)
        found = two_point_correlation(pore, spacing_um=(1, 1, 1), periodic=periodic, reach_um=24)
        off.append(found.table["s2"] - truth(density, found.table["distance_um"].to_numpy()))
        fraction = np.exp(-density * 4 / 3 * np.pi * RADIUS**3)
        truly = 4 * np.pi * RADIUS**2 * density * fraction
        area.append(found.specific_surface_per_um / truly)
        counted = surface(pore, spacing_um=(1, 1, 1), method="crofton_extrapolated")
        crofton.append(counted.specific_um2_per_um3 / truly)
        chord.append(
            4 * found.fraction / found.specific_surface_per_um
            / (4 * RADIUS / (3 * np.log(1 / fraction)))
        )  # fmt: skip
    where = "overlapping spheres, " + ("periodic" if periodic else "border unknown")
    theory = "Torquato 2002"
    worst = float(np.abs(np.mean(off, axis=0)).max())
    reference(f"greatest error of S2, {where}", worst, 0, abs=0.006, source=theory)
    ours = float(np.mean(area))
    reference(f"S_V from S2'(0) over theory, {where}", ours, 1, abs=0.02, source=theory)
    if periodic:
        ours = float(np.mean(crofton))
        what = "S_V by Crofton, extrapolated, over theory, overlapping spheres of 8 voxels"
        reference(what, ours, 1, abs=0.03, source=theory)
    length = float(np.mean(chord))
    reference(f"mean chord over theory, {where}", length, 1, abs=0.02, source=theory)


def by_counting(phase: np.ndarray, mask: np.ndarray, step: tuple[int, ...]) -> float:
    near = tuple(slice(0, n - s) for s, n in zip(step, phase.shape, strict=True))
    far = tuple(slice(s, n) for s, n in zip(step, phase.shape, strict=True))
    both = mask[near] & mask[far]
    return float(np.mean((phase[near] & phase[far])[both]))


@pytest.mark.parametrize("shape", [(20, 31, 22), (40, 37)])
def test_pairs_inside_a_mask_are_those_counted_one_by_one(shape) -> None:
    rng = np.random.default_rng(3)
    phase, mask = rng.random(shape) < 0.4, rng.random(shape) < 0.7
    spacing = (3.0, 2.0, 1.0)[-len(shape) :]
    for inside in (mask, None):
        found = two_point_correlation(phase, spacing_um=spacing, mask=inside, reach_um=12)
        whole = np.ones(shape, bool) if inside is None else inside
        for axis, name in enumerate(("z", "y", "x")[-len(shape) :]):
            for row in found.along[found.along["axis"] == name].itertuples():
                step = [0] * len(shape)
                step[axis] = round(row.distance_um / spacing[axis])
                assert row.s2 == pytest.approx(by_counting(phase, whole, tuple(step)), abs=2e-6)


def test_scaling_the_voxel_scales_the_distances_only() -> None:
    phase = np.random.default_rng(4).random((24, 20, 28)) < 0.5
    one = two_point_correlation(phase, spacing_um=(1, 1, 1), reach_um=8)
    two = two_point_correlation(phase, spacing_um=(2, 2, 2), reach_um=16, threads=1)
    np.testing.assert_allclose(2 * one.table["distance_um"], two.table["distance_um"], rtol=1e-12)
    np.testing.assert_allclose(one.table["s2"], two.table["s2"], atol=2e-6)
    assert two.slope_at_zero_per_um == pytest.approx(one.slope_at_zero_per_um / 2, rel=1e-4)


def test_a_reach_beyond_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="reach_um needs a distance within the image, up to 8"):
        two_point_correlation(np.eye(8, dtype=bool), spacing_um=(1, 1), reach_um=9)


def test_the_slope_at_0_does_not_depend_on_what_the_border_cuts(reference) -> None:
    z, y, x = np.ogrid[:40, :40, :40]
    corner = z**2 + y**2 + x**2 <= 24.3**2  # an eighth of a ball, with 39 steps of voxels
    found = two_point_correlation(corner, spacing_um=(1, 1, 1))
    truth = np.pi * 24.3**2 / 2 / 39**3
    what = "surface of an eighth of a ball of 24 voxels by two points"
    reference(what, found.specific_surface_per_um, truth, rel=0.03, source="4 pi r2 / 8")
    masked = two_point_correlation(corner, spacing_um=(1, 1, 1), mask=np.ones_like(corner))
    assert masked.slope_at_zero_per_um == pytest.approx(found.slope_at_zero_per_um, rel=1e-5)
