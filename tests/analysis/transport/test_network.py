"""The pore network beside the voxels, and what is said where its packages are missing."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.transport import (
    drain,
    effective_diffusivity,
    extract_network,
    network_drainage,
    permeability,
    pore_network,
    relative_permeability,
)
from scalebridge.errors import MissingPackage


def beads(n: int = 48, cells: int = 3) -> np.ndarray:
    """Return the pore around touching spheres on a cubic lattice."""
    step = n / cells
    axes = [(np.arange(n) + 0.5) % step - step / 2] * 3
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    return z**2 + y**2 + x**2 > (0.5 * step) ** 2


def test_without_its_packages_the_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpnm", None)
    with pytest.raises(MissingPackage, match=r'pip install "scalebridge\[pores\]"'):
        pore_network(beads(12, 1), spacing_um=(1, 1, 1))


@pytest.mark.parametrize(
    ("pore", "spacing", "message"),
    [
        (np.ones((4, 4), bool), (1, 1), "pore needs 3 axes"),
        (np.ones((4, 4, 4), bool), (2, 1, 1), "needs equal sides"),
        (np.zeros((4, 4, 4), bool), (1, 1, 1), "needs at least one voxel"),
    ],
)
def test_what_has_no_network_is_refused(pore, spacing, message):
    with pytest.raises(ValueError, match=message):
        pore_network(pore, spacing_um=spacing)


def test_the_network_stands_beside_the_voxels():
    pytest.importorskip("openpnm")
    pore = beads()
    found = pore_network(pore, spacing_um=(0.5,) * 3, axis="y")
    assert {"x_um", "y_um", "z_um", "diameter_um", "volume_um3"} <= set(found.pores)
    inner = found.pores[found.pores["throats"] > 0]
    assert inner["y_um"].between(0, 23.5).all()
    table = found.beside(
        permeability=permeability(pore, spacing_um=(0.5,) * 3, axis="y"),
        diffusivity=effective_diffusivity(pore, spacing_um=(0.5,) * 3, axis="y"),
    )
    assert list(table["quantity"]) == ["permeability", "D_eff / D_0"]
    assert table["network_over_voxels"].between(0.2, 5).all()


def test_a_closed_network_conducts_nothing():
    pytest.importorskip("openpnm")
    pore = beads()
    pore[20:28] = False
    found = pore_network(pore, spacing_um=(1.0,) * 3)
    assert found.permeability_um2 == pytest.approx(0, abs=1e-9)
    assert found.diffusivity == pytest.approx(0, abs=1e-9)
    voxels = effective_diffusivity(pore, spacing_um=(1.0,) * 3)
    assert math.isnan(found.beside(diffusivity=voxels)["network_over_voxels"][0])


def test_twice_the_spacing_is_four_times_the_permeability_and_the_same_diffusivity():
    pytest.importorskip("openpnm")
    one, two = (pore_network(beads(), spacing_um=(h,) * 3) for h in (0.5, 1.0))
    assert two.permeability_um2 == pytest.approx(4 * one.permeability_um2, rel=1e-9)
    assert two.diffusivity == pytest.approx(one.diffusivity, rel=1e-9)
    assert two.pores["z_um"].to_numpy() == pytest.approx(2 * one.pores["z_um"].to_numpy())


def test_a_wall_at_the_last_layer_closes_the_network():
    """Nothing is there to stand for the outside."""
    pytest.importorskip("openpnm")
    pore = beads()
    pore[-3:] = False
    found = pore_network(pore, spacing_um=(1.0,) * 3)
    assert found.diffusivity == found.permeability_um2 == 0
    assert pore_network(pore, spacing_um=(1.0,) * 3, axis="y").diffusivity > 0
    with pytest.raises(ValueError, match="pore needs a path from end to end along z"):
        relative_permeability(pore, spacing_um=(1.0,) * 3)


def test_channels_beside_each_other_all_conduct_and_one_extraction_serves_every_axis():
    """Square channels that touch nowhere: a network of the largest piece would be a ninth."""
    pytest.importorskip("openpnm")
    row = np.arange(25) % 8 >= 2
    row[-1] = False
    pore = np.ascontiguousarray(np.broadcast_to(row[:, None] & row[None], (24, 25, 25)))
    network = extract_network(pore, spacing_um=(0.5,) * 3)
    assert len(network.pores) == 9
    assert network.pores["at_border"].all()
    middles = np.array([4.5, 12.5, 20.5]) * 0.5
    assert sorted(network.pores["x_um"].round(6)) == sorted(np.repeat(middles, 3))
    assert network.pores["z_um"].to_numpy() == pytest.approx(11.5 * 0.5)
    found = {
        axis: pore_network(pore, spacing_um=(0.5,) * 3, axis=axis, extracted=network)
        for axis in "zyx"
    }
    share = (18 / 25) ** 2
    assert found["z"].diffusivity == pytest.approx(share, rel=0.5)
    assert found["z"].permeability_um2 == pytest.approx(0.0351443 * 3**2 * share, rel=0.5)
    assert found["y"].diffusivity == found["x"].permeability_um2 == 0
    with pytest.raises(ValueError, match=r"network of a pore of \(12, 25, 25\), got one of"):
        pore_network(pore[:12], spacing_um=(0.5,) * 3, extracted=network)


def test_no_conduit_conducts_backwards_where_pores_hold_each_other():
    """openpnm's own lengths give a few of a few hundred conduits a negative half."""
    pytest.importorskip("openpnm")
    field = gaussian_filter(np.random.default_rng(0).normal(size=(64,) * 3), 2.5, mode="wrap")
    pore = field > np.quantile(field, 0.5)
    network = extract_network(pore, spacing_um=(1.0,) * 3)
    for axis in "zyx":
        for kind in ("hydraulic", "diffusive"):
            assert (network.along(axis)[f"throat.{kind}_size_factors"] > 0).all()
        found = pore_network(pore, spacing_um=(1.0,) * 3, axis=axis, extracted=network)
        voxels = effective_diffusivity(pore, spacing_um=(1.0,) * 3, axis=axis)
        assert found.diffusivity == pytest.approx(voxels.value, rel=0.5)


