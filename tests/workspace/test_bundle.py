"""A bundle brings everything over, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from scalebridge.analysis.registration import AffineTransform
from scalebridge.cli import app
from scalebridge.errors import (
    BundleLimit,
    DamagedImage,
    DiskFull,
    NewerFormat,
    NotFound,
    RefusedBundle,
    WorkspaceError,
)
from scalebridge.reports.reliability import disks
from scalebridge.workspace import (
    BundleLimits,
    Workspace,
    back_up,
    examine,
    read_bundle,
    write_bundle,
)
from scalebridge.workspace.bundle import reading

from ..conftest import lacking

RNG = np.random.default_rng(6)
PIXELS = RNG.integers(0, 60000, (40, 40, 40), dtype=np.uint16)
POINT = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
KINDS = ("frames", "transforms", "landmarks", "targets", "segmentations", "measurements", "notes")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Write one specimen and its bundle; every test gets a copy."""
    place = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBRIDGE_USER", "tester")
        with Workspace.create(place / "specimen") as ws:
            fill(ws)
            write_bundle(ws, place / "all.zip")
    return place


def fill(ws):
    for name in ("xrm", "other"):
        add(ws, name, PIXELS, "zyx")
    add(ws, "sem", PIXELS[0], "yx")
    pair = {"moving_frame": "sem", "fixed_frame": "xrm", "moving": POINT, "fixed": POINT}
    ws.landmarks.add(**pair)
    ws.landmarks.add(**{**pair, "fixed_frame": "other"})
    ws.transforms.add(
        name="sem_to_xrm",
        from_frame="sem",
        to_frame="xrm",
        transform=AffineTransform.exact(offset_um=[0.0, 0.0, 5.0]).to_dict(),
        status="accepted",
    )
    ws.targets.add(name="pit", frame="xrm", position=POINT, note="tief µ\u2028 \U0001f52c")
    ws.targets.edit("pit", version=1, note="deeper")
    ws.segmentations.add(name="pores", image="xrm", thresholds=[100.0])
    for value in (0.1, 1e-300, 1.7976931348623157e308, -0.0, 1 / 3, 2**53 + 0.0):
        ws.measurements.add(key="k", value=value, unit="1", image="xrm", segmentation="pores")
    ws.measurements.add(key="elsewhere", value=2.0, unit="µm", image="other")
    ws.notes.add(text="of nothing")


def add(ws, name, values, axes):
    ws.images.write(
        name,
        shape=values.shape,
        dtype=values.dtype,
        axes=axes,
        blocks=[(tuple(slice(0, n) for n in values.shape), values)],
        spacing_um=(1.0,) * values.ndim,
        spacing_source="made",
    )


@pytest.fixture
def specimen(made, tmp_path):
    shutil.copytree(made / "specimen", tmp_path / "specimen")
    with Workspace.open(tmp_path / "specimen") as ws:
        yield ws


@pytest.fixture
def bundle(made, tmp_path):
    return Path(shutil.copy(made / "all.zip", tmp_path / "all.zip"))


def everything(ws):
    return {kind: [vars_of(r) for r in getattr(ws, kind).all(removed=True)] for kind in KINDS}


def vars_of(record):
    return {name: getattr(record, name) for name in record.__slots__}


def test_a_whole_workspace_comes_over_with_every_version_and_pixel(specimen, bundle, tmp_path):
    with read_bundle(bundle, tmp_path / "copy") as copy:
        assert everything(copy) == everything(specimen)
        assert (copy.state, copy.name, copy.id) == (specimen.state, specimen.name, specimen.id)
        assert copy.history().equals(specimen.history())
        for image in specimen.images:
            assert (copy.images[image.name].array() == image.array()).all()
        copy.notes.add(text="goes on")
        assert copy.state == specimen.state + 1
    assert examine(tmp_path / "copy").sound


