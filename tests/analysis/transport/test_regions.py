"""Masks in transport: a core plug conducts as its own cross-section and length say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.quantification import largest_box_inside
from scalebridge.analysis.transport import (
    diffusive_flux,
    drain,
    effective_conductivity,
    effective_diffusivity,
    effective_tensor,
    extract_network,
    invade,
    lambda_um,
    permeability,
    permeability_tensor,
    pore_network,
)

CUBE = (0.5, 0.5, 0.5)


def plug(length: int = 24, side: int = 25) -> np.ndarray:
    """A round mask along z in a box that it touches."""
    y, x = np.indices((side, side)) - side // 2
    return np.broadcast_to(y**2 + x**2 <= (side / 2) ** 2, (length, side, side)).copy()


@pytest.fixture(scope="module")
def pore() -> np.ndarray:
    field = gaussian_filter(np.random.default_rng(2).normal(size=(24, 24, 24)), 2, mode="wrap")
    return field > np.quantile(field, 0.4)


def test_a_homogeneous_plug_conducts_as_its_material_whatever_is_around_it():
    inside = plug()
    full = effective_diffusivity(inside, spacing_um=CUBE, mask=inside)
    assert full.value == pytest.approx(1, rel=1e-6)
    assert full.conducting_fraction == full.connected_fraction == 1
    around = np.where(inside, 0, 1)  # what conducts outside is no specimen
    found = effective_conductivity(around, (3.0, 100.0), spacing_um=CUBE, mask=inside)
    assert found.value == pytest.approx(3, rel=1e-6)
    assert "in a mask of" in found.measurements()[0].convention


def test_layers_across_a_plug_are_in_series_and_layers_along_it_in_parallel(reference):
    inside = plug()
    z, y, _ = np.indices(inside.shape)
    across = effective_conductivity(z // 6 % 2, (1.0, 4.0), spacing_um=CUBE, mask=inside)
    reference(
        "layers of 1 and 4 across a round mask, conductivity", across.value, 2 / (1 + 1 / 4),
        rel=1e-3, source="theory",
    )  # fmt: skip
    layers = y // 5 % 2
    share = float(layers[inside].mean())
    along = effective_conductivity(layers, (1.0, 4.0), spacing_um=CUBE, mask=inside)
    reference(
        "layers of 1 and 4 along a round mask, conductivity", along.value, 1 + 3 * share,
        rel=1e-3, source="theory",
    )  # fmt: skip
    assert along.parallel == pytest.approx(1 + 3 * share)
    assert all(check.passed for check in along.checks)


def test_slits_along_a_box_let_through_what_the_series_says_and_the_outside_adds_nothing():
    slit = np.zeros((8, 30, 30), bool)
    slit[:, 8:16, 6:26] = True
    inside = np.zeros_like(slit)
    inside[:, 6:18, 6:26] = True
    found = permeability(slit, spacing_um=CUBE, mask=inside)
    alone = permeability(slit[:, 6:18, 6:26], spacing_um=CUBE)
    assert found.value_um2 == alone.value_um2  # cropped to the box: to the bit
    assert found.region == ""


def test_a_tube_in_a_plug_has_its_permeability_over_the_plugs_own_cross_section(reference):
    inside = plug(6, 41)
    y, x = np.indices((41, 41)) - 20
    tube = np.broadcast_to(y**2 + x**2 <= 15**2, inside.shape)
    found = permeability(tube, spacing_um=CUBE, mask=inside)
    share = tube.sum() / inside.sum()
    reference(
        "tube of 15 voxels in a round mask, permeability", found.value_um2,
        share * tube[0].sum() / np.pi * 0.25 / 8, rel=0.03, unit="µm²", source="theory",
    )  # fmt: skip
    assert found.porosity == pytest.approx(share)
    whole = permeability(tube, spacing_um=CUBE)
    assert found.value_um2 == pytest.approx(whole.value_um2 / inside.mean(), rel=1e-9)
    size = lambda_um(tube, spacing_um=CUBE, mask=inside)
    assert size == pytest.approx(lambda_um(tube, spacing_um=CUBE), rel=0.02)


def test_the_error_of_the_voxels_of_a_plug_is_about_that_of_its_box():
    inside = plug(8, 40)
    y, x = np.indices((40, 40)) - 20
    tube = np.broadcast_to(y**2 + x**2 <= 9.5**2, inside.shape)
    masked, whole = (
        permeability(tube, spacing_um=CUBE, mask=mask, discretisation=True)
        for mask in (inside, None)
    )
    shares = [one.discretisation_error_um2 / one.value_um2 for one in (masked, whole)]
    assert shares[0] == pytest.approx(shares[1], rel=0.5)
    assert "discretisation" in masked.measurement().parts


def test_a_mask_of_everything_changes_nothing_to_the_bit(pore):
    mask = np.ones(pore.shape, bool)
    given = {"spacing_um": CUBE, "threads": 1}
    for function in (effective_diffusivity, permeability, lambda_um):
        assert function(pore, **given) == function(pore, mask=mask, **given)
    for extrapolate in (True, False):
        a, b = (
            effective_diffusivity(pore, extrapolate=extrapolate, mask=m, **given)
            for m in (None, mask)
        )
        assert a == b
    labels = pore.astype(np.uint8)
    matrices = [effective_tensor(labels, (1, 3), mask=m, **given).matrix for m in (None, mask)]
    assert np.array_equal(*matrices)
    tensors = [permeability_tensor(pore, mask=m, **given) for m in (None, mask)]
    assert np.array_equal(*tensors)
    fluxes = [diffusive_flux(pore, mask=m, **given).flux for m in (None, mask)]
    assert np.array_equal(*fluxes)
    for fills in (invade, drain):
        runs = [fills(pore, spacing_um=CUBE, mask=m) for m in (None, mask)]
        steps = [(getattr(run, "kept", run)).step for run in runs]
        assert np.array_equal(*steps)


def test_a_mask_that_is_a_box_gives_what_the_box_gives(pore):
    mask = np.zeros(pore.shape, bool)
    mask[:, 3:21, 2:19] = True
    box = pore[:, 3:21, 2:19]
    given = {"spacing_um": CUBE, "threads": 1}
    assert effective_diffusivity(pore, mask=mask, **given) == effective_diffusivity(box, **given)
    assert permeability(pore, mask=mask, **given) == permeability(box, **given)
    flux = diffusive_flux(pore, mask=mask, **given)
    alone = diffusive_flux(box, **given)
    assert flux.value == pytest.approx(alone.value, rel=1e-3)
    assert not flux.flux[:, ~mask].any()
    assert np.isnan(flux.potential[~mask]).all()
    assert flux.potential[mask].reshape(box.shape) == pytest.approx(
        alone.potential, abs=0.02, nan_ok=True
    )
    drained, own = drain(pore, spacing_um=CUBE, mask=mask), drain(box, spacing_um=CUBE)
    assert np.array_equal(drained.free.step >= 0, _placed(own.free.step >= 0, mask))
    assert drained.free.threshold_um == own.free.threshold_um
    assert drained.trapped == pytest.approx(own.trapped, abs=0.01)


def _placed(inside: np.ndarray, mask: np.ndarray) -> np.ndarray:
    whole = np.zeros(mask.shape, bool)
    whole[mask] = inside.ravel()
    return whole


def test_a_body_whose_cross_section_changes_is_put_beside_one_of_its_shape():
    """Filled with one material it conducts as that material, and with half of it half as well."""
    z, y, x = np.indices((30, 31, 31)) - 15
    cone = y**2 + x**2 <= (9 + 0.2 * (z + 15)) ** 2
    found = effective_diffusivity(cone, spacing_um=CUBE, mask=cone)
    assert found.value == pytest.approx(1, rel=3e-3)
    assert found.region.endswith("its cross-section changes")
    layers = (z + 15) // 3 % 2
    both = effective_conductivity(layers, (1.0, 3.0), spacing_um=CUBE, mask=cone)
    assert both.value == pytest.approx(1.5, rel=0.08)  # a cone's layers are not quite in series
    fine = np.zeros_like(cone)
    fine[:, ::2] = True  # slits of a voxel beside walls of a voxel
    assert permeability(fine & cone, spacing_um=CUBE, mask=cone).value_um2 > 0


def test_a_coarser_grid_of_a_plug_is_extrapolated_too(pore):
    inside = plug(24, 24)
    found = effective_diffusivity(pore, spacing_um=CUBE, mask=inside, extrapolate=True)
    assert found.extrapolated == pytest.approx(found.value, rel=0.3)
    assert found.series <= found.extrapolated <= found.parallel


@pytest.mark.parametrize(
    "function", [effective_diffusivity, permeability, invade, drain, lambda_um]
)
def test_a_mask_that_does_not_lead_through_is_refused_with_what_to_do(function, pore):
    mask = np.zeros(pore.shape, bool)
    mask[3:20, 4:20, 4:20] = True
    with pytest.raises(ValueError, match=r"of 24 layers along z, got one from layer 3 to 19: crop"):
        function(pore, spacing_um=CUBE, mask=mask)
    box = largest_box_inside(mask)
    assert function(pore[box], spacing_um=CUBE, mask=mask[box]) is not None
    with pytest.raises(ValueError, match="mask needs the image's shape"):
        function(pore, spacing_um=CUBE, mask=mask[1:])


def test_what_is_periodic_needs_a_box(pore):
    inside = plug(24, 24)
    for refused in (
        lambda: effective_tensor(pore, (0, 1), spacing_um=CUBE, mask=inside),
        lambda: permeability_tensor(pore, spacing_um=CUBE, mask=inside),
        lambda: permeability(pore, spacing_um=CUBE, mask=inside, boundary="periodic"),
        lambda: effective_diffusivity(pore, spacing_um=CUBE, mask=inside, boundary="periodic"),
    ):
        with pytest.raises(ValueError, match=r"a box where the sides are periodic.*largest_box"):
            refused()
    box = np.zeros(pore.shape, bool)
    box[:, 3:20, :] = True
    one = effective_diffusivity(pore, spacing_um=CUBE, mask=box, boundary="periodic", threads=1)
    two = effective_diffusivity(pore[:, 3:20], spacing_um=CUBE, boundary="periodic", threads=1)
    assert one == two


def test_a_network_of_a_plug_is_that_of_its_pores_over_its_own_cross_section():
    pytest.importorskip("openpnm")
    field = gaussian_filter(np.random.default_rng(5).normal(size=(48, 49, 49)), 2.5)
    pore = field > np.quantile(field, 0.5)
    inside = plug(48, 49)
    network = extract_network(pore, spacing_um=CUBE, mask=inside)
    found = pore_network(pore, spacing_um=CUBE, extracted=network)
    again = pore_network(pore, spacing_um=CUBE, mask=inside)
    assert found.diffusivity == again.diffusivity
    walled = pore_network(pore & inside, spacing_um=CUBE)
    assert found.diffusivity == pytest.approx(walled.diffusivity / inside.mean(), rel=1e-9)
    voxels = effective_diffusivity(pore, spacing_um=CUBE, mask=inside)
    assert found.diffusivity == pytest.approx(voxels.value, rel=0.5)
    places = np.array([network.pores[f"{axis}_um"] for axis in "yx"]) / 0.5 - 24
    far = network.pores["at_border"] & network.pores["z_um"].between(8, 16)
    assert far.any()
    assert np.hypot(*places)[far].min() > 8
    closed = inside.copy()
    closed[:3] = False
    with pytest.raises(ValueError, match="got one from layer 3 to 47"):
        pore_network(pore, spacing_um=CUBE, mask=closed)
