from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
import tifffile

from scalebridge import Workspace
from scalebridge.cli import main
from scalebridge.reports.template import told_apart

sys.path.insert(0, str(Path(__file__).parent / "io"))
from linked_pyramids import made

PARAMETERS = """\
workspace: str  # folder of the specimen
as_of: int | None = None  # state to replay
size_um: float | None = None  # size [µm]
"""


def template(path: Path, cell: str) -> Path:
    tagged = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    cells = [nbformat.v4.new_markdown_cell("# Counting"), tagged, nbformat.v4.new_code_cell(cell)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def scalebridge(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


@pytest.fixture
def specimen(tmp_path):
    Workspace.create(tmp_path / "specimen").close()
    return tmp_path / "specimen"


SHOW = "from scalebridge.reports.items import KeyNumber\nKeyNumber('s', 'Size', size_um, unit='µm')"


def test_a_run_and_its_report_end_with_0_and_say_where_they_are(specimen, tmp_path, capsys):
    path = template(tmp_path / "10_size.ipynb", SHOW)
    assert scalebridge("run", specimen, path, "-p", "size_um=2.5", "--output", tmp_path / "o") == 0
    told = capsys.readouterr()
    assert "finished" in told.out
    assert f"report: {tmp_path}/o/specimen/report.html" in told.out
    assert "10_size, 4 cells" in told.err
    assert scalebridge("report", specimen, "--output", tmp_path / "r.html") == 0
    again, first = (tmp_path / "r.html"), (tmp_path / "o/specimen/report.html")
    assert "2.5 µm" in again.read_text()
    assert again.read_text() == first.read_text()


@pytest.mark.parametrize(
    ("cell", "code", "marked"),
    [
        ("raise ValueError('no contrast')", 1, "FAILED"),
        (
            "from scalebridge.errors import DecisionNeeded\nraise DecisionNeeded('place a target')",
            2,
            "DECISION NEEDED",
        ),
    ],
)
def test_a_run_that_stops_says_so_in_code_table_and_report(
    specimen, tmp_path, capsys, cell, code, marked
):
    path = template(tmp_path / "10_stop.ipynb", cell)
    assert scalebridge("run", specimen, path, "--output", tmp_path / "o") == code
    assert cell.split("'")[1] in capsys.readouterr().out
    assert marked in (tmp_path / "o/specimen/report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "size=1"], "there is no parameter 'size': did you mean 'size_um'"),
        (["-p", "size_um=big"], "needs float | None, got 'big'"),
        (["-p", "size_um"], "-p needs name=value"),
        (["-p", "workspace=/x"], "'workspace' is given by the runner"),
    ],
)
def test_wrong_parameters_end_with_2_and_nothing_runs(
    specimen, tmp_path, capsys, arguments, message
):
    path = template(tmp_path / "10_size.ipynb", SHOW)
    assert scalebridge("run", specimen, path, *arguments, "--output", tmp_path / "o") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("40_quantifcation", "did you mean '40_quantification'?"),
        ("targetting", "did you mean '30_targeting'?"),
        ("99_foo", "there are 10_survey, 20_registration"),
        ("mine.ipynb", "the template mine.ipynb cannot be read"),
    ],
)
def test_a_mistyped_template_is_no_workspace_and_nothing_runs(
    specimen, tmp_path, capsys, word, meant
):
    assert scalebridge("run", specimen, word, "-o", tmp_path / "o") == 2
    assert meant in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
    with Workspace.open(specimen) as ws:
        assert len(ws.runs) == 0


def test_a_path_is_no_slip_of_a_templates_name():
    assert told_apart(["surveys/a", "./targets", "survey"]) == (
        ["surveys/a", "./targets"],
        ["survey"],
    )


def test_a_folder_named_like_a_template_is_a_workspace_and_a_missing_one_stops_no_other(
    tmp_path, capsys
):
    place = tmp_path / "99_foo"
    Workspace.create(place).close()
    path = template(tmp_path / "10_size.ipynb", SHOW)
    assert (
        scalebridge("run", tmp_path / "night", place, path, "-p", "size_um=1", "-o", tmp_path) == 2
    )
    told = capsys.readouterr().out
    assert "expected a workspace" in told
    assert "refused" in told
    assert "finished" in told


