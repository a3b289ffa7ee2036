"""Formats read through RosettaSciIO (the ``formats`` extra): Bruker, Gatan, Renishaw, Digital Surf.

Every signal with rows and columns is an image; spectra and profiles are none. A unit that is not a
length is no calibration, and what that library gets wrong is put right or left unknown here.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import refuse_empty
from .hdf5_family import with_entries
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths

NEEDS = "scalebridge[formats]"
# first bytes, endings, module of the library, name, whether it can leave the numbers on disk
_KINDS: tuple[tuple[bytes, tuple[str, ...], str, str, bool], ...] = (
    (b"AAMVHFSS", (".bcf",), "bruker", "Bruker BCF", True),
    (b"WDF1", (".wdf",), "renishaw", "Renishaw WDF", False),
    (b"DSCOMPRE", (".sur", ".pro"), "digitalsurf", "Digital Surf", False),
    (b"DIGITAL SURF", (".sur", ".pro"), "digitalsurf", "Digital Surf", False),
    (b"\0\0\0\x03", (".dm3",), "digitalmicrograph", "Gatan DM3", True),
    (b"\0\0\0\x04", (".dm4",), "digitalmicrograph", "Gatan DM4", True),
)
_LETTERS = {"height": "y", "width": "x", "x": "x", "y": "y", "z": "z", "time": "t"}
_MODALITY = {"EDS_SEM": "EDS", "EDS_TEM": "EDS", "EELS": "EELS"}


def recognises(path: str, head: bytes) -> bool:
    """Say whether one of the library's formats begins here, by a name of it."""
    return _kind(path, head) is not None


def _kind(path: str, head: bytes) -> tuple[str, str, bool] | None:
    for magic, endings, module, name, lazy in _KINDS:
        if head.startswith(magic) and path.lower().endswith(endings):
            return module, name, lazy
    return None


