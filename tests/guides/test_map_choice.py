"""A bend is offered where what was left out asks for it, taken by a person, and not unseen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scalebridge import LandmarkPicker, Workspace
from scalebridge.errors import DecisionNeeded
from scalebridge.exit_codes import exit_code
from scalebridge.guides import (
    MapChoice,
    error_at_places,
    plan_cut,
    proposal_checks,
    proposal_measurements,
    record_proposal,
    record_verdicts,
    register_pair,
    search_transform,
    settle,
    settle_proposal,
)
from scalebridge.reports import Finding, Table

from ..analysis.registration.bends import bent_pair
from ..analysis.registration.measured import SETS
from ..test_templates import run_cells
from .coupons import SURVEY
from .textures import PIXEL_UM, put, views

AXES = ("z_um", "y_um", "x_um")


@pytest.fixture(scope="module")
def made(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fly's brain by light and by electrons: 135 landmarks that people picked."""
    moving, fixed = SETS["v14"](data)
    fixed = fixed / 1000.0  # nanometres in the file
    folder = tmp_path_factory.mktemp("brain") / "ws"
    with Workspace.create(folder) as ws, ws.transaction():
        for name, places in (("lm", moving), ("em", fixed)):
            places -= places.min(axis=0) - 20.0
            grey = np.random.default_rng(0).integers(0, 255, (16, 16, 16)).astype("u1")
            size = (np.ptp(places, axis=0) + 60.0) / 16
            put(ws, name, grey, spacing_um=size.tolist(), axes="zyx")
        for number, pair in enumerate(zip(moving, fixed, strict=True)):
            here, there = (named(place) for place in pair)
            ws.landmarks.add(
                name=f"p{number}", moving_frame="lm", fixed_frame="em", moving=here, fixed=there
            )
        half = dict.fromkeys(AXES, 3.0)
        soma = named(moving.mean(axis=0))
        ws.targets.add(name="soma", frame="lm", probability=0.9, half_size=half, position=soma)
    return folder


def named(place):
    return dict(zip(AXES, place.tolist(), strict=True))