def test_states_of_the_world_are_told_without_a_traceback(specimen, tmp_path):
    (specimen / "workspace.toml").write_text("format = ")
    ended = subprocess.run(
        [sys.executable, "-m", "scalebridge.cli", "info", str(specimen)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("scalebridge: ")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["info", "nowhere"], "expected a workspace in nowhere"),
        (["info", "W", "--as-of", "9"], "as_of needs a state from 0 to 0, got 9"),
        (["report", "W", "-o", "r.html"], "scalebridge run"),
        (["run", "nowhere", "10_survey", "-o", "out"], ""),
        (["calibrate", "W", "no", "--voxel-um", "1,1", "--source", "s"], "images has no record"),
        (["calibrate", "W", "no", "--voxel-um", "big", "--source", "s"], "lengths in µm look like"),
        (["example", "E", "--scale", "huge"], "'huge'"),
        (["import", "no.tif", "-w", "W"], "no.tif"),
        (["gc"], ""),
    ],
)
def test_what_cannot_be_meant_ends_with_2(specimen, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "W").symlink_to(specimen)
    assert scalebridge(*words) == 2
    assert message in capsys.readouterr().err


SLOW = """\
import time
from scalebridge import Workspace
Workspace.open(workspace).notes.add(text='half way')
time.sleep(60)"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_takes_back_what_it_wrote_and_begins_no_other(
    specimen, tmp_path, how
):
    path = template(tmp_path / "10_slow.ipynb", SLOW)
    Workspace.create(tmp_path / "next").close()
    words = ["run", specimen, tmp_path / "next", path, "--output", tmp_path / "out"]
    running = subprocess.Popen(
        [sys.executable, "-m", "scalebridge.cli", *map(str, words)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        with Workspace.open(specimen) as ws:
            until = time.monotonic() + 60
            while not len(ws.notes) and time.monotonic() < until:
                time.sleep(0.1)
            running.send_signal(how)
            assert running.wait(30) == 130
            (run,) = ws.runs
            assert (run.status, run.error) == ("failed", "the run was interrupted")
            assert (len(ws.notes), len(run.taken_back)) == (0, 1)
    finally:
        running.kill()
    with Workspace.open(tmp_path / "next") as ws:
        assert ws.state == 0


def test_the_help_says_what_an_exit_code_means(capsys):
    assert scalebridge("--help") == 0
    assert "Exit codes: 0 done; 1 something failed" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def bare_tiff(tmp_path):
    path = tmp_path / "bare.tif"
    tifffile.imwrite(path, np.arange(48, dtype="u1").reshape(6, 8))
    return path


def images(place):
    with Workspace.open(place) as ws:
        return {image.name: image.calibrated for image in ws.images}


def test_a_script_is_refused_what_is_missing_and_told_the_answer_that_would_do(
    specimen, bare_tiff, capsys
):
    assert scalebridge("import", bare_tiff, "--workspace", specimen) == 2
    told = capsys.readouterr()
    assert "y 6, x 8" in told.out
    assert "--voxel-um" in told.err
    assert images(specimen) == {}


def test_an_answer_calibrates_and_is_remembered_for_the_folder(specimen, bare_tiff, capsys):
    assert scalebridge("import", bare_tiff, "-w", specimen, "--voxel-um", "0.5,0.25") == 0
    assert images(specimen) == {"bare": True}
    other = bare_tiff.with_name("other.tif")
    other.write_bytes(bare_tiff.read_bytes())
    assert scalebridge("import", other, "-w", specimen) == 0
    assert "answers remembered for" in capsys.readouterr().out
    with Workspace.open(specimen) as ws:
        assert ws.images["other"].spacing_um == (0.5, 0.25)


def test_yes_imports_without_a_voxel_size_and_calibrate_gives_it_later(tmp_path, bare_tiff, capsys):
    place = tmp_path / "new"
    assert scalebridge("import", bare_tiff, "-w", place, "--yes") == 0
    assert images(place) == {"bare": False}
    assert "uncalibrated" in capsys.readouterr().out
    given = (place, "bare", "--source", "stage", "--voxel-um")
    for wrong in ("0.5", "-1,1", "0,0"):
        assert scalebridge("calibrate", *given, wrong) == 2
        assert "positive lengths in µm" in capsys.readouterr().err
    assert images(place) == {"bare": False}
    assert scalebridge("calibrate", *given, "0.5 0.5") == 0
    assert images(place) == {"bare": True}
    assert scalebridge("info", place) == 0
    assert "'bare'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("-1,1", "positive lengths in µm"),
        ("nan,1", "positive lengths in µm"),
        ("0.5", "needs 2 values (y, x)"),
        ("half", "got 'half'"),
    ],
)
def test_a_voxel_size_that_cannot_be_meant_is_refused_in_words(
    specimen, bare_tiff, capsys, given, words
):
    assert scalebridge("import", bare_tiff, "-w", specimen, f"--voxel-um={given}") == 2
    assert words in capsys.readouterr().err
    assert images(specimen) == {}


def test_names_are_found_taken_before_the_first_file_is_opened(specimen, bare_tiff, capsys):
    folder = bare_tiff.parent / "again"
    folder.mkdir()
    twin, given = folder / "bare.tif", ("-w", specimen, "--voxel-um", "0.5,0.25")
    twin.write_bytes(bare_tiff.read_bytes())
    for pair in ((bare_tiff, bare_tiff), (bare_tiff, twin)):
        assert scalebridge("import", *pair, *given) == 2
        told = capsys.readouterr()
        assert "would both be named 'bare'" in told.err
        assert told.out == ""
    assert scalebridge("import", bare_tiff, *given) == 0
    capsys.readouterr()
    assert scalebridge("import", twin, *given) == 2
    told = capsys.readouterr()
    assert "already has 'bare'" in told.err
    assert told.out == ""
    assert scalebridge("import", twin, *given, "--name", "twin") == 0
    assert list(images(specimen)) == ["bare", "twin"]


def test_a_name_that_nobody_could_read_ends_with_2_and_nothing_is_opened(
    specimen, bare_tiff, capsys
):
    long = bare_tiff.with_name(f"{'n' * 121}.tif")
    long.write_bytes(bare_tiff.read_bytes())
    for words in ((long,), (bare_tiff, "--name", "a\tb")):
        assert scalebridge("import", *words, "-w", specimen, "--voxel-um", "1,1") == 2
        told = capsys.readouterr()
        assert "--name gives another one" in told.err
        assert told.out == ""


def test_gc_in_a_script_deletes_only_after_yes(specimen, bare_tiff, capsys):
    scalebridge("import", bare_tiff, "-w", specimen, "--yes")
    with Workspace.open(specimen) as ws:
        ws.images.remove("bare")
    folders = list((specimen / "images").iterdir())
    assert scalebridge("gc", specimen) == 2
    assert "has to say --yes" in capsys.readouterr().err
    assert list((specimen / "images").iterdir()) == folders
    assert scalebridge("gc", specimen, "--yes") == 0
    assert not [f for f in (specimen / "images").iterdir() if f in folders]


def test_a_refusal_names_the_flip_and_the_lengths_that_are_missing_and_writes_nothing(
    tmp_path, capsys
):
    path = tmp_path / "volume.npy"
    np.save(path, np.zeros((4, 6, 8), "u1"))
    place = tmp_path / "new"
    assert scalebridge("import", path, "-w", place, "--handedness", "left") == 2
    told = capsys.readouterr().err
    assert "--flip z takes the mirror image back (--flip '' keeps it)" in told
    assert "--voxel-um z,y,x gives the voxel size" in told
    assert not place.exists()
    lengths = ("--voxel-um", "3,2,1")
    assert scalebridge("import", path, "-w", place, *lengths, "--handedness", "left", "--yes") == 2
    given = (*lengths, "--handedness", "left", "--flip", "z")
    assert scalebridge("import", path, "-w", place, *given) == 0
    assert images(place) == {"volume": True}


def test_a_script_writes_the_first_picture_where_it_is_told(tmp_path, bare_tiff, capsys):
    place, picture = tmp_path / "new", tmp_path / "first" / "look.png"
    given = ("--voxel-um", "0.5,0.25", "--preview", picture)
    assert scalebridge("import", bare_tiff, "-w", place, *given) == 0
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert str(picture) in capsys.readouterr().out
    assert not (place / "previews").exists()
    assert (
        scalebridge("import", bare_tiff, "-w", place, "--name", "b/../c", "--fresh", "--yes") == 0
    )
    assert [file.name for file in (place / "previews").iterdir()] == ["c.png"]


def test_what_a_script_does_never_depends_on_whose_home_it_runs_in(
    tmp_path, bare_tiff, monkeypatch, capsys
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    given = ("--voxel-um", "0.5,0.25")
    assert scalebridge("import", bare_tiff, "-w", tmp_path / "one", *given) == 0
    assert not (tmp_path / "home").exists()
    assert scalebridge("import", bare_tiff, "-w", tmp_path / "two") == 2
    assert not (tmp_path / "two").exists()


def test_fresh_forgets_what_was_answered(tmp_path, bare_tiff, capsys):
    place = tmp_path / "new"
    assert scalebridge("import", bare_tiff, "-w", place, "--voxel-um", "0.5,0.25") == 0
    assert scalebridge("import", bare_tiff, "-w", place, "--name", "again", "--fresh") == 2
    assert scalebridge("import", bare_tiff, "-w", place, "--name", "again") == 0


def test_calibrate_keeps_what_the_file_said_where_a_dash_stands(tmp_path, capsys):
    path, place = tmp_path / "stack.tif", tmp_path / "new"
    stack = np.zeros((3, 6, 8), "u1")
    metadata = {"unit": "um", "axes": "ZYX"}
    tifffile.imwrite(path, stack, imagej=True, resolution=(4, 5), metadata=metadata)
    assert scalebridge("import", path, "-w", place, "--yes") == 0
    calibrate = ("calibrate", place, "stack", "--source", "log")
    assert scalebridge(*calibrate, "--voxel-um", "-,-,-") == 2
    assert "positive lengths" in capsys.readouterr().err
    assert scalebridge(*calibrate, "--voxel-um", "700,-,- nm") == 0
    with Workspace.open(place) as ws:
        assert ws.images["stack"].spacing_um == pytest.approx((0.7, 0.2, 0.25))


def test_link_shows_an_image_where_it_lies_and_info_says_so(tmp_path, capsys):
    made(tmp_path / "far.ome.zarr", levels=2)
    specimen = tmp_path / "specimen"
    assert scalebridge("link", specimen, tmp_path / "far.ome.zarr", "--name", "hip") == 0
    assert scalebridge("info", specimen) == 0
    told = capsys.readouterr().out
    assert "voxel 0.5 x 0.1 x 0.1 µm, linked to" in told
    assert scalebridge("info", specimen, "--verify") == 0
    told = capsys.readouterr().out
    assert "hip: none of 3 files damaged" in told
    assert "linked pixels are not compared" in told
    (tmp_path / "far.ome.zarr/1/zarr.json").write_text("{}")
    assert scalebridge("info", specimen, "--verify") == 1
    assert "is not what it was when it was linked" in capsys.readouterr().out


def test_link_refuses_logins_and_other_schemes_and_writes_nothing(tmp_path, capsys):
    specimen = tmp_path / "specimen"
    assert scalebridge("link", specimen, "https://me:secret@example.org/a.zarr") == 2
    assert scalebridge("link", specimen, "file:///data/a.zarr") == 2
    told = capsys.readouterr().err
    assert "no login" in told
    assert "the scheme 'file'" in told
    assert "secret" not in told
    assert not specimen.exists()
    assert scalebridge("link", specimen, tmp_path / "nothing.ome.zarr") == 1
    assert "look whether the folder is there" in capsys.readouterr().err
