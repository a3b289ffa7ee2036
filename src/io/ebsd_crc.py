"""Oxford Channel 5 EBSD maps: points in a ``.crc``, what they are in a ``.cpr`` beside it.

A point is one byte of phase and then the fields that the ``.cpr`` lists. Field numbers and types
as in the Channel 5 files that `DefDAP <https://github.com/MechMicroMan/DefDAP>`_ reads.
"""

from __future__ import annotations

import os

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .reading import Reading, inspect_lengths
from .references import beside
from .text_headers import Sections, count_in, number_in, read_text, sections_of

_FIELDS = {
    1: ("X", "<f4"),
    2: ("Y", "<f4"),
    3: ("Euler 1", "<f4"),
    4: ("Euler 2", "<f4"),
    5: ("Euler 3", "<f4"),
    6: ("mean angular deviation", "<f4"),
    7: ("band contrast", "u1"),
    8: ("band slope", "u1"),
    10: ("bands", "u1"),
    11: ("error", "u1"),
    12: ("reliability index", "<f4"),
}


def recognises(path: str, head: bytes) -> bool:
    """Say whether the name is one of the pair and the header is a ``.cpr``."""
    low = path.lower()
    if low.endswith(".cpr"):
        return head.lstrip()[:9].lower() == b"[general]"
    return low.endswith(".crc") and os.path.isfile(_header_of(path))


def _header_of(path: str) -> str:
    stem = os.path.splitext(path)[0]
    return next((stem + e for e in (".cpr", ".CPR") if os.path.isfile(stem + e)), stem + ".cpr")


class CrcPixels:
    """Fields of equal records as channels of one image, mapped into memory."""

    sequential = False

    def __init__(self, path: str, *, shape: tuple[int, int], record: np.dtype) -> None:
        need, have = shape[0] * shape[1] * record.itemsize, os.path.getsize(path)
        if need != have:
            raise ReadError(
                f"{shape[0]} x {shape[1]} points of {record.itemsize} bytes take {need} bytes, "
                f"{path} has {have}: it is cut short, or belongs to another .cpr"
            )
        self._points: np.ndarray | None = np.memmap(path, record, "r", 0, shape)
        self.shape: tuple[int, ...] = (len(record.names or ()), *shape)
        self.dtype = np.dtype(np.float32)
        self.segment_bytes = 0

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        assert self._points is not None
        box = self._points[selection[1], selection[2]]
        names = (self._points.dtype.names or ())[selection[0]]
        parts = [box[name].astype(np.float32) for name in names]
        return np.stack(parts) if parts else np.empty((0, *box.shape), np.float32)

    def close(self) -> None:
        """Let go of the file."""
        self._points = None


def open_ebsd_crc(path: str, answers: Answers) -> Reading:
    """Open the pair by either of its names.

    Raises
    ------
    ReadError
        If one of them is missing or they do not fit.
    """
    header = path if path.lower().endswith(".cpr") else _header_of(path)
    sections = sections_of(read_text(header))
    job = sections.get("job", {})
    mode = sections.get("general", {}).get("jobmode", "RegularGrid")
    if mode != "RegularGrid":
        raise ReadError(f"expected a map of JobMode RegularGrid, {header} has {mode!r}")
    shape = (count_in(job, "yCells", path=header), count_in(job, "xCells", path=header))
    record = _record(sections, header)
    stem = os.path.splitext(os.path.basename(header))[0]
    ending = ".CRC" if header.endswith(".CPR") else ".crc"
    steps = {"x": number_in(job, "GridDistX") or 0.0, "y": number_in(job, "GridDistY") or 0.0}
    source = "Channel 5 GridDistX (µm)"
    lengths = inspect_lengths(steps, source=source)
    return Reading(
        format="EBSD CRC",
        pixels=CrcPixels(beside(header, stem + ending), shape=shape, record=record),
        axes="cyx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        channel_names=tuple(record.names or ()),
        modality="EBSD",
        metadata={"CPR": sections},
        warnings=(
            "Euler angles [rad] and phases are no intensities: do not average or resample them",
            "the stage position of a .cpr has no units: it is kept in the metadata only",
        ),
    )


def _record(sections: Sections, header: str) -> np.dtype:
    fields = sections.get("fields", {})
    count = count_in(fields, "Count", path=header)
    parts = [("phase", "u1")]
    for place in range(1, min(count, 64) + 1):
        number = count_in(fields, f"Field{place}", path=header)
        if number not in _FIELDS:
            raise ReadError(
                f"{header} lists the field {number}, known are {sorted(_FIELDS)}: export "
                "the map as .ctf or .h5oina"
            )
        parts.append(_FIELDS[number])
    if len({name for name, _ in parts}) != len(parts):
        raise ReadError(f"{header} lists a field twice: it is damaged, export the map again")
    return np.dtype(parts)