@pytest.fixture
def brain(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(shutil.copytree(made, tmp_path / "brain")) as ws:
        yield ws


def test_a_bent_brain_is_offered_a_bend_with_what_it_gains(brain):
    result = register_pair(brain, "lm", "em", target="soma")
    assert result.fit.transform.model == "affine"  # nothing bends by itself
    choice = MapChoice(brain, [result], None, "soma")
    assert choice.offers == {"lm_to_em": ("affine", "thin-plate")}
    (said,) = choice.statements
    assert "an affine map is not adequate for these 135 landmarks (p = 0.001)" in said
    assert "10.1 µm RMS instead of 14.5 µm, 30 % less (22 to 38 %); at the target" in said
    (row,) = choice.table().to_dict("records")
    assert row["less [%]"] == 30
    assert row["apart [µm]"] > 0
    with pytest.raises(ValueError, match="choose from lm_to_em: affine, thin-plate"):
        choice.take("lm_to_em", "rigid")


def test_a_straight_map_is_not_accepted_unseen_where_a_bend_is_offered(brain):
    results = [register_pair(brain, "lm", "em")]
    with pytest.raises(DecisionNeeded, match=r"thin-plate map misses .* parameter model") as error:
        settle(results, accept=True)
    assert exit_code(error.value) == 2
    settle(results, accept=False)
    kept = [register_pair(brain, "lm", "em", model="affine")]
    assert MapChoice(brain, kept).offers == {}
    assert settle(kept, accept=True)["decision"].tolist() == ["accepted"]


def test_the_bend_that_is_taken_carries_positions_and_cuts_with_their_error(brain):
    choice = MapChoice(brain, [register_pair(brain, "lm", "em")])
    choice.take("lm_to_em", "thin-plate")
    results, found = choice.chosen()
    assert found is None
    assert results[0].fit.transform.model == "thin-plate"
    settle(results, accept=True)
    record_verdicts(results, accept=True)
    assert register_pair(brain, "lm", "em").fit.transform.model == "thin-plate"
    plan = plan_cut(brain, "soma", to="em", surface=None)
    sigma = np.sqrt(np.diag(plan.located.covariance_um2[0]))
    assert (sigma > 2).all()
    assert (sigma < 15).all()
    assert plan.plan.margin_um > 5
    back = brain.locate(named(plan.located.points_um[0]), from_="em", to="lm")
    assert back.points_um[0] == pytest.approx(plan.cut.place_um, abs=0.01)
    assert (np.diag(back.covariance_um2[0]) > 0).all()


def test_the_picker_offers_the_bend_beside_the_model(brain):
    picker = LandmarkPicker(brain, moving="lm", fixed="em", target="soma")
    assert picker.bend.model == "thin-plate"
    controls = [*_walk(picker._build_view())]
    take = next(one for one in controls if getattr(one, "description", "") == "take the bend")
    back = next(one for one in controls if "straight" in getattr(one, "description", ""))
    assert (take.layout.display, back.layout.display) == ("", "none")
    take.click()
    assert picker.model == "thin-plate"
    assert picker.bend is None
    assert (take.layout.display, back.layout.display) == ("none", "")
    back.click()
    assert picker.fit().transform.model == "affine"
    picker.model = "affine"  # somebody chose it
    assert picker.bend is None


def _walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _walk(child)


def test_landmarks_that_a_straight_map_carries_are_offered_nothing(coupon):
    results = [register_pair(coupon, "zoom", SURVEY), register_pair(coupon, "view", SURVEY)]
    assert MapChoice(coupon, results).offers == {}
    assert MapChoice(coupon, results).table().empty


@pytest.fixture
def bent(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "bent") as ws:
        fixed, moving, _ = bent_pair(0, bend_px=3.0)
        put(ws, "map", fixed.values[0])
        put(ws, "view", moving.values[0])
        yield ws


GREY = {"method": "automatic", "moving": "view", "fixed": "map"}


def test_grey_values_that_bend_are_offered_a_bend_that_can_be_taken_and_replayed(bent):
    found = search_transform(bent, **GREY)
    choice = MapChoice(bent, [], found)
    assert choice.offers == {"view_to_map": ("rigid", "b-spline")}
    assert "a b-spline map gains" in choice.statements[0]
    assert choice.table()["verdict"].tolist() == ["no clear gain", "no clear gain", "offered"]
    assert any("is not enough" in check.detail for check in proposal_checks(bent, found))
    with pytest.raises(DecisionNeeded, match="choose with the parameter model"):
        settle_proposal(bent, found, accept=True)
    choice.take("view_to_map", "b-spline")
    _, bend = choice.chosen()
    assert bend.mapping.folds() == 0
    bent.targets.add(name="pit", frame="view", position=named(np.array([0.0, 40, 40])))
    assert len(proposal_measurements(bent, found, "pit")) == 1
    assert proposal_measurements(bent, bend, "pit") == []  # that of the straight part is not its
    assert error_at_places(bent, bend, "pit")["error_um"].iloc[0] > 0
    settle_proposal(bent, bend, accept=True)
    record = record_proposal(bent, bend, accept=True)
    assert record.method == "mutual information, b-spline"
    again = search_transform(bent, **GREY)  # nobody says the model: the accepted one holds
    assert again.model == "b-spline"
    assert settle_proposal(bent, again, accept=None)["decision"].tolist() == ["accepted"]
    middle = {"z_um": 0.0, "y_um": 40.0, "x_um": 40.0}
    told = bent.locate(middle, from_="view", to="map")
    assert 0 < told.table()["sx_um"][0] < PIXEL_UM


def test_the_template_shows_the_offer_and_stops_where_nobody_has_decided(bent, tmp_path):
    bent.close()
    given = {"scratch": tmp_path, **GREY}
    with pytest.raises(DecisionNeeded, match="b-spline map gains"):
        run_cells("20_registration", bent.path, accept=True, **given)
    shown = run_cells("20_registration", bent.path, accept=False, **given)
    assert any(i.level == "look" and "b-spline" in i.text for i in shown if isinstance(i, Finding))
    assert "bends" in {item.name for item in shown if isinstance(item, Table)}
    with Workspace.open(bent.path) as ws:
        assert [r.status for r in ws.transforms] == ["refused"]


def test_pictures_that_are_not_bent_are_offered_nothing(tmp_path):
    with Workspace.create(tmp_path / "straight") as ws:
        for name, grey in zip(("map", "view"), views(), strict=True):
            put(ws, name, grey)
        found = search_transform(ws, **GREY)
        assert MapChoice(ws, [], found).offers == {}
        settle_proposal(ws, found, accept=True)
