from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge.errors import (
    ChangedImage,
    DamagedImage,
    ReadError,
    ReadLimit,
    ReadOnly,
    Uncalibrated,
    Unreachable,
)
from scalebridge.workspace import Workspace

from ..conftest import lacking
from ..web_server import WebServer, serving

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from linked_pyramids import CHUNK, SPACING_UM, VOLUME, made


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere"


@pytest.fixture
def web(place: Path) -> Iterator[WebServer]:
    if find_spec("aiohttp") is None:
        lacking("remote", "aiohttp is not installed")
    place.mkdir()
    with serving(place) as server:
        yield server


@pytest.fixture
def hip(ws: Workspace, web: WebServer, place: Path) -> Any:
    made(place / "hip.ome.zarr")
    image = ws.images.link(f"{web.url}/hip.ome.zarr")
    web.asked.clear()
    return image


def only_chunks(fault: Any) -> Any:
    return lambda path: fault if "/c/" in path else None


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    ("lead", "shape"), [("", (20, 24)), ("", (18, 20, 24)), ("c", (2, 20, 24)),
                        ("c", (2, 18, 20, 24)), ("tc", (2, 3, 18, 20, 24))]
)  # fmt: skip
def test_both_versions_of_two_to_five_axes_are_shown_where_they_lie(
    ws, place, version, lead, shape
):
    data = np.random.default_rng(1).integers(0, 9000, shape).astype(">u2")
    made(place / "a.ome.zarr", version=version, lead=lead, data=data, levels=2)
    image = ws.images.link(place / "a.ome.zarr")
    dims = len(shape) - len(lead)
    assert (image.axes, image.shape) == (lead + "zyx"[-dims:], shape)
    assert image.spacing_um == pytest.approx(SPACING_UM[-dims:])
    assert image.array().dtype == np.uint16
    np.testing.assert_array_equal(image.array(), data)
    np.testing.assert_array_equal(image.array(1), data[(..., *(slice(None, None, 2),) * dims)])
    assert not list((ws.path / "images").glob("*.ome.zarr"))


def test_levels_stand_where_their_own_metadata_put_them(hip, web):
    factors = np.array([1, 2, 4])
    for level, factor in zip(hip.levels, factors, strict=True):
        assert level.spacing_um == pytest.approx(np.array(SPACING_UM) * factor)
        assert level.origin_um == pytest.approx((factor - 1) / 2 * np.array(SPACING_UM))
        assert level.array.shape == level.shape == tuple(-(-n // factor) for n in VOLUME.shape)
    assert web.asked == []  # all this is known without asking


def test_levels_without_translations_are_not_shifted_by_a_guess(ws, place):
    made(place / "a.ome.zarr", translate=False)
    image = ws.images.link(place / "a.ome.zarr")
    assert [level.origin_um for level in image.levels] == [(0.0, 0.0, 0.0)] * 3
    assert "no translation" in image.source["warnings"][0]


def test_an_image_without_unit_is_uncalibrated_as_if_it_were_imported(ws, place):
    made(place / "a.ome.zarr", unit=None)
    linked = ws.images.link(place / "a.ome.zarr", name="linked")
    imported = ws.import_file(place / "a.ome.zarr", name="imported")
    assert not linked.calibrated
    assert linked.spacing_source == imported.spacing_source
    with pytest.raises(Uncalibrated, match="gives z 500, y 100, x 100 without a unit"):
        _ = linked.levels[1].spacing_um
    after = ws.calibrate("linked", spacing_um=(0.5, 0.1, 0.1), source="grating")
    assert after.levels[1].origin_um == pytest.approx((0.25, 0.05, 0.05))


def test_one_plane_asks_for_the_chunks_that_it_cuts_and_each_once(hip, web):
    plane = hip.levels[1].array[5, 8:30, 20:40]  # chunks of 16: one in z, two in y, two in x
    np.testing.assert_array_equal(plane, VOLUME[::2, ::2, ::2][5, 8:30, 20:40])
    wanted = {f"/hip.ome.zarr/1/c/0/{y}/{x}" for y in (0, 1) for x in (1, 2)}
    assert sorted(web.chunks()) == sorted(wanted)
    _ = hip.levels[1].array[6, 8:30, 20:40]
    assert len(web.chunks()) == 4  # from memory


def test_the_cache_lets_go_of_what_was_used_longest_ago(ws, hip, web):
    ws.images.links.cache_mb = 20_000 / 2**20  # two chunks of about 7 kB
    array = ws.images["hip"].levels[0].array
    for x in (0, 16, 32, 0):
        _ = array[0, 0, x]
    assert len(web.chunks()) == 4
    _ = array[0, 0, 0]
    assert len(web.chunks()) == 4
    assert ws.images.links.store_of(hip.record).cache.bytes <= 20_000


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (500, "the answer was 500"),
        (503, "the answer was 503"),
        (403, "the answer was 403 access refused"),
        (401, "the answer was 401 access refused"),
        (429, "the answer was 429"),
        ("hang up", "look whether the network and the address are right"),
        ("cut", "payload is not completed"),
        ("silence", "no answer within 0.5 s"),
    ],
)
def test_a_chunk_that_a_server_does_not_give_is_an_error_and_never_zeros(
    ws, hip, web, fault, words
):
    ws.images.links.timeout_s = 0.5 if fault == "silence" else 20
    web.fault = only_chunks(fault)
    with pytest.raises(Unreachable, match=words):
        _ = hip.levels[0].array[0]
    assert words.split()[-1] in hip.problem
    assert ws.images.table()["problem"].item() == hip.problem
    web.fault = None
    ws.images.links.timeout_s = 20  # hangs up and asks anew
    np.testing.assert_array_equal(hip.levels[0].array[0], VOLUME[0])
    assert hip.problem == ""


