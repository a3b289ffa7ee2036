"""How far each step is follows from the records, whoever wrote them."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.app import steps_of
from scalebridge.app.content import Holder
from scalebridge.app.contents import (
    _proposals,
    _quantification,
    graph_html,
    number_table,
    pair_table,
)
from scalebridge.guides import choose_instrument, choose_map
from scalebridge.plots.theme import STATUS
from scalebridge.widgets import (
    LandmarkPicker,
    SegmentationSliders,
    TargetPicker,
    TrainableSegmentation,
)
from scalebridge.widgets.views import Message


def add(ws, name, *, spacing_um=(1.0, 1.0, 1.0), frame=None):
    rng = np.random.default_rng(len(name))
    values = (rng.normal(60, 4, (8, 24, 24)) + 100 * (rng.random((8, 24, 24)) > 0.6)).clip(0, 255)
    ws.images.write(
        name, shape=values.shape, dtype=np.uint8, axes="zyx", modality="XRM",
        blocks=[(tuple(slice(0, n) for n in values.shape), values.astype(np.uint8))],
        spacing_um=spacing_um, spacing_source="made for a test",
        **({"frame": frame} if frame else {}),
    )  # fmt: skip


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "w") as ws:
        yield ws


def said(ws, key):
    step = next(step for step in steps_of(ws) if step.key == key)
    return step.state, step.word


def advice(ws, key):
    return next(step.next for step in steps_of(ws) if step.key == key)


CORNERS = [(1, 2, 3), (6, 3, 20), (2, 20, 4), (5, 18, 19), (3, 10, 11)]


def pick(ws, moving, fixed):
    picker = LandmarkPicker(ws, moving=moving, fixed=fixed)
    for number, (z, y, x) in enumerate(CORNERS):
        here = {"z_um": z, "y_um": y, "x_um": x}
        there = {**here, "x_um": x + (0.1 if number % 2 else -0.1)}
        picker.add_pair(moving=here, fixed=there)
    return picker


def test_an_empty_workspace_is_told_where_to_begin(ws):
    assert [step.state for step in steps_of(ws)] == ["open", "done", "open", "open"]
    assert said(ws, "survey") == ("open", "no image yet")
    assert "scalebridge import" in advice(ws, "survey")


def test_the_survey_is_done_once_somebody_has_chosen_the_map(ws):
    add(ws, "scan")
    assert said(ws, "survey") == ("open", "no map chosen")
    choose_map(ws, "scan")
    assert said(ws, "survey") == ("done", "1 image, map scan")
    add(ws, "photo", spacing_um=None)
    assert said(ws, "survey") == ("attention", "1 image without voxel size")
    assert "photo" in advice(ws, "survey")


def test_the_registration_waits_for_landmarks_then_for_a_decision(ws):
    add(ws, "scan")
    add(ws, "zoom")
    choose_map(ws, "scan")
    assert said(ws, "registration") == ("open", "1 image not on the map")
    picker = pick(ws, "zoom", "scan")
    assert said(ws, "registration") == ("open", "1 pair to decide")
    assert "zoom in scan" in advice(ws, "registration")
    picker.accept()
    assert said(ws, "registration") == ("done", "1 accepted")


def test_a_registration_whose_landmarks_changed_needs_attention(ws):
    add(ws, "scan")
    add(ws, "zoom")
    picker = pick(ws, "zoom", "scan")
    picker.accept()
    picker.exclude(picker.records()[0].name)
    assert said(ws, "registration") == ("attention", "landmarks have changed")
    picker.accept()
    assert said(ws, "registration")[0] == "done"


def shift(ws, name, moving, fixed, x_um, *, status="accepted"):
    moved = AffineTransform(
        "rigid",
        np.eye(3),
        np.zeros(3),
        np.array([0.0, 0.0, x_um]),
        covariance=np.eye(6) * 1e-4,
        sigma_um=0.01,
    )
    ws.transforms.add(
        name=name, from_frame=moving, to_frame=fixed, transform=moved.to_dict(), status=status,
        method="mutual information, rigid",
    )  # fmt: skip


def test_transforms_that_contradict_each_other_need_attention(ws):
    for name in ("scan", "zoom", "view"):
        add(ws, name)
    shift(ws, "a", "zoom", "scan", 1.0)
    shift(ws, "b", "view", "scan", 2.0)
    shift(ws, "c", "zoom", "view", -1.0)
    assert said(ws, "registration") == ("done", "3 accepted")
    wrong = ws.transforms["c"]
    ws.transforms.edit(wrong.id, version=wrong.version, status="refused")
    shift(ws, "d", "zoom", "view", 5.0)
    assert said(ws, "registration") == ("attention", "1 loop of transforms not closed")
    assert advice(ws, "registration").startswith("LOOP DOES NOT CLOSE")


def test_a_proposed_transform_waits_for_a_decision_that_the_page_takes(ws):
    add(ws, "scan")
    add(ws, "zoom")
    shift(ws, "zoom_to_scan", "zoom", "scan", 1.0, status="proposed")
    assert said(ws, "registration") == ("open", "1 proposal to decide")
    assert "zoom_to_scan, proposed by mutual information, rigid" in advice(ws, "registration")
    message, holder = Message(), Holder()
    line, update = _proposals(ws, message, holder)
    update()
    chosen, look, accept, _ = line.children
    assert (chosen.value, line.layout.display) == ("zoom_to_scan", None)
    look.click()
    assert len(holder.column.objects) == 1
    accept.click()
    assert ws.transforms["zoom_to_scan"].status == "accepted"
    assert line.layout.display == "none"
    assert said(ws, "registration") == ("done", "1 accepted")


def test_the_target_needs_an_instrument_a_surface_and_a_way(ws):
    add(ws, "scan")
    add(ws, "view")
    TargetPicker(ws, "scan").place_target({"x_um": 5, "y_um": 6, "z_um": 3}, 1.0, name="pit")
    assert said(ws, "targeting") == ("open", "no instrument chosen")
    choose_instrument(ws, "view")
    assert said(ws, "targeting") == ("open", "no surface chosen")
    sliders = SegmentationSliders(ws, "scan", thresholds=(110.0,))
    ws.segmentations.tag(sliders.save("surface").name, "surface")
    assert said(ws, "targeting") == ("attention", "pit is not reached")
    pick(ws, "scan", "view").accept()
    assert said(ws, "targeting") == ("done", "1 target, cut in view")


def test_numbers_are_older_than_the_thresholds_they_came_from(ws):
    add(ws, "scan")
    assert said(ws, "quantification") == ("open", "no phases yet")
    sliders = SegmentationSliders(ws, "scan", thresholds=(110.0,))
    sliders.save("grains")
    assert said(ws, "quantification") == ("open", "grains not measured")
    ws.measurements.add(
        key="quantification.scan.pore.volume_fraction", value=0.4, unit="1",
        image="scan", segmentation="grains",
    )  # fmt: skip
    assert said(ws, "quantification") == ("done", "1 number of 1 segmentation")
    sliders.set_threshold(105.0)
    sliders.save()
    assert said(ws, "quantification") == ("attention", "phases have changed")


def test_a_report_that_failed_needs_attention_until_one_is_finished(ws):
    add(ws, "scan")
    choose_map(ws, "scan")
    run = ws.runs.add(template="10_survey", status="running", started="2026-01-01T10:00:00+00:00")
    ws.runs.edit(run.id, version=run.version, status="failed", error="the disk is full")
    assert said(ws, "survey") == ("attention", "its report failed")
    assert advice(ws, "survey").startswith("the disk is full: ")
    ws.runs.add(template="10_survey", status="finished", started="2026-01-01T11:00:00+00:00")
    assert said(ws, "survey")[0] == "done"


def test_a_target_asks_for_its_report_until_it_has_one_that_still_holds(ws):
    add(ws, "scan")
    add(ws, "view")
    targets = TargetPicker(ws, "scan")
    targets.place_target({"x_um": 5, "y_um": 6, "z_um": 3}, 1.0, name="pit")
    choose_instrument(ws, "view")
    saved = SegmentationSliders(ws, "scan", thresholds=(110.0,)).save("surface")
    ws.segmentations.tag(saved.name, "surface")
    picker = pick(ws, "scan", "view")
    picker.accept()
    assert advice(ws, "targeting").startswith("Run the report: it tells position")
    ws.measurements.add(key="targeting.pit.view.x_um", value=4.0, unit="µm")
    assert advice(ws, "targeting").startswith("The report tells position")
    targets.move_target("pit", {"x_um": 6, "y_um": 6, "z_um": 3})
    assert advice(ws, "targeting").startswith("Run the report once more: pit")
    ws.measurements.add(key="targeting.pit.view.x_um", value=5.0, unit="µm")
    assert advice(ws, "targeting").startswith("The report tells position")
    picker.accept(note="looked at it again")
    assert advice(ws, "targeting").startswith("Run the report once more: pit")


def test_shares_are_told_in_percent_as_beside_the_thresholds(ws):
    add(ws, "scan")
    SegmentationSliders(ws, "scan", thresholds=(110.0,)).save("grains")
    fields = {"image": "scan", "segmentation": "grains"}
    ws.measurements.add(
        key="quantification.scan.pore.volume_fraction", value=0.0505, uncertainty=0.0002, unit="1",
        **fields,
    )  # fmt: skip
    ws.measurements.add(key="quantification.scan.pore.euler_number", value=4.0, unit="1", **fields)
    table = number_table(ws).set_index("quantity")
    assert tuple(table.loc["volume fraction", ["value ± 95 %", "unit"]]) == ("5.05 ± 0.02", "%")
    assert tuple(table.loc["euler number", ["value ± 95 %", "unit"]]) == ("4", "1")


def test_open_loops_are_red_and_stale_transforms_are_marked_in_the_list(ws):
    for name in ("a", "b", "c"):
        add(ws, name)
    assert graph_html(ws) == ""
    for moving, fixed in (("a", "b"), ("b", "c"), ("a", "c")):
        picker = pick(ws, moving, fixed)
        if moving == "b":  # the same spots, 4 µm beside
            for record in picker.records():
                there = {**record.fixed, "y_um": record.fixed["y_um"] + 4}
                picker.move_pair(record.name, fixed=there)
        picker.accept()
    told = graph_html(ws)
    assert "LOOP DOES NOT CLOSE" in told
    assert STATUS["refused"] in told
    assert set(pair_table(ws)["decision"]) == {"accepted"}
    LandmarkPicker(ws, moving="a", fixed="b").exclude("L1")
    table = pair_table(ws).set_index(["moving", "fixed"])
    assert table.loc[("a", "b"), "decision"] == "accepted, stale"
    assert table.loc[("a", "c"), "decision"] == "accepted"
    assert "is stale" in graph_html(ws)


def test_a_segmentation_opens_in_the_widget_in_which_it_was_decided(ws, monkeypatch):
    add(ws, "scan")
    trained = TrainableSegmentation(ws, "scan", trees=5)
    for label, x in ((0, 4.0), (1, 18.0)):
        trained.add_stroke("pen", [{"z_um": 4, "y_um": 9, "x_um": x}], label=label, radius_um=2)
    trained.save("learned")
    monkeypatch.setattr("scalebridge.app.content.close", lambda _: None)  # no server, no comms
    shown, show = [], Holder.show
    monkeypatch.setattr(Holder, "show", lambda held, make: shown.append(show(held, make)))
    above, *_ = _quantification(ws).parts
    opened = next(part for part in above.children[0].children if part.description == "open")
    chosen = next(part for part in above.children[0].children if hasattr(part, "options"))
    titles = [title for title, _ in chosen.options]
    assert titles[-2:] == ["new, by thresholds, of scan", "new, by scribbles, of scan"]
    assert chosen.value == ("scan", "learned", "scribbles")
    for value, kind in (
        (("scan", "learned", "scribbles"), TrainableSegmentation),
        (("scan", None, "scribbles"), TrainableSegmentation),
        (("scan", None, "thresholds"), SegmentationSliders),
    ):
        chosen.value = value
        opened.click()
        assert isinstance(shown[-1], kind)
