"""DICOM: one file, or a folder with the slices of one series, through SimpleITK.

The distance of slices comes from their positions, never from SliceThickness, which is how thick
they are. ``ImagerPixelSpacing`` is measured on the detector and not used.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .reading import Lengths, Reading, inspect_lengths

_SPACING, _POSITION, _TURN = "0028|0030", "0020|0032", "0020|0037"
_SERIES, _FRAME, _MODALITY = "0020|000e", "0020|0052", "0008|0060"
_MAKER, _SERIAL, _DATE, _TIME = "0008|0070", "0018|1000", "0008|0022", "0008|0032"
_MM_UM = 1e3
_MOST_FILES = 20_000


def recognises(path: str, head: bytes) -> bool:
    """Say whether the mark stands at byte 128, or a folder holds files with it."""
    if os.path.isdir(path):
        return bool(_files(path))
    return head[128:132] == b"DICM"


@dataclass(frozen=True)
class _Slice:
    path: str
    shape: tuple[int, ...]
    tags: dict[str, str]
    dtype: np.dtype[Any]
    along: float | None


class DicomPixels:
    """Slices in order of position; each is opened when it is wanted."""

    sequential = False

    def __init__(self, slices: list[_Slice]) -> None:
        self._files = [one.path for one in slices]
        image = slices[0].shape
        self.shape = (len(slices), *image) if len(slices) > 1 else image
        self.dtype = slices[0].dtype
        self._many = len(slices) > 1
        self.segment_bytes = int(np.prod(image)) * self.dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        if not self._many:
            return self._file(0)[selection]
        numbers = range(len(self._files))[selection[0]]
        parts = [self._file(number)[selection[1:]] for number in numbers]
        return np.stack(parts) if parts else np.empty((0, *self.shape[1:]), self.dtype)[selection]

    def _file(self, number: int) -> np.ndarray:
        import SimpleITK as sitk

        try:
            pixels = sitk.GetArrayFromImage(_reader(self._files[number]).Execute())
        except RuntimeError as error:
            raise ReadError(f"{self._files[number]} cannot be unpacked: copy it again") from error
        return np.asarray(pixels).reshape(self.shape[1:] if self._many else self.shape)

    def close(self) -> None:
        """Nothing is kept open."""


def open_dicom(path: str, answers: Answers) -> Reading:
    """Open one file, or one series of a folder (``folder::series UID``).

    Raises
    ------
    ReadError
        If the folder holds several series, or slices of several sizes.
    """
    files = _files(path) if os.path.isdir(path) else [path]
    _refuse_damaged(path, files)
    series: dict[str, list[_Slice]] = {}
    for file in files:
        one = _header(file)
        series.setdefault(one.tags.get(_SERIES, ""), []).append(one)
    entry = answers.entry if answers.entry is not None or len(series) > 1 else next(iter(series))
    if entry not in series:
        raise ReadError(
            f"{path} holds {len(series)} series, {sorted(series)[:10]}, got {entry!r}: choose one, "
            f"{path}::{next(iter(series))}"
        )
    slices = series[str(entry)]
    if len({(one.shape, one.dtype) for one in slices}) > 1:
        sizes = sorted({one.shape for one in slices})
        raise ReadError(f"the slices of {path} have several sizes, {sizes}: take some out")
    return _reading(slices, tuple(series))


def _reading(slices: list[_Slice], names: tuple[str, ...]) -> Reading:
    known = all(one.along is not None for one in slices)
    ordered = sorted(slices, key=lambda one: one.along or 0.0) if known else slices
    first = ordered[0]
    pixels = DicomPixels(ordered)
    axes = "zyx"[-len(pixels.shape) :] if len(pixels.shape) < 4 else "zyxs"
    if first.tags.get("0028|0002") == "3":
        axes = "yxs" if len(pixels.shape) == 3 else "zyxs"
    lengths, source = _lengths(ordered, axes)
    direction, origin = _placed(first.tags, axes)
    date, clock = first.tags.get(_DATE, ""), first.tags.get(_TIME, "")
    return Reading(
        format="DICOM",
        pixels=pixels,
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        origin_um=origin,
        frame=f"patient {first.tags.get(_FRAME, '')}".strip() if origin else "",
        direction=direction,
        entries=names if len(names) > 1 else (),
        modality=first.tags.get(_MODALITY) or None,
        time=_time(date, clock),
        instrument=" ".join(w for key in (_MAKER, _SERIAL) if (w := first.tags.get(key))) or None,
        metadata={"DICOM": {k: v for k, v in first.tags.items() if len(v) < 200}},
    )


def _files(folder: str) -> list[str]:
    names = sorted(e.path for e in os.scandir(folder) if e.is_file() and not e.name.startswith("."))
    found = []
    for name in names[:_MOST_FILES]:
        with open(name, "rb") as file:
            head = file.read(132)
        if head[128:] == b"DICM":
            found.append(name)
        elif not found and len(names) > 1 and not name.lower().endswith((".txt", ".xml", ".log")):
            return []
    return found


def _refuse_damaged(path: str, files: list[str]) -> None:
    """Refuse a folder in which a slice is none any more: the others would lie too far apart."""
    if not os.path.isdir(path):
        return
    named = (one.path for one in os.scandir(path) if one.name.lower().endswith((".dcm", ".ima")))
    lost = sorted(set(named) - set(files))
    if lost and len(files) < _MOST_FILES:
        raise ReadError(
            f"{lost[0]} is named like DICOM and is none: it is damaged, copy it again, or take it "
            f"out of {path}"
        )


def _reader(path: str) -> Any:
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(path)
    return reader


def _header(path: str) -> _Slice:
    import SimpleITK as sitk

    reader = _reader(path)
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise ReadError(
            f"{path} has no usable DICOM header: it is damaged, copy it again"
        ) from error
    tags = {key: reader.GetMetaData(key).strip() for key in reader.GetMetaDataKeys()}
    size, parts = tuple(reader.GetSize()), int(reader.GetNumberOfComponents())
    shape = tuple(size[::-1])
    shape = shape[1:] if len(shape) == 3 and shape[0] == 1 else shape
    shape = (*shape, parts) if parts > 1 else shape
    kind = sitk.GetArrayViewFromImage(sitk.Image([1] * 2, _scalar(reader.GetPixelID()))).dtype
    turn, place = _numbers(tags.get(_TURN), 6), _numbers(tags.get(_POSITION), 3)
    normal = None if turn is None else np.cross(turn[:3], turn[3:])
    along = None if normal is None or place is None else float(normal @ place)
    return _Slice(path, shape, tags, np.dtype(kind), along)


def _scalar(pixel: int) -> int:
    import SimpleITK as sitk

    vectors = {sitk.sitkVectorUInt8: sitk.sitkUInt8, sitk.sitkVectorUInt16: sitk.sitkUInt16}
    return int(vectors.get(pixel, pixel))


def _numbers(text: str | None, count: int) -> np.ndarray | None:
    try:
        values = np.array([float(word) for word in (text or "").split("\\")])
    except ValueError:
        return None
    return values if len(values) == count and np.isfinite(values).all() else None


def _lengths(slices: list[_Slice], axes: str) -> tuple[Lengths, str]:
    source = "DICOM PixelSpacing (mm)"
    pair = _numbers(slices[0].tags.get(_SPACING), 2)
    if pair is None:
        return Lengths({}, ("the DICOM header has no PixelSpacing",)), source
    if any(one.tags.get(_SPACING) != slices[0].tags.get(_SPACING) for one in slices):
        return Lengths({}, ("the slices differ in PixelSpacing",)), source
    sizes = {"y": float(pair[0]) * _MM_UM, "x": float(pair[1]) * _MM_UM}
    lengths = inspect_lengths(sizes, source=source)
    if "z" not in axes:
        return lengths, source
    step, fault = _step(slices)
    if step is None:
        return Lengths(lengths.um, (*lengths.faults, fault)), source
    along = inspect_lengths({"z": step * _MM_UM}, source="distance of ImagePositionPatient")
    faults = (*lengths.faults, *along.faults)
    return Lengths({**lengths.um, **along.um}, faults), f"{source}, z from ImagePositionPatient"


def _step(slices: list[_Slice]) -> tuple[float | None, str]:
    places = [one.along for one in slices]
    if len(places) < 2 or None in places:
        return None, "the DICOM slices have no positions to measure their distance by"
    steps = np.diff(np.array(places, float))
    if steps.min() <= 0 or np.ptp(steps) > 0.01 * steps.mean():
        return None, (
            f"the DICOM slices lie {steps.min():g} to {steps.max():g} mm apart: some are missing "
            "or there twice"
        )
    return float(steps.mean()), ""


def _placed(tags: dict[str, str], axes: str) -> tuple[Any, dict[str, float]]:
    turn, place = _numbers(tags.get(_TURN), 6), _numbers(tags.get(_POSITION), 3)
    if turn is None or place is None or "z" not in axes:
        return None, {}
    columns = np.column_stack([turn[:3], turn[3:], np.cross(turn[:3], turn[3:])])
    origin = dict(zip("xyz", (float(v) * _MM_UM for v in place), strict=True))
    return tuple(tuple(float(v) for v in row) for row in columns), origin


def _time(date: str, clock: str) -> str | None:
    clock = clock.split(".")[0]
    if len(date) != 8 or len(clock) != 6 or not (date + clock).isdigit():
        return None
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}"
