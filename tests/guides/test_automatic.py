"""Images of a workspace registered by grey values: made ones whose map is known, and real ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tifffile import imread

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.errors import DecisionNeeded, ReadOnly
from scalebridge.guides import (
    accept_proposal,
    compare_with_copy,
    error_at_places,
    graph_with_fits,
    loops_table,
    proposal_checks,
    proposal_measurements,
    proposal_overlay,
    record_proposal,
    register_images,
    search_transform,
    settle_proposal,
)
from scalebridge.guides.registration import objections, usable

from ..analysis.registration.bends import bent_pair
from ..analysis.registration.measured import SETS
from .textures import PIXEL_UM, by_third, put, truth, twins, views

BAR = 45


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "specimen") as made:
        fixed, moving = views()
        put(made, "map", fixed)
        put(made, "view", moving)
        yield made


def lift(points):
    return np.column_stack([np.zeros(len(points)), points])


def largest_error_um(transform):
    ends = np.array([[10.0, 10], [10, 60], [60, 10], [60, 60]])
    off = transform.apply(lift(ends))[:, 1:] - truth(ends)
    return float(np.linalg.norm(off, axis=1).max())


def find(ws, **options):
    return register_images(ws, moving="view", fixed="map", **options)


def test_a_turned_view_of_inverted_contrast_is_found_and_proposed(ws):
    found = find(ws)
    assert largest_error_um(found.transform) < 0.2 * PIXEL_UM
    assert found.doubts == objections(ws, found) == ()
    (record,) = ws.transforms
    assert (record.name, record.status) == ("view_to_map", "proposed")
    assert record.method == "mutual information, rigid"
    assert record.engine["start"] == "middle on middle, axes along axes"
    assert found.statement.startswith("view in map: rigid map by mutual information")
    assert len(found.table()) == record.engine["climbs"] > 12


def test_a_view_that_is_bent_is_proposed_with_its_bend(ws):
    fixed, moving, moves = bent_pair(0, bend_px=3.0)
    for name, image in (("bent_map", fixed), ("bent_view", moving)):
        put(ws, name, image.values[0])
    found = register_images(ws, moving="bent_view", fixed="bent_map", model="b-spline")
    assert found.record.method == "mutual information, b-spline"
    assert "bent by up to" in found.statement
    ws.transforms.edit(found.record.id, version=found.record.version, status="accepted")
    at = np.array([80, 120])
    there = ws.graph().positions([[0.0, *(PIXEL_UM * at)]], "bent_view", "bent_map")[0]
    wanted = PIXEL_UM * (at + moves[:, at[0], at[1]] + 10)
    np.testing.assert_allclose(there[1:], wanted, atol=0.15 * PIXEL_UM)
    told = ws.graph().locate([[0.0, *(PIXEL_UM * at)]], "bent_view", "bent_map")
    assert 0.01 < np.sqrt(told.covariance_um2[0, 1, 1]) / PIXEL_UM < 0.2
    assert told.error_source == "that a bend came with: bent_view_to_bent_map"
    shown = error_at_places(ws, found, None)
    assert 0 < shown["error_um"].iloc[0] < PIXEL_UM
    assert "straight part" in proposal_overlay(ws, found)[1]


def test_a_bend_is_asked_of_the_method_that_can_tell_it(ws):
    with pytest.raises(ValueError, match="bends by grey values"):
        search_transform(ws, method="automatic", moving="view", fixed="map", model="thin-plate")


def test_the_stated_error_holds_the_truth_at_the_target(ws):
    ws.targets.add(
        name="pit", frame="map", position={"z_um": 0.0, "y_um": 30.0, "x_um": 40.0}, probability=0.9
    )
    found = find(ws, write=False)
    table = error_at_places(ws, found, "pit").set_index("place")
    assert list(table.index) == ["pit", "middle of view", "its worst corner"]
    assert table.loc["its worst corner", "error_um"] > table.loc["middle of view", "error_um"]
    (measured,) = proposal_measurements(ws, found, "pit")
    assert measured.key == "registration.view_to_map.error_at_target_um"
    assert measured.value == pytest.approx(table.loc["pit", "error_um"], rel=1e-3)
    assert 0.005 < measured.interval95[0] < measured.value < measured.interval95[1] < PIXEL_UM
    assert largest_error_um(found.transform) < 3 * table.loc["its worst corner", "error_um"]
    assert proposal_measurements(ws, found, None) == []


def test_accepting_it_writes_once_and_finding_it_again_gives_the_same_bits(ws):
    first = find(ws)
    accepted = accept_proposal(ws, first, note="looked")
    assert (accepted.status, accepted.note) == ("accepted", "looked")
    state = ws.state
    again = find(ws)
    np.testing.assert_array_equal(again.transform.matrix, first.transform.matrix)
    np.testing.assert_array_equal(again.transform.covariance, first.transform.covariance)
    assert (again.record.id, again.record.status) == (accepted.id, "accepted")
    assert accept_proposal(ws, again).version == accepted.version
    assert ws.state == state
    assert settle_proposal(ws, again, accept=None).loc[0, "by"] == "tester"


def test_an_undecided_one_is_edited_when_it_is_found_otherwise(ws):
    first, second = find(ws), find(ws, model="similarity")
    assert second.record.id == first.record.id
    assert len(ws.transforms) == 1
    accept_proposal(ws, second)
    third = find(ws)
    assert (third.record.name, third.record.status) == ("view_to_map_automatic", "proposed")
    assert ws.transforms["view_to_map"].status == "accepted"


def test_the_template_writes_nothing_before_somebody_decides(ws):
    found = search_transform(ws, method="automatic", moving="view", fixed="map")
    with pytest.raises(DecisionNeeded, match="nobody has accepted view_to_map as it was found"):
        settle_proposal(ws, found, accept=None)
    assert len(ws.transforms) == 0
    assert settle_proposal(ws, found, accept=False).loc[0, "decision"] == "refused"
    record_proposal(ws, found, accept=False)
    assert [record.status for record in ws.transforms] == ["refused"]
    assert settle_proposal(ws, found, accept=None).loc[0, "decision"] == "refused"
    record_proposal(ws, found, accept=True)
    (record,) = ws.transforms
    assert (record.status, record.note[:23]) == ("accepted", "by the parameter accept")
    state = ws.state
    record_proposal(ws, found, accept=True)
    record_proposal(ws, found, accept=None)
    assert ws.state == state


def test_what_is_not_named_or_cannot_be_meant_is_asked(ws):
    with pytest.raises(DecisionNeeded, match="give the parameter moving and the parameter fixed"):
        search_transform(ws, method="automatic", moving="view")
    with pytest.raises(
        ValueError, match="model needs one of translation, rigid, similarity, affine, b-spline"
    ):
        find(ws, model="x")
    with pytest.raises(
        ValueError, match="method needs automatic, surface or heights, got 'landmarks'"
    ):
        search_transform(ws, method="landmarks", moving="view", fixed="map")


def test_a_read_only_workspace_gives_the_same_map_and_no_record(ws):
    first, folder, state = find(ws), ws.path, ws.state
    ws.close()
    with Workspace.open(folder, as_of=state) as replay:
        again = find(replay)
        assert again.record is None
        np.testing.assert_array_equal(again.transform.matrix, first.transform.matrix)
        assert record_proposal(replay, again, accept=True) is None
        with pytest.raises(ReadOnly):
            accept_proposal(replay, again)


def test_a_data_bar_and_a_black_rim_do_not_count(tmp_path):
    fixed, moving = views(3)
    rows, columns = np.indices(moving.shape)
    moving[rows + columns < 50] = 0
    for bar in (fixed, moving):  # the same writing at the same place in both
        bar[-BAR:] = 255 * ((columns[-BAR:] // 6 + rows[-BAR:] // 5) % 2)
    told = {}
    for name, bar_rows in (("told", BAR), ("untold", 0)):
        with Workspace.create(tmp_path / name) as ws:
            for image, grey in (("map", fixed), ("view", moving)):
                put(ws, image, grey, metadata={"data_bar_rows": bar_rows})
            told[name] = largest_error_um(find(ws).transform)
    assert told["told"] < 0.3 * PIXEL_UM < told["untold"]


def test_the_rim_is_what_hangs_together_with_the_border():
    grey = np.full((40, 40), 100, np.uint8)
    grey[:6], grey[20:24, 20:24], grey[30, :3] = 0, 0, 255
    known = usable(grey)
    assert known is not None
    assert not known[:6].any()
    assert known[6:].all()  # a black grain inside and one saturated speck are content
    assert usable(np.arange(1600.0).reshape(40, 40)) is None


def test_a_place_that_is_there_twice_is_refused_whatever_the_parameter_says(tmp_path):
    with Workspace.open(twins(tmp_path / "twins")) as ws:
        found = find(ws, reach_um=22.5, reach_deg=5)
        assert any("is nearly as good" in doubt for doubt in found.doubts)
        for refuse in (
            lambda: accept_proposal(ws, found),
            lambda: settle_proposal(ws, found, accept=True),
            lambda: record_proposal(ws, found, accept=True),
        ):
            with pytest.raises(DecisionNeeded, match="nearly as good"):
                refuse()
        assert [record.status for record in ws.transforms] == ["proposed"]
        assert not proposal_checks(ws, found)[0].passed
        # a person may: what is proposed then stands, and the template takes it
        record = found.record
        ws.transforms.edit(record.id, version=record.version, status="accepted")
        assert settle_proposal(ws, found, accept=True).loc[0, "by"] == "tester"


def test_a_map_that_opens_a_loop_is_refused(ws):
    by_third(ws, off_um=30.0)
    straight = AffineTransform("rigid", np.eye(3), np.zeros(3), np.zeros(3), 2, 2)
    found = find(ws, start=straight, write=False)
    assert found.doubts == ()
    (said,) = objections(ws, found)
    assert said.startswith("LOOP DOES NOT CLOSE")
    table = loops_table(graph_with_fits(ws, [found]))
    assert list(table["verdict"]) == ["does not close"]
    assert len(loops_table(ws.graph())) == 0
    with pytest.raises(DecisionNeeded, match="LOOP DOES NOT CLOSE"):
        accept_proposal(ws, found)


def test_fluorescence_finds_its_place_on_an_electron_micrograph_without_any_start(tmp_path, data):
    folder, pixel = data / "embl_clem_2d", {"spacing_um": 0.10032}
    with Workspace.create(tmp_path / "section") as ws:
        put(ws, "em", imread(folder / "em.tif"), **pixel)
        put(ws, "green", imread(folder / "fluo_green.tif"), **pixel)
        put(ws, "published", imread(folder / "aligned-ch1.tif"), frame="em", **pixel)
        found = register_images(ws, moving="green", fixed="em", model="affine")
        names = {"moving": "green", "copy": "published", "within": "em"}
        check = compare_with_copy(ws, found.transform, **names)
        assert check.rms_um < 0.12 < 0.6 < check.unmoved_um
        assert objections(ws, found) == ()
        assert accept_proposal(ws, found).status == "accepted"


@pytest.mark.parametrize(
    ("pair", "folder", "model", "limit", "unmoved"),
    [
        ("lesions", "lesions_", "similarity", 8.0, 65.8),
        ("lesions", "lesions_", "affine", 8.0, 65.8),
        ("kidney", "rat-kidney_", "affine", 5.0, 29.1),
    ],
)
def test_stained_sections_are_brought_together(tmp_path, data, pair, folder, model, limit, unmoved):
    files = sorted((data / "birl_histology_landmarks" / folder).glob("*.jpg"))
    with Workspace.create(tmp_path / pair) as ws:
        for name, file in zip(("moving", "fixed"), files, strict=True):
            colour = np.moveaxis(np.asarray(Image.open(file)), -1, 0)
            put(ws, name, colour, spacing_um=1.0, axes="cyx")
        found = register_images(ws, moving="moving", fixed="fixed", model=model)
        doubtful = bool(objections(ws, found))
    moving, fixed = SETS[pair](data)
    assert np.median(np.linalg.norm(moving - fixed, axis=1)) == pytest.approx(unmoved, abs=0.1)
    off = np.linalg.norm(found.transform.apply(lift(moving))[:, 1:] - fixed, axis=1)
    assert np.median(off) < limit
    # the lesions' maps are sure, and within their landmarks' own scatter; the kidney's is not
    assert doubtful == (pair == "kidney")
