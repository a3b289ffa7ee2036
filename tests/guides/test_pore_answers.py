"""The question about the pore network: what it says with its packages, and what without them."""

from __future__ import annotations

import math
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.guides import Fluids, answer_questions, answer_table, methods_of
from scalebridge.guides.answer_plan import plan_of
from scalebridge.guides.drainage_answers import retention
from scalebridge.guides.questions import parts_of

from .test_questions import BRIGHT, DARK, measured, specimen, values

INSTALL = r'pip install "scalebridge\[pores\]"'


@pytest.fixture(scope="module")
def porous(tmp_path_factory):
    """Half pore, with chords of some 7 voxels, open from end to end along each axis."""
    field = gaussian_filter(np.random.default_rng(4).normal(size=(36,) * 3), 2.2, mode="wrap")
    grey = np.where(field > np.quantile(field, 0.5), BRIGHT, DARK).astype("u1")
    with specimen(tmp_path_factory.mktemp("porous"), grey) as ws:
        yield ws, measured(ws)


@pytest.fixture
def bare(monkeypatch):
    """The usual install."""
    monkeypatch.setitem(sys.modules, "openpnm", None)


def test_without_its_packages_the_answer_says_what_installs_them_and_the_rest_stands(porous, bare):
    (pore,) = answer_questions(*porous, questions=["pore network", "chords"])
    assert set(pore.missing) == {"pore_network", "relative_permeability"}
    table = answer_table([pore]).set_index("quantity")
    for row in ("pore: pore network", "pore: relative permeability"):
        assert table.loc[row, "value ± 95 %"] == "no answer"
        assert "needs" in table.loc[row, "convention"]
        assert 'pip install "scalebridge[pores]"' in table.loc[row, "convention"]
    assert "chords" in pore.tables
    assert set(pore.lists()) == {"retention", "network_sizes"}
    found = values([pore])
    assert 2 < found["coordination_number"].value < 20
    throat, body = (found[f"network_{kind}_diameter"].value for kind in ("throat", "pore"))
    assert 0 < throat < body
    assert found["breakthrough_pressure_z"].value > 0
    assert 0 <= found["trapped_share_z"].value < 0.5


def test_drainage_is_that_of_the_fluids_that_are_named(porous, bare):
    water, mercury = (
        answer_questions(*porous, questions=["pore network"], fluids=fluids)
        for fluids in (Fluids(), Fluids(0.485, 140.0, "x"))
    )
    found = values(mercury)["breakthrough_pressure_x"]
    assert "along x, 0.485 N/m, 140°" in found.convention
    assert math.isnan(found.uncertainty)
    curve = mercury[0].tables["drainage"]
    assert set(curve["axis"]) == {"x"}
    ratio = 743.06 / 145.6
    first = [one[0].tables["drainage"]["pressure_kpa"].iloc[-1] for one in (water, mercury)]
    assert first[1] / first[0] == pytest.approx(ratio, rel=1e-4)  # the smallest balls are the same


def test_of_a_picture_there_is_drainage_along_its_own_axes_and_no_network(tmp_path):
    rows = np.arange(40) % 10 < 6
    grey = np.where(np.broadcast_to(rows, (30, 40)), BRIGHT, DARK).astype("u1")
    with specimen(tmp_path, grey, spacing=(0.5, 0.5)) as ws:
        results = measured(ws)
        (along_z,) = answer_questions(ws, results, questions=["pore network"])
        (along_y,) = answer_questions(
            ws, results, questions=["pore network"], fluids=Fluids(along="y")
        )
    assert "axis needs one of ('y', 'x'), got 'z'" in along_z.missing["drainage"]
    assert set(along_y.missing) == {"network_sizes", "pore_network", "relative_permeability"}
    assert "use a volume" in along_y.missing["pore_network"]
    assert values([along_y])["trapped_share_y"].value == 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0.0, 0.0, "z"), "tension needs to be positive"),
        ((0.07, 90.0, "z"), "not close to 90, got 90"),
        ((0.07, 200.0, "z"), "0 to 180 degrees"),
        ((0.07, 0.0, "w"), "drained_along needs z, y or x, got 'w'"),
    ],
)
def test_fluids_without_a_capillary_pressure_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Fluids(*given)


