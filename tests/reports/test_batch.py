from __future__ import annotations

import pandas as pd
import pytest

from scalebridge import Workspace
from scalebridge.errors import ParameterError
from scalebridge.reports.batch import run_workspaces


@pytest.fixture
def specimens(tmp_path):
    places = [tmp_path / "night" / "a", tmp_path / "night" / "b", tmp_path / "other" / "a"]
    for place, text in zip(places, ("good", "bad", "good"), strict=True):
        with Workspace.create(place, name=f"{text} {place.name}") as ws:
            ws.notes.add(text=text)
    return places


def test_a_failure_stops_its_own_specimen_and_the_others_go_on_to_one_table(
    specimens, write_template, measure, tmp_path
):
    fragile = write_template(
        "10_look", "if ws.notes.table()['text'].item() == 'bad': raise ValueError('no contrast')"
    )
    count = write_template("20_count", measure("size_um"), title="Counting")
    nowhere = tmp_path / "nowhere"
    batch = run_workspaces(
        [*specimens, nowhere],
        output=tmp_path / "out",
        templates=[fragile, count],
        parameters={"size_um": 0.25},
        truth={"porosity": {"value": 0.251, "unit": "1"}},
    )
    table = batch.table()
    assert table[["workspace", "template", "status"]].values.tolist() == [
        ["a", "10_look", "finished"],
        ["a", "20_count", "finished"],
        ["b", "10_look", "failed"],
        ["a", "10_look", "finished"],
        ["a", "20_count", "finished"],
        ["nowhere", "", "refused"],
    ]
    assert table["why"][2] == "no contrast"
    assert batch.exit_code == 1
    written = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert list(written["status"]) == list(table["status"])

    reports = [specimen.report for specimen in batch.specimens if specimen.report]
    assert [path.relative_to(tmp_path / "out").as_posix() for path in reports] == [
        "a/report.html",
        "b/report.html",
        "a-2/report.html",
    ]
    good, bad = (path.read_text() for path in reports[:2])
    assert "FAILED" not in good
    assert "0.251" in good
    assert "<title>FAILED: bad b</title>" in bad
    assert "no contrast" in bad


def test_no_broken_workspace_or_missing_state_or_fault_of_ours_stops_the_night(
    specimens, write_template, tmp_path, monkeypatch
):
    broken, young, good = specimens
    manifest = broken / "workspace.toml"
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join('id = "another"' if x.startswith("id") else x for x in lines))
    with Workspace.open(good) as ws:
        ws.notes.add(text="a second state")
    look = write_template("10_look", "Text(f'state {as_of}')")
    batch = run_workspaces(specimens, output=tmp_path / "out", templates=[look], as_of=2)
    table = batch.table()
    assert list(table["status"]) == ["failed", "refused", "finished"]
    assert "WorkspaceError: expected records of the workspace another" in table["why"][0]
    assert "NotFound: as_of needs a state from 0 to 1, got 2" in table["why"][1]
    assert list(pd.read_csv(tmp_path / "out" / "summary.csv")["status"]) == list(table["status"])

    def fault(notebooks, ws, **_options):
        raise RuntimeError("postgresql://ada:lovelace@db is odd")

    monkeypatch.setattr("scalebridge.reports.batch.render_report", fault)
    batch = run_workspaces([young, good], output=tmp_path / "odd", templates=[look])
    assert list(batch.table()["status"]) == ["finished", "failed"] * 2
    assert batch.specimens[1].error == "RuntimeError: postgresql://•••@db is odd"
    assert (tmp_path / "odd" / "summary.csv").exists()


def test_every_template_and_value_is_checked_before_the_first_one_runs(
    specimens, write_template, tmp_path
):
    first = write_template("10_look")
    second = write_template("20_count", parameters="workspace: str  # folder\nlevel: int = 0  # l")
    refused: list[tuple[dict[str, object], str]] = [
        ({"level": 1.5}, "parameter 'level' needs int"),
        ({"lvl": 1}, "10_look, 20_count: there is no parameter 'lvl': did you mean 'level'"),
        ({"workspace": "x"}, "'workspace' is given by the runner"),
    ]
    for given, message in refused:
        with pytest.raises(ParameterError, match=message):
            run_workspaces(
                specimens, output=tmp_path / "out", templates=[first, second], parameters=given
            )
    assert not (tmp_path / "out").exists()
