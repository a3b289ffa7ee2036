from __future__ import annotations

import sys

import nbformat
import pytest

from scalebridge import Workspace
from scalebridge.errors import ParameterError, WorkspaceError
from scalebridge.reports.chapter import read_chapter
from scalebridge.reports.page import render_report
from scalebridge.reports.run import run_template
from scalebridge.reports.run_record import RunRecord


def records(workspace):
    with Workspace.open(workspace) as ws:
        return list(ws.runs), list(ws.measurements)


def test_a_finished_run_shows_its_items_and_is_recorded_with_its_measurements(
    workspace, write_template, measure, tmp_path
):
    path = write_template("10_count", measure(), "KeyNumber('size', 'Size', size_um, unit='µm')")
    cells = []
    result = run_template(
        path,
        workspace,
        output=tmp_path / "out",
        parameters={"size_um": 2},
        progress=lambda progress: cells.append((progress.cell, progress.cells)),
    )
    assert (result.status, result.exit_code, result.failure) == ("finished", 0, None)
    assert cells == [(cell, 6) for cell in range(1, 7)]  # papermill adds the injected cell
    numbers = {n.key: n.written for n in read_chapter(result.notebook).key_numbers}
    assert numbers == {"porosity": "0.250 ± 0.010", "size": "2 µm"}

    (run,), (measured,) = records(workspace)
    assert (run.id, run.status, run.template) == (result.run_id, "finished", "10_count")
    assert run.parameters == {"size_um": 2.0}
    assert run.state_in == 1
    assert (measured.run, measured.key, measured.value) == (run.id, "porosity", 0.25)
    assert measured.checks == [{"name": "phases sum to 1", "passed": True, "detail": ""}]
    kept = nbformat.read(workspace / run.report, as_version=4)
    assert kept == nbformat.read(result.path, as_version=4)