@dataclass(frozen=True)
class Signal:
    """One image among the signals of a file."""

    name: str
    axes: str
    plain: Mapping[str, Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels, without colours."""
        return tuple(int(n) for n in self.plain["data"].shape)

    def axis(self, letter: str) -> dict[str, Any]:
        """Scale, units and offset of an axis."""
        return dict(self.plain["axes"][self.axes.index(letter)])


class SignalPixels:
    """A signal of the library: in memory, or unpacked when it is wanted."""

    sequential = False

    def __init__(self, data: Any, *, path: str) -> None:
        refuse_empty(tuple(data.shape), path)
        self._data = data
        fields = data.dtype.names
        self._colours = len(fields) if fields else 0
        self.shape = (*map(int, data.shape), *((self._colours,) if fields else ()))
        self.dtype = np.dtype(data.dtype[0]) if fields else np.dtype(data.dtype)
        whole = int(np.prod([int(n) for n in self.shape], dtype=object)) * self.dtype.itemsize
        self.segment_bytes = whole if hasattr(data, "compute") else 0

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        if self._colours:
            box = self._data[selection[:-1]]
            parts = [box[name] for name in self._data.dtype.names[selection[-1]]]
            return np.stack(parts, axis=-1)
        box = self._data[selection]
        box = box.compute(scheduler="synchronous") if hasattr(box, "compute") else box
        return np.asarray(box, dtype=self.dtype.newbyteorder("="))

    def close(self) -> None:
        """Let go of the numbers."""
        self._data = None


def open_rosetta(path: str, answers: Answers) -> Reading:
    """Open one image of a file; the first if none is named.

    Raises
    ------
    ReadError
        If the extra is not installed, or the file holds no image of the name.
    """
    with open(path, "rb") as file:
        kind = _kind(path, file.read(16))
    assert kind is not None  # recognises() said so
    module, name, lazy = kind
    signals, left_out = images_in(load(module, path, lazy=lazy), path)
    return choose(signals, answers.entry, path=path, format=name, left_out=left_out)


def load(module: str, path: str, **options: Any) -> list[dict[str, Any]]:
    """Let the library read a file."""
    try:
        reader = import_module(f"rsciio.{module}")
    except ImportError:
        raise ReadError(f"{path} is read with RosettaSciIO: pip install '{NEEDS}'") from None
    logging.getLogger("rsciio").setLevel(logging.CRITICAL)
    try:
        return list(reader.file_reader(path, **options))
    except ModuleNotFoundError as error:
        raise ReadError(f"{path} needs {error.name or error}: pip install '{NEEDS}'") from None
    except MemoryError:
        raise
    except Exception as error:
        raise ReadError(
            f"{path} cannot be read ({type(error).__name__}: {error}): it is damaged or of an "
            "unknown version, copy it again or export it as OME-TIFF"
        ) from error


def images_in(plain: list[dict[str, Any]], path: str) -> tuple[list[Signal], int]:
    """Name the signals that are images; count the others."""
    found, seen = [], Counter[str]()
    for number, one in enumerate(plain):
        axes = _axes_of(one)
        if not {"y", "x"} <= set(axes):
            continue
        title = str(one.get("metadata", {}).get("General", {}).get("title") or f"image {number}")
        title = re.sub(r"[\s:/]+", " ", title).strip() or f"image {number}"
        seen[title] += 1
        name = title if seen[title] == 1 else f"{title} {seen[title]}"
        found.append(Signal(name, axes, one))
    if not found:
        raise ReadError(f"{path} holds {len(plain)} spectra or profiles and no image of an area")
    return found, len(plain) - len(found)


def _axes_of(one: dict[str, Any]) -> str:
    letters = ""
    for axis in one["axes"]:
        name = str(axis.get("name") or "").lower()
        letter = _LETTERS.get(name, "t" if "time" in name or "frame" in name else "c")
        letters += letter if letter not in letters else "?"
    return letters


def choose(
    signals: list[Signal], entry: str | None, *, path: str, format: str, left_out: int = 0
) -> Reading:
    """Describe the image of a name among those of its file."""
    from dataclasses import replace

    names = [one.name for one in signals]
    wanted = names[0] if entry is None else entry
    if wanted not in names:
        raise ReadError(f"{path} holds the images {names}, got {wanted!r}: choose one of them")
    one = signals[names.index(wanted)]
    lengths, source, notes = _lengths(one, signals, format)
    pixels = SignalPixels(one.plain["data"], path=path)
    reading = Reading(
        format=format,
        pixels=pixels,
        axes=one.axes + ("s" if len(pixels.shape) > len(one.axes) else ""),
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        **_place(one, lengths, format),
        stage=_stage(one, format),
        channel_names=_band_names(one) if "c" in one.axes else (one.name,),
        modality=_modality(one, format),
        entries=tuple(names),
        metadata=_settings(one),
        warnings=(*notes, *_left_out(left_out)),
    )
    return replace(with_entries(reading, one.name, path))


def _band_names(one: Signal) -> tuple[str, ...]:
    """What each channel of a spectral axis stands for, such as ``300 eV``."""
    axis, count = one.axis("c"), one.shape[one.axes.index("c")]
    unit = axis.get("units") or ""
    values = axis.get("axis")
    if values is None and axis.get("scale") is not None:
        values = float(axis.get("offset") or 0) + float(axis["scale"]) * np.arange(count)
    if values is None or len(values) != count:
        return ()
    return tuple(f"{float(value):.6g} {unit}".strip() for value in values)


def _left_out(count: int) -> tuple[str, ...]:
    return (f"{count} spectra or profiles of the file are no images: left out",) if count else ()


def _lengths(
    one: Signal, signals: list[Signal], format: str
) -> tuple[Lengths, str, tuple[str, ...]]:
    source, sizes, faults, notes = f"{format} scale", {}, [], []
    for letter in one.axes:
        if letter not in "zyx":
            continue
        axis = one.axis(letter)
        scale, unit = micrometres_in(str(axis.get("units"))), axis.get("units")
        if scale is None or axis.get("scale") is None:
            faults.append(f"{source} along {letter} is {axis.get('scale')} in {unit!r}, no length")
            continue
        size = float(axis["scale"]) * scale
        if size < 0:
            notes.append(f"{letter} runs backwards in the file's coordinates")
        sizes[letter] = abs(size)
    if format == "Bruker BCF" and not faults:
        sizes, fault = _of_bruker(one, signals, sizes)
        faults.extend(fault)
    lengths = inspect_lengths(sizes, source=source)
    return Lengths(lengths.um, (*faults, *lengths.faults)), source, tuple(notes)


def _of_bruker(
    one: Signal, signals: list[Signal], sizes: dict[str, float]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """The file states one size, that of the map's grid, and the library writes it everywhere.

    Nor does it tell the width of a map's pixels from their height: an image of the same grid does.
    """
    grids = {(s.shape[s.axes.index("y")], s.shape[s.axes.index("x")]) for s in signals}
    maps = [s for s in signals if "c" in s.axes]
    own = (one.shape[one.axes.index("y")], one.shape[one.axes.index("x")])
    of_map = {(s.shape[s.axes.index("y")], s.shape[s.axes.index("x")]) for s in maps}
    if len(grids) > 1 and own not in of_map:
        return {}, (
            "the file states the pixel size of its map's grid "
            f"({' and '.join(f'{h} x {w}' for h, w in sorted(of_map)) or 'there is none'}), not of "
            f"this image of {own[0]} x {own[1]}",
        )
    images = [s for s in signals if "c" not in s.axes and s.shape == own]
    width = images[0].axis("x").get("scale") if images else None
    scale = micrometres_in(str(images[0].axis("x").get("units"))) if images else None
    if one in maps and width is not None and scale is not None:
        return {**sizes, "x": abs(float(width)) * scale}, ()
    return sizes, ()


def _place(one: Signal, lengths: Lengths, format: str) -> dict[str, Any]:
    """Origin and frame, where the format states positions that its images share."""
    frame = {"Renishaw WDF": "stage", "Velox EMD": "scan"}.get(format)
    spatial = [letter for letter in one.axes if letter in "zyx"]
    if frame is None or set(lengths.um) != set(spatial):
        return {}
    origin = {}
    for letter in spatial:
        axis = one.axis(letter)
        offset, scale = axis.get("offset"), micrometres_in(str(axis.get("units")))
        if offset is None or scale is None or float(axis["scale"]) < 0:
            return {}
        origin[letter] = float(offset) * scale
    return {"origin_um": origin, "frame": frame}


def _stage(one: Signal, format: str) -> dict[str, float]:
    """Bruker's stage [µm, degree]; other makers' units are not known well enough."""
    if format != "Bruker BCF":
        return {}
    stage = one.plain.get("original_metadata", {}).get("Stage") or {}
    names = {"X": "x_um", "Y": "y_um", "Z": "z_um", "Rotation": "rotation_deg", "Tilt": "tilt_deg"}
    return {
        names[name]: float(value)
        for name, value in stage.items()
        if name in names and isinstance(value, (int, float)) and np.isfinite(value)
    }


def _modality(one: Signal, format: str) -> str | None:
    kind = str(one.plain.get("metadata", {}).get("Signal", {}).get("signal_type") or "")
    if kind in _MODALITY:
        return _MODALITY[kind]
    if format == "Bruker BCF":
        return "SEM" if "SEM" in str(one.plain["metadata"].get("Acquisition_instrument")) else None
    if format == "Renishaw WDF":
        return "LM" if "c" not in one.axes else "Raman"
    return None


def _settings(one: Signal) -> dict[str, Any]:
    spectral = [dict(axis) for axis, letter in zip(one.plain["axes"], one.axes, strict=False)
                if letter == "c"]  # fmt: skip
    for axis in spectral:
        axis.pop("axis", None)
    return {"RosettaSciIO": one.plain.get("metadata", {}), "spectral_axes": spectral}
