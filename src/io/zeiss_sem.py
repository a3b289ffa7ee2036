"""ZEISS SmartSEM TIFF: two pixel sizes, of which one is the screen's.

``ap_pixel_size`` belongs to a 1024 pixel wide screen, ``ap_image_pixel_size`` to the stored
image; old files have only the first. Which of them is right is decided by the field width that
the file also gives: pixel size times stored columns has to be that width.
"""

from __future__ import annotations

import math
import re
from typing import Any

from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths
from .tiff import axis_letters, photometric_notes
from .tiff_pixels import TiffPixels

_TAGS = (("ap_image_pixel_size", "Image Pixel Size"), ("ap_pixel_size", "Pixel Size"))
_SCREEN_COLUMNS = 1024
# Sizes and widths are written with four digits.
_AGREES = 2e-3

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def claims(tif: Any) -> bool:
    """Say whether SmartSEM wrote the file."""
    return bool(tif.is_sem) and isinstance(tif.sem_metadata, dict)


def read_zeiss_sem(tif: Any, series: Any, *, path: str) -> Reading:
    """Describe a ZEISS SEM image."""
    sem = dict(tif.sem_metadata)
    pixels = TiffPixels(series, path=path)
    axes = axis_letters(series)
    columns = pixels.shape[axes.index("x")]
    lengths, source, notes = pixel_size(sem, columns=columns)
    faults = lengths.faults
    if len(pixels.shape) > 2:
        faults = (*faults, _no_slice_distance(sem))
    return Reading(
        format="ZEISS SEM TIFF",
        pixels=pixels,
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=faults,
        stage=_stage(sem),
        channel_names=tuple(v for v in [_value(sem, "dp_detector_type")] if isinstance(v, str)),
        modality="SEM",
        time=_time(sem),
        instrument=_instrument(sem),
        metadata={"CZ_SEM": sem, "tilt_correction": _tilt(sem)},
        warnings=(*notes, *_tilt_notes(sem), *photometric_notes(series.keyframe)),
    )


def pixel_size(sem: dict[str, Any], *, columns: int) -> tuple[Lengths, str, tuple[str, ...]]:
    """Choose the pixel size that fits the field width.

    Parameters
    ----------
    sem : dict
        tifffile's dictionary of tag 34118: ``{"ap_width": ("Width", 5.965, "µm"), ...}``.
    columns : int
        Columns of the stored image.

    Returns
    -------
    lengths : Lengths
    source : str
        Which tag was used, and what it was checked with.
    notes : tuple of str
    """
    sizes = {tag: _length(sem, tag) for tag, _ in _TAGS}
    width = _length(sem, "ap_width")
    stored = _stored_columns(sem) or columns
    notes = () if stored == columns else (_cropped(stored, columns),)
    if width is None:
        return (*_unchecked(sizes, columns), notes)
    for tag, label in _TAGS:
        size = sizes[tag]
        if size is not None and math.isclose(size * stored, width, rel_tol=_AGREES):
            return (
                inspect_lengths({"x": size, "y": size}, source=tag),
                f"ZEISS {tag} ({label}), which times {stored} columns is the field width",
                (*notes, *_disagreement(sizes, tag)),
            )
    screen = sizes["ap_pixel_size"]
    if screen is not None and math.isclose(screen * _SCREEN_COLUMNS, width, rel_tol=_AGREES):
        size = width / stored
        return (
            inspect_lengths({"x": size, "y": size}, source="ap_width"),
            f"ZEISS ap_width over {stored} columns; ap_pixel_size is that of a "
            f"{_SCREEN_COLUMNS} pixel wide screen",
            notes,
        )
    return Lengths({}, (_contradiction(sizes, width, stored),)), "ZEISS tags", notes


def _unchecked(sizes: dict[str, float | None], columns: int) -> tuple[Lengths, str]:
    size = sizes["ap_image_pixel_size"]
    if size is not None:
        lengths = inspect_lengths({"x": size, "y": size}, source="ap_image_pixel_size")
        return lengths, "ZEISS ap_image_pixel_size, unchecked: the file has no field width"
    if sizes["ap_pixel_size"] is not None and columns == _SCREEN_COLUMNS:
        size = sizes["ap_pixel_size"]
        lengths = inspect_lengths({"x": size, "y": size}, source="ap_pixel_size")
        return lengths, "ZEISS ap_pixel_size, unchecked: the file has no field width"
    fault = "the ZEISS tags hold neither an image pixel size nor a field width to check one with"
    return Lengths({}, (fault,)), "ZEISS tags"


