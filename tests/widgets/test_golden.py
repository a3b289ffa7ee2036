"""Every widget looks as it did: its snapshot beside a kept one, but for rounding.

Where a picture has changed and ought to have: ``python tests/widgets/golden/renew.py <name>``.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scalebridge import Workspace

sys.path.insert(0, str(Path(__file__).parent))
from pictured import FOLDER, WIDGETS, filled, picture, slice_explorer

MEAN = 1.0  # grey values of 255, over the whole picture: other roundings of colours
FAR, SHARE = 32, 0.004  # grey values, and the share of the pixels that may be farther off
BLOCK, LOCAL = 12, 20.0  # pixels, and the mean in any such block: a mark that has moved


def differences(new: np.ndarray, kept: np.ndarray) -> list[str]:
    """In what two pictures differ more than they may, in words."""
    if new.shape != kept.shape:
        return [f"it is {new.shape[1]} x {new.shape[0]} px, not {kept.shape[1]} x {kept.shape[0]}"]
    off = np.abs(new.astype(float) - kept).max(axis=2)
    rows, columns = (n // BLOCK for n in off.shape)
    blocks = off[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    told = (
        ("mean difference", off.mean(), MEAN),
        (f"share of pixels off by more than {FAR}", (off > FAR).mean(), SHARE),
        (f"mean difference in a block of {BLOCK} px", blocks.mean(axis=(1, 3)).max(), LOCAL),
    )
    return [f"{what} {found:.4g}, allowed {most:g}" for what, found, most in told if found > most]


def kept_picture(name: str) -> np.ndarray:
    return np.asarray(Image.open(FOLDER / f"{name}.png").convert("RGB"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with filled(tmp_path_factory.mktemp("golden")) as ws:
        return Path(ws.path)


@pytest.fixture
def ws(made: Path, tmp_path: Path) -> Iterator[Any]:
    shutil.copytree(made, tmp_path / "beads")
    with Workspace.open(tmp_path / "beads") as ws:
        yield ws


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widget_looks_as_its_golden_picture(name: str, ws: Any, tmp_path: Path) -> None:
    new, kept = np.asarray(picture(ws, name)), kept_picture(name)
    wrong = differences(new, kept)
    if wrong:
        Image.fromarray(new).save(tmp_path / f"{name}.png")
        if new.shape == kept.shape:
            off = np.abs(new.astype(int) - kept).astype(np.uint8)
            Image.fromarray(255 - np.minimum(off, 63) * 4).save(tmp_path / f"{name}_off.png")
        pytest.fail(
            f"{name} looks different: {'; '.join(wrong)}. New picture and differences are in "
            f"{tmp_path}. If it ought to look so: python tests/widgets/golden/renew.py {name}"
        )


@pytest.mark.parametrize("name", WIDGETS)
def test_a_picture_that_is_shifted_by_two_pixels_would_be_seen(name: str) -> None:
    kept = kept_picture(name)
    for axis in (0, 1):
        assert len(differences(np.roll(kept, 2, axis=axis), kept)) == 3


def test_a_wrong_color_map_and_a_mark_that_moved_would_be_seen(ws: Any) -> None:
    shown, kept = slice_explorer(ws), kept_picture("slice_explorer")

    def seen() -> list[str]:
        return differences(np.asarray(shown.snapshot(width_px=500).convert("RGB")), kept)

    assert seen() == []
    shown.layer("fine").color_map = "viridis"
    assert seen()
    shown.layer("fine").color_map = "magma"
    shown.cursor_um = {**shown.cursor_um, "x_um": shown.cursor_um["x_um"] + 0.6}  # 2 px
    assert seen()


def test_the_golden_pictures_are_those_of_the_widgets_and_small() -> None:
    files = {path.stem: path.stat().st_size for path in FOLDER.glob("*.png")}
    assert set(files) == set(WIDGETS)
    assert sum(files.values()) < 300_000
