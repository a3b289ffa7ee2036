from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import ipywidgets as ipw
import numpy as np
import pytest
from PIL import Image

from scalebridge import Workspace
from scalebridge.io import Answers, preview
from scalebridge.widgets.import_picture import import_picture, voxel_words
from scalebridge.widgets.import_view import import_view

RAMP = np.broadcast_to(np.arange(80, dtype=np.uint16) * 500, (20, 40, 80))


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "specimen") as workspace:
        yield workspace


@pytest.fixture
def big_file(tmp_path: Path) -> Path:
    """One gigabyte that takes no disk."""
    header = {"shape": [512, 1024, 1024], "dtype": "uint16", "spacing_um": [1, 1, 1]}
    (tmp_path / "big.raw.json").write_text(json.dumps(header))
    with (tmp_path / "big.raw").open("wb") as file:
        file.truncate(2**30)
    return tmp_path / "big.raw"


def every(widget: ipw.Widget, kind: type) -> list:
    children = getattr(widget, "children", ())
    return [w for c in children for w in ([c] if isinstance(c, kind) else every(c, kind))]


def test_the_button_stops_an_import_and_nothing_of_it_is_left(ws, big_file):
    running = ws.begin_import(big_file)
    view = import_view(running)
    (stop,), (bar,), (picture,) = (
        every(view, kind) for kind in (ipw.Button, ipw.FloatProgress, ipw.Image)
    )
    words = every(view, ipw.HTML)[-1]
    until = time.monotonic() + 30
    while "left, up to" not in words.value and time.monotonic() < until:
        time.sleep(0.02)
    assert "GB on disk" in words.value
    assert 0 < bar.value < 1
    assert bytes(picture.value)[:4] == b"\x89PNG"
    stop.click()
    assert running.state == "cancelled"
    assert "nothing is left of it" in words.value
    assert stop.disabled
    assert list((ws.path / "images").iterdir()) == []


def test_a_finished_import_shows_a_full_bar_and_no_button(ws, tmp_path):
    np.save(tmp_path / "<b>ramp.npy", RAMP)
    running = ws.begin_import(
        tmp_path / "<b>ramp.npy", answers=Answers(axes="zyx", spacing_um=(2, 1, 1))
    )
    running.result(timeout_s=60)
    view = import_view(running)
    (stop,), (bar,) = (every(view, kind) for kind in (ipw.Button, ipw.FloatProgress))
    assert (bar.value, stop.layout.display) == (1.0, "none")
    texts = " ".join(w.value for w in every(view, ipw.HTML))
    assert "<b>ramp" not in texts
    assert "&lt;b&gt;ramp" in texts
    assert "voxel 1 × 1 × 2 µm (x, y, z) (answered)" in texts
    bundle = running._repr_mimebundle_()
    assert {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"} <= set(bundle)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_picture_shows_the_file_s_own_grey_in_both_cuts(tmp_path, theme):
    np.save(tmp_path / "ramp.npy", RAMP)
    taken = preview(tmp_path / "ramp.npy", answers=Answers(axes="zyx", spacing_um=(2, 1, 1)))
    picture = np.asarray(import_picture(taken, width_px=810, theme=theme).convert("L"), float)
    assert picture.shape[1] == 810
    for left in (0, 410):  # xy, and xz beside it: 20 planes of 2 µm are as high as 40 rows of 1 µm
        grey = picture[60:140, left : left + 400].mean(axis=0)
        assert np.corrcoef(grey, np.arange(400))[0, 1] > 0.99
        assert abs(grey[-10:].mean() - 255) < 8
    ground = picture[-3, 5]
    assert ground > 200 if theme == "light" else ground < 60


def test_a_picture_without_a_voxel_size_says_so(tmp_path):
    Image.fromarray(np.asarray(RAMP[0] >> 8, np.uint8)).save(tmp_path / "flat.png")
    taken = preview(tmp_path / "flat.png")
    assert voxel_words(taken.description) == "voxel size not known"
    assert import_picture(taken, width_px=400).width == 400
