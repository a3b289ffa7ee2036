"""The main job on the small example: files to report, exact replays, and choices nobody made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import Workspace
from scalebridge.errors import WorkspaceError
from scalebridge.reports import run_template, run_workspaces
from scalebridge.reports.demo import run_demo
from scalebridge.reports.items import KeyNumber, item_from_bundle

TEMPLATES = ("10_survey", "20_registration", "30_targeting", "40_quantification")
SIDE, RADIUS = 32, 9.0
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    output = tmp_path_factory.mktemp("demo")
    script = (
        "import sys; from pathlib import Path; from scalebridge.reports.demo import run_demo;"
        "sys.exit(run_demo(output=Path(sys.argv[1]), scale='small'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(output)], capture_output=True, text=True
    )
    with Workspace.open(output / "specimen") as ws:
        state = ws.state
    return SimpleNamespace(done=done, output=output, workspace=output / "specimen", state=state)


@pytest.fixture
def specimen(demo, tmp_path):
    return Path(shutil.copytree(demo.workspace, tmp_path / "specimen"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare") / "specimen"
    ball = gaussian_filter(inside_ball().astype(float), 1.0)
    grey = 100 + 80 * ball + np.random.default_rng(0).normal(0, 5, ball.shape)
    with Workspace.create(folder) as ws:
        for name in ("first", EVIL):
            ws.images.write(
                name,
                shape=grey.shape,
                dtype="uint8",
                axes="zyx",
                blocks=[((slice(0, SIDE),) * 3, grey.astype("uint8"))],
                spacing_um=(1.0, 1.0, 1.0),
                spacing_source="the test",
            )
    return folder


def inside_ball() -> np.ndarray:
    steps = np.indices((SIDE,) * 3) - (SIDE - 1) / 2
    return np.sqrt(np.sum(steps**2, axis=0)) < RADIUS


def numbers_of(notebook) -> dict[str, tuple]:
    items = [
        item_from_bundle(output["data"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    found = {item.key: item for item in items if isinstance(item, KeyNumber)}
    return {key: (item.value, item.uncertainty, item.interval95) for key, item in found.items()}


def test_the_demo_ends_with_a_report_and_numbers_beside_their_truth(demo):
    assert demo.done.returncode == 0, demo.done.stdout + demo.done.stderr
    report = demo.output / "report" / "specimen" / "report.html"
    assert f"Report: {report}" in demo.done.stdout
    lines = [line for line in demo.done.stdout.splitlines() if line.endswith(("  yes", "  NO"))]
    covered = sum(line.endswith("yes") for line in lines)
    assert len(lines) >= 9
    assert "not measured" not in demo.done.stdout
    assert covered >= 0.7 * len(lines), demo.done.stdout  # one seed: make validate counts forty


def test_every_decision_of_the_demo_is_a_record_by_demo(demo):
    with Workspace.open(demo.workspace) as ws:
        history = ws.history()
        assert set(history["who"]) == {"demo"}
        assert {record.status for record in ws.transforms} == {"accepted"}
        assert len(ws.targets) == 1
        assert [run.status for run in ws.runs] == ["finished"] * 4


def test_the_target_leaves_as_a_table_with_named_positions(demo):
    (path,) = (demo.output / "report" / "specimen").glob("target*.csv")
    table = pd.read_csv(path)
    assert {"x_um", "y_um", "z_um"} <= set(table.columns)
    with Workspace.open(demo.workspace) as ws:
        place = ws.locate(ws.targets["cluster"].position, from_="xrm_zoom", to="sem_view").table()
    assert table[["x_um", "y_um", "z_um"]].to_numpy() == pytest.approx(
        place[["x_um", "y_um", "z_um"]].to_numpy(), abs=1e-6
    )


@pytest.mark.full  # one template with a few records is replayed in tests/test_templates.py
@pytest.mark.parametrize("template", TEMPLATES[1:])
def test_the_same_state_gives_the_same_numbers_to_the_bit_and_records_nothing(
    demo, tmp_path, template
):
    first = nbformat.read(demo.output / "report" / "specimen" / f"{template}.ipynb", 4)
    again = run_template(template, demo.workspace, output=tmp_path, as_of=demo.state)
    assert again.status == "finished", again.failure
    assert numbers_of(first)
    assert numbers_of(first) == numbers_of(again.notebook)
    with Workspace.open(demo.workspace) as ws:
        assert ws.state == demo.state


@pytest.mark.full
def test_a_second_run_measures_what_the_first_one_did(demo, specimen, tmp_path):
    result = run_template("40_quantification", specimen, output=tmp_path / "again")
    assert result.exit_code == 0
    with Workspace.open(specimen) as ws:
        keys = [m.key for m in ws.measurements if m.run == result.run_id]
        values = {key: {m.value for m in ws.measurements if m.key == key} for key in keys}
    assert values
    assert all(len(found) == 1 for found in values.values())


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_choice_that_nobody_made_stops_with_words_and_exit_code_2(bare, tmp_path, template):
    result = run_template(template, bare, output=tmp_path)
    assert result.exit_code == 2
    assert result.failure.name == "DecisionNeeded"
    assert len(result.failure.message) > 40
    with Workspace.open(bare) as ws:
        assert len(ws.measurements) == 0


def test_parameters_decide_instead_of_records_and_a_name_that_is_markup_is_text(bare, tmp_path):
    folder = Path(shutil.copytree(bare, tmp_path / "specimen"))
    given = {"map_image": EVIL, "image": EVIL, "thresholds": [140.0], "phases": ["matrix", "ball"]}
    batch = run_workspaces(
        [folder],
        output=tmp_path,
        templates=["10_survey", "40_quantification"],
        parameters=given,
    )
    assert batch.exit_code == 0, batch.table()
    with Workspace.open(folder) as ws:
        found = {m.key: m for m in ws.measurements}
    fraction = found[f"quantification.{EVIL}.ball.volume_fraction"]
    truth = float(np.mean(inside_ball()))
    assert fraction.lower <= truth <= fraction.upper
    assert fraction.uncertainty < 0.02 * truth
    html = batch.specimens[0].report.read_text()
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert EVIL not in html


def test_plain_papermill_runs_a_template(bare, tmp_path):
    import scalebridge.templates

    (folder,) = scalebridge.templates.__path__
    command = [sys.executable, "-m", "papermill", f"{folder}/10_survey.ipynb"]
    command += [
        str(tmp_path / "out.ipynb"),
        "-p",
        "workspace",
        str(bare),
        "-p",
        "map_image",
        "first",
    ]
    command += ["-k", "python3", "--no-progress-bar"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_demo_never_deletes_what_no_demo_made(tmp_path):
    (tmp_path / "specimen").mkdir()
    (tmp_path / "specimen" / "mine.txt").write_text("years of work")
    with pytest.raises(WorkspaceError, match="which no demo made"):
        run_demo(output=tmp_path)
    assert (tmp_path / "specimen" / "mine.txt").exists()
