"""What a person sees of images that lie elsewhere, also when they cannot be reached."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge import SliceExplorer, Workspace
from scalebridge.widgets import refining
from scalebridge.widgets.live import LivePanel
from scalebridge.widgets.looks import view_of
from scalebridge.widgets.plane import axis_plane
from scalebridge.widgets.views import Message

from ..conftest import lacking
from ..web_server import WebServer, serving

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from linked_pyramids import VOLUME, made
from specimens import write


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    if find_spec("aiohttp") is None:
        lacking("remote", "aiohttp is not installed")
    made(tmp_path / "served" / "far.ome.zarr", data=np.kron(VOLUME, np.ones((2, 2, 2), np.uint16)))
    with serving(tmp_path / "served") as server:
        yield server


@pytest.fixture
def ws(tmp_path: Path, web: WebServer) -> Iterator[Any]:
    with Workspace.create(tmp_path / "specimen") as ws:
        ws.images.link(f"{web.url}/far.ome.zarr", frame="bone")
        near = np.full((8, 16, 16), 100, np.uint8)
        near[2:5, 3:9, 4:12] = 200
        write(ws, "near", near, spacing_um=(4.0, 0.8, 0.8), frame="bone")
        yield ws


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(LivePanel, "send", lambda _, content, buffers=None: seen.append(content))
    return seen


def rest(panel: LivePanel, sequence: int, *, z_um: float) -> None:
    plane = axis_plane("xy", centre_um=(z_um, 6.0, 9.0), width_um=2.0, height_um=2.0)
    content = {
        "kind": "rest", "view": view_of(plane), "sequence": sequence, "width_px": 40,
        "height_px": 40, "plane": 0,
    }  # fmt: skip
    panel._handle_custom_msg(content, [])


def test_a_patch_of_a_linked_image_asks_for_the_chunks_of_its_plane_only(
    ws, web, sent, monkeypatch
):
    monkeypatch.setattr("scalebridge.widgets.coarse.MOST_VOXELS", 20_000)
    panel = LivePanel(SliceExplorer(ws, ["far"]), guard=Message().guard)
    coarse = {path.split("/")[2] for path in web.chunks()}
    assert coarse == {"2"} or coarse == {"0", "2"}  # contrast may look at another level
    ws.images.links.forget()
    web.asked.clear()
    rest(panel, 1, z_um=3.0)
    assert [one["kind"] for one in sent] == ["patch"]
    # 2 µm of 0.1 µm around (6, 9), and what lies between voxels: 50..70 and 80..100 of level 0
    wanted = {f"/far.ome.zarr/0/c/0/{y}/{x}" for y in (3, 4) for x in (4, 5, 6)}
    assert set(web.chunks()) <= wanted
    assert len(web.chunks()) == len(set(web.chunks())) >= 4


def test_the_other_images_are_shown_when_one_cannot_be_reached_and_the_reason_is_said(
    ws, web, sent
):
    web.fault = lambda _: 503
    message = Message()
    panel = LivePanel(SliceExplorer(ws, ["far", "near"]), guard=message.guard)
    assert "the answer was 503" in message.widget.value
    assert [(one["name"], one["visible"]) for one in panel.layers] == [
        ("far", False), ("near", True),
    ]  # fmt: skip
    assert "503" in ws.images.table().set_index("name")["problem"]["far"]
    web.fault = None
    panel.redraw()
    assert [one["visible"] for one in panel.layers] == [True, True]


def test_the_coarse_copy_stays_when_a_patch_cannot_be_fetched(ws, web, sent, monkeypatch):
    monkeypatch.setattr("scalebridge.widgets.coarse.MOST_VOXELS", 20_000)
    message = Message()
    panel = LivePanel(SliceExplorer(ws, ["far"]), guard=message.guard)
    web.fault = lambda path: 403 if "/0/c/" in path else None
    ws.images.links.forget()

    async def move() -> None:
        rest(panel, 1, z_um=3.0)
        await panel._refining.answers[0]

    asyncio.run(move())
    told = [one for one in sent if one["kind"] != "doing"]  # a busy machine takes its time
    assert [(one["kind"], one["whole"]) for one in told] == [("rested", False)]
    assert "403 access refused" in message.widget.value
    assert panel.layers[0]["visible"]


def test_the_newest_request_wins_while_an_older_one_is_still_being_fetched(
    ws, web, sent, monkeypatch
):
    monkeypatch.setattr("scalebridge.widgets.coarse.MOST_VOXELS", 20_000)
    monkeypatch.setattr(refining, "_TELL_S", 0.05)
    message = Message()
    panel = LivePanel(SliceExplorer(ws, ["far"]), guard=message.guard)
    ws.images.links.forget()
    web.delay_s = 0.4

    async def move() -> None:
        rest(panel, 1, z_um=3.0)
        older = panel._refining.answers[0]
        await asyncio.sleep(0.3)
        rest(panel, 2, z_um=20.0)
        await asyncio.gather(older, panel._refining.answers[0])

    asyncio.run(move())
    doing = [one["words"] for one in sent if one["kind"] == "doing"]
    assert "far: fetching" in doing[0]
    (patch,) = [one for one in sent if one["kind"] != "doing"]
    assert (patch["kind"], patch["sequence"], patch["rested"]) == ("patch", 2, True)
    assert patch["view"]["centre_um"][0] == 20.0
    assert message.widget.value == ""
    seen = {path.split("/c/")[1].split("/")[0] for path in web.chunks() if "/0/c/" in path}
    assert "2" in seen  # z = 20 µm is plane 40, in the third chunk
