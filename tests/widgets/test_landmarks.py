from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from scalebridge import LandmarkPicker, SliceExplorer, Workspace
from scalebridge.errors import Conflict, Degenerate, NoPath
from scalebridge.widgets.landmark_picture import residual_stretch
from scalebridge.widgets.pairs import with_names

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, fine_to_survey, grid, write

NAMES = ("z_um", "y_um", "x_um")


def named(point: Any) -> dict[str, float]:
    return dict(zip(NAMES, map(float, point), strict=True))


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        yield ws


def picked(ws: Any, *, count: int = 6, error_um: float = 0.0, seed: int = 1) -> LandmarkPicker:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    rng = np.random.default_rng(seed)
    for moving in rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (count, 3)):
        fixed = fine_to_survey().apply(moving)[0] + rng.normal(0, error_um, 3)
        picker.add_pair(moving=named(moving), fixed=named(fixed))
    return picker


def test_exact_pairs_give_back_the_transform_they_were_made_with(ws: Any) -> None:
    picker = picked(ws)
    points = np.random.default_rng(2).uniform(-10, 10, (20, 3))
    fitted = picker.fit().transform.apply(points)
    np.testing.assert_allclose(fitted, fine_to_survey().apply(points), atol=1e-9)


def test_places_that_agree_better_than_voxels_are_called_copied(ws: Any) -> None:
    copied = picked(ws, error_um=1e-5)
    (said,) = (text for text in copied.warnings if "nobody picks like that" in text)
    assert "times better than a voxel of 900 nm" in said


@pytest.mark.parametrize("error_um", [0.0, 0.02, 0.3])
def test_what_beads_can_reach_is_not_called_copied(ws: Any, error_um: float) -> None:
    honest = picked(ws, error_um=error_um)  # exact ones are said in other words
    assert not any("nobody picks like that" in text for text in honest.warnings)


