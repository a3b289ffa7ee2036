"""ImageJ TIFF: the unit stands in the description, and its default is a trap.

ImageJ keeps the pixel size in the resolution tags and the unit in its own text. ``unit=inch``
and an empty unit are what it writes for an image that nobody calibrated. It leaves ``spacing``
out when the distance between slices is 1, which is also its default: then it is not known.
"""

from __future__ import annotations

from typing import Any

from .lengths import fault_of_length, micrometres_in
from .reading import Lengths, Reading, inspect_lengths
from .tiff import _ratio, _tag, axis_letters, photometric_notes, tag_texts
from .tiff_pixels import TiffPixels


def claims(tif: Any) -> bool:
    """Say whether ImageJ wrote the file."""
    return bool(tif.is_imagej)


def read_imagej(tif: Any, series: Any, *, path: str) -> Reading:
    """Describe a TIFF that ImageJ or Fiji wrote."""
    metadata = dict(tif.imagej_metadata or {})
    axes = axis_letters(series)
    lengths, source = _lengths(series.keyframe, metadata, has_z="z" in axes)
    labels = metadata.get("Labels")
    return Reading(
        format="ImageJ TIFF",
        pixels=TiffPixels(series, path=path),
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        channel_names=tuple(labels) if isinstance(labels, list) and "z" not in axes else (),
        metadata={"ImageJ": metadata, "TIFF": tag_texts(series.keyframe)},
        warnings=photometric_notes(series.keyframe),
    )


def _lengths(page: Any, metadata: dict[str, Any], *, has_z: bool) -> tuple[Lengths, str]:
    unit = metadata.get("unit")
    source = f"ImageJ calibration (unit {unit!r})"
    scale = micrometres_in(unit if isinstance(unit, str) else None)
    if scale is None:
        return Lengths({}, (_unit_words(unit),)), source
    sizes = {}
    for axis, name in (("x", "XResolution"), ("y", "YResolution")):
        per_unit = _ratio(_tag(page, name)) if _tag(page, name) else 0.0
        sizes[axis] = scale / per_unit if per_unit else 0.0
    if has_z and "spacing" in metadata:
        sizes["z"] = _number(metadata["spacing"]) * _z_scale(metadata, scale)
    lengths = inspect_lengths(sizes, source=source)
    if has_z and "spacing" not in metadata:
        lengths = Lengths(lengths.um, (*lengths.faults, _no_slice_distance(unit)))
    return lengths, source


def slice_distance_um(reading: Reading) -> float | None:
    """Tell how far apart slices are, where ImageJ wrote it beside one slice [µm].

    Parameters
    ----------
    reading : Reading
        Of any TIFF.

    Returns
    -------
    float or None
        None where there is no ``spacing``, no length as its unit, or no sensible number.
    """
    metadata = reading.metadata.get("ImageJ")
    if not isinstance(metadata, dict) or "spacing" not in metadata:
        return None
    unit = metadata.get("unit")
    scale = micrometres_in(unit if isinstance(unit, str) else None)
    if scale is None:
        return None
    distance = _number(metadata["spacing"]) * _z_scale(metadata, scale)
    return None if fault_of_length(distance) else distance


def _z_scale(metadata: dict[str, Any], scale: float) -> float:
    return micrometres_in(metadata.get("zunit")) or scale


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _unit_words(unit: Any) -> str:
    if not unit:
        return "the file has no voxel size (ImageJ was given no unit)"
    if str(unit).lower().startswith("inch"):
        return "ImageJ's unit is 'inch', which it writes when nobody calibrated the image"
    return f"ImageJ's unit {unit!r} is not a length"


def _no_slice_distance(unit: Any) -> str:
    return (
        "ImageJ wrote no distance between slices, which it does both for "
        f"1 {unit} and for a distance that nobody gave: Answers(spacing_um=(z, None, None))"
    )