def test_the_same_state_gives_the_same_bytes(specimen, bundle, tmp_path):
    write_bundle(specimen, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()
    with read_bundle(bundle, tmp_path / "copy") as copy:
        write_bundle(copy, tmp_path / "third.zip")
    assert (tmp_path / "third.zip").read_bytes() == bundle.read_bytes()


def test_records_go_to_a_database_that_is_named(specimen, bundle, tmp_path):
    url = f"sqlite:///{tmp_path / 'group.db'}"
    with read_bundle(bundle, tmp_path / "one", records=url) as copy:
        assert everything(copy) == everything(specimen)
    with pytest.raises(WorkspaceError, match="--as-copy"):
        read_bundle(bundle, tmp_path / "two", records=url)
    assert not (tmp_path / "two").exists()
    with read_bundle(bundle, tmp_path / "two", records=url, as_copy=True) as second:
        assert second.id != specimen.id
        assert everything(second) == everything(specimen)
    assert not (tmp_path / "one" / "records.db").exists()


def test_a_part_is_some_images_with_what_speaks_of_them_alone(specimen, tmp_path):
    done = write_bundle(specimen, tmp_path / "part.zip", images=["xrm"], frames=["sem"])
    assert (done.images, done.left_out["measurements"], done.left_out["notes"]) == (("xrm",), 1, 1)
    with read_bundle(tmp_path / "part.zip", tmp_path / "part") as part:
        assert [image.name for image in part.images] == ["xrm"]
        assert sorted(frame.name for frame in part.frames) == ["sem", "xrm"]
        assert [one.fixed_frame for one in part.landmarks] == ["xrm"]
        assert len(part.measurements) == 6
        assert (len(part.transforms), len(part.targets), len(part.notes)) == (1, 1, 0)
        assert [one.version for one in part.targets.versions("pit")] == [1, 2]
        assert part.id != specimen.id
        assert part.locate([[0.0, 0.0, 0.0]], from_="sem", to="xrm", order="zyx") is not None
    assert examine(tmp_path / "part").sound


def test_an_image_that_is_not_there_cannot_be_chosen(specimen, tmp_path):
    with pytest.raises(NotFound, match="has no record 'nothing'; it has: other, sem, xrm"):
        write_bundle(specimen, tmp_path / "part.zip", images=["nothing"])
    assert list(tmp_path.glob("*.zip")) == []


def test_an_earlier_state_is_written_as_it_was(folder, specimen, tmp_path):
    state = specimen.state
    specimen.calibrate("xrm", spacing_um=(3.0, 3.0, 3.0), source="ruler")
    with Workspace.open(folder, as_of=state) as old:
        write_bundle(old, tmp_path / "old.zip")
    with read_bundle(tmp_path / "old.zip", tmp_path / "old") as back:
        assert back.images["xrm"].spacing_um == (1.0, 1.0, 1.0)
        assert (back.images["xrm"].array() == PIXELS).all()
    assert examine(tmp_path / "old").sound


def test_a_damaged_image_is_not_bundled(specimen, tmp_path):
    chunk = specimen.images["xrm"].folder / "0" / "c" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-1])
    with pytest.raises(DamagedImage, match=r"the bundle was not written: .* scalebridge doctor"):
        write_bundle(specimen, tmp_path / "x.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["specimen"]


def test_nothing_is_written_over(specimen, bundle, tmp_path):
    before = bundle.read_bytes()
    with pytest.raises(WorkspaceError, match="not written over"):
        write_bundle(specimen, bundle)
    assert bundle.read_bytes() == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(WorkspaceError, match="has something in it"):
        read_bundle(bundle, tmp_path / "full")


def test_the_metadata_are_those_of_a_research_object(specimen, bundle):
    with zipfile.ZipFile(bundle) as archive:
        crate = json.loads(archive.read("ro-crate-metadata.json"))
        graph = {entity["@id"]: entity for entity in crate["@graph"]}
        names = set(archive.namelist()) - {"ro-crate-metadata.json"}
        files = {key for key, entity in graph.items() if entity["@type"] == "File"}
        assert files == names
        for name in names:
            data = archive.read(name)
            assert graph[name]["contentSize"] == str(len(data))
            assert graph[name]["sha256"] == sha256(data).hexdigest()
    root = graph["./"]
    assert {"name", "description", "datePublished", "license", "author"} <= set(root)
    assert [graph[one["@id"]]["name"] for one in listed(root["author"])] == ["tester"]
    linked = [one["@id"] for entity in graph.values() for one in listed(entity.get("hasPart"))]
    assert set(linked) == files | {key for key in graph if key.startswith("images/")} - {"./"}


def listed(value):
    return value if isinstance(value, list) else [value] if value else []


def test_another_library_reads_the_research_object(bundle, tmp_path):
    rocrate = pytest.importorskip("rocrate.rocrate")
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "crate")
    crate = rocrate.ROCrate(str(tmp_path / "crate"))
    assert crate.name == "specimen"
    assert crate.root_dataset["author"]["name"] == "tester"
    records = crate.dereference("records.jsonl")
    assert records["sha256"] == sha256((tmp_path / "crate/records.jsonl").read_bytes()).hexdigest()
    assert len(crate.get_by_type("File")) == len(zipfile.ZipFile(bundle).namelist()) - 1


