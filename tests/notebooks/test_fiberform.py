"""FiberForm: the inch trap, the published volume fraction, and what it is worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebridge.errors import DecisionNeeded
from scalebridge.guides import data_folder
from scalebridge.reports import render_report

from .conftest import Walk, Walker, walked

FIBRE = "quantification.fiberform.fibre"


@pytest.fixture(scope="module")
def preform(data: Path, walk: Walker) -> Walk:
    return walk("04_fiberform", data=str(data / "puma_fiberform"))


def test_the_inch_in_the_file_is_not_believed(preform: Walk) -> None:
    assert "ImageJ's unit is 'inch'" in preform.said("finding")
    image = preform.ws.images["fiberform"]
    assert image.nominal_spacing_um is None
    assert image.spacing_um == (1.3, 1.3, 1.3)
    assert image.spacing_source.startswith("published")


def test_the_published_volume_fraction_is_met_to_every_digit(preform: Walk) -> None:
    fraction = preform.measured(f"{FIBRE}.volume_fraction")
    assert fraction.value == 0.16714
    assert "passed: the published volume fraction is met to every digit" in preform.said("check")


def test_the_interval_says_that_not_every_digit_is_known(preform: Walk) -> None:
    fraction = preform.measured(f"{FIBRE}.volume_fraction")
    assert 0.005 < fraction.uncertainty < 0.06
    assert fraction.parts["threshold"] > 0.005
    shares = preform.table("cutoffs")["volume_fraction"]
    assert fraction.lower < shares.min() < 0.16714 < shares.max() < fraction.upper


def test_fringes_keep_the_model_of_blur_and_noise_from_taking_anything_off(preform: Walk) -> None:
    fraction = preform.measured(f"{FIBRE}.volume_fraction")
    (check,) = (c for c in fraction.checks if c["name"].startswith("looks like uniform phases"))
    assert check["passed"] is None
    assert "Nothing is taken off" in preform.said("check")
    assert fraction.parts["imaging"] > 0


def test_surface_and_thickness_have_units_and_intervals(preform: Walk) -> None:
    surface = preform.measured(f"{FIBRE}.specific_surface")
    diameter = preform.measured(f"{FIBRE}.cylinder_diameter_um")
    own = preform.measured(f"{FIBRE}.surface_per_phase")
    assert (surface.unit, diameter.unit) == ("1/µm", "µm")
    assert diameter.value == pytest.approx(4 / own.value)
    assert 0 < diameter.uncertainty < diameter.value / 2
    assert own.value == pytest.approx(surface.value / 0.16714)


@pytest.mark.full
def test_a_second_run_on_the_same_workspace_brings_nothing_in_twice(
    data: Path, preform: Walk
) -> None:
    before = {record.key: record.value for record in preform.ws.measurements}
    again = walked("04_fiberform", preform.ws.path.parent, data=str(data / "puma_fiberform"))
    assert len(again.ws.images.all()) == len(again.ws.segmentations.all()) == 1
    assert {record.key: record.value for record in again.ws.measurements} == before
    again.ws.close()


def test_the_report_puts_the_published_number_beside_ours(preform: Walk) -> None:
    published = {f"{FIBRE}.volume_fraction": {"value": 0.16714, "unit": "1"}}
    page = render_report([preform.notebook], preform.ws, truth=published)
    assert "Volume fraction of fibre" in page
    assert "0.16714" in page


def test_without_data_somebody_is_asked_for_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SCALEBRIDGE_DATA", raising=False)
    with pytest.raises(DecisionNeeded, match=r"SCALEBRIDGE_DATA is not set\. To decide: give"):
        data_folder("puma_fiberform")
    with pytest.raises(DecisionNeeded, match="there is no folder"):
        data_folder("puma_fiberform", given=str(tmp_path / "nowhere"))
    monkeypatch.setenv("SCALEBRIDGE_DATA", str(tmp_path))
    (tmp_path / "puma_fiberform").mkdir()
    assert data_folder("puma_fiberform") == tmp_path / "puma_fiberform"
