"""From what a reader found and what a person answered to one description."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .arrange import Arranged
from .description import ImageDescription
from .flat_pixels import refuse_empty
from .handedness import Grid, place_grid
from .lengths import micrometres_in
from .plain import plain
from .reading import Reading, inspect_lengths, supported_dtype


@dataclass(frozen=True)
class Understood:
    """One image ready to be read in canonical order."""

    description: ImageDescription
    pixels: Arranged


def understand(reading: Reading, answers: Answers, *, path: str, file_bytes: int) -> Understood:
    """Join a reading with a person's answers.

    Raises
    ------
    ReadError
        If the answers do not fit the array, or the pixel type is not numeric.
    """
    supported_dtype(reading.pixels.dtype, path=path)
    refuse_empty(reading.pixels.shape, path)
    axes, axis_notes = _name_axes(reading, answers, path)
    flip = answers.flip or ""
    if set(flip) - set(axes):
        raise ReadError(f"flip {flip!r} names an axis that is not among {axes!r} of {path}")
    pixels = Arranged(reading.pixels, axes=axes, flip=flip)
    spatial = "".join(axis for axis in pixels.axes if axis in "zyx")
    size = dict(zip(pixels.axes, pixels.shape, strict=True))
    partial, source = _spacing(reading, answers, spatial, path)
    grid = _grid(reading, answers, size, partial, flip)
    mirrored = _is_mirrored(answers, grid)
    complete = all(value is not None for value in partial)
    description = ImageDescription(
        path=path,
        format=reading.format,
        shape=pixels.shape,
        axes=pixels.axes,
        dtype=pixels.dtype.name,
        spacing_um=tuple(v for v in partial if v is not None) if complete else None,
        partial_spacing_um=partial,
        spacing_source=source,
        origin_um=tuple(grid.origin_um[a] for a in spatial) if grid.origin_um else None,
        frame=reading.frame,
        entries=tuple(reading.entries),
        stage=plain(dict(reading.stage)),
        channel_names=_channel_names(reading, size.get("c")),
        modality=answers.modality or reading.modality,
        time=reading.time,
        instrument=reading.instrument,
        metadata=plain(dict(reading.metadata)),
        warnings=(
            *reading.warnings,
            *axis_notes,
            *grid.notes,
            *_still_mirrored(grid, answers),
            *_tilt_notes(reading, answers, spatial),
            *_dtype_notes(reading),
        ),
        missing=(() if complete else ("voxel size",)) + (("flip",) if mirrored else ()),
        flip_offered=(grid.flip_offered or "z"[: len(spatial) // 3] or "y") if mirrored else None,
        file_bytes=file_bytes,
    )
    return Understood(description, pixels)


def _name_axes(reading: Reading, answers: Answers, path: str) -> tuple[str, tuple[str, ...]]:
    stored = reading.pixels.shape
    if answers.axes is not None:
        if len(answers.axes) != len(stored):
            raise ReadError(
                f"axes {answers.axes!r} names {len(answers.axes)} axes, {path} holds "
                f"{len(stored)} of shape {stored}: give one letter for each"
            )
        return _checked(answers.axes, reading, path), ()
    axes = reading.axes
    notes: tuple[str, ...] = ()
    if "s" in axes and "c" not in axes:
        axes = axes.replace("s", "c")
    if axes.count("?") == 1 and "z" not in axes:
        axes = axes.replace("?", "z")
        notes = (
            f"the file does not say what its {stored[axes.index('z')]} pages are: "
            "taken as slices along z",
        )
    return _checked(axes, reading, path), notes


def _checked(axes: str, reading: Reading, path: str) -> str:
    if set(axes) - set("tczyx") or len(set(axes)) != len(axes) or not {"y", "x"} <= set(axes):
        raise ReadError(
            f"an image needs axes out of t, c, z, y, x with y and x among them, got {axes!r} for "
            f"shape {reading.pixels.shape} in {path}: name them, Answers(axes='zyx') for example"
        )
    return axes


def _spacing(
    reading: Reading, answers: Answers, spatial: str, path: str
) -> tuple[tuple[float | None, ...], str]:
    found = dict(reading.spacing_um)
    source = reading.spacing_source
    faults = list(reading.faults)
    if reading.bare_spacing and answers.unit:
        scale = micrometres_in(answers.unit) or math.nan
        lengths = inspect_lengths(
            {axis: value * scale for axis, value in reading.bare_spacing.items()},
            source=reading.spacing_source or "number in the file",
        )
        found, source = found | lengths.um, f"{source}, unit {answers.unit} answered"
        faults = list(lengths.faults)
    elif reading.bare_spacing:
        faults.append(_bare_words(reading))
    given = _given(answers, spatial, path)
    found |= given
    if given:
        source = "answered" if len(given) == len(spatial) else f"answered, and {source}"
    if answers.tilt_correction and "y" in found:
        found["y"] /= math.cos(math.radians(answers.tilt_correction))
        source += f", y corrected for a tilt of {answers.tilt_correction:g}°"
    partial = tuple(found.get(axis) for axis in spatial)
    absent = [axis for axis in spatial if axis not in found]
    return partial, source if not absent else _uncalibrated_words(faults, source, absent, spatial)


def _given(answers: Answers, spatial: str, path: str) -> dict[str, float]:
    values = answers.spacing_um
    if values is None:
        return {}
    if len(values) < len(spatial):
        raise ReadError(
            f"spacing_um needs {len(spatial)} values ({', '.join(spatial)}) for {path}, "
            f"got {len(values)}: {values}"
        )
    last = values[len(values) - len(spatial) :]
    return {a: float(v) for a, v in zip(spatial, last, strict=True) if v is not None}


def _bare_words(reading: Reading) -> str:
    numbers = ", ".join(f"{axis} {value:g}" for axis, value in reading.bare_spacing.items())
    return (
        f"{reading.spacing_source or 'the file'} gives {numbers} without a unit: "
        "Answers(unit='um') or the unit it is in would make it a voxel size"
    )


def _uncalibrated_words(faults: list[str], source: str, absent: list[str], spatial: str) -> str:
    if faults:
        return "uncalibrated: " + "; ".join(faults)
    if len(absent) == len(spatial):
        return "uncalibrated: the file has no voxel size"
    return f"uncalibrated along {', '.join(absent)}: {source} does not cover it"


def _grid(
    reading: Reading,
    answers: Answers,
    size: dict[str, int],
    partial: tuple[float | None, ...],
    flip: str,
) -> Grid:
    spatial = [axis for axis in "zyx" if axis in size]
    direction = None if reading.direction is None else np.asarray(reading.direction, float)
    if direction is not None and not _usable(direction, len(spatial)):
        return Grid(False, None, {}, ("the file's direction matrix is singular: ignored",))
    complete = all(value is not None for value in partial)
    spacing = (
        {a: float(v or 0) for a, v in zip(spatial, partial, strict=True)} if complete else None
    )
    return place_grid(
        direction,
        size={axis: size[axis] for axis in spatial},
        spacing_um=spacing,
        origin_um=reading.origin_um,
        flip=flip,
    )


def _usable(direction: np.ndarray, ndim: int) -> bool:
    if direction.shape != (ndim, ndim) or not np.isfinite(direction).all():
        return False
    return abs(np.linalg.det(direction)) > 1e-3


def _is_mirrored(answers: Answers, grid: Grid) -> bool:
    if answers.flip is not None or answers.handedness == "right":
        return False
    return grid.mirrored or answers.handedness == "left"


def _still_mirrored(grid: Grid, answers: Answers) -> tuple[str, ...]:
    if not grid.mirrored or answers.flip is None:
        return ()
    return (
        f"with flip={answers.flip!r} the image is still mirrored in its file's world; "
        f"flip={grid.flip_offered!r} would take it back",
    )


def _channel_names(reading: Reading, count: int | None) -> tuple[str, ...]:
    if count is None:
        return tuple(reading.channel_names[:1])
    if len(reading.channel_names) == count:
        return tuple(reading.channel_names)
    if "s" in reading.axes and count in (3, 4):
        return ("red", "green", "blue", "alpha")[:count]
    return tuple(f"channel {i}" for i in range(count))


def _tilt_notes(reading: Reading, answers: Answers, spatial: str) -> tuple[str, ...]:
    """Ask of an ion-beam stack what nobody has stated: None is unknown, 0 is that y is right."""
    modality = (answers.modality or reading.modality or "").upper().replace("-", "")
    told = answers.tilt_correction is not None or "tilt_correction" in reading.metadata
    if told or "FIBSEM" not in modality or len(spatial) < 3:
        return ()
    return (
        "nobody has stated whether y was corrected for the tilt of the face: where the beams stand "
        "52° apart, uncorrected lengths along y are 21 % short; Answers(tilt_correction=38) takes "
        "that back, Answers(tilt_correction=0) says that y is right",
    )


def _dtype_notes(reading: Reading) -> tuple[str, ...]:
    is_bool = np.dtype(reading.pixels.dtype).kind == "b"
    return ("true and false are read as 1 and 0",) if is_bool else ()