def rebuilt(bundle, target, *, change=None, add=(), drop=(), sums=True):
    """Write a bundle again with other content, its sums made to fit."""
    with zipfile.ZipFile(bundle) as old:
        content = {name: old.read(name) for name in old.namelist() if name not in drop}
    content.update(change or {})
    crate = json.loads(content.pop("ro-crate-metadata.json"))
    if sums:
        for entity in crate["@graph"]:
            if entity["@type"] == "File" and entity["@id"] in content:
                data = content[entity["@id"]]
                entity["sha256"] = sha256(data).hexdigest()
                entity["contentSize"] = str(len(data))
    with zipfile.ZipFile(target, "w") as new:
        for name, data in content.items():
            new.writestr(name, data)
        new.writestr("ro-crate-metadata.json", json.dumps(crate))
        for entry, data in add:
            new.writestr(entry, data)
    return target


def refused(path, tmp_path, words, error=RefusedBundle, **options):
    with pytest.raises(error, match=words):
        read_bundle(path, tmp_path / "out" / "copy", **options)
    assert not (tmp_path / "out" / "copy").exists()
    assert list((tmp_path / "out").glob(".*")) == [] if (tmp_path / "out").exists() else True


def entry(name, mode=0o100644):
    made = zipfile.ZipInfo("placeholder")
    made.filename = name
    made.external_attr = mode << 16
    return made


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../outside", "leads outside"),
        ("images/../../outside", "leads outside"),
        ("/etc/passwd", "absolute path"),
        ("C:/windows/x", "drive letter"),
        ("images\\x", "backslash"),
        ("records.jsonl", "a name twice"),
        ("images/a.ome.zarr/", "a folder by itself"),
        ("setup.py", "none of a bundle"),
        ("images/a.ome.zarr/0/c/0/evil.so", "none of a bundle"),
        ("runs/../x.ipynb", "leads outside"),
        ("records.jsonl/x", "none of a bundle"),
        ("runs//x.ipynb", "leads outside"),
        ("runs/a\nb", "control characters"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_could_lead_outside_or_clash_is_refused(bundle, tmp_path, name, words):
    path = rebuilt(bundle, tmp_path / "bad.zip", add=[(entry(name), b"x")])
    refused(path, tmp_path, words)


def test_names_that_are_one_on_some_disks_are_refused(bundle, tmp_path):
    more = [(entry("runs/a.ipynb"), b"x"), (entry("runs/A.ipynb"), b"x")]
    path = rebuilt(bundle, tmp_path / "bad.zip", add=more)
    refused(path, tmp_path, "beside 'runs/a.ipynb', the same on some disks")


def test_a_name_with_a_zero_byte_is_refused(bundle, tmp_path):
    path = rebuilt(bundle, tmp_path / "bad.zip", add=[(entry("runs/aXb.ipynb"), b"x")])
    path.write_bytes(path.read_bytes().replace(b"runs/aXb", b"runs/a\0b"))
    refused(path, tmp_path, "zero byte")


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR])
def test_what_is_no_plain_file_is_refused(bundle, tmp_path, mode):
    path = rebuilt(bundle, tmp_path / "bad.zip", add=[(entry("runs/x", mode), b"/etc/passwd")])
    refused(path, tmp_path, "symbolic link|no plain file")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x1f\x8b" + bytes(600), "a gzip file"),
        (b"7z\xbc\xaf" + bytes(600), "a 7z archive"),
        (bytes(257) + b"ustar" + bytes(600), "a tar archive"),
        (b"MZ" + bytes(600), "a program"),
        (b"", "something else"),
        (b"PK\x03\x04" + bytes(600), "no list of files"),
    ],
)
def test_another_kind_of_archive_is_refused(tmp_path, data, words):
    (tmp_path / "x.zip").write_bytes(data)
    refused(tmp_path / "x.zip", tmp_path, words)


def test_a_zip_in_front_of_which_a_program_stands_is_refused(bundle, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"#!/bin/sh\nrm -rf /\n" + bundle.read_bytes())
    refused(tmp_path / "x.zip", tmp_path, "expected a zip")


