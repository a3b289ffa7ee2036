"""Images under kills and damage: each is absent or whole, and what is damaged is never shown."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DamagedImage
from ...workspace import Image, Workspace, examine
from .disks import disks_run_full
from .importing import FROM_FILES, import_one, named, pixels

Say = Callable[[str], None]
Result = dict[str, Any]
_SHAPE, _SPACING = (72, 80, 88), (2.0, 1.5, 1.25)
_MOST_WORDS = 5
_PATIENCE = 5  # imports for one kill: some come to their end before it


def kills_during_import(count: int, *, seed: int, folder: Path, say: Say) -> Result:
    """Kill imports at any moment: the image is absent, or whole; what was told done is there.

    Parameters
    ----------
    count : int
        Kills by SIGKILL.
    seed : int
    folder : Path
        Empty; gets the workspace.
    say : callable
        Told how far it is.

    Returns
    -------
    dict
        what, count, failures, words.
    """
    rng, place = np.random.default_rng(seed), folder / "killed"
    Workspace.create(place).close()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.importing"])
    seconds = [_import(context, place, number=n, seed=seed) for n in range(-FROM_FILES, 0)]
    wrong, listed, killed, number = [], 0, 0, 0
    while killed < count and number < _PATIENCE * count:
        child = _begun(context, place, number=number, seed=seed)
        time.sleep(float(rng.uniform(0.0, seconds[number % FROM_FILES])))
        child.kill()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        problem, there = _absent_or_whole(place, number=number, seed=seed)
        listed += there
        wrong += [problem] if problem else []
        number += 1
        if number % 20 == 0:
            say(f"kills during import: {killed} of {count}, {len(wrong)} wrong")
    wrong += _left_clean(place)
    words = (
        f"in {number} imports, every fifth from a file: {listed} images whole, the others absent"
    )
    return _result("kills during the import of an image: absent or whole", killed, wrong, words)


def _begun(context: Any, place: Path, *, number: int, seed: int) -> Any:
    child = context.Process(target=import_one, args=(str(place), number, seed))
    child.start()
    begun, patience = place / f"begun-{number}", time.monotonic() + 60.0
    while not begun.exists() and child.is_alive() and time.monotonic() < patience:
        time.sleep(0.002)
    return child


def _import(context: Any, place: Path, *, number: int, seed: int) -> float:
    child = _begun(context, place, number=number, seed=seed)
    started = time.monotonic()
    child.join()
    if child.exitcode:
        raise RuntimeError(f"expected an import that comes to its end, got exit {child.exitcode}")
    return time.monotonic() - started


def _absent_or_whole(place: Path, *, number: int, seed: int) -> tuple[str, bool]:
    name = named(number)
    with Workspace.open(place) as ws:
        there = name in ws.images
        if not there:
            told = (place / f"done-{number}").exists()
            return (f"{name} was said to be done, and is absent" if told else ""), False
        try:
            same = np.array_equal(ws.images[name].array(), pixels(number, seed))
        except DamagedImage as error:
            return f"{name} is listed and damaged: {error}", True
    return ("" if same else f"{name} is listed with other pixels"), True


def _left_clean(place: Path) -> list[str]:
    """Repair what the kills left, and look whether everything is sound then."""
    examine(place, repair=True)
    after = examine(place)
    left = [f"{one.about}: {one.words}" for one in after.findings if one.kind != "note"]
    return [f"after --repair: {words}" for words in left]


def flipped_bits(count: int, *, seed: int, folder: Path, say: Say) -> Result:
    """Flip one bit of a chunk: reading raises, whichever bit it is."""
    what = "flipped bits of chunks: an error each, never pixels"
    return _damages(count, what, "c", _flip, seed=seed, folder=folder, say=say)


def truncations(count: int, *, seed: int, folder: Path, say: Say) -> Result:
    """Cut chunks off at any length."""
    what = "chunks cut off: an error each, never pixels"
    return _damages(count, what, "c", _cut, seed=seed, folder=folder, say=say)


def deletions(count: int, *, seed: int, folder: Path, say: Say) -> Result:
    """Delete chunks: zarr itself would show zeros."""
    what = "chunks deleted: an error each, never zeros"
    return _damages(count, what, "c", _delete, seed=seed, folder=folder, say=say)


def flipped_metadata(count: int, *, seed: int, folder: Path, say: Say) -> Result:
    """Flip one bit of a `zarr.json`, of the image or of a level."""
    what = "flipped bits of zarr.json: an error each, never another voxel size"
    return _damages(count, what, "zarr.json", _flip, seed=seed, folder=folder, say=say)


def _damages(
    count: int,
    what: str,
    kind: str,
    damage: Callable[[Path, np.random.Generator], None],
    *,
    seed: int,
    folder: Path,
    say: Say,
) -> Result:
    rng, place = np.random.default_rng(seed), folder / damage.__name__.strip("_") / kind
    with Workspace.create(place) as ws:
        image = _written(ws, rng)
        truth = [image.array(level) for level in range(len(image.levels))]
        files = sorted(_files(image, kind))
    wrong = []
    for number in range(count):
        path = files[int(rng.integers(len(files)))]
        sound = path.read_bytes()
        damage(path, rng)
        problem = _shown(place, path, truth)
        wrong += [problem] if problem else []
        path.write_bytes(sound)
        if (number + 1) % 100 == 0:
            say(f"{what}: {number + 1} of {count}, {len(wrong)} wrong")
    with Workspace.open(place) as ws:
        if not np.array_equal(ws.images["cube"].array(), truth[0]):
            wrong.append("the image that was mended does not read as before")
    return _result(what, count, wrong, f"of {len(files)} files, {len(truth)} levels")


def _written(ws: Workspace, rng: np.random.Generator) -> Image:
    values = rng.integers(0, 60000, _SHAPE, dtype=np.uint16)
    return ws.images.write(
        "cube",
        shape=_SHAPE,
        dtype=values.dtype,
        axes="zyx",
        blocks=[(tuple(slice(0, n) for n in _SHAPE), values)],
        spacing_um=_SPACING,
        spacing_source="made",
    )


def _files(image: Image, kind: str) -> list[Path]:
    files = [path for path in image.folder.rglob("*") if path.is_file()]
    if kind == "zarr.json":
        return [path for path in files if path.name == kind]
    return [path for path in files if "c" in path.relative_to(image.folder).parts]


def _shown(place: Path, damaged: Path, truth: list[np.ndarray]) -> str:
    """Read every level of an image that has one damaged file, as a person would after opening."""
    damaged = damaged.relative_to(place / "images")
    with Workspace.open(place) as ws:
        image, refused = ws.images["cube"], 0
        if image.spacing_um != _SPACING:
            return f"{damaged.name}: voxel size {image.spacing_um}"
        for level, expected in enumerate(truth):
            try:
                same = np.array_equal(image.array(level), expected)
            except DamagedImage:
                refused += 1
                continue
            except Exception as error:  # counted, whatever it is: only DamagedImage is promised
                return f"{damaged}: {type(error).__name__} instead of DamagedImage"
            if not same:
                return f"{damaged}: other pixels were shown at level {level}"
        if not refused:
            return f"{damaged}: no level was refused"
        if not image.verify()["damaged"].sum():
            return f"{damaged}: verify finds no damage"
    return ""


def _flip(path: Path, rng: np.random.Generator) -> None:
    data = bytearray(path.read_bytes())
    bit = int(rng.integers(len(data) * 8))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def _cut(path: Path, rng: np.random.Generator) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(rng.integers(len(data)))])


def _delete(path: Path, rng: np.random.Generator) -> None:
    path.unlink()


def _result(what: str, count: int, wrong: list[str], words: str) -> Result:
    told = "; ".join([words, *wrong[:_MOST_WORDS]])
    return {"what": what, "count": count, "failures": len(wrong), "words": told}


COUNTS: tuple[tuple[Callable[..., Result], int], ...] = (
    (kills_during_import, 100),
    (flipped_bits, 300),
    (truncations, 100),
    (deletions, 50),
    (flipped_metadata, 50),
    (disks_run_full, 30),
)
