"""Stokes flow through passages and lattices whose permeability is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scalebridge.analysis.transport import (
    johnson_koplik_dashen_um2,
    kozeny_carman_um2,
    lambda_um,
    permeability,
    permeability_tensor,
)

CUBE = (1.0, 1.0, 1.0)
BOTH = pytest.mark.parametrize("boundary", ["walls", "periodic"])


def lattice(n: int, fraction: float) -> np.ndarray:
    radius = (3 * fraction / 4 / math.pi) ** (1 / 3) * n
    z, y, x = np.meshgrid(*[np.arange(n) + 0.5 - n / 2] * 3, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 > radius**2


def packing(n: int, radius: int, porosity: float, seed: int) -> np.ndarray:
    """Return the pore around spheres that may overlap, periodic."""
    rng = np.random.default_rng(seed)
    ball = np.array(np.nonzero(np.sum(np.indices((2 * radius + 1,) * 3) ** 2 * 0 + 1, axis=0))).T
    ball = ball[((ball - radius) ** 2).sum(axis=1) <= radius**2] - radius
    solid = np.zeros((n, n, n), bool)
    while solid.mean() < 1 - porosity:
        solid[tuple(((ball + rng.integers(0, n, 3)) % n).T)] = True
    return ~solid


@BOTH
@pytest.mark.parametrize("height", [4, 8, 16])
def test_a_slit_has_a_twelfth_of_its_height_squared(height, boundary, reference):
    slit = np.zeros((5, height + 2, 4), bool)
    slit[:, 1:-1] = True
    if boundary == "walls":  # at the sides too: as an image, which goes on for ever
        slit = slit[:, :, 0]
        found = permeability(slit, spacing_um=(0.5, 0.5), axis="y", relative_error=1e-5)
    else:
        found = permeability(
            slit, spacing_um=(0.5,) * 3, axis="z", boundary=boundary, relative_error=1e-5
        )
    expected = 0.25 * height**2 / 12 * height / (height + 2)
    what = f"permeability of a slit of {height} voxels, {boundary}"
    reference(what, found.value_um2, expected, rel=0.01, unit="µm²", source="Poiseuille")
    assert found.value_m2 == pytest.approx(found.value_um2 * 1e-12)
    assert found.value_darcy == pytest.approx(found.value_um2 / 0.9869233)


@BOTH
def test_a_tube_has_an_eighth_of_its_radius_squared(boundary, reference):
    y, x = np.meshgrid(*[np.arange(34) - 16.5] * 2, indexing="ij")
    tube = np.repeat((y**2 + x**2 <= 15**2)[None], 4, axis=0)
    found = permeability(tube, spacing_um=CUBE, boundary=boundary, relative_error=1e-5)
    expected = math.pi * 15**4 / 8 / 34**2
    what = f"permeability of a tube of 15 voxels, {boundary}"
    reference(what, found.value_um2, expected, rel=0.02, unit="µm²", source="Poiseuille")


def test_a_slit_seen_with_flat_voxels_is_the_same_slit():
    slit = np.zeros((3, 14, 5), bool)
    slit[:, 1:-1] = True
    found = permeability(
        slit, spacing_um=(4.0, 1.0, 2.0), axis="x", boundary="periodic", relative_error=1e-5
    )
    assert found.value_um2 == pytest.approx(12 / 14 * 12**2 / 12, rel=0.01)


def test_spheres_on_a_cubic_lattice_have_the_permeability_of_zick_and_homsy(reference):
    dilute = permeability(lattice(32, 0.125), spacing_um=CUBE, boundary="periodic")
    what, source = "k/L² of spheres on a cubic lattice, share", "Zick & Homsy 1982"
    reference(f"{what} 0.125, 32³", dilute.value_um2 / 32**2, 0.039854, rel=0.01, source=source)
    dense = permeability(
        lattice(48, 0.343), spacing_um=CUBE, boundary="periodic", relative_error=1e-3
    )
    reference(f"{what} 0.343, 48³", dense.value_um2 / 48**2, 7.934e-3, rel=0.01, source=source)


def test_the_stated_error_of_the_equations_holds():
    held = 0
    for seed in range(4):
        pore = packing(24, 4, 0.45, seed)
        exact = permeability(
            pore, spacing_um=CUBE, boundary="periodic", relative_error=1e-5
        ).value_um2
        found = permeability(pore, spacing_um=CUBE, boundary="periodic", relative_error=2e-2)
        held += abs(found.value_um2 - exact) <= found.algebraic_error_um2
        assert found.value_um2 == pytest.approx(exact, rel=0.02)
    assert held >= 3


def test_pores_that_lead_nowhere_are_removed_and_told():
    slit = np.zeros((6, 12, 4), bool)
    slit[:, 1:7] = True
    blind = slit.copy()
    blind[2:4, 9:11] = True
    one = permeability(slit, spacing_um=CUBE, boundary="periodic", relative_error=1e-4)
    other = permeability(blind, spacing_um=CUBE, boundary="periodic", relative_error=1e-4)
    assert other.value_um2 == one.value_um2
    assert other.porosity - other.connected_porosity == pytest.approx(16 / 288)
    closed = slit.copy()
    closed[3] = False
    for boundary in ("walls", "periodic"):
        nothing = permeability(closed, spacing_um=CUBE, boundary=boundary)
        assert nothing.value_um2 == 0
        assert "of 0.416667 leads nowhere" in nothing.checks[-1].detail
        m = nothing.measurement()
        assert (m.value, m.passed, dict(m.parts)) == (0, True, {})
        assert math.isnan(m.uncertainty)


def test_threads_and_axes_change_nothing():
    pore = packing(36, 6, 0.5, 1)
    one = permeability(pore, spacing_um=CUBE, threads=1)
    assert permeability(pore, spacing_um=CUBE, threads=3) == one
    turned = permeability(np.moveaxis(pore, 0, 1), spacing_um=CUBE, axis="y", threads=1)
    assert turned.value_um2 == one.value_um2


def test_the_tensor_is_symmetric_and_holds_the_single_values():
    pore = packing(24, 4, 0.55, 2)
    tensor = permeability_tensor(pore, spacing_um=CUBE, relative_error=1e-4)
    assert tensor == pytest.approx(tensor.T, abs=2e-3 * tensor.max())
    single = permeability(
        pore, spacing_um=CUBE, axis="y", boundary="periodic", relative_error=1e-4
    ).value_um2
    assert tensor[1, 1] == pytest.approx(single, rel=1e-3)


def test_oblique_slits_conduct_along_themselves():
    n = 24
    z, y = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    slits = np.repeat((((z + y) % 12) < 8)[:, :, None], 2, axis=2)
    tensor = permeability_tensor(slits, spacing_um=CUBE, relative_error=1e-4)
    values, directions = np.linalg.eigh(tensor[:2, :2])
    assert values[0] == pytest.approx(0, abs=0.02 * values[1])
    assert abs(directions[:, 1] @ np.array([1, -1]) / math.sqrt(2)) == pytest.approx(1, abs=1e-3)


#: Fraction of spheres on a lattice, and Zick and Homsy's drag K: k = 2 a² / (9 c K).
LATTICES = [
    ("sc", 0.125, 4.2916), ("sc", 0.343, 15.398), ("sc", 0.5236, 42.02), ("bcc", 0.1, 3.7657),
    ("fcc", 0.1, 3.7647),
]  # fmt: skip
HALF = 0.5
PLACES = {
    "sc": [(0, 0, 0)], "bcc": [(0, 0, 0), (HALF,) * 3],
    "fcc": [(0, 0, 0), (HALF, HALF, 0), (HALF, 0, HALF), (0, HALF, HALF)],
}  # fmt: skip


def shifted_lattice(kind: str, n: int, fraction: float, shift) -> tuple[np.ndarray, float]:
    """Voxels of a lattice of spheres that lies anywhere on the grid, and their radius."""
    radius = (3 * fraction / 4 / math.pi / len(PLACES[kind])) ** (1 / 3) * n
    pore = np.ones((n, n, n), bool)
    for place in PLACES[kind]:
        axes = [np.arange(n) + 0.5 - n * p - s for p, s in zip(place, shift, strict=True)]
        axes = [along - n * np.round(along / n) for along in axes]
        z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
        pore &= z**2 + y**2 + x**2 > radius**2
    return pore, radius


@pytest.mark.parametrize("n", [16, 24, pytest.param(40, marks=pytest.mark.full)])
def test_the_interval_of_lattices_of_spheres_holds_what_is_published(n, reference):
    rng, held, widths = np.random.default_rng(n), [], []
    for kind, fraction, drag in LATTICES:
        for _ in range(2):
            pore, radius = shifted_lattice(kind, n, fraction, rng.uniform(size=3))
            m = permeability(
                pore, spacing_um=CUBE, boundary="periodic", discretisation=True
            ).measurement()
            held.append(abs(m.value - 2 * radius**2 / (9 * fraction * drag)) <= m.uncertainty)
            widths.append(m.uncertainty / m.value)
    what = f"share of intervals of lattices of spheres in {n}³ that hold the permeability"
    reference(what, np.mean(held), 0.95, abs=0.051, source="Zick & Homsy 1982")
    assert np.median(widths) < 2.4 / n


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
def test_the_interval_of_a_packing_holds_what_voxels_of_a_quarter_say(seed):
    """Spheres of 3 to 6 voxels radius that may overlap, from the same centres each time."""
    rng = np.random.default_rng(seed)
    radius, porosity = rng.uniform(0.1, 0.16), (0.3, 0.4, 0.55, 0.25)[seed]
    ball = 4 / 3 * math.pi * radius**3
    count = int(-math.log(porosity) / ball * (1 + 2 * radius) ** 3)
    centres = rng.uniform(-radius, 1 + radius, (count, 3))

    def pore(n: int) -> np.ndarray:
        places = np.stack(np.indices((n,) * 3), axis=-1).reshape(-1, 3)
        from scipy.spatial import cKDTree

        distance, _ = cKDTree(centres).query((places + 0.5) / n)
        return (distance > radius).reshape((n,) * 3)

    known = permeability(pore(112), spacing_um=(1 / 112,) * 3, relative_error=3e-3).value_um2
    for n in (24, 32, 48):
        m = permeability(pore(n), spacing_um=(1 / n,) * 3, discretisation=True).measurement()
        assert abs(m.value - known) <= m.uncertainty


def test_coarser_voxels_give_the_error_of_the_voxels():
    found = permeability(
        lattice(16, 0.216), spacing_um=CUBE, boundary="periodic", discretisation=True
    )
    m = found.measurement()
    assert m.parts["discretisation"] == found.discretisation_error_um2
    assert m.uncertainty == pytest.approx(math.hypot(*m.parts.values()))
    assert all(type(check.passed) is bool for check in found.checks)


def test_walls_along_the_grid_keep_a_hundredth_and_odd_blocks_and_sections_are_joined_too():
    slit = np.zeros((4, 10), bool)
    slit[:, 1:9] = True
    exact = permeability(slit[:, 1:9], spacing_um=(0.5, 0.5), axis="y", discretisation=True)
    assert exact.discretisation_error_um2 == pytest.approx(0.01 * exact.value_um2, rel=0.05)
    odd = permeability(lattice(17, 0.216)[:, :, :15], spacing_um=(1, 2, 1), discretisation=True)
    assert 0.02 * odd.value_um2 < odd.discretisation_error_um2 < 0.3 * odd.value_um2


def test_without_coarser_voxels_the_uncertainty_is_not_known():
    m = permeability(lattice(16, 0.216), spacing_um=CUBE, boundary="periodic").measurement()
    assert set(m.parts) == {"equations"}
    assert math.isnan(m.uncertainty)


def test_kozeny_and_carman_are_an_order_of_magnitude():
    """Simple cubic lattice at 0.216: k = 2 a² / (9 c K) with K = 4.292 at 0.125."""
    found = permeability(lattice(24, 0.343), spacing_um=CUBE, boundary="periodic")
    radius = (3 * 0.343 / 4 / math.pi) ** (1 / 3) * 24
    guess = kozeny_carman_um2(1 - 0.343, 4 * math.pi * radius**2 / 24**3)
    assert 1 / 3 < found.value_um2 / guess < 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"boundary": "open"}, "boundary needs one of"),
        ({"axis": "u"}, "axis needs one of"),
        ({"relative_error": 1e-9}, "relative_error needs 1e-6 to 1"),
    ],
)
def test_wrong_options_are_refused_in_words(change, message):
    with pytest.raises(ValueError, match=message):
        permeability(np.ones((4, 4, 4), bool), **({"spacing_um": CUBE} | change))


def sphere_lambda(fraction: float, radius: float) -> float:
    """Return Lambda around thin spheres: |E| is 1.5 sin on them, and Maxwell's in the mean."""
    return 2 * ((2 - 2 * fraction) / (2 + fraction)) / (1.5 * 3 * fraction / radius)