def test_any_other_zip_is_no_bundle(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("ro-crate-metadata.json", "{}")
    refused(tmp_path / "x.zip", tmp_path, r"expected bundle\.json")
    refused(tmp_path / "none.zip", tmp_path, "got no file", NotFound)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (BundleLimits(files=5), "at most 5 files .*got more.* --max-files"),
        (BundleLimits(bytes=1000), "at most 1 KB in a bundle.* --max-gb"),
        (BundleLimits(ratio=0.5), "0.5 times .* --max-ratio"),
    ],
)
def test_a_bundle_above_the_limits_is_refused_and_told_how_to_raise_them(
    bundle, tmp_path, limits, words
):
    refused(bundle, tmp_path, words, BundleLimit, limits=limits)


def test_a_bomb_is_refused_before_it_is_unpacked(bundle, tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        new.writestr("records.jsonl", bytes(60_000_000))
    refused(tmp_path / "bomb.zip", tmp_path, "1000 times", BundleLimit)


def test_files_that_lie_inside_of_each_other_are_refused(bundle, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as new:
        new.writestr("records.jsonl", b"x" * 1000)
        new.writestr("bundle.json", b"y" * 1000)
    data = (tmp_path / "x.zip").read_bytes()
    second = data.rindex(b"PK\x01\x02")
    data = data[: second + 42] + bytes(4) + data[second + 46 :]
    (tmp_path / "x.zip").write_bytes(data)
    refused(tmp_path / "x.zip", tmp_path, "lies inside of another file")


def test_every_file_is_compared_with_its_sum(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as archive:
        chunks = [name for name in archive.namelist() if "/c/" in name]
    for name in ("records.jsonl", "bundle.json", chunks[1]):
        with zipfile.ZipFile(bundle) as archive:
            data = archive.read(name)
        changed = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
        path = rebuilt(bundle, tmp_path / "bad.zip", change={name: changed}, sums=False)
        refused(path, tmp_path, f"SHA-256 of {name}")
    path = rebuilt(bundle, tmp_path / "bad.zip", drop=[chunks[0]])
    refused(path, tmp_path, f"{chunks[0]} is missing")
    path = rebuilt(bundle, tmp_path / "bad.zip", add=[("runs/more.ipynb", b"{}")])
    refused(path, tmp_path, r"runs/more\.ipynb is not listed")


@pytest.mark.parametrize("seed", range(20))
def test_a_bundle_with_one_flipped_bit_is_refused_or_the_same(specimen, bundle, tmp_path, seed):
    data = bytearray(bundle.read_bytes())
    bit = int(np.random.default_rng(seed).integers(len(data) * 8))
    data[bit // 8] ^= 1 << bit % 8
    (tmp_path / "bad.zip").write_bytes(data)
    try:
        with read_bundle(tmp_path / "bad.zip", tmp_path / "copy") as copy:
            assert everything(copy) == everything(specimen)
            assert (copy.images["xrm"].array() == PIXELS).all()
    except (RefusedBundle, NewerFormat, NotFound):
        assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("length", [0, 100, 0.5, 0.99])
def test_a_bundle_of_which_only_a_part_came_is_refused(bundle, tmp_path, length):
    data = bundle.read_bytes()
    count = length if isinstance(length, int) else int(length * len(data))
    (tmp_path / "bad.zip").write_bytes(data[:count])
    refused(tmp_path / "bad.zip", tmp_path, "something else|no list of files")


def test_rows_that_are_no_records_are_refused(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as archive:
        lines = archive.read("records.jsonl").splitlines(keepends=True)
    for change, words in (
        ({"kind": "spells"}, "'spells'"),
        ({"version": 0}, "whole number from 1"),
        ({"kind": "images", "body": "{}"}, "expected fields"),
        ({"more": 1}, "expected .'action'"),
    ):
        row = json.dumps({**json.loads(lines[0]), **change}).encode() + b"\n"
        content = {"records.jsonl": b"".join([row, *lines[1:]])}
        refused(rebuilt(bundle, tmp_path / "bad.zip", change=content), tmp_path, words)
    content = {"records.jsonl": b"".join(lines[1:])}
    refused(rebuilt(bundle, tmp_path / "bad.zip", change=content), tmp_path, "rows from 0 on")
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    content = {"records.jsonl": deep}
    refused(rebuilt(bundle, tmp_path / "bad.zip", change=content), tmp_path, "is no record")


def test_a_bundle_of_a_newer_scalebridge_is_refused(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as archive:
        said = json.loads(archive.read("bundle.json"))
    content = {"bundle.json": json.dumps({**said, "scalebridge_bundle": 99}).encode()}
    path = rebuilt(bundle, tmp_path / "new.zip", change=content)
    refused(path, tmp_path, "install a newer", NewerFormat)


def test_a_bundle_written_while_others_write_holds_a_state_that_existed(
    folder, ws, add_image, tmp_path
):
    add_image("v", PIXELS)
    stop = threading.Event()

    def write(number: int) -> None:
        with Workspace.open(folder) as mine:
            count = 0
            while not stop.is_set():
                with mine.transaction():  # always two notes of one number
                    mine.notes.add(text=f"{number}.{count}")
                    mine.notes.add(text=f"{number}.{count}")
                count += 1

    threads = [threading.Thread(target=write, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(3):
            write_bundle(ws, tmp_path / f"{number}.zip")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    states = []
    for number in range(3):
        with read_bundle(tmp_path / f"{number}.zip", tmp_path / str(number)) as copy:
            assert_a_state_that_existed(copy)
            states.append(copy.state)
        assert examine(tmp_path / str(number)).sound
    assert states == sorted(states)
    assert ws.state > states[0]


def assert_a_state_that_existed(copy):
    texts = [note.text for note in copy.notes]
    assert len(texts) == 2 * len(set(texts)), "both notes of a transaction or none"
    for number in range(2):
        counts = sorted({int(t.split(".")[1]) for t in texts if t.startswith(f"{number}.")})
        assert counts == list(range(len(counts))), "none before the last is missing"


@pytest.mark.parametrize("step", ["_unpack_one", "_fill", "_flush_folders", "write_manifest"])
def test_a_bundle_that_fails_on_its_way_leaves_no_folder_and_no_rows(
    specimen, bundle, tmp_path, monkeypatch, step
):
    url = f"sqlite:///{tmp_path / 'group.db'}"
    real, calls = getattr(reading, step), []

    def failing(*given, **more):
        calls.append(step)
        if step == "_unpack_one" and len(calls) < 4:
            return real(*given, **more)
        if step == "_fill":
            real(*given, **more)
        raise RuntimeError("the machine was switched off")

    with monkeypatch.context() as patch:
        patch.setattr(reading, step, failing)
        with pytest.raises(RuntimeError):
            read_bundle(bundle, tmp_path / "copy", records=url)
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"specimen", "all.zip", "group.db"}
    if step != "_fill":  # which was done, and would have taken its rows out by itself
        with read_bundle(bundle, tmp_path / "copy", records=url) as copy:
            assert everything(copy) == everything(specimen)


@pytest.mark.parametrize("work", ["write", "read", "backup"])
@pytest.mark.parametrize("left", [0, 40_000, 150_000])
def test_a_full_disk_leaves_nothing_of_a_bundle_or_backup(
    specimen, bundle, tmp_path, monkeypatch, work, left
):
    monkeypatch.setattr(reading, "RESERVE_BYTES", -(10**12))
    try:
        with disks.small_disk(tmp_path / "small", megabytes=8) as disk:
            disks.Ballast(disk).leave(left)
            works = {
                "write": lambda: write_bundle(specimen, disk / "a.zip"),
                "read": lambda: read_bundle(bundle, disk / "copy"),
                "backup": lambda: back_up(specimen, disk / "copy"),
            }
            with pytest.raises(DiskFull, match="make room"):
                works[work]()
            assert [path.name for path in disk.iterdir()] == ["ballast"]
    except disks.NoSmallDisk as error:
        lacking("disk", str(error))
    assert examine(specimen.path).sound


def test_the_command_line_writes_and_reads(specimen, folder, tmp_path):
    run = CliRunner()
    path = str(tmp_path / "a.zip")
    shown = run.invoke(app, ["bundle", "write", str(folder), path, "--images", "xrm"])
    assert shown.exit_code == 0, shown.output
    assert "1 image," in shown.output
    assert "not in it" in shown.output
    shown = run.invoke(app, ["bundle", "read", path, str(tmp_path / "copy")])
    assert shown.exit_code == 0, shown.output
    assert "6 measurements" in shown.output
    shown = run.invoke(app, ["bundle", "read", path, str(tmp_path / "b"), "--max-files", "2"])
    assert isinstance(shown.exception, BundleLimit)
    assert not Path(tmp_path / "b").exists()
    assert os.listdir(tmp_path / "copy") != []