def _contradiction(sizes: dict[str, float | None], width: float, stored: int) -> str:
    said = ", ".join(f"{tag} {size:g} µm" for tag, size in sizes.items() if size is not None)
    return (
        f"the ZEISS tags contradict each other: field width {width:g} µm over {stored} columns is "
        f"{width / stored:g} µm, but {said or 'no pixel size is given'}"
    )


def _disagreement(sizes: dict[str, float | None], used: str) -> tuple[str, ...]:
    other = next(tag for tag, _ in _TAGS if tag != used)
    if sizes[other] is None or math.isclose(sizes[other] or 0, sizes[used] or 0, rel_tol=_AGREES):
        return ()
    return (f"{other} ({sizes[other]:g} µm) does not fit the stored image and was not used",)


def _cropped(stored: int, columns: int) -> str:
    return f"the image has {columns} columns, {stored} were stored: it has been cropped since"


def _entry(sem: dict[str, Any], tag: str) -> tuple[Any, ...]:
    entry = sem.get(tag)
    return entry if isinstance(entry, tuple) else ()


def _value(sem: dict[str, Any], tag: str) -> Any:
    entry = _entry(sem, tag)
    return entry[1] if len(entry) > 1 else None


def _length(sem: dict[str, Any], tag: str) -> float | None:
    entry = _entry(sem, tag)
    if len(entry) < 3 or isinstance(entry[1], (bool, str)):
        return None
    scale = micrometres_in(entry[2])
    return None if scale is None else float(entry[1]) * scale


def _stored_columns(sem: dict[str, Any]) -> int | None:
    found = re.match(r"\s*(\d+)\s*\*", str(_value(sem, "dp_image_store") or ""))
    return int(found.group(1)) if found else None


def _stage(sem: dict[str, Any]) -> dict[str, float]:
    stage = {f"{axis}_um": _length(sem, f"ap_stage_at_{axis}") for axis in "xyz"}
    for name, tag in (("rotation_deg", "ap_stage_at_r"), ("tilt_deg", "ap_stage_at_t")):
        value = _value(sem, tag)
        stage[name] = float(value) if isinstance(value, (int, float)) else None
    return {name: value for name, value in stage.items() if value is not None}


def _tilt(sem: dict[str, Any]) -> dict[str, Any]:
    return {
        "on": _value(sem, "dp_tilt_correction"),
        "angle_deg": _value(sem, "ap_tilt_angle"),
        "axis_deg": _value(sem, "ap_tilt_axis"),
    }


def _tilt_notes(sem: dict[str, Any]) -> tuple[str, ...]:
    tilt, stage = _tilt(sem), _stage(sem).get("tilt_deg", 0.0)
    if tilt["on"] is True:
        return (f"the microscope corrected for a tilt of {tilt['angle_deg']}° while scanning",)
    if abs(stage) >= 5:
        return (
            f"the stage was tilted by {stage:g}° without tilt correction: y is foreshortened, "
            f"Answers(tilt_correction={stage:g}) takes it back for the untilted surface",
        )
    return ()


def _no_slice_distance(sem: dict[str, Any]) -> str:
    slice_um = _length(sem, "ap_fib_slice_height")
    nominal = f" (the milling list says {slice_um:g} µm a slice)" if slice_um else ""
    return f"ZEISS tags give no distance between slices{nominal}"


def _time(sem: dict[str, Any]) -> str | None:
    date = re.fullmatch(r"\s*(\d{1,2}) (\w{3}) (\d{4})\s*", str(_value(sem, "ap_date")))
    clock = re.fullmatch(r"\s*(\d{1,2}):(\d{2}):(\d{2})\s*", str(_value(sem, "ap_time")))
    if not date or not clock or date.group(2) not in _MONTHS:
        return None
    day, month, year = int(date.group(1)), _MONTHS.index(date.group(2)) + 1, date.group(3)
    return f"{year}-{month:02}-{day:02}T{int(clock.group(1)):02}:{clock.group(2)}:{clock.group(3)}"


def _instrument(sem: dict[str, Any]) -> str | None:
    serial = _value(sem, "sv_serial_number")
    return f"ZEISS {serial}" if serial else None
