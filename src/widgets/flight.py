"""A way from one view to another that can be followed, and films of it."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .plane import AXES
from .state import by_name

_BEND = 1.4  # how far out the way goes; van Wijk and Nuij found 1.4 to be liked best
_VIDEO = (".mp4",)


def flown(start: dict[str, Any], end: dict[str, Any], share: float) -> dict[str, Any]:
    """The view at a share of the way: out, across, in, so that the eye keeps its place.

    Parameters
    ----------
    start, end : dict
        As `looks.look_of` gives them.
    share : float
        0 at the start, 1 at the end.

    References
    ----------
    van Wijk and Nuij, Smooth and efficient zooming and panning (2003),
    doi:10.1109/INFVIS.2003.1249004

    Examples
    --------
    >>> here = {"cursor_um": [0, 0, 0], "centre_um": [0, 0, 0], "across": [0, 0, 1],
    ...         "down": [0, 1, 0], "width_um": 10.0, "aspect": 1.0}
    >>> there = {**here, "centre_um": [0, 0, 1000.0]}
    >>> flown(here, there, 0.5)["width_um"] > 500
    True
    """
    if share >= 1:
        return end
    width, along = _zoomed_and_moved(start, end, share)
    across = _unit(_between(start["across"], end["across"], share))
    leaning = _between(start["down"], end["down"], share)
    down = leaning - (leaning @ across) * across
    upright = np.linalg.norm(down) > 1e-9
    axes = {"across": across.tolist(), "down": _unit(down).tolist()} if upright else {}
    return {
        **end,
        **axes,
        "cursor_um": _between(start["cursor_um"], end["cursor_um"], along).tolist(),
        "centre_um": _between(start["centre_um"], end["centre_um"], along).tolist(),
        "width_um": width,
    }


def film_frames(
    explorer: Any, looks: Sequence[dict[str, Any]], *, frames: int, width_px: int
) -> Iterator[Image.Image]:
    """Pictures of an explorer on its way through several views; it looks as before afterwards.

    Parameters
    ----------
    explorer : SliceExplorer
    looks : sequence of dict
        At least two views, as `looks.look_of` gives them.
    frames : int
        From one view to the next.
    width_px : int
    """
    if len(looks) < 2 or frames < 2:
        raise ValueError(
            f"a film needs two views and two frames between them, got {len(looks)} and {frames}"
        )
    names = ("cursor_um", "centre_um", "width_um", "orientation", "across", "down")
    before = {name: getattr(explorer, name) for name in names}
    try:
        for start, end in itertools.pairwise(looks):
            for number in range(frames):
                time = number / (frames - 1)
                _look(explorer, flown(start, end, time * time * (3 - 2 * time)))
                yield explorer.snapshot(width_px)
    finally:
        with explorer.hold_trait_notifications():
            for name, value in before.items():
                setattr(explorer, name, value)


def write_film(
    pictures: Iterator[Image.Image],
    path: str | Path,
    *,
    fps: float = 15.0,
    count: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write pictures as a GIF, or an MP4 where ffmpeg or the package imageio-ffmpeg is installed.

    Parameters
    ----------
    pictures : iterator of Image
        All of one size.
    path : path
        Ends in ``.gif`` or ``.mp4``.
    fps : float
        Pictures a second.
    count : int
        How many there will be, for ``progress(done, count)``.

    Raises
    ------
    ValueError
        Another ending, or no ffmpeg for an MP4.
    """
    target = Path(path)
    encoder = _encoder()
    if target.suffix not in (".gif", *_VIDEO):
        raise ValueError(f"a film ends in .gif or .mp4, got {target.name!r}")
    if target.suffix in _VIDEO and not encoder:
        raise ValueError(
            f"an MP4 needs ffmpeg, which is not installed: write {target.stem}.gif, or install it "
            "(pip install imageio-ffmpeg)"
        )
    found = []
    for number, picture in enumerate(pictures, start=1):
        found.append(picture.convert("RGB"))
        if progress is not None:
            progress(number, max(count, number))
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix in _VIDEO:
        _write_mp4(found, target, fps, encoder)
    else:
        # one palette for all: else colours flicker from picture to picture
        palette = found[len(found) // 2].quantize(255)
        still = [picture.quantize(palette=palette) for picture in found]
        still[0].save(target, save_all=True, append_images=still[1:], duration=1000 / fps, loop=0)
    return target


def _encoder() -> str:
    """Path of ffmpeg, the machine's or that of a package; empty where there is none."""
    try:
        return shutil.which("ffmpeg") or str(import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return ""


def _write_mp4(pictures: Sequence[Image.Image], target: Path, fps: float, encoder: str) -> None:
    width, height = (side // 2 * 2 for side in pictures[0].size)  # the codec wants even sides
    command = [
        encoder, "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{width}x{height}", "-r", str(fps), "-i", "-", "-pix_fmt", "yuv420p", str(target),
    ]  # fmt: skip
    raw = b"".join(picture.crop((0, 0, width, height)).tobytes() for picture in pictures)
    done = subprocess.run(command, input=raw, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()[-300:]
        raise ValueError(f"ffmpeg could not write {target.name}: {words}; write a .gif")


def _zoomed_and_moved(
    start: dict[str, Any], end: dict[str, Any], share: float
) -> tuple[float, float]:
    """Width of the view, and the share of the way across."""
    first, last = start["width_um"], end["width_um"]
    far = float(np.linalg.norm(np.subtract(end["centre_um"], start["centre_um"])))
    if far <= 1e-6 * max(first, last):
        return float(first * (last / first) ** share), share

    def rise(sign: float, width: float) -> float:
        b = (last**2 - first**2 + sign * _BEND**4 * far**2) / (2 * width * _BEND**2 * far)
        return float(np.log(np.sqrt(b * b + 1) - b))

    low, high = rise(1, first), rise(-1, last)
    turn = share * (high - low) + low
    width = first * np.cosh(low) / np.cosh(turn)
    along = first * (np.cosh(low) * np.tanh(turn) - np.sinh(low)) / (_BEND**2 * far)
    return float(width), float(along)


def _look(explorer: Any, look: dict[str, Any]) -> None:
    axes = (tuple(look["across"]), tuple(look["down"]))
    named = [name for name, known in AXES.items() if known == axes]
    with explorer.hold_trait_notifications():
        explorer.across, explorer.down = axes
        explorer.orientation = named[0] if named else "oblique"
        explorer.cursor_um = by_name(look["cursor_um"])
        explorer.centre_um = by_name(look["centre_um"])
        explorer.width_um = look["width_um"]


def _between(first: Any, last: Any, share: float) -> np.ndarray:
    return np.asarray(first, float) + share * np.subtract(last, first)


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))
