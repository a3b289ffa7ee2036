"""The pore network beside the voxels, and what is said where its packages are missing."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from scalebridge.analysis.transport import (
    effective_diffusivity,
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
    monkeypatch.setitem(sys.modules, "porespy", None)
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
    pytest.importorskip("porespy")
    pytest.importorskip("openpnm")
    pore = beads()
    found = pore_network(pore, spacing_um=(0.5,) * 3, axis="y")
    assert {"x_um", "y_um", "z_um", "diameter_um", "volume_um3"} <= set(found.pores)
    inner = found.pores[found.pores["throats"] > 0]
    assert inner["y_um"].between(-2, 26).all()
    table = found.beside(
        permeability=permeability(pore, spacing_um=(0.5,) * 3, axis="y"),
        diffusivity=effective_diffusivity(pore, spacing_um=(0.5,) * 3, axis="y"),
    )
    assert list(table["quantity"]) == ["permeability", "D_eff / D_0"]
    assert table["network_over_voxels"].between(0.2, 5).all()


def test_a_closed_network_conducts_nothing():
    pytest.importorskip("porespy")
    pytest.importorskip("openpnm")
    pore = beads()
    pore[20:28] = False
    found = pore_network(pore, spacing_um=(1.0,) * 3)
    assert found.permeability_um2 == pytest.approx(0, abs=1e-9)
    assert found.diffusivity == pytest.approx(0, abs=1e-9)
    voxels = effective_diffusivity(pore, spacing_um=(1.0,) * 3)
    assert math.isnan(found.beside(diffusivity=voxels)["network_over_voxels"][0])


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
    pytest.importorskip("porespy")
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
