"""One kind of file damaged many times: how each of them ended."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import ReadError, ReadLimit, ScalebridgeError
from ...io.ome_zarr import OmeZarrSource, is_ome_zarr
from ...io.slabs import Slabs
from ...io.source import Source
from ...io.workers import Workers
from ...workspace import Workspace
from .damage import damaged
from .originals import Original
from .stated import Stated, contradiction

SECONDS, MEMORY_MB = 10.0, 1024
_GRACE_S = 2.0
_READ_BYTES = 2**24
_MOST_WORDS = 400
_STOPPED = "stopped its reader"


def count_mutations(
    original: Original,
    number: int,
    *,
    seed: int,
    folder: Path,
    data: Path | None,
    workers: Workers,
    imports_every: int = 20,
    say: Callable[[str], None] = lambda words: None,
) -> dict[str, Any]:
    """Damage one kind of file many times, and open each as a person's file would be.

    Parameters
    ----------
    original : Original
    number : int
        Files.
    seed : int
    folder : Path
        Empty.
    data : Path, optional
        The folder of real data.
    workers : Workers
        The reading children.
    imports_every : int
        Every so many files one is imported into a workspace too.
    say : callable
        Told what went wrong.

    Returns
    -------
    dict
        format, file, real, count, errors (typed), limits (errors of a limit among them), images,
        judged (images that another parser of the header agrees with), stopped (children ended),
        imported, failures (words), seconds, slowest_s, peak_mb.
    """
    began, seen, wrong = time.monotonic(), Counter[str](), []
    slowest = peak = 0.0
    place, target = original.put(folder, data)
    whole = target.read_bytes()
    ws = Workspace.create(folder.parent / f"{folder.name}-specimen")
    try:
        for index in range(-1, number):
            if index >= 0:
                target.write_bytes(damaged(whole, index, seed=seed, name=original.key))
            ends, problem, taken, seconds = _looked_at(original, place, workers)
            late = seconds > SECONDS or (index < 0 and "limit" in ends)
            if late:  # another program may have had the processor
                ends, problem, taken, seconds = _looked_at(original, place, workers)
            if seconds > SECONDS + _GRACE_S:
                problem = problem or f"it took {seconds:.1f} s"
            slowest, peak = max(slowest, seconds), max(peak, taken)
            if index < 0:
                understood = "image" if original.stated is None else "judged"
                if understood not in ends or problem:
                    wrong.append(f"the whole file: {problem or ends}")
                continue
            if not problem and index % imports_every == imports_every // 2:
                problem = _imported(ws, place, original)
                ends.append("imported")
            if problem:
                wrong.append(f"{index}: {problem}"[:_MOST_WORDS])
                say(f"{original.key} {wrong[-1]}")
            seen.update(ends)
    finally:
        ws.close()
    return {
        "format": original.format,
        "file": original.damaged.rpartition("/")[2] or original.name,
        "real": bool(original.source),
        "count": number,
        **{
            name: seen[name]
            for name in ("error", "limit", "image", "judged", "stopped", "imported")
        },
        "failures": wrong,
        "seconds": round(time.monotonic() - began, 1),
        "slowest_s": round(slowest, 2),
        "peak_mb": round(peak),
    }


def _looked_at(
    original: Original, place: Path, workers: Workers
) -> tuple[list[str], str, float, float]:
    """Open and read a file: how it ended, what was wrong with that, memory [MiB] and seconds."""
    source: Slabs | None = None
    told, started, peak = None, time.monotonic(), 0.0
    ends, problem = ["error"], ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = _opened(original, place, workers)
            told = source.description
            if told.nbytes <= _READ_BYTES and source.read().shape != told.shape:
                problem = "pixels of another shape than it says"
    except ReadError as error:
        told, problem = None, "" if len(str(error)) > 30 else f"an error without words: {error}"
        ends += ["limit"] * isinstance(error, ReadLimit) + ["stopped"] * (_STOPPED in str(error))
    except Exception as error:
        told, ends, problem = None, [], f"{type(error).__name__}: {error}"
    finally:
        if isinstance(source, Source):
            peak = source.peak_mb
        if source is not None:
            source.close()
    seconds = time.monotonic() - started
    if told is not None and not problem:
        ends, problem = _judged(original, place, told)
    if peak > MEMORY_MB:
        problem = problem or f"it took {peak:.0f} MB"
    return ends, problem, peak, seconds


def _opened(original: Original, place: Path, workers: Workers) -> Slabs:
    if is_ome_zarr(str(place)):
        return OmeZarrSource(str(place), answers=original.answers, memory_mb=MEMORY_MB)
    return Source(
        str(place), answers=original.answers, memory_mb=MEMORY_MB, seconds=SECONDS, workers=workers
    )


def _judged(original: Original, place: Path, told: Any) -> tuple[list[str], str]:
    """Compare an image with what another parser reads in the header."""
    header: Stated | None = None
    if original.stated is not None:
        try:
            header = original.stated(place)
        except Exception:  # what it cannot read it cannot judge; that is counted
            header = None
    if header is None:
        return ["image"], contradiction(told, Stated())
    return ["image", "judged"], contradiction(told, header)


def _imported(ws: Workspace, place: Path, original: Original) -> str:
    """Import a file: it is there afterwards, or nothing has changed."""
    state, kept = ws.state, sorted(one.name for one in (ws.path / "images").iterdir())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = ws.import_file(place, answers=original.answers)
    except (ScalebridgeError, ValueError) as error:
        after = sorted(one.name for one in (ws.path / "images").iterdir())
        if (ws.state, after) != (state, kept):
            return f"the workspace changed, and yet: {error}"
        return ""
    ws.images.remove(image.id)
    ws.gc(dry_run=False)
    return ""
