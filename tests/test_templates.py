"""The four templates decided by parameters alone, on a specimen whose names are hostile.

The notebooks' own cells run here in one process, without a kernel and without pictures; what a
headless run adds to that is tested in `tests/reports` and `tests/test_demo.py`.
"""

from __future__ import annotations

import ast
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

from scalebridge import Workspace
from scalebridge.errors import DecisionNeeded
from scalebridge.exit_codes import exit_code
from scalebridge.reports import render_report
from scalebridge.reports.items import Check, Finding, Item, KeyNumber, Table
from scalebridge.reports.template import load_template

from .guides import coupons
from .guides.textures import by_third, put, views

AIR, METAL, BRIGHT = coupons.AIR, coupons.METAL, coupons.BRIGHT
PARAMETERS: dict[str, dict[str, Any]] = {
    "10_survey": {"map_image": coupons.SURVEY},
    "20_registration": {"accept": True, "target": "pit"},
    "40_quantification": {
        "image": "zoom",
        "thresholds": [(AIR + METAL) / 2, (METAL + BRIGHT) / 2],
        "phases": ["pore", "matrix", "ball"],
        "questions": ["chords"],
    },
    "30_targeting": {"target": "pit", "to": "view", "surface": "metal"},
}


def run_cells(name: str, folder: Path, *, scratch: Path, broken: bool = False, **given: Any):
    """Run a template's cells as one script; returns what they display, in order."""
    lines = []
    for cell in load_template(name).notebook.cells:
        if cell.cell_type == "code" and "Figure(" not in cell.source:  # drawing takes long
            lines.append(_displaying(cell.source))
        if "parameters" in cell.metadata.get("tags", ()):
            given = {"workspace": str(folder), **given}
            lines.append("\n".join(f"{key} = {value!r}" for key, value in given.items()))
    if broken:
        lines[-1] = _failing_when_it_closes(lines[-1])
    script = scratch / f"{name}.py"
    script.write_text("\n".join(lines), encoding="utf-8")
    shown: list[Any] = []
    ws = runpy.run_path(str(script), init_globals={"display": lambda *items: shown.extend(items)})[
        "ws"
    ]
    ws.close()
    return [item for item in shown if isinstance(item, Item)]


def _displaying(source: str) -> str:
    """Show the last expression of a cell, as a notebook does."""
    body = ast.parse(source).body
    if body and isinstance(body[-1], ast.Expr):
        last = ast.unparse(body[-1].value)
        body[-1] = ast.parse(last if last.startswith("display(") else f"display({last})").body[0]
    return "\n".join(ast.unparse(node) for node in body)


def _failing_when_it_closes(source: str) -> str:
    """Raise inside the closing block, once everything in it is written."""
    (block,) = (node for node in ast.parse(source).body if isinstance(node, ast.With))
    block.body.append(ast.parse("raise OSError('the disk is full')").body[0])
    return ast.unparse(block)