def test_what_a_failing_run_wrote_goes_back_and_what_another_person_wrote_meanwhile_stays(
    workspace, write_template, measure, tmp_path, monkeypatch
):
    path = write_template(
        "10_fail",
        measure(),
        "p = dict(z_um=1, y_um=2, x_um=3)\n"
        "ws.targets.add(name='pit', frame='stage', position=p)\n"
        "ws.notes.edit(ws.notes.all()[0].id, version=1, text='etched')\n"
        "ws.frames.tag('stage', 'map')",
        "assert ws.frames['stage'].description == 'by ada'\n1 / 0",
        "print('never reached')",
    )
    with Workspace.open(workspace) as ws:
        ws.frames.add(name="stage")

    def ada_writes(progress):
        if progress.cell != 7:  # the last cell but one
            return
        monkeypatch.setenv("SCALEBRIDGE_USER", "ada")
        with Workspace.open(workspace) as hers:
            hers.frames.edit("stage", version=2, description="by ada")
            hers.notes.add(text="from the other room")
        monkeypatch.setenv("SCALEBRIDGE_USER", "tester")

    result = run_template(path, workspace, output=tmp_path / "out", progress=ada_writes)
    assert (result.status, result.exit_code) == ("failed", 1)
    assert result.failure is not None
    assert (result.failure.name, result.failure.source.splitlines()[-1]) == (
        "ZeroDivisionError",
        "1 / 0",
    )
    (run,), measured = records(workspace)
    assert measured == []
    assert (run.status, run.error) == ("failed", "ZeroDivisionError: division by zero")
    with Workspace.open(workspace) as ws:
        assert [note.text for note in ws.notes] == ["polished", "from the other room"]
        assert len(ws.targets) == 0
        assert (ws.frames["stage"].description, ws.frames["stage"].tags) == ("by ada", ("map",))
        before = Workspace.open(workspace, as_of=ws.state - 1)
    with before:
        assert before.targets["pit"].position == {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
    assert "targets 'pit': removed" in run.taken_back
    assert (tuple(run.taken_back), tuple(run.kept)) == (result.taken.undone, result.taken.kept)
    assert run.kept[0].startswith("frames 'stage': ada changed it since (edit, ")
    assert read_chapter(result.notebook).key_numbers == ()
    page = render_report([result.notebook])
    assert "Written by it and taken back (3)" in page
    assert "frames &#39;stage&#39;: ada changed it since" in page


def test_a_run_that_a_person_stops_leaves_nothing(workspace, write_template, tmp_path):
    path = write_template("10_stop", "ws.notes.add(text='half way')", "'next'")

    def stop(progress):
        if progress.cell == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_template(path, workspace, output=tmp_path / "out", progress=stop)
    (run,), _ = records(workspace)
    assert (run.status, run.error) == ("failed", "the run was interrupted")
    assert len(run.taken_back) == 1
    with Workspace.open(workspace) as ws:
        assert [note.text for note in ws.notes] == ["polished"]


def test_a_run_whose_record_cannot_be_written_keeps_its_notebook(
    workspace, write_template, measure, tmp_path, monkeypatch
):
    def locked(record, status, **told):
        raise WorkspaceError("the records could not be written")

    monkeypatch.setattr(RunRecord, "end", locked)
    path = write_template("10_count", measure())
    with pytest.raises(WorkspaceError, match="could not be written"):
        run_template(path, workspace, output=tmp_path / "out")
    for kept in (tmp_path / "out" / "10_count.ipynb", *(workspace / "runs").glob("*.ipynb")):
        (number,) = read_chapter(nbformat.read(kept, as_version=4)).key_numbers
        assert number.key == "porosity"


def test_a_choice_that_nobody_made_ends_with_exit_code_2_and_says_what_to_decide(
    workspace, write_template, tmp_path
):
    path = write_template("30_target", "raise DecisionNeeded('place a target or give -p size_um')")
    result = run_template(path, workspace, output=tmp_path / "out")
    assert (result.status, result.exit_code) == ("undecided", 2)
    assert result.failure is not None
    assert result.failure.message == "place a target or give -p size_um"
    assert records(workspace)[0][0].status == "undecided"


def test_a_replay_gives_the_same_bits_and_records_nothing(
    workspace, write_template, measure, tmp_path
):
    path = write_template(
        "10_count",
        measure("0.1 + 0.2"),
        "display(KeyNumber('notes', 'Notes', len(ws.notes), unit='1'))\n"
        "names = {'a', 'b', 'pore', 'matrix', 'particle'}\n"
        "display(Text(' '.join(names)))",
        "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\naxes.plot([0, 1])\n"
        "plt.close(figure)\nFigure(figure, 'A line.', name='line')",
    )
    with Workspace.open(workspace) as ws:
        before = ws.state
        ws.notes.add(text="written later")
        state = ws.state
    first, second = (
        run_template(path, workspace, output=tmp_path / name, as_of=before) for name in "ab"
    )
    chapters = [read_chapter(result.notebook) for result in (first, second)]
    assert chapters[0].items == chapters[1].items
    assert {n.key: n.value for n in chapters[0].key_numbers}["notes"] == 1
    with Workspace.open(workspace) as ws:
        assert ws.state == state
    assert not (workspace / "runs").exists() or not list((workspace / "runs").iterdir())


def test_the_kernel_is_this_interpreter_and_reads_nobodys_start_up_files(
    workspace, write_template, tmp_path, monkeypatch
):
    startup = tmp_path / "home/.ipython/profile_default/startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("from_start_up = True")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "no-kernels-here"))
    path = write_template(
        "10_where",
        "import sys\ndisplay(Text(sys.executable))",
        "assert 'from_start_up' not in globals()",
        "Text(workspace)",
    )
    result = run_template(path, workspace, output=tmp_path / "out{braces}")
    assert result.failure is None
    assert [str(item) for item in read_chapter(result.notebook).items] == [
        sys.executable,
        str(workspace),
    ]


@pytest.mark.parametrize(
    ("cell", "name", "message"),
    [
        ("import time; time.sleep(60)", "CellTimeoutError", "a cell ran longer than 3 s"),
        ("import os; os._exit(1)", "DeadKernelError", "the kernel died"),
    ],
)
def test_a_kernel_that_dies_or_hangs_ends_the_run_in_words(
    workspace, write_template, tmp_path, cell, name, message
):
    path = write_template("10_end", "Text('seen before')", cell)
    result = run_template(path, workspace, output=tmp_path / "out", timeout_s=3)
    assert result.exit_code == 1
    assert [str(item) for item in read_chapter(result.notebook).items] == ["seen before"]
    assert result.failure is not None
    assert result.failure.name == name
    assert result.failure.message.startswith(message)
    assert records(workspace)[0][0].status == "failed"


@pytest.mark.parametrize(
    ("given", "as_of", "message"),
    [
        ({"size": 1.0}, None, "no parameter 'size': did you mean 'size_um'"),
        ({"size_um": "large"}, None, r"'size_um' \[µm\] needs float \| None, got str: 'large'"),
        ({"workspace": "/elsewhere"}, None, "'workspace' is given by the runner"),
        ({"as_of": 1}, None, "'as_of' is given by the runner"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_runs(
    workspace, write_template, tmp_path, given, as_of, message
):
    path = write_template("10_count", "open('ran', 'w').close()")
    with pytest.raises(ParameterError, match=message):
        run_template(path, workspace, output=tmp_path / "out", parameters=given, as_of=as_of)
    assert records(workspace) == ([], [])
    assert not (tmp_path / "out").exists()


def test_a_template_that_cannot_be_replayed_is_refused(workspace, write_template, tmp_path):
    path = write_template("10_count", parameters="workspace: str  # folder")
    with pytest.raises(ParameterError, match="declares no parameter as_of"):
        run_template(path, workspace, output=tmp_path / "out", as_of=1)


def test_what_is_no_template_and_what_is_no_workspace_is_refused_in_words(
    workspace, write_template, tmp_path
):
    with pytest.raises(ParameterError, match=r"cannot be read: No such file"):
        run_template(tmp_path / "absent.ipynb", workspace, output=tmp_path)
    with pytest.raises(ParameterError, match="there is no template '99_nothing'"):
        run_template("99_nothing", workspace, output=tmp_path)
    (tmp_path / "broken.ipynb").write_text("{")
    with pytest.raises(ParameterError, match="broken is no Jupyter notebook"):
        run_template(tmp_path / "broken.ipynb", workspace, output=tmp_path)
    with pytest.raises(WorkspaceError):
        run_template(write_template("10_count"), tmp_path / "nowhere", output=tmp_path)


def test_a_kernel_that_is_still_tidying_up_is_not_interrupted(
    workspace, write_template, tmp_path, capfd
):
    path = write_template(
        "10_slow",
        "import inspect, time\n"
        "handlers = get_ipython().kernel.shell_handlers\n"
        "answer = handlers['kernel_info_request']\n"
        "async def answer_and_linger(*message):\n"
        "    done = answer(*message)\n"
        "    if inspect.isawaitable(done):\n"
        "        await done\n"
        "    time.sleep(1)\n"
        "handlers['kernel_info_request'] = answer_and_linger",
    )
    result = run_template(path, workspace, output=tmp_path / "out")
    assert result.exit_code == 0
    assert capfd.readouterr() == ("", "")