def packed(n: int = 72, radius: int = 7) -> np.ndarray:
    """Return the pore around spheres that may overlap."""
    rng = np.random.default_rng(0)
    grid = np.indices((2 * radius + 1,) * 3) - radius
    ball = np.array(np.nonzero((grid**2).sum(axis=0) <= radius**2)).T - radius
    solid = np.zeros((n,) * 3, bool)
    while solid.mean() < 0.6:
        solid[tuple(((ball + rng.integers(0, n, 3)) % n).T)] = True
    return ~solid


def test_fluids_share_a_network_while_one_drives_out_the_other():
    pytest.importorskip("openpnm")
    free = relative_permeability(packed(), spacing_um=(0.5,) * 3, axis="y", trapping=False).table
    kept = relative_permeability(packed(), spacing_um=(0.5,) * 3, axis="y").table
    for table in (free, kept):
        assert table.loc[0].tolist() == [1.0, 1.0, 0.0]
        assert np.all(np.diff(table["wetting_saturation"]) < 0)
        assert np.all(np.diff(table["wetting"]) <= 1e-9)
        assert np.all(np.diff(table["non_wetting"]) >= -1e-9)
        assert np.all(table["wetting"] + table["non_wetting"] <= 1 + 1e-6)
    assert free.iloc[-1].tolist() == pytest.approx([0, 0, 1], abs=0.01)
    assert kept["wetting_saturation"].iloc[-1] > 0.02  # what was cut off stays
    closed = packed()
    closed[:, 30:38] = False
    with pytest.raises(ValueError, match="pore needs a path from end to end along y"):
        relative_permeability(closed, spacing_um=(0.5,) * 3, axis="y")
    with pytest.raises(ValueError, match="points needs 2 or more saturations"):
        relative_permeability(packed(), spacing_um=(0.5,) * 3, points=1)


def test_the_network_drains_at_its_throats_and_what_is_cut_off_stays():
    pytest.importorskip("openpnm")
    network = extract_network(packed(), spacing_um=(0.5,) * 3)
    given = {"spacing_um": (0.5,) * 3, "axis": "y", "extracted": network}
    free, kept = (
        network_drainage(packed(), tension_n_per_m=0.05, trapping=trapping, **given)
        for trapping in (False, True)
    )
    for table in (free, kept):
        assert np.all(np.diff(table["pressure_kpa"]) > 0)
        assert np.all(np.diff(table["wetting_saturation"]) <= 1e-12)
    assert free["wetting_saturation"].iloc[-1] == pytest.approx(0, abs=1e-9)
    assert kept["wetting_saturation"].iloc[-1] > 0.02
    tubes = 4 * 0.05e3 / np.append(network.throats["diameter_um"], 0.5)
    assert free["pressure_kpa"].between(0, tubes.max() + 1e-9).all()
    voxels = drain(packed(), spacing_um=(0.5,) * 3, axis="y").curves(tension_n_per_m=0.05)
    middle = [
        float(np.interp(0.5, t["wetting_saturation"][::-1], t["pressure_kpa"][::-1]))
        for t in (voxels[~voxels["trapping"]], free)
    ]
    assert middle[1] == pytest.approx(middle[0], rel=0.5)