def test_the_network_comes_after_what_it_is_put_beside(porous):
    _, (result,) = porous
    parts = [step.part for step in plan_of(result, parts_of(["pore network", "flow", "chords"]))]
    assert parts[-4:] == ["drainage", "network_sizes", "pore_network", "relative_permeability"]
    assert set(parts[:-4]) == {"flow", "chords"}


def test_the_fits_are_to_both_curves_and_those_that_all_can_leave_are_drawn():
    p = np.geomspace(2, 60, 25)
    curves = pd.concat(
        pd.DataFrame({
            "trapping": trapping, "pressure_kpa": p,
            "wetting_saturation": rest + (1 - rest) * np.minimum(1, (p / 4) ** -1.5),
        })
        for trapping, rest in ((False, 0.0), (True, 0.2))
    )  # fmt: skip
    found = retention(curves)
    table = found["retention"].set_index(["trapping", "model"])
    for trapping, rest in ((False, 0.0), (True, 0.2)):
        row = table.loc[(trapping, "Brooks and Corey")]
        assert row["p_b or 1/α [kPa]"] == pytest.approx(4, rel=1e-3)
        assert row["λ or n"] == pytest.approx(1.5, rel=1e-3)
        assert row["residual saturation"] == pytest.approx(rest, abs=1e-3)
    assert set(found["retention_curves"]["model"]) == {"brooks-corey", "van-genuchten"}
    assert retention(curves.iloc[:3]) == {}


def test_the_methods_name_their_sources():
    sources = [doi for method in methods_of(["pore network"]) for _, doi in method.sources]
    assert {"10.1103/PhysRevE.96.023307", "10.1016/S0309-1708(00)00056-7"} <= set(sources)
    assert all(sources)


def test_the_network_stands_beside_what_the_voxels_solved(porous):
    pytest.importorskip("openpnm")
    (pore,) = answer_questions(*porous, questions=["pore network", "transport"])
    assert not pore.missing
    found, table = values([pore]), pore.tables["pore_network"].set_index("quantity")
    for axis in "zyx":
        row = table.loc[f"D_eff / D_0 along {axis}"]
        assert row["voxels"] == found[f"effective_diffusivity_{axis}"].value
        assert row["network"] == found[f"network_effective_diffusivity_{axis}"].value
        assert row["network / voxels"] == pytest.approx(row["network"] / row["voxels"])
        assert 0.3 < row["network / voxels"] < 3
        assert math.isnan(table.loc[f"permeability along {axis} [µm²]", "voxels"])
    said = {c.name: c.detail for m in pore.measurements for c in m.checks if "beside" in c.name}
    assert said
    asked = found["network_permeability_z"].checks
    assert [c.detail for c in asked if "beside" in c.name] == ["not compared: ask flow too"]
    compared = found["network_effective_diffusivity_z"].checks
    told = next(c.detail for c in compared if "beside" in c.name)
    assert " % too " in told
    sizes = pore.tables["network_sizes"].set_index("of the network")
    assert sizes.loc["throat diameter [µm]", "median"] < sizes.loc["pore diameter [µm]", "median"]
    assert 2 < found["coordination_number"].value < 20
    relative = pore.tables["relative_permeability"]
    assert relative.loc[0].tolist() == [1, 1, 0]
    own, network = pore.tables["drainage"], pore.tables["network_drainage"]
    free = own[~own["trapping"]]
    middle = [
        float(np.interp(0.5, t["wetting_saturation"][::-1], t["pressure_kpa"][::-1]))
        for t in (free, network)
    ]
    assert 0.5 < middle[1] / middle[0] < 2