@pytest.mark.parametrize(
    ("fault", "words"), [(404, "404"), (403, "403"), (500, "500"), ("silence", "no answer within")]
)
def test_metadata_that_a_server_does_not_give_are_an_error_at_linking_and_at_opening(
    ws, hip, web, fault, words
):
    ws.images.links.timeout_s = 0.5 if fault == "silence" else 20
    web.fault = lambda path: fault if path.endswith("zarr.json") else None
    with pytest.raises(Unreachable, match=words):
        _ = ws.images["hip"].levels[0].array[0]
    with pytest.raises(Unreachable, match=words):
        ws.images.link(f"{web.url}/hip.ome.zarr", name="again")
    assert [image.name for image in ws.images] == ["hip"]


def test_after_silence_nobody_waits_for_every_other_chunk(ws, hip, web):
    ws.images.links.timeout_s = 4.0
    web.fault = only_chunks("silence")
    start = time.monotonic()
    for z in range(20):
        with pytest.raises(Unreachable, match="no answer within 4 s"):
            _ = hip.levels[0].array[z]
    assert time.monotonic() - start < 20
    web.fault = None
    time.sleep(2.2)  # then it is asked again by itself
    np.testing.assert_array_equal(hip.levels[0].array[0], VOLUME[0])


def test_a_chunk_that_was_never_written_holds_what_the_metadata_say(hip, place):
    os.remove(place / "hip.ome.zarr/0/c/0/0/0")
    found = hip.levels[0].array[0]
    assert (found[:CHUNK, :CHUNK] == 7).all()
    np.testing.assert_array_equal(found[CHUNK:], VOLUME[0][CHUNK:])


def test_a_missing_chunk_is_an_error_where_the_metadata_do_not_say_what_it_holds(ws, place):
    made(place / "a.ome.zarr", version="0.4", levels=1, fill_value=None)
    document = place / "a.ome.zarr/0/.zarray"
    document.write_text(json.dumps(json.loads(document.read_text()) | {"fill_value": None}))
    image = ws.images.link(place / "a.ome.zarr")
    np.testing.assert_array_equal(image.array(), VOLUME)
    ws.images.links.forget()
    os.remove(place / "a.ome.zarr/0/0.0.0")
    with pytest.raises(DamagedImage, match="do not say what a missing one holds"):
        _ = image.levels[0].array[0]


def test_an_image_that_goes_away_while_it_is_shown_does_not_become_empty(hip, place):
    assert hip.levels[0].array[0, 0, 0] == VOLUME[0, 0, 0]
    shutil.rmtree(place / "hip.ome.zarr")
    with pytest.raises(Unreachable, match=r"0/zarr\.json could not be read: it is not there"):
        _ = hip.levels[0].array[20]


def test_a_chunk_of_other_bytes_is_damaged(hip, place):
    (place / "hip.ome.zarr/0/c/0/0/0").write_bytes(b"<html>please log in</html>")
    with pytest.raises(DamagedImage, match="cannot be unpacked"):
        _ = hip.levels[0].array[0]


