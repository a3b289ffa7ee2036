"""Diffusion and conduction through bodies whose answer is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from scalebridge.analysis.transport import (
    diffusive_flux,
    effective_conductivity,
    effective_diffusivity,
    effective_tensor,
    hashin_shtrikman_bounds,
)

CUBE = (1.0, 1.0, 1.0)


def spheres(n: int, fraction: float, offset=(0.0, 0.0, 0.0)) -> np.ndarray:
    """Return the pore around a sphere in the middle of a periodic cube."""
    radius = (3 * fraction / 4 / math.pi) ** (1 / 3) * n
    axes = [np.arange(n) + 0.5 - n / 2 - o for o in offset]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 > radius**2


def cylinder(n: int, fraction: float) -> np.ndarray:
    y, x = np.meshgrid(*[np.arange(n) + 0.5 - n / 2] * 2, indexing="ij")
    return y**2 + x**2 <= fraction / math.pi * n**2


def porous(shape: tuple[int, ...], seed: int, porosity: float = 0.45) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).standard_normal(shape)
    grey = gaussian_filter(noise, 2.0, mode="wrap")
    return grey < np.quantile(grey, porosity)


def blocked() -> np.ndarray:
    """Return a pore with a wall of one voxel across z."""
    pore = np.ones((18, 16, 16), bool)
    pore[5] = False
    return pore


@pytest.mark.parametrize("axis", ["z", "y", "x"])
@pytest.mark.parametrize("boundary", ["fixed", "periodic"])
def test_straight_channels_have_a_tortuosity_factor_of_one(axis, boundary, reference):
    channel = np.zeros((12, 9, 9), bool)
    channel[:, 2:5, 3] = channel[:, 7, 7] = True
    turned = np.moveaxis(channel, 0, "zyx".index(axis))
    found = effective_diffusivity(
        turned, spacing_um=(3.0, 1.0, 0.5), axis=axis, boundary=boundary, relative_error=1e-9
    )
    assert found.value == pytest.approx(4 / 81, rel=1e-9)
    what = f"tortuosity factor of straight channels along {axis}, {boundary}"
    reference(what, found.tortuosity_factor, 1, rel=1e-9, source="theory")


def test_a_slanted_strip_has_the_published_tortuosity_factor(reference):
    """Two wide, one further each step, so that one voxel of overlap remains: factor 4."""
    n = 50
    strip = np.zeros((n, n), bool)
    for row in range(n):
        strip[row, [row, (row + 1) % n]] = True
    volume = np.repeat(strip[None], 2, axis=0)
    found = effective_diffusivity(
        volume, spacing_um=CUBE, axis="y", boundary="periodic", relative_error=1e-9
    )
    what = "tortuosity factor of a slanted strip"
    reference(what, found.tortuosity_factor, 4, abs=4e-4, source="TauFactor's tests")


def test_a_dead_end_has_no_diffusivity_and_an_infinite_factor(reference):
    pore = blocked()
    found = effective_diffusivity(pore, spacing_um=CUBE)
    assert (found.value, found.lower, found.upper) == (0, 0, 0)
    assert found.tortuosity_factor == math.inf
    along = effective_diffusivity(pore, spacing_um=CUBE, axis="x")
    reference("diffusivity beside a wall", along.value, 17 / 18, rel=1e-6, source="theory")
    reference("diffusivity of a dead end", found.value, 0, source="theory")
    assert all(c.passed is True for c in along.checks)


@pytest.mark.parametrize("extrapolate", [False, True])
def test_no_path_is_an_answer_whose_uncertainty_is_not_known(extrapolate):
    found = effective_diffusivity(blocked(), spacing_um=CUBE, extrapolate=extrapolate)
    assert all(c.passed is True for c in found.checks)
    assert "0 of 0.944444 leads from end to end along z" in found.checks[-1].detail
    effective, factor = found.measurements("pore")
    assert (effective.value, factor.value) == (0, math.inf)
    for m in (effective, factor):
        assert m.passed
        assert m.parts == {}
        assert all(math.isnan(end) for end in (m.uncertainty, *m.interval95))
    assert factor.convention == "no path leads through along z"


def test_without_coarser_grids_the_known_part_stands_alone():
    pore = porous((24, 24, 24), 6)
    effective, factor = effective_diffusivity(pore, spacing_um=CUBE).measurements()
    assert factor.value == pytest.approx(pore.mean() / effective.value)
    for m in (effective, factor):
        assert set(m.parts) == {"equations"}
        assert math.isnan(m.uncertainty)
    whole, _ = effective_diffusivity(pore, spacing_um=CUBE, extrapolate=True).measurements()
    assert whole.uncertainty == pytest.approx(math.hypot(*whole.parts.values()))
    assert whole.as_segmented == pytest.approx(effective.value)


def test_walls_that_coarser_voxels_miss_are_not_extrapolated_to_nothing():
    pore = blocked()
    pore[5, 8, 8] = True  # every second voxel sees the wall in two of four places
    found = effective_diffusivity(pore, spacing_um=CUBE, extrapolate=True)
    assert found.value > 0
    assert (found.extrapolated, found.discretisation_error) == (None, None)
    effective, factor = found.measurements()
    assert effective.value == found.value
    assert math.isfinite(factor.value)
    assert math.isnan(effective.uncertainty)


def test_verdicts_are_plain_truth_values():
    found = effective_diffusivity(porous((16, 16, 16), 7), spacing_um=CUBE)
    assert found.iterations > 0
    assert all(type(check.passed) is bool for check in found.checks)


def test_a_channel_that_does_not_meet_itself_is_no_periodic_path():
    pore = np.zeros((4, 4, 4), bool)
    pore[:2, 0, 0] = pore[1, :3, 0] = pore[1:, 2, 0] = True
    assert effective_diffusivity(pore, spacing_um=CUBE).value > 0
    assert effective_diffusivity(pore, spacing_um=CUBE, boundary="periodic").value == 0


@pytest.mark.parametrize("boundary", ["fixed", "periodic"])
def test_laminates_are_exact(boundary, reference):
    layers = np.zeros((16, 6, 8), np.uint8)
    layers[::2] = 1
    for axis, value in (("z", 20 / 11), ("y", 5.5), ("x", 5.5)):
        found = effective_conductivity(
            layers, (1, 10), spacing_um=(2.0, 1.0, 1.0), axis=axis, boundary=boundary,
            relative_error=1e-13,
        )  # fmt: skip
        what = f"conductivity of a laminate of 1 and 10 along {axis}, {boundary}"
        reference(what, found.value, value, rel=1e-9, source="theory")
        assert all(check.passed for check in found.checks)


def test_insulating_spheres_on_a_cubic_lattice(reference):
    value = 0.605662
    found = effective_diffusivity(
        spheres(64, 0.3), spacing_um=CUBE, boundary="periodic", extrapolate=True
    )
    source, lattice = "Sangani & Acrivos 1983", "D_eff around spheres of 0.3 on a cubic lattice"
    reference(f"{lattice}, 64³", found.value, value * (1 - 0.012), rel=0.003, source="its bias")
    reference(f"{lattice}, extrapolated", found.extrapolated, value, rel=0.004, source=source)
    assert abs(found.extrapolated - value) <= found.discretisation_error


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.3])
def test_the_extrapolated_value_is_within_its_error(fraction):
    value = {0.1: 0.857112, 0.2: 0.726703, 0.3: 0.605662}[fraction]
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(5):
        pore = spheres(40, fraction, rng.uniform(-0.5, 0.5, 3))
        found = effective_diffusivity(pore, spacing_um=CUBE, boundary="periodic", extrapolate=True)
        inside += abs(found.extrapolated - value) <= found.discretisation_error
    assert inside >= 4


def test_insulating_cylinders_on_a_square_lattice(reference):
    found = effective_diffusivity(
        ~cylinder(128, 0.3), spacing_um=(1, 1), axis="x", boundary="periodic"
    )
    what = "D_eff around cylinders of 0.3 on a square lattice, 128²"
    reference(what, found.value, 0.537580, rel=0.015, source="Rayleigh's multipoles")


def test_conductivities_and_their_inverses_are_reciprocal(reference):
    """Keller: the product is 1 in a plane with the symmetry of a square."""
    disc = cylinder(256, 0.5).astype(np.uint8)
    values = [
        effective_conductivity(disc, (1, s), spacing_um=(1, 1), axis="y", boundary="periodic").value
        for s in (10, 0.1)
    ]
    product = values[0] * values[1]
    reference("product of reciprocal conductivities, 256²", product, 1, rel=0.02, source="Keller")
    what = "conductivity of cylinders of 0.5, 10 times the matrix's, 256²"
    reference(what, values[0], 2.415467, rel=0.02, source="Rayleigh's multipoles")


def test_a_checkerboard_is_as_low_as_harmonic_faces_make_it(reference):
    for n, low in ((64, -0.043), (256, -0.015)):
        board = np.kron([[0, 1], [1, 0]], np.ones((n // 2, n // 2), int))
        found = effective_conductivity(
            board, (1, 10), spacing_um=(1, 1), axis="x", boundary="periodic", relative_error=1e-4
        )
        what = f"conductivity of a checkerboard of 1 and 10, {n}², over √10 (Dykhne)"
        reference(what, found.value / math.sqrt(10), 1 + low, abs=0.001, source="its bias")


def test_hashin_shtrikman_bounds_have_the_published_values(reference):
    low, high = hashin_shtrikman_bounds((1, 10), (0.7, 0.3))
    source, bound = "Hashin & Shtrikman 1962", "bound of Hashin and Shtrikman, 0.3 of 10 in 1"
    reference(f"lower {bound}", low, 1.8709677419, rel=1e-9, source=source)
    reference(f"upper {bound}", high, 3.0769230769, rel=1e-9, source=source)


def test_fiberform_has_its_published_diffusivity(data: Path, reference):
    import tifffile

    pore = tifffile.imread(data / "puma_fiberform" / "100_fiberform.tif") < 90
    found = effective_diffusivity(pore, spacing_um=(1.3,) * 3, axis="x")
    factor, source = found.tortuosity_factor, "PuMA"
    what = "of FiberForm's pores along"
    reference(f"diffusivity {what} x", found.value, 0.63414993, rel=0.003, source=source)
    reference(f"tortuosity factor {what} x", factor, 1.3133487, rel=0.003, source=source)
    for axis, value in (("z", 0.7040), ("y", 0.7343)):
        other = effective_diffusivity(pore, spacing_um=(1.3,) * 3, axis=axis)
        reference(f"diffusivity {what} {axis}", other.value, value, rel=0.003, source=source)


def test_the_exact_solution_lies_between_the_stated_ends():
    held = 0
    for seed in range(20):
        pore = porous((24, 20, 28), seed)
        exact = effective_diffusivity(pore, spacing_um=(1, 1, 1.5), relative_error=1e-11).value
        found = effective_diffusivity(pore, spacing_um=(1, 1, 1.5), relative_error=1e-2)
        assert exact <= found.upper * (1 + 1e-9)
        held += found.lower <= exact
    assert held >= 19


def test_wiener_bounds_hold_for_mixtures():
    labels = porous((20, 20, 20), 1).astype(np.uint8)
    labels[porous((20, 20, 20), 2, 0.2)] = 2
    for axis in "zyx":
        found = effective_conductivity(labels, {0: 0.02, 1: 1, 2: 50}, spacing_um=CUBE, axis=axis)
        assert all(check.passed for check in found.checks)


def test_axes_units_threads_and_kinds_of_arithmetic_change_nothing():
    pore = porous((40, 44, 48), 3)
    options = {"spacing_um": (2.0, 1.0, 1.0), "axis": "z"}
    one = effective_diffusivity(pore, threads=1, **options)
    assert effective_diffusivity(pore, threads=3, **options) == one
    turned = effective_diffusivity(
        np.transpose(pore, (1, 0, 2)), spacing_um=(1.0, 2.0, 1.0), axis="y", threads=1
    )
    assert turned.value == one.value
    scaled = effective_diffusivity(pore, spacing_um=(20.0, 10.0, 10.0), axis="z")
    assert scaled.value == pytest.approx(one.value, rel=1e-6)
    fine = effective_diffusivity(pore, relative_error=1e-8, **options)
    assert one.lower <= fine.value <= one.upper


def test_a_tile_laid_twice_conducts_as_one():
    pore = porous((16, 16, 16), 4, 0.6)
    options = {"spacing_um": CUBE, "boundary": "periodic", "relative_error": 1e-8}
    one = effective_diffusivity(pore, **options).value
    assert effective_diffusivity(np.tile(pore, (2, 1, 2)), **options).value == pytest.approx(
        one, rel=1e-6
    )


def test_the_tensor_turns_with_its_layers():
    """Layers along the diagonal of a square: principal values as of straight layers."""
    n = 32
    y, x = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    layers = (((y + x) // 8) % 2).astype(np.uint8)
    found = effective_tensor(layers, (1, 3), spacing_um=(1, 1))
    assert found.principal == pytest.approx([1.5, 2.0], rel=0.06)
    assert abs(found.directions[0] @ np.array([1, 1]) / math.sqrt(2)) == pytest.approx(1, abs=1e-6)
    assert found.checks[0].passed
    along = effective_conductivity(layers, (1, 3), spacing_um=(1, 1), axis="y", boundary="periodic")
    assert found.matrix[0, 0] == pytest.approx(along.value, rel=1e-3)


def test_the_flux_is_the_same_through_every_layer():
    pore = porous((24, 20, 16), 5)
    field = diffusive_flux(pore, spacing_um=(2.0, 1.0, 1.0), axis="y", relative_error=1e-9)
    through = field.flux[1].mean(axis=(0, 2))
    assert through == pytest.approx(np.full(20, field.value), rel=1e-3)
    assert not field.flux[:, ~pore].any()
    assert np.isnan(field.potential[~pore]).all()
    assert np.nanmax(field.potential) <= 1 + 1e-5
    assert np.nanmin(field.potential) >= -1e-5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axis": "w"}, "axis needs one of"),
        ({"boundary": "open"}, "boundary needs one of"),
        ({"relative_error": 0}, "relative_error needs"),
        ({"threads": 0}, "threads needs a whole number"),
        ({"spacing_um": (1, 1)}, "spacing_um needs 3 values"),
        ({"extrapolate": True}, "extrapolate needs at least 16 voxels"),
    ],
)
def test_wrong_options_are_refused_in_words(change, message):
    options = {"spacing_um": CUBE} | change
    with pytest.raises(ValueError, match=message):
        effective_diffusivity(np.ones((8, 8, 8), bool), **options)


def test_a_label_without_conductivity_is_refused():
    with pytest.raises(ValueError, match="one value for each label to 2, got 2"):
        effective_conductivity(np.array([[0, 1], [2, 1]]), (1, 2), spacing_um=(1, 1))


def test_a_periodic_axis_of_one_voxel_goes_on_as_it_is():
    layers = np.repeat([[0], [1]], 2, axis=0)
    wide = np.repeat(layers, 6, axis=1)
    for image in (layers, wide):
        matrix = effective_tensor(image, (1.0, 3.0), spacing_um=(1, 1)).matrix
        np.testing.assert_allclose(matrix, [[1.5, 0], [0, 2]], atol=1e-6)
    along = effective_conductivity(
        layers, (1.0, 3.0), spacing_um=(1, 1), axis="x", boundary="periodic"
    )
    assert along.value == pytest.approx(2.0, rel=1e-6)
