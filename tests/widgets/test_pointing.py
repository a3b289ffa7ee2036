"""Ghosts, snapping and repeated picks: what is proposed, what counts, and who is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from scalebridge import LandmarkPicker, Workspace

sys.path.insert(0, str(Path(__file__).parent))
from specimens import BEADS_UM, beads, fine_to_survey

NAMES = ("z_um", "y_um", "x_um")


def named(point: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, point), strict=True))


def array(place: dict[str, float]) -> np.ndarray:
    return np.array([place[name] for name in NAMES])


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        yield ws


def picked(ws: Any, count: int = 6, error_um: float = 0.1, seed: int = 1) -> LandmarkPicker:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey", model="rigid")
    rng = np.random.default_rng(seed)
    for moving in rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (count, 3)):
        fixed = fine_to_survey().apply(moving)[0] + rng.normal(0, error_um, 3)
        picker.add_pair(moving=named(moving), fixed=named(fixed))
    return picker


def test_a_pair_at_the_ghost_is_written_but_tells_the_fit_nothing(ws: Any) -> None:
    picker = picked(ws)
    before = picker.fit()
    picker.moving_view.cursor_um = named((1.0, -2.0, 3.0))
    pair = picker.add_pair_at_ghost()
    assert pair.placed_by == "prediction (fixed)"
    assert pair.moving == picker.moving_view.cursor_um
    np.testing.assert_allclose(
        array(pair.fixed), before.transform.apply(array(pair.moving))[0], atol=1e-9
    )
    after = picker.fit()
    assert after.nu == before.nu
    np.testing.assert_array_equal(after.transform.covariance, before.transform.covariance)
    assert np.isnan(picker.table().set_index("name").loc[pair.name, "surprise_p"])
    with pytest.raises(ValueError, match="tells the fit nothing new: move it to what you see"):
        picker.include(pair.name)


def test_moving_the_predicted_point_makes_it_count_but_not_the_other_one(
    ws: Any,
) -> None:
    picker = picked(ws)
    picker.moving_view.cursor_um = named((1.0, -2.0, 3.0))
    pair = picker.add_pair_at_ghost()
    picker.move_point(pair.name, "moving", named((1.1, -2.0, 3.0)))
    assert not picker.pair(pair.name).active
    seen = array(pair.fixed) + np.array([0.05, -0.1, 0.1])
    picker.move_point(pair.name, "fixed", named(seen))
    assert (picker.pair(pair.name).active, picker.pair(pair.name).placed_by) == (True, "person")
    assert len(picker.fit().residuals_um) == 7
    assert picker.undo() == f"move pair {pair.name}"
    assert not picker.pair(pair.name).active
    assert picker.pair(pair.name).placed_by == "prediction (fixed)"


def test_the_side_that_was_pointed_at_last_is_the_one_that_is_not_predicted(ws: Any) -> None:
    picker = picked(ws)
    picker.fixed_view.cursor_um = named((6, 14, 17))
    assert (picker.pointed, picker.ghost_side) == ("fixed", "moving")
    picker.go_to_ghost()
    assert picker.pointed == "fixed"
    assert picker.add_pair_at_ghost().placed_by == "prediction (moving)"


def test_confirmed_places_count_and_the_error_they_hide_is_said(ws: Any) -> None:
    picker = picked(ws)
    before = picker.fit()
    picker.moving_view.cursor_um = named((1.0, -2.0, 3.0))
    pair = picker.add_pair_at_ghost()
    picker.confirm_pair(pair.name)
    after = picker.fit()
    np.testing.assert_allclose(after.transform.matrix, before.transform.matrix, atol=1e-9)
    assert after.nu == before.nu + 3
    shrunk = before.transform.sigma_um / after.transform.sigma_um
    assert shrunk == pytest.approx(np.sqrt(after.nu / before.nu))  # it agrees by construction
    (said,) = (text for text in picker.warnings if "stand exactly where" in text)
    assert f"{pair.name} stand" in said
    assert f"up to {shrunk:.2g} times" in said
    with pytest.raises(ValueError, match="needs no confirmation"):
        picker.confirm_pair(pair.name)


def test_a_prediction_needs_its_side(ws: Any) -> None:
    picker = picked(ws, count=3)
    with pytest.raises(ValueError, match="needs the side that is predicted"):
        picker.add_pair(moving=named((0, 0, 0)), fixed=named((6, 14, 17)), placed_by="prediction")


def test_a_crosshair_snaps_to_the_bead_beside_it_when_it_is_told_to(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    bead = fine_to_survey().inverse_apply(BEADS_UM[:1])[0]
    start = named(bead + np.array([0.2, -0.3, 0.25]))
    picker.moving_view.look_at(start, width_um=8.0)
    for kind in ("maximum", "blob"):
        found = picker.snap(kind=kind, reach_um=1.0)
        assert found.found
        assert picker.moving_view.cursor_um == start
        np.testing.assert_allclose(array(found.position), bead, atol=0.03)
        assert found.moved_um == pytest.approx(np.linalg.norm([0.2, 0.3, 0.25]), abs=0.04)
    picker.take_snap(found)
    assert picker.moving_view.cursor_um == found.position


def test_a_pair_is_moved_only_when_the_proposal_is_taken_and_undo_brings_it_back(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    rough = named(BEADS_UM[1] + [0.5, -0.6, 0.4])
    picker.add_pair(moving=named((0, 0, 0)), fixed=rough, name="bead")
    picker.fixed_view.look_at(rough, width_um=20.0)
    found = picker.snap("fixed", kind="maximum", pair="bead", reach_um=3.0)
    assert picker.pair("bead").fixed == rough
    picker.take_snap(found)
    np.testing.assert_allclose(array(picker.pair("bead").fixed), BEADS_UM[1], atol=0.15)
    assert picker.pair("bead").placed_by == "person, maximum beside it"
    with pytest.raises(ValueError, match="has moved since this was proposed"):
        picker.take_snap(found)
    picker.undo()
    assert picker.pair("bead").fixed == rough
    assert picker.pair("bead").placed_by == "person"


def test_snapping_where_there_is_nothing_says_so_and_moves_nothing(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    picker.fixed_view.look_at(named((2.0, 3.0, 3.0)), width_um=10.0)
    found = picker.snap("fixed", kind="maximum", reach_um=2.0)
    assert not found.found
    assert found.position == picker.fixed_view.cursor_um
    with pytest.raises(ValueError, match="nothing to move to: fixed crosshair: "):
        picker.take_snap(found)


def test_a_picture_is_snapped_in_its_plane(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="view", fixed="survey")
    bead = BEADS_UM[0] - [6.0, 5.0, 5.0]  # the picture shows the plane of this bead
    picker.moving_view.look_at({"y_um": bead[1] + 0.3, "x_um": bead[2] - 0.3}, width_um=8.0)
    found = picker.snap("moving", kind="blob", reach_um=1.5)
    np.testing.assert_allclose(array(found.position), [0, *bead[1:]], atol=0.05)


def test_looking_at_a_pair_brings_both_views_there_and_points_at_neither(ws: Any) -> None:
    picker = picked(ws)
    picker.fixed_view.cursor_um = named((6, 14, 17))
    picker.look_at_pair("L3")
    assert picker.moving_view.cursor_um == picker.pair("L3").moving
    assert picker.fixed_view.cursor_um == picker.pair("L3").fixed
    assert (picker.selected, picker.pointed) == ("L3", "fixed")
    with pytest.raises(TraitError, match="there is no 'L9'"):
        picker.selected = "L9"


def test_two_people_who_picked_the_same_beads_give_the_picking_error(
    ws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    places = np.array([(z, y, x) for z in (-2, 2) for y in (-5, 0, 5) for x in (-5, 0, 5)], float)
    for person, shift in (("Ada", 0.0), ("Ben", 0.5)):
        monkeypatch.setenv("SCALEBRIDGE_USER", person)
        with Workspace.open(ws.path) as own:
            picker = LandmarkPicker(own, moving="fine", fixed="survey")
            for place in places:
                moving = place + rng.normal(0, 0.1, 3) + [0, 0, shift]
                fixed = fine_to_survey().apply(place)[0] + rng.normal(0, 0.2, 3)
                picker.add_pair(moving=named(moving), fixed=named(fixed))
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    picker.exclude("L3")  # who excludes a pair has not picked it
    assert set(picker.table()["who"]) == {"Ada", "Ben"}
    found = picker.repeatability()
    assert found.features["L19"] == "L1"
    assert found.moving.features == 18
    np.testing.assert_allclose(found.moving.sigma_um, 0.1, rtol=0.4)
    np.testing.assert_allclose(found.fixed.sigma_um, 0.2, rtol=0.4)
    (shifts,) = found.moving.shifts.to_dict("records")
    assert shifts["x_um"] == pytest.approx(0.5, abs=0.1)
    assert shifts["p"] < 1e-4 < found.fixed.shifts["p"][0]
    assert any("Ben picks elsewhere than Ada in the moving image" in text for text in found.words)
    assert not any("elsewhere than Ada in the fixed" in text for text in found.words)
    by_hand = picker.repeatability({f"L{n}": f"bead {(n - 1) % 18}" for n in range(1, 37)})
    np.testing.assert_allclose(by_hand.moving.sigma_um, found.moving.sigma_um)


def test_picks_of_different_features_are_no_repetition(ws: Any) -> None:
    picker = picked(ws)
    with pytest.raises(ValueError, match="two features that were picked twice or more, got 0"):
        picker.repeatability()
    with pytest.raises(ValueError, match="names of pairs, there are no L77"):
        picker.repeatability({"L77": "a"})
