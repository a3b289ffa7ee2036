"""Whatever happens to a file of an image is found before it passes for pixels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from scalebridge.cli import app
from scalebridge.errors import DamagedImage, ReadOnly, WorkspaceError
from scalebridge.workspace import Workspace, images

RNG = np.random.default_rng(8)
PIXELS = RNG.integers(0, 60000, (70, 70, 70), dtype=np.uint16)
FIXTURE = Path(__file__).parent / "fixtures" / "format1"


def chunk(image, *index, level=0):
    return image.folder.joinpath(str(level), "c", *map(str, index))


def swap(one, other):
    first, second = one.read_bytes(), other.read_bytes()
    assert first != second
    one.write_bytes(second)
    other.write_bytes(first)


def test_chunks_that_changed_places_are_found_though_each_is_whole(ws, add_image):
    image = add_image("v", PIXELS)
    swap(chunk(image, 0, 0, 1), chunk(image, 0, 1, 0))
    with pytest.raises(DamagedImage, match=r"chunk that was written there.*got another whole one"):
        ws.images["v"].array()
    found = ws.images["v"].verify().set_index("part")
    assert found["damaged"].to_dict() == {"metadata": 0, "level 0": 2, "level 1": 0}
    assert "0/c/0/0/1" in found.loc["level 0", "problem"]
    swap(chunk(image, 0, 0, 1), chunk(image, 0, 1, 0))
    assert (ws.images["v"].array() == PIXELS).all()


def test_another_images_chunk_of_the_same_place_is_found(ws, add_image):
    image, other = add_image("v", PIXELS), add_image("w", PIXELS[::-1].copy())
    shutil.copy(chunk(other, 0, 0, 0, level=1), chunk(image, 0, 0, 0, level=1))
    assert (image.array(0) == PIXELS).all(), "what is whole can still be read"
    with pytest.raises(DamagedImage, match="another whole one"):
        image.array(1)


def test_a_level_that_was_replaced_whole_is_found_with_its_own_table(ws, add_image):
    image, other = add_image("v", PIXELS), add_image("w", PIXELS[::-1].copy())
    shutil.rmtree(image.folder / "0")
    shutil.copytree(other.folder / "0", image.folder / "0")
    with pytest.raises(DamagedImage, match="table of chunks that was recorded"):
        image.array()
    assert image.verify().set_index("part")["damaged"].to_dict() == {
        "metadata": 0,
        "level 0": 1,
        "level 1": 0,
    }


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(b"1234")])
def test_a_table_of_chunks_that_is_lost_or_changed_is_damage(add_image, damage):
    image = add_image("v", PIXELS)
    damage(image.folder / "0" / "chunks.crc32c")
    with pytest.raises(DamagedImage, match="table of chunks"):
        image.array()


def test_metadata_for_other_tools_that_was_changed_is_found_and_written_again(ws, add_image):
    image = add_image("v", PIXELS, spacing_um=(2, 1, 1))
    path = image.folder / "zarr.json"
    sound = path.read_bytes()
    for damaged in (sound.replace(b"2.0", b"3.0"), sound[:-5], b""):
        path.write_bytes(damaged)
        assert damaged != sound
        with pytest.raises(DamagedImage, match=r"ws\.images\.publish_metadata\('v'\) writes it"):
            ws.images["v"].array()
        found = ws.images["v"].verify().set_index("part")
        assert found["damaged"].to_dict() == {**dict.fromkeys(found.index, 0), "metadata": 1}
        assert ws.images["v"].spacing_um == (2, 1, 1), "which does not come from that file"
    path.unlink()
    with pytest.raises(DamagedImage, match="got no file"):
        ws.images["v"].array()
    state = ws.state
    ws.images.publish_metadata("v")
    assert (path.read_bytes(), ws.state) == (sound, state)
    assert (ws.images["v"].array() == PIXELS).all()


def spacing_for_others(image):
    group = json.loads((image.folder / "zarr.json").read_text())["attributes"]["ome"]
    scales = group["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    return group["multiscales"][0]["name"], scales[0]["scale"], scales[1]["translation"]


def test_metadata_for_other_tools_follow_every_edit_and_old_handles_and_states_still_open(
    folder, ws, add_image
):
    first = add_image("v", PIXELS, spacing_um=(2, 1, 1))
    state = ws.state
    ws.calibrate("v", spacing_um=(2.2, 1.1, 1.1), source="ruler")
    ws.images.edit("v", version=2, origin_um=(5, 6, 7))
    ws.images.rename("v", "cube")
    assert spacing_for_others(first) == ("cube", [2.2, 1.1, 1.1], [5, 6, 7])
    for image in (first, ws.images["cube"], Workspace.open(folder, as_of=state).images["v"]):
        assert (image.array() == PIXELS).all()
    for image in (first, ws.images["cube"], Workspace.open(folder, as_of=state).images["v"]):
        assert image.verify()["damaged"].sum() == 0
    assert ws.history("cube")["changed"].tolist()[2:] == ["origin_um", "name: v → cube"]
    old = Workspace.open(folder, as_of=state)
    with pytest.raises(ReadOnly):
        old.images.publish_metadata("v")


def test_a_retry_and_an_old_handle_leave_the_metadata_of_the_newest_version(ws, add_image):
    first = add_image("v", PIXELS, spacing_um=(2, 1, 1))
    ws.images.edit("v", version=1, spacing_um=(4, 2, 2), edit_id="sent twice")
    ws.images.edit("v", version=2, spacing_um=(6, 3, 3))
    ws.images.edit("v", version=1, spacing_um=(4, 2, 2), edit_id="sent twice")
    assert spacing_for_others(first)[1] == [6, 3, 3]
    ws.images.publish_metadata(first)
    assert spacing_for_others(first)[1] == [6, 3, 3]
    assert ws.images["v"].verify()["damaged"].sum() == 0


def test_an_edit_that_another_process_overtook_publishes_the_later_one(
    folder, ws, add_image, monkeypatch
):
    image = add_image("v", PIXELS, spacing_um=(2, 1, 1))
    with Workspace.open(folder) as other:
        publish = images.write_group

        def overtaken(place, data):
            monkeypatch.setattr(images, "write_group", publish)
            other.images.edit("v", version=2, spacing_um=(6, 3, 3))
            publish(place, data)

        monkeypatch.setattr(images, "write_group", overtaken)
        ws.images.edit("v", version=1, spacing_um=(4, 2, 2))
    assert ws.images["v"].spacing_um == (6, 3, 3)
    assert spacing_for_others(image)[1] == [6, 3, 3]


def test_an_edit_whose_metadata_cannot_be_written_stands_and_says_so(ws, add_image, monkeypatch):
    image = add_image("v", PIXELS, spacing_um=(2, 1, 1))

    def full(place, data):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(images, "write_group", full)
        with pytest.raises(WorkspaceError, match=r"stands at version 2 .*No space left on device"):
            ws.images.edit("v", version=1, spacing_um=(4, 2, 2))
    assert (ws.images["v"].array() == PIXELS).all()
    ws.images.publish_metadata("v")
    assert spacing_for_others(image)[1] == [4, 2, 2]


def test_a_calibration_that_is_taken_back_leaves_the_metadata_as_they_were(ws, add_image):
    image = add_image("v", PIXELS, spacing_um=(2, 1, 1))
    before = (image.folder / "zarr.json").read_bytes()
    with pytest.raises(ZeroDivisionError):
        calibrate_and_fail(ws)
    assert (image.folder / "zarr.json").read_bytes() == before
    assert ws.images["v"].verify()["damaged"].sum() == 0


def calibrate_and_fail(ws):
    with ws.transaction():
        ws.calibrate("v", spacing_um=(9, 9, 9), source="a guess")
        assert (ws.images["v"].array() == PIXELS).all(), "readable before it is committed, too"
        _ = 1 / 0


def test_verify_reads_every_file_and_names_the_first_that_is_damaged(ws, add_image):
    image = add_image("v", PIXELS)
    whole = image.verify()
    assert whole["part"].tolist() == ["metadata", "level 0", "level 1"]
    assert whole["files"].tolist() == [1, 9, 2]
    assert whole["damaged"].sum() == 0
    assert whole["compared_with"].tolist() == ["the record", "the import", "the import"]
    chunk(image, 1, 1, 0).unlink()
    data = bytearray(chunk(image, 1, 1, 1).read_bytes())
    data[7] ^= 4
    chunk(image, 1, 1, 1).write_bytes(data)
    row = image.verify().set_index("part").loc["level 0"]
    assert (row["damaged"], "0/c/1/1/0, got no file" in row["problem"]) == (2, True)


def test_a_file_that_the_disk_cannot_read_is_one_that_is_damaged(add_image, monkeypatch):
    image = add_image("v", PIXELS)
    lost, read = chunk(image, 0, 1, 1), Path.read_bytes

    def failing(path):
        if path == lost:
            raise OSError(5, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", failing)
    found = image.verify().set_index("part")
    assert found["damaged"].to_dict() == {"metadata": 0, "level 0": 1, "level 1": 0}
    assert "0/c/0/1/1, got Input/output error" in found.loc["level 0", "problem"]


def test_the_command_line_verifies_and_ends_with_1_where_a_file_is_damaged(folder, ws, add_image):
    image = add_image("v", PIXELS)
    add_image("w", PIXELS)
    shown = CliRunner().invoke(app, ["info", str(folder), "--verify"])
    assert shown.exit_code == 0
    assert "v: none of 12 files damaged" in shown.output
    swap(chunk(image, 0, 0, 1), chunk(image, 0, 1, 0))
    assert CliRunner().invoke(app, ["info", str(folder)]).exit_code == 0
    shown = CliRunner().invoke(app, ["info", str(folder), "--verify"])
    assert shown.exit_code == 1
    assert "v: 2 of 12 files damaged" in shown.output
    assert "w: none of 12 files damaged" in shown.output
    shutil.rmtree(image.folder)
    shown = CliRunner().invoke(app, ["info", str(folder), "--verify"])
    assert (shown.exit_code, "no such folder" in shown.output) == (1, True)


def test_an_image_of_before_the_tables_opens_and_verify_says_what_it_cannot_know(tmp_path):
    shutil.copytree(FIXTURE, tmp_path / "format1")
    with Workspace.open(tmp_path / "format1") as ws:
        cube = ws.images["cube"]
        assert (cube.array() == np.arange(512).reshape(8, 8, 8)).all()
        found = cube.verify().set_index("part")
        assert found["damaged"].sum() == 0
        assert found.loc["level 0", "compared_with"].startswith("its own checksum only")
        data = bytearray(chunk(cube, 0, 0, 0).read_bytes())
        data[-9] ^= 1
        chunk(cube, 0, 0, 0).write_bytes(data)
        assert cube.verify()["damaged"].sum() == 1
        ws.calibrate("cube", spacing_um=(2, 2, 2), source="ruler")
        assert ws.images["cube"].verify()["compared_with"].iloc[0] == "the record"


def test_metadata_of_an_image_of_before_their_fingerprints_are_guarded_once_it_is_edited(tmp_path):
    shutil.copytree(FIXTURE, tmp_path / "format1")
    with Workspace.open(tmp_path / "format1") as ws:
        ws.calibrate("cube", spacing_um=(2, 2, 2), source="ruler")
        path = ws.images["cube"].folder / "zarr.json"
        assert (ws.images["cube"].array() == np.arange(512).reshape(8, 8, 8)).all()
        path.write_bytes(path.read_bytes().replace(b"2.0", b"3.0"))
        with pytest.raises(DamagedImage, match="publish_metadata"):
            ws.images["cube"].array()
