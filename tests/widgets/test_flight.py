from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scalebridge import SliceExplorer
from scalebridge.widgets import flight

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads, join_fine


@pytest.fixture
def explorer(tmp_path: Path) -> Iterator[Any]:
    with beads(tmp_path) as ws:
        join_fine(ws)
        yield SliceExplorer(ws, ["survey", "fine"])


def test_a_film_goes_from_everything_to_this_view_and_back_to_where_it_was(
    explorer: Any, tmp_path: Path
) -> None:
    explorer.width_um = 3.0
    done = []
    file = explorer.film(
        tmp_path / "fly.gif", seconds=0.5, fps=10, width_px=240, progress=lambda *n: done.append(n)
    )
    assert done == [(n, 5) for n in range(1, 6)]
    with Image.open(file) as film:
        assert film.n_frames == 5
        assert film.info["duration"] == 100
        film.seek(4)
        last = np.asarray(film.convert("RGB")).astype(int)
    alone = np.asarray(explorer.snapshot(240)).astype(int)
    assert np.abs(last - alone).mean() < 4  # 255 colours
    assert explorer.width_um == 3.0


def test_a_film_stops_at_bookmarks_of_any_plane(explorer: Any, tmp_path: Path) -> None:
    explorer.bookmark("here")
    explorer.orientation, explorer.width_um = "xz", 5.0
    explorer.bookmark("deep")
    explorer.orientation = "xy"
    file = explorer.film(tmp_path / "a.gif", ["here", "deep"], seconds=0.3, fps=10, width_px=240)
    with Image.open(file) as film:
        assert film.n_frames == 3
    assert explorer.orientation == "xy"
    with pytest.raises(KeyError, match="no bookmark 'nowhere'"):
        explorer.film(tmp_path / "a.gif", ["nowhere", "here"])


def test_what_cannot_be_written_is_said(explorer: Any, tmp_path: Path, monkeypatch: Any) -> None:
    with pytest.raises(ValueError, match=r"ends in \.gif or \.mp4"):
        explorer.film(tmp_path / "fly.avi")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ValueError, match="needs ffmpeg"):
        explorer.film(tmp_path / "fly.mp4")


def test_a_film_is_written_as_mp4_where_there_is_an_encoder(explorer: Any, tmp_path: Path) -> None:
    encoder = flight._encoder()
    if not encoder:
        pytest.skip("encoder: neither ffmpeg nor imageio-ffmpeg is installed")
    explorer.width_um = 3.0
    file = explorer.film(tmp_path / "fly.mp4", seconds=0.5, fps=10, width_px=241)
    raw = subprocess.run(
        [encoder, "-loglevel", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    alone = np.asarray(explorer.snapshot(241).convert("RGB"))[:, :240].astype(int)
    alone = alone[: len(alone) // 2 * 2]
    pictures = np.frombuffer(raw, np.uint8).reshape(5, *alone.shape)
    assert np.abs(pictures[-1] - alone).mean() < 4
    assert np.abs(pictures[0].astype(int) - pictures[-1]).mean() > 2