def test_the_weighted_size_of_a_tube_is_its_radius_and_of_thin_spheres_that_of_theory(reference):
    source = "Johnson et al. 1986"
    y, x = np.meshgrid(*[np.arange(34) - 16.5] * 2, indexing="ij")
    tube = np.repeat((y**2 + x**2 <= 10**2)[None], 4, axis=0)
    found = lambda_um(tube, spacing_um=(0.5,) * 3)
    reference("Λ of a tube of 10 voxels", found, 5, rel=0.03, unit="µm", source=source)
    flat = lambda_um(tube[:, ::2], spacing_um=(0.5, 1.0, 0.5))
    assert flat == pytest.approx(found, rel=0.05)
    thin = lambda_um(lattice(48, 0.05), spacing_um=CUBE, boundary="periodic")
    radius = (3 * 0.05 / 4 / math.pi) ** (1 / 3) * 48
    what = "Λ around spheres of 0.05 on a cubic lattice, in their radius"
    wanted = sphere_lambda(0.05, 1.0)
    reference(what, thin / radius, wanted, rel=0.03, source=source)


def test_the_estimate_of_johnson_is_that_of_a_tube_and_nothing_without_a_path():
    y, x = np.meshgrid(*[np.arange(34) - 16.5] * 2, indexing="ij")
    tube = np.repeat((y**2 + x**2 <= 15**2)[None], 4, axis=0)
    size = lambda_um(tube, spacing_um=CUBE)
    estimate = johnson_koplik_dashen_um2(size, 1 / tube.mean())
    assert estimate == pytest.approx(permeability(tube, spacing_um=CUBE).value_um2, rel=0.05)
    tube[2] = False
    assert math.isnan(lambda_um(tube, spacing_um=CUBE))
    thin = np.zeros((6, 9, 9), bool)
    thin[:, 3:6, 3:6] = True  # closed where its walls move in
    assert lambda_um(thin, spacing_um=CUBE) > 0