def test_a_voxel_size_that_changed_is_named_at_opening(ws, hip, place):
    document = place / "hip.ome.zarr/zarr.json"
    document.write_text(document.read_text().replace("nanometer", "micrometer"))
    with pytest.raises(ChangedImage, match=r"in zarr\.json") as told:
        _ = hip.levels[0].array[0]
    assert "voxel size [µm]: [0.5, 0.1, 0.1] is now [500.0, 100.0, 100.0]" in str(told.value)
    assert hip.spacing_um == pytest.approx(SPACING_UM)
    report = hip.verify()
    assert report.set_index("part")["damaged"].to_dict() == {
        "zarr.json": 1, "0/zarr.json": 0, "1/zarr.json": 0, "2/zarr.json": 0,
    }  # fmt: skip


def test_a_shape_that_changed_is_named_at_opening(ws, hip, place):
    shutil.rmtree(place / "hip.ome.zarr")
    made(place / "hip.ome.zarr", data=VOLUME[:16], levels=3)
    with pytest.raises(ChangedImage, match=r"shape: \[32, 64, 96\] is now \[16, 64, 96\]"):
        _ = hip.levels[2].array[0]


def test_a_workspace_opens_without_the_server_and_its_other_images_are_read(
    ws, hip, place, add_image
):
    local = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    add_image("local", local)
    ws.images.edit("hip", version=hip.version, link={**hip.link, "address": "http://127.0.0.1:9/a"})
    with Workspace.open(ws.path) as again:
        again.images.links.timeout_s = 2
        np.testing.assert_array_equal(again.images["local"].array(), local)
        assert again.images["hip"].spacing_um == pytest.approx(SPACING_UM)
        with pytest.raises(Unreachable, match="look whether the network"):
            _ = again.images["hip"].levels[0].array[0]
        table = again.images.table().set_index("name")
        assert table["linked_to"].to_dict() == {"hip": "http://127.0.0.1:9/a", "local": ""}
        assert "look whether the network" in table["problem"]["hip"]
        assert table["problem"]["local"] == ""


def test_links_are_only_read_and_gc_leaves_them(ws, hip, place):
    before = {file: file.stat().st_mtime_ns for file in place.rglob("*")}
    with pytest.raises(ReadOnly, match="only read there"):
        ws.images.publish_metadata("hip")
    with pytest.raises(ReadOnly, match="import it for a copy"):
        _ = hip.folder
    ws.images.rename("hip", "left hip")
    ws.images.remove("left hip", version=2)
    assert len(ws.gc(dry_run=False)) == 0
    ws.images.restore("left hip")
    np.testing.assert_array_equal(ws.images["left hip"].levels[2].array[0], VOLUME[0, ::4, ::4])
    assert {file: file.stat().st_mtime_ns for file in place.rglob("*")} == before


def test_too_much_at_once_is_refused_before_anything_is_fetched(ws, hip, web):
    ws.images.links.limit_mb = 0.1
    with pytest.raises(ReadLimit, match="import the image, or allow more"):
        hip.array()
    assert web.chunks() == []
    assert hip.array(2).shape == (8, 16, 24)


def test_shards_are_read_by_ranges_and_a_server_without_them_is_refused(ws, web, place):
    made(place / "s.ome.zarr", levels=1, shards=(32, 32, 32))
    image = ws.images.link(f"{web.url}/s.ome.zarr")
    np.testing.assert_array_equal(image.levels[0].array[3], VOLUME[3])
    ws.images.links.forget()
    web.fault = lambda _: "no ranges"
    with pytest.raises(Unreachable, match="does not answer byte ranges"):
        _ = image.levels[0].array[3]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("[1000.0, 200.0, 200.0]", "[1000.0, 100.0, 200.0]"), "expected the scale of level 1"),
        (('"path": "1"', '"path": "../1"'), "outside of itself"),
        (('"multiscales"', '"multiscale"'), "there are none: name the image inside"),
    ],
)
def test_metadata_that_cannot_be_right_are_refused_at_linking(ws, place, change, words):
    document = made(place / "a.ome.zarr") / "zarr.json"
    text = json.dumps(json.loads(document.read_text()))
    assert change[0] in text
    document.write_text(text.replace(*change))
    with pytest.raises(ReadError, match=words):
        ws.images.link(place / "a.ome.zarr")
    assert len(ws.images) == len(ws.frames) == 0


def test_no_login_is_recorded(ws):
    with pytest.raises(ValueError, match="no login"):
        ws.images.link("https://me:secret@example.org/a.ome.zarr")
    assert len(ws.images) == 0
