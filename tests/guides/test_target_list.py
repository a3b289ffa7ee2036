"""The list of targets says what a planned cut says, and never leaves a target out."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.cli import main
from scalebridge.guides import choose_instrument, plan_cut, record_verdicts, register_pair
from scalebridge.guides.target_list import COLUMNS, list_targets

from .coupons import SURVEY


@pytest.fixture
def joined(coupon):
    pairs = [("zoom", SURVEY), ("view", SURVEY)]
    record_verdicts([register_pair(coupon, *pair) for pair in pairs], accept=True)
    return coupon


def command(*words: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    return int(ended.value.code or 0)


def test_a_row_of_the_list_is_the_planned_cut(joined):
    choose_instrument(joined, "view")
    metal = joined.segmentations["metal"]
    joined.segmentations.tag(metal.name, "surface")
    (row,) = list_targets(joined).to_dict("records")
    plan = plan_cut(joined, "pit", to="view", surface=joined.segmentations["metal"])
    assert (row["name"], row["frame"]) == ("pit", "view")
    place = [row[f"{axis}_um"] for axis in "zyx"]
    assert place == pytest.approx(plan.located.points_um[0].tolist())
    sigma = np.sqrt(np.diag(plan.located.covariance_um2[0]))
    assert [row[f"s{axis}_um"] for axis in "zyx"] == pytest.approx(sigma.tolist())
    assert row["probability"] == pytest.approx(plan.contained.probability)
    assert row["depth_um"] == plan.depths[0].value
    assert row["depth_low95_um"] < row["depth_um"] < row["depth_high95_um"]
    half = joined.targets.get("pit").half_size
    assert row["box_z_um"] == 2 * half["z_um"]
    assert row["cut_z_um"] == pytest.approx(plan.plan.cut_size_um[0])


def test_without_an_instrument_targets_stay_in_their_own_frame_and_s_is_not_known(coupon):
    (row,) = list_targets(coupon).to_dict("records")
    assert row["frame"] == row["placed_in"]
    assert np.isnan([row["sx_um"], row["probability"], row["depth_um"]]).all()
    assert "the instrument that will cut" in row["warnings"][0]


def test_a_target_that_no_transform_leads_to_is_listed_with_the_reason(coupon):
    (row,) = list_targets(coupon, to="view").to_dict("records")
    assert row["frame"] == row["placed_in"]
    assert any(words.startswith("not found in view: ") for words in row["warnings"])


def test_the_command_lists_for_people_scripts_and_tables(joined, capsys):
    path = joined.path
    assert command("targets", path, "--to", "view") == 0
    told = capsys.readouterr().out
    assert "pit" in told
    assert "±" in told
    assert "no depth" in told
    assert command("targets", path, "--to", "view", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert list(row) == list(COLUMNS)
    assert row["depth_um"] is None
    assert 0 < row["sx_um"] < 5
    assert command("targets", path, "--to", "view", "--csv") == 0
    (line,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert float(line["x_um"]) == pytest.approx(row["x_um"])
    assert line["depth_um"] == ""


def test_the_command_ends_as_the_others_do(tmp_path, coupon, capsys):
    assert command("targets", coupon.path, "--to", "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err
    assert command("targets", coupon.path, "--json", "--csv") == 2
    assert command("targets", tmp_path / "missing") == 2
    Workspace.create(tmp_path / "empty").close()
    assert command("targets", tmp_path / "empty") == 0
    assert "no targets" in capsys.readouterr().out
