"""A folder of slices, one image a file, in the order a person would count them."""

from __future__ import annotations

import collections
import fnmatch
import itertools
import math
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .ct_logs import CtLog, log_of_folder
from .imagej import slice_distance_um
from .picture import SUFFIXES as PICTURES
from .reading import Reading, inspect_lengths
from .references import beside

# Opening a slice takes some 3 ms, and a first picture is due within seconds.
_MOST_COMPARED = 500
SLICES = (".tif", ".tiff", *PICTURES)


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Order names so that 2 comes before 10.

    Examples
    --------
    >>> sorted(["s10.tif", "s2.tif"], key=natural_key)
    ['s2.tif', 's10.tif']
    """
    parts = re.split(r"(\d+)", name.lower())
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts if part)


class StackPixels:
    """Equal images of a folder, one on the other; each is opened when it is wanted."""

    sequential = False

    def __init__(self, first: Reading, files: list[str], answers: Answers) -> None:
        self._files, self._answers = files, answers
        self._first, self._axes = first, first.axes
        self.shape = (len(files), *first.pixels.shape)
        self.dtype = first.pixels.dtype
        self.segment_bytes = int(getattr(first.pixels, "segment_bytes", 0))

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        numbers = range(self.shape[0])[selection[0]]
        return np.stack([self._slice(i, selection[1:]) for i in numbers])

    def _slice(self, index: int, inside: tuple[slice, ...]) -> np.ndarray:
        from .registry import open_reading

        reading = open_reading(self._files[index], self._answers)
        pixels = reading.pixels
        try:
            if (pixels.shape, pixels.dtype) != (self.shape[1:], self.dtype):
                raise ReadError(
                    f"expected {self.shape[1:]} {self.dtype} like the first slice, "
                    f"{self._files[index]} has {pixels.shape} {pixels.dtype}: take it out"
                )
            return pixels.read(inside)
        finally:
            pixels.close()

    def close(self) -> None:
        """Let go of the first file; the others are never kept open."""
        self._first.pixels.close()


def recognises(path: str, head: bytes) -> bool:
    """Say whether the path is a folder."""
    return os.path.isdir(path)


def open_stack(path: str, answers: Answers) -> Reading:
    """Open a folder as a stack along z.

    The entry of the answers may be a pattern of names, such as ``"slice*.tif"``.

    Raises
    ------
    ReadError
        If there are no slices, several kinds of them, or a slice that is itself a stack.
    """
    from .registry import open_reading

    files, notes = slices_of(path, answers.entry)
    plain_answers = replace(answers, entry=None, axes=None)
    first = open_reading(files[0], plain_answers)
    if len(first.axes.replace("s", "").replace("c", "")) != 2:
        raise ReadError(
            f"expected one image a file, {files[0]} holds {first.pixels.shape}: "
            "open that file by itself"
        )
    log = _log(path, files, first)
    if log is not None:
        return _as_logged(first, files, plain_answers, log, notes)
    distance, fault = _slice_distance(first, files, plain_answers)
    along = {} if distance is None else {"z": distance}
    return replace(
        first,
        format=f"folder of {first.format}",
        pixels=StackPixels(first, files, plain_answers),
        axes="z" + first.axes,
        spacing_um={**along, **first.spacing_um},
        spacing_source=first.spacing_source + (", slices: ImageJ spacing" if along else ""),
        faults=(*first.faults, *fault),
        metadata={**first.metadata, "slices": [Path(file).name for file in files]},
        warnings=(*first.warnings, *notes),
    )


def _log(path: str, files: list[str], first: Reading) -> CtLog | None:
    rows, columns = (first.pixels.shape[first.axes.index(axis)] for axis in "yx")
    return log_of_folder(path, files, rows=rows, columns=columns)


def _as_logged(
    first: Reading, files: list[str], answers: Answers, log: CtLog, notes: tuple[str, ...]
) -> Reading:
    """Describe a stack by its scanner's log, which no tag of a slice may contradict."""
    lengths = inspect_lengths(log.sizes_um, source=log.source)
    faults = [*log.faults, *lengths.faults]
    for axis, size in first.spacing_um.items():
        if axis in lengths.um and not math.isclose(size, lengths.um[axis], rel_tol=0.01):
            faults.append(f"{log.source} is {lengths.um[axis]:g} µm, the slices say {size:g} µm")
    return replace(
        first,
        format=f"folder of {first.format}",
        pixels=StackPixels(first, files, answers),
        axes=log.axis + first.axes,
        spacing_um={} if faults else lengths.um,
        spacing_source=log.source,
        faults=tuple(faults),
        modality=first.modality or "CT",
        metadata={**first.metadata, **log.settings, "slices": [Path(file).name for file in files]},
        warnings=(*first.warnings, *log.notes, *notes),
    )


def _slice_distance(
    first: Reading, files: list[str], answers: Answers
) -> tuple[float | None, tuple[str, ...]]:
    """Take the distance that ImageJ wrote, if every slice that is looked at says the same."""
    wanted = slice_distance_um(first)
    if wanted is None:
        return None, ("a folder of slices does not say how far they are apart",)
    for file in files[1 :: -(-len(files) // _MOST_COMPARED)]:
        found = _distance_beside(file, answers)
        if found is None or not math.isclose(found, wanted, rel_tol=1e-6):
            said = "nothing" if found is None else f"{found:g} µm"
            return None, (
                f"the slices disagree on how far they are apart: {wanted:g} µm in "
                f"{Path(files[0]).name}, {said} in {Path(file).name}",
            )
    return wanted, ()


def _distance_beside(file: str, answers: Answers) -> float | None:
    from .registry import open_reading

    reading = open_reading(file, answers)
    reading.pixels.close()
    return slice_distance_um(reading)


def slices_of(path: str, pattern: str | None) -> tuple[list[str], tuple[str, ...]]:
    """List the slices of a folder in natural order, with what is odd about them."""
    names = [e.name for e in os.scandir(path) if e.is_file() and not e.name.startswith(".")]
    if pattern is not None:
        names = fnmatch.filter(names, pattern)
    images = [name for name in names if name.lower().endswith(SLICES)]
    kinds = collections.Counter(Path(name).suffix.lower() for name in images)
    if not images:
        raise ReadError(
            f"expected a folder of {', '.join(SLICES)} files, {path} holds {sorted(names)[:10]}: "
            "choose the folder with the slices, or the file itself"
        )
    if len(kinds) > 1:
        raise ReadError(
            f"expected slices of one kind, {path} holds {dict(kinds)}: choose with a pattern, "
            f"{path}::*{kinds.most_common(1)[0][0]}"
        )
    images.sort(key=natural_key)
    folder = os.path.join(path, "-")
    return [beside(folder, name) for name in images], _gaps(images)


def _gaps(names: list[str]) -> tuple[str, ...]:
    """Find numbers that are missing from the last counted part of the names."""
    digits = [re.findall(r"\d+", Path(name).stem) for name in names]
    if len({len(found) for found in digits}) != 1 or not digits[0]:
        return ()
    numbers = [int(found[-1]) for found in digits]
    steps = {b - a for a, b in itertools.pairwise(numbers)}
    usual = min((step for step in steps if step > 0), default=1)
    wanted = range(numbers[0], numbers[-1] + 1, usual)
    missing = sorted(set(wanted) - set(numbers)) if len(wanted) < 10 * len(numbers) else []
    if not missing:
        return ()
    shown = ", ".join(map(str, missing[:10]))
    return (f"{len(missing)} slices are missing from the numbering ({shown}): z is not even",)