def test_pair_stands_in_the_workspace_at_once(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    record = picker.add_pair(moving=named((1, 2, 3)), fixed=named((4, 5, 6)), note="bright bead")
    with Workspace.open(ws.path) as other:
        standing = other.landmarks[record.id]
        assert standing.moving == named((1, 2, 3))
        assert standing.note == "bright bead"


def test_undo_and_redo_write_new_versions_and_forget_nothing(ws: Any) -> None:
    picker = picked(ws, count=4)
    before = ws.state
    picker.exclude("L2")
    assert picker.undo() == "exclude pair L2"
    assert picker.pair("L2").active
    assert picker.redo() == "exclude pair L2"
    assert not picker.pair("L2").active
    assert picker.pair("L2").version == 4
    assert ws.state == before + 3


def test_undo_of_adding_removes_and_redo_brings_the_same_pair_back(ws: Any) -> None:
    picker = picked(ws, count=3)
    identity = picker.pair("L3").id
    picker.undo()
    assert [record.name for record in picker.records()] == ["L1", "L2"]
    picker.redo()
    assert picker.pair("L3").id == identity
    picker.remove_pair("L3")
    picker.undo()
    assert picker.pair("L3").id == identity


def test_undo_of_moving_brings_the_old_place_back(ws: Any) -> None:
    picker = picked(ws, count=3)
    old = picker.pair("L1").fixed
    picker.move_pair("L1", fixed=named((9, 9, 9)))
    picker.undo()
    assert picker.pair("L1").fixed == old


def test_undo_does_not_overwrite_what_somebody_else_did_since(ws: Any) -> None:
    picker = picked(ws, count=3)
    picker.exclude("L1")
    record = picker.pair("L1")
    ws.landmarks.edit(record.id, version=record.version, note="looked at by another")
    with pytest.raises(Conflict, match="look at it before"):
        picker.undo()
    assert picker.pair("L1").note == "looked at by another"


def test_nothing_to_undo_is_said_in_words(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    with pytest.raises(ValueError, match="nothing to undo"):
        picker.undo()
    with pytest.raises(ValueError, match="nothing to redo"):
        picker.redo()


def test_table_has_residual_leave_one_out_and_leverage(ws: Any) -> None:
    picker = picked(ws, count=7, error_um=0.2)
    picker.exclude("L5")
    table, fit = picker.table().set_index("name"), picker.fit()
    active = table[table["active"]]
    np.testing.assert_allclose(active["residual_um"], np.linalg.norm(fit.residuals_um, axis=1))
    np.testing.assert_allclose(active["loo_um"], fit.loo_um)
    np.testing.assert_allclose(active["leverage"], fit.leverage)
    out = picker.pair("L5")
    mapped = fit.transform.apply([out.moving[name] for name in NAMES])[0]
    distance = np.linalg.norm(mapped - [out.fixed[name] for name in NAMES])
    assert table.loc["L5", "loo_um"] == pytest.approx(distance)
    assert np.isnan(table.loc["L5", "residual_um"])


def test_too_few_pairs_are_no_error_in_the_widget_but_one_when_a_fit_is_asked_for(ws: Any) -> None:
    picker = picked(ws, count=2)
    assert "3 landmark pairs" in picker.reason
    assert picker.table()["loo_um"].isna().all()
    with pytest.raises(Degenerate, match="3 landmark pairs"):
        picker.fit()
    assert picker.snapshot(width_px=400).width == 400


def test_ghost_lies_where_the_truth_is_with_a_stated_region(ws: Any) -> None:
    picker = picked(ws, count=8, error_um=0.1)
    point = np.array([0.5, -1.0, 2.0])
    found = picker.predict(moving=named(point))
    truth = fine_to_survey().apply(point)[0]
    error = np.array([found.position[name] for name in NAMES]) - truth
    square = error @ np.linalg.solve(found.covariance_um2, error)
    assert found.region.stated
    assert square < 3 * found.region.factor
    back = picker.predict(fixed=found.position)
    np.testing.assert_allclose([back.position[name] for name in NAMES], point, atol=1e-9)


def test_three_pairs_of_a_similarity_say_too_few_instead_of_an_ellipse(ws: Any) -> None:
    picker = picked(ws, count=3, error_um=0.1)
    picker.model = "similarity"
    assert not picker.predict(moving=named((0, 0, 0))).region.stated


def test_accepting_writes_the_transform_with_the_versions_it_rests_on(ws: Any) -> None:
    picker = picked(ws, count=6, error_um=0.1)
    picker.exclude("L2")
    record = picker.accept(note="beads agree")
    assert (record.name, record.status) == ("fine_to_survey", "accepted")
    expected = [[r.id, r.version] for r in picker.records() if r.active]
    assert [list(pair) for pair in record.landmarks] == expected
    assert record.loo_um == pytest.approx(picker.fit().loo_rms_um)
    explorer = SliceExplorer(ws, ["survey", "fine"])
    assert explorer.snapshot(width_px=300).width == 300
    picker.undo()
    with pytest.raises(NoPath):
        SliceExplorer(ws, ["survey", "fine"])


def test_refusing_needs_a_reason_and_joins_no_frames(ws: Any) -> None:
    picker = picked(ws)
    with pytest.raises(ValueError, match="reason in words"):
        picker.refuse(" ")
    assert picker.refuse("beads are mirrored").status == "refused"
    with pytest.raises(NoPath):
        ws.locate(named((0, 0, 0)), from_="fine", to="survey")


def test_overlay_looks_through_the_fit_before_anybody_accepted_it(ws: Any) -> None:
    overlay = picked(ws).overlay()
    points = np.array([[6.0, 14.0, 17.0]])
    expected = fine_to_survey().inverse_apply(points)
    np.testing.assert_allclose(overlay.world.to_frame(points, "fine"), expected, atol=1e-9)
    assert len(list(ws.transforms)) == 0


def test_error_at_a_target_of_the_fixed_frame_is_that_of_its_place(ws: Any) -> None:
    picker = picked(ws, count=7, error_um=0.2)
    with pytest.raises(TraitError, match="needs a target, and none is placed yet, got 'T1'"):
        picker.target = "T1"
    ws.targets.add(name="T1", frame="survey", position=named((7, 15, 17)))
    assert np.isnan(picker.error_at_target())
    picker.target = "T1"
    own = picker.fit().transform.inverse_apply([[7, 15, 17]])
    assert picker.error_at_target() == pytest.approx(picker.fit().tre_at(own)[0], rel=1e-6)
    with pytest.raises(TraitError, match="target needs one of T1, got 'T9'"):
        picker.target = "T9"


@pytest.mark.parametrize(
    "position", [[1.0, 2.0, 3.0], {"x_um": 1.0, "y_um": 2.0}, {"x_um": 1, "y_um": 2, "z_um": "a"}]
)
def test_positions_without_names_are_refused_and_nothing_is_written(ws: Any, position: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    with pytest.raises((ValueError, TypeError)):
        picker.add_pair(moving=position, fixed=named((0, 0, 0)))
    assert picker.records() == []


def test_picture_pairs_may_omit_z_and_map_into_the_volume(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="view", fixed="survey")
    shift = np.array([6.0, 5.0, 5.0])
    for y, x in [(1, 1), (1, 20), (15, 3), (14, 22), (8, 11)]:
        picker.add_pair(
            moving={"x_um": x, "y_um": y}, fixed=named(shift + np.array([0, y, x], float))
        )
    found = picker.predict(moving={"x_um": 9.0, "y_um": 4.0})
    np.testing.assert_allclose([found.position[n] for n in NAMES], (6, 9, 14), atol=1e-6)


def test_a_volume_is_not_mapped_into_a_picture(ws: Any) -> None:
    with pytest.raises(ValueError, match="the moving image"):
        LandmarkPicker(ws, moving="survey", fixed="view")


def test_images_of_one_frame_need_no_registration(ws: Any) -> None:
    volume = np.zeros((4, 4, 4), np.uint8)
    write(ws, "again", volume, spacing_um=(1, 1, 1), frame="survey")
    with pytest.raises(ValueError, match="nothing to register"):
        LandmarkPicker(ws, moving="again", fixed="survey")


def test_residuals_are_drawn_longer_by_a_round_factor(ws: Any) -> None:
    picker = picked(ws, error_um=0.1)
    longest = np.linalg.norm(picker.fit().residuals_um, axis=1).max()
    stretch = residual_stretch(picker.state(), 40.0)
    assert 0.4 * 0.08 * 40 < stretch * longest <= 0.08 * 40
    assert stretch / 10 ** np.floor(np.log10(stretch)) in (1.0, 2.0, 5.0)


def test_warnings_call_landmarks_by_name(ws: Any) -> None:
    picker = picked(ws, count=4)
    picker.exclude("L1")
    active = picker.state().records
    said = with_names("landmark 2 dominates the fit; landmark 7 is not there", active)
    assert said == "landmark L4 dominates the fit; landmark 7 is not there"


def test_retry_with_the_same_id_writes_one_pair(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    for _ in range(2):
        picker.add_pair(moving=named((1, 1, 1)), fixed=named((2, 2, 2)), id="click-1")
    assert len(picker.records()) == 1


def test_unknown_keyword_is_refused(ws: Any) -> None:
    with pytest.raises(TypeError, match="no setting 'modle'"):
        LandmarkPicker(ws, moving="fine", fixed="survey", modle="rigid")


def test_two_pictures_are_fitted_in_their_plane(ws: Any) -> None:
    view = grid((40, 50), (0.5, 0.5), (0, 0))
    write(ws, "second", (view.sum(axis=-1) % 250).astype(np.uint8), spacing_um=(0.5, 0.5))
    picker = LandmarkPicker(ws, moving="second", fixed="view")
    for y, x in [(1, 1), (1, 18), (14, 3), (12, 17)]:
        picker.add_pair(moving={"x_um": x, "y_um": y}, fixed={"x_um": x + 2.0, "y_um": y - 1.0})
    assert picker.fit().residuals_um.shape == (4, 2)
    found = picker.predict(moving={"x_um": 5.0, "y_um": 5.0})
    np.testing.assert_allclose([found.position[n] for n in NAMES], (0, 4, 7), atol=1e-6)


def bent(ws: Any) -> LandmarkPicker:
    """Twenty pairs of a specimen that has bent by a micrometre."""
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    rng = np.random.default_rng(2)
    for moving in rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (20, 3)):
        away = np.array([0.0, 0.0, moving[1] ** 2 / 25]) + rng.normal(0, 0.02, 3)
        picker.add_pair(moving=named(moving), fixed=named(fine_to_survey().apply(moving)[0] + away))
    return picker


def test_a_bent_specimen_is_offered_a_thin_plate_and_keeps_a_model_with_a_covariance(
    ws: Any,
) -> None:
    picker = bent(ws)
    assert picker.fit().transform.model != "thin-plate"
    assert "Thin-plate predicts left-out landmarks better" in picker.reason


def test_a_stiff_specimen_is_told_that_a_thin_plate_is_no_better(ws: Any) -> None:
    assert "Thin-plate predicts no better" in picked(ws, count=12, error_um=0.2).reason


def test_a_thin_plate_that_is_chosen_says_its_leave_one_out_error_everywhere(ws: Any) -> None:
    picker = bent(ws)
    straight = picker.fit().loo_rms_um
    picker.model = "thin-plate"
    fit = picker.fit()
    assert fit.loo_rms_um < 0.5 * straight
    assert any("its error is by leave-one-out" in text for text in picker.warnings)
    table = picker.table()
    assert table["residual_um"].max() < 0.1
    assert table["surprise_p"].isna().all()
    found = picker.predict(moving=named((0.0, 4.0, 1.0)))
    truth = fine_to_survey().apply([0.0, 4.0, 1.0])[0] + [0, 0, 16 / 25]
    assert found.region.stated
    assert np.linalg.norm([found.position[n] for n in NAMES] - truth) < 0.3
    back = picker.predict(fixed=found.position)
    np.testing.assert_allclose([back.position[n] for n in NAMES], (0, 4, 1), atol=0.2)
    ws.targets.add(name="T1", frame="survey", position=named((7, 15, 17)))
    picker.target = "T1"
    assert 0 < picker.error_at_target() < 0.5
    picker.show_error = True
    assert picker.snapshot(width_px=400).width == 400
    record = picker.accept(note="bent")
    assert record.method == "landmarks, thin-plate"
    assert record.transform["kind"] == "thin-plate map"
    assert record.transform["sigma_um"] == fit.transform.sigma_um


def test_pairs_that_state_no_error_share_the_one_that_their_residuals_tell(ws: Any) -> None:
    picker = LandmarkPicker(ws, moving="fine", fixed="survey")
    rng = np.random.default_rng(4)
    for number, moving in enumerate(rng.uniform((-2.5, -5, -5), (2.5, 5, 5), (12, 3))):
        error = 0.02 if number < 4 else 0.2
        seen = fine_to_survey().apply(moving)[0] + rng.normal(0, error, 3)
        stated = {"fixed_sigma_um": 0.02} if number < 4 else {}
        picker.add_pair(moving=named(moving), fixed=named(seen), **stated)
    picker.model = "rigid"
    fit = picker.fit()
    assert fit.transform.sigma_source == "stated and residuals"
    assert any("is stated for L1, L2, L3, L4 only" in text for text in picker.warnings)
    own = np.sqrt(fit.pairs.fixed_covariance_um2[:, 0, 0])
    assert (own[:4] == 0.02).all()
    assert own[4] == pytest.approx(0.2, rel=0.4)


def test_a_thin_plate_of_too_few_pairs_is_no_fit_and_says_how_many_it_needs(ws: Any) -> None:
    picker = picked(ws, count=5)
    picker.model = "thin-plate"
    assert picker.state().fit is None
    assert "needs 6 or more, got 5" in picker.reason


def test_pairs_are_read_as_they_stand_whoever_wrote_them_and_inside_a_transaction(ws: Any) -> None:
    picker = picked(ws, count=3)
    assert len(picker.records()) == 3
    with Workspace.open(ws.path) as other:
        other.landmarks.remove("L2")
    assert [record.name for record in picker.records()] == ["L1", "L3"]
    with contextlib.suppress(RuntimeError), ws.transaction():
        picker.remove_pair("L1")
        assert [record.name for record in picker.records()] == ["L3"]
        picker.remove_pair("L3")
        assert picker.records() == []
        raise RuntimeError
    assert [record.name for record in picker.records()] == ["L1", "L3"]