def numbers(items: list[Item]) -> dict[str, tuple]:
    return {i.key: (i.value, i.interval95) for i in items if isinstance(i, KeyNumber)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Every template once, in an order in which each has what it needs."""
    place = tmp_path_factory.mktemp("templates")
    folder = coupons.coupon(place / "coupon")
    shown = {}
    for name, given in PARAMETERS.items():
        extra = {"output": str(place)} if name.startswith("30") else {}
        shown[name] = run_cells(name, folder, scratch=place, **given, **extra)
    with Workspace.open(folder) as ws:
        state = ws.state
    return SimpleNamespace(place=place, folder=folder, shown=shown, state=state)


def test_what_a_parameter_decided_is_a_record_and_measurements_name_their_sources(runs):
    with Workspace.open(runs.folder) as ws:
        assert ws.frames.get(coupons.SURVEY).tags == ("map",)
        assert ws.frames.get("view").tags == ("cut",)
        assert {record.status for record in ws.transforms} == {"accepted"}
        given = ws.segmentations["zoom by parameter"]
        assert given.thresholds == PARAMETERS["40_quantification"]["thresholds"]
        assert given.accepted
        measured = {m.key: m for m in ws.measurements}
    fraction = measured["quantification.zoom.ball.volume_fraction"]
    assert (fraction.image, fraction.segmentation) == ("zoom", "zoom by parameter")
    surface = PARAMETERS["30_targeting"]["surface"]
    assert measured["targeting.pit.depth_um"].segmentation == surface
    assert measured["targeting.pit.view.x_um"].segmentation is None


def test_a_plan_is_proposed_once_and_accepted_by_the_parameter(runs, tmp_path):
    folder = Path(shutil.copytree(runs.folder, tmp_path / "coupon"))
    given = {"target": "pit", "surface": "metal"}
    for accept, status in ((False, "proposed"), (True, "planned"), (False, "planned")):
        shown = run_cells("30_targeting", folder, scratch=tmp_path, accept=accept, **given)
        with Workspace.open(folder) as ws:
            (plan,) = ws.plans
            assert (plan.name, plan.frame, plan.status) == ("pit plan 1", "view", status)
        waiting = [i.text for i in shown if isinstance(i, Finding) and "proposed" in i.text]
        assert len(waiting) == (status == "proposed")


def test_the_depth_of_the_target_holds_its_truth(runs):
    value, (lower, upper) = numbers(runs.shown["30_targeting"])["targeting.pit.depth_um"]
    truth = coupons.depth_um(coupons.TARGET_UM) / coupons.VIEW_SCALE
    assert lower < truth < upper
    assert value == pytest.approx(truth, rel=0.1)


def test_a_replay_reads_the_decisions_from_the_records_and_gives_the_same_bits(runs, tmp_path):
    recorded = {
        "40_quantification": {"segmentation": "zoom by parameter", "questions": ["chords"]},
        "30_targeting": {"surface": "metal"},
    }
    for name, items in runs.shown.items():
        again = run_cells(
            name, runs.folder, scratch=tmp_path, as_of=runs.state, **recorded.get(name, {})
        )
        assert numbers(again) == numbers(items)
    with Workspace.open(runs.folder) as ws:
        assert ws.state == runs.state


def test_the_target_leaves_as_a_table_with_named_columns(runs):
    table = pd.read_csv(runs.place / "target_pit.csv")
    assert {"x_um", "y_um", "z_um", "depth_um", "margin_um"} <= set(table.columns)


def test_a_name_that_is_markup_is_text_in_every_chapter_of_the_report(runs):
    with Workspace.open(runs.folder) as ws:
        html = render_report([_executed(items) for items in runs.shown.values()], ws)
    assert coupons.SURVEY not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") > 10


def _executed(items: list[Item]) -> nbformat.NotebookNode:
    outputs = [
        nbformat.v4.new_output("display_data", data=item._repr_mimebundle_()) for item in items
    ]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("...", outputs=outputs)])


@pytest.mark.parametrize("name", ["20_registration", "30_targeting", "40_quantification"])
def test_a_failure_in_the_closing_cell_leaves_nothing(runs, tmp_path, name):
    folder = Path(shutil.copytree(runs.folder, tmp_path / "coupon"))
    with Workspace.open(folder) as ws:
        _undecide(ws, transforms=name.startswith("20"))
        state = ws.state
    with pytest.raises(OSError, match="the disk is full"):
        run_cells(name, folder, scratch=tmp_path, broken=True, **PARAMETERS[name])
    with Workspace.open(folder) as ws:
        assert ws.state == state


def test_a_surface_that_was_measured_again_gives_the_depth_and_the_run_ends(runs, tmp_path):
    folder = Path(shutil.copytree(runs.folder, tmp_path / "coupon"))
    with Workspace.open(folder) as ws:
        corners = [(y, x) for y in (10.0, 70.0) for x in (10.0, 70.0)]
        points = [{"z_um": 0.0, "y_um": y, "x_um": x} for y, x in corners]
        ws.surfaces.add(name="heights", frame="view", points=points, sigma_um=0.2)
    given = {"target": "pit", "surface": "heights", "export": str(tmp_path / "out")}
    shown = run_cells("30_targeting", folder, scratch=tmp_path, **given)
    value, _ = numbers(shown)["targeting.pit.depth_um"]
    assert value == pytest.approx(coupons.depth_um(coupons.TARGET_UM) / coupons.VIEW_SCALE, rel=0.1)
    with Workspace.open(folder) as ws:
        measured = [m for m in ws.measurements if m.key == "targeting.pit.depth_um"][-1]
        assert measured.segmentation is None
        assert "heights" in measured.convention
    said = [str(item) for item in shown]
    assert any("What lies on the way is not known" in words for words in said)
    assert any("not written: positions in view are no readings" in words for words in said)
    assert (tmp_path / "out" / "target_pit.html").exists()


def _undecide(ws: Workspace, *, transforms: bool) -> None:
    """Give every closing cell something to write."""
    ws.frames.tag("view", drop=["cut"])
    ws.segmentations.remove("zoom by parameter")
    for record in list(ws.transforms) if transforms else ():
        ws.transforms.edit(record.id, version=record.version, status="proposed")


@pytest.fixture
def sections(tmp_path):
    """Two pictures of one texture, turned and of inverted contrast; nobody has decided."""
    with Workspace.create(tmp_path / "sections") as ws:
        for name, grey in zip(("map", "view"), views(), strict=True):
            put(ws, name, grey)
        position = {"z_um": 0.0, "y_um": 30.0, "x_um": 40.0}
        ws.targets.add(name="pit", frame="map", position=position, probability=0.9)
    return tmp_path / "sections"


GREY = {"method": "automatic", "moving": "view", "fixed": "map"}


def test_registration_by_grey_values_waits_for_a_decision_and_writes_nothing(sections, tmp_path):
    with pytest.raises(DecisionNeeded, match="nobody has accepted view_to_map") as error:
        run_cells("20_registration", sections, scratch=tmp_path, **GREY)
    assert exit_code(error.value) == 2
    with Workspace.open(sections) as ws:
        assert len(ws.transforms) == 0


def test_registration_by_grey_values_is_accepted_by_the_parameter_and_replayed(sections, tmp_path):
    first = run_cells("20_registration", sections, scratch=tmp_path, accept=True, **GREY)
    with Workspace.open(sections) as ws:
        (record,) = ws.transforms
        (measured,) = ws.measurements
        state = ws.state
    assert (record.status, record.method) == ("accepted", "mutual information, rigid")
    assert measured.key == "registration.view_to_map.error_at_target_um"
    tables = {item.name: item for item in first if isinstance(item, Table)}
    assert set(tables) == {"tried", "bends", "found-error", "decisions"}
    assert "offered" not in set(tables["bends"].data["verdict"])
    assert tables["found-error"].data["place"][0] == "pit"
    assert all(item.passed for item in first if isinstance(item, Check))
    assert not any(item.level == "refused" for item in first if isinstance(item, Finding))
    again = run_cells("20_registration", sections, scratch=tmp_path, as_of=state, **GREY)
    assert numbers(again) == numbers(first)
    run_cells("20_registration", sections, scratch=tmp_path, **GREY)
    with Workspace.open(sections) as ws:
        assert [(r.id, r.version) for r in ws.transforms] == [(record.id, record.version)]


def test_what_speaks_against_a_registration_stands_in_red_and_stops_it(sections, tmp_path):
    with Workspace.open(sections) as ws:
        by_third(ws, off_um=3.0)
    with pytest.raises(DecisionNeeded, match="but LOOP DOES NOT CLOSE") as error:
        run_cells("20_registration", sections, scratch=tmp_path, accept=True, **GREY)
    assert exit_code(error.value) == 2
    shown = run_cells("20_registration", sections, scratch=tmp_path, accept=False, **GREY)
    (doubt,) = (i.text for i in shown if isinstance(i, Finding) and i.level == "refused")
    assert doubt.startswith("LOOP DOES NOT CLOSE")
    assert [check.passed for check in shown if isinstance(check, Check)] == [False, True]
    with Workspace.open(sections) as ws:
        assert ws.transforms["view_to_map"].status == "refused"


def test_images_that_tell_no_place_ask_a_person(sections, tmp_path):
    rng = np.random.default_rng(0)
    with Workspace.open(sections) as ws:
        put(ws, "noise", rng.integers(1, 250, (90, 90)).astype("u1"))
    other = GREY | {"moving": "noise"}
    with pytest.raises(DecisionNeeded, match="the place of noise is not decided: no place stands"):
        run_cells("20_registration", sections, scratch=tmp_path, accept=True, **other)


def test_a_loop_that_does_not_close_and_a_stale_transform_stand_in_red(runs, tmp_path):
    folder = Path(shutil.copytree(runs.folder, tmp_path / "coupon"))
    with Workspace.open(folder) as ws:
        record = next(r for r in ws.transforms if r.from_frame == "zoom")
        away = {**record.transform, "offset_um": np.add(record.transform["offset_um"], 9).tolist()}
        ws.transforms.add(
            name="another",
            from_frame=record.from_frame,
            to_frame=record.to_frame,
            transform=away,
            status="accepted",
        )
        mark = next(m for m in ws.landmarks if m.moving_frame == "view")
        moved = {axis: value + 0.1 for axis, value in mark.fixed.items()}
        ws.landmarks.edit(mark.id, version=mark.version, fixed=moved)
        state = ws.state
    shown = run_cells("20_registration", folder, scratch=tmp_path, target="pit", as_of=state)
    red = [item.text for item in shown if isinstance(item, Finding) and item.level == "refused"]
    assert red[0].startswith("LOOP DOES NOT CLOSE")
    assert "is stale: 1 of its landmarks has changed" in red[-1]
    (loops,) = (item.data for item in shown if isinstance(item, Table) and item.name == "loops")
    assert list(loops["verdict"]) == ["does not close"]
