"""TESCAN SEM: a private TIFF tag, or a ``.hdr`` beside the image, in metres and degrees.

The tag (50431) is a thumbnail followed by ``name=value`` lines, the same as in the header file.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import ReadError
from .reading import Lengths, Reading, inspect_lengths
from .text_headers import number_in, read_text, sections_of, sibling
from .tiff import axis_letters, photometric_notes
from .tiff_pixels import TiffPixels

_TAG = 50431
_PAIR = re.compile(rb"([A-Za-z0-9_]{2,40})=([^\r\n\x00]{0,200})")

Values = dict[str, str]


def claims(tif: Any, path: str) -> bool:
    """Say whether a TESCAN microscope described the image."""
    return _tag_values(tif).get("pixelsizex") is not None or _header_file(path) is not None


def read_tescan_sem(tif: Any, series: Any, *, path: str) -> Reading:
    """Describe a TESCAN image."""
    values, source = _tag_values(tif), "TESCAN tag PixelSizeX"
    if "pixelsizex" not in values:
        header = str(_header_file(path))
        values, source = _file_values(header), f"TESCAN header {header.rsplit('/', 1)[-1]}"
    pixels = TiffPixels(series, path=path)
    lengths = pixel_size(values, source=source)
    bar = int(number_in(values, "ImageStripSize") or 0)
    return Reading(
        format="TESCAN SEM TIFF",
        pixels=pixels,
        axes=axis_letters(series),
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        stage=stage_of(values),
        channel_names=tuple(v for v in [values.get("detector")] if v),
        modality="SEM",
        time=_time(values),
        instrument=_instrument(values),
        metadata={"TESCAN": values, "data_bar_rows": bar, "tilt_correction": _tilt(values)},
        warnings=(*_bar_notes(bar), *_tilt_notes(values), *photometric_notes(series.keyframe)),
    )


def pixel_size(values: Values, *, source: str) -> Lengths:
    """Pixel sizes [µm] of a header in metres."""
    metres = {"x": number_in(values, "PixelSizeX"), "y": number_in(values, "PixelSizeY")}
    if None in metres.values():
        return Lengths({}, (f"{source} is not a number",))
    return inspect_lengths({a: float(v or 0) * 1e6 for a, v in metres.items()}, source=source)


def stage_of(values: Values) -> dict[str, float]:
    """Stage position of a header in metres and degrees."""
    found = {f"{axis}_um": number_in(values, f"Stage{axis}") for axis in "xyz"}
    found = {name: None if v is None else v * 1e6 for name, v in found.items()}
    found["rotation_deg"] = number_in(values, "StageRotation")
    found["tilt_deg"] = number_in(values, "StageTilt")
    return {name: value for name, value in found.items() if value is not None}


def _tag_values(tif: Any) -> Values:
    tag = tif.pages[0].tags.get(_TAG) if len(tif.pages) else None
    data = tag.value if tag is not None and isinstance(tag.value, bytes) else b""
    skipped = int.from_bytes(data[:4], "little") + 4
    text = data[skipped:] if skipped < len(data) else data
    found: Values = {}
    for name, value in _PAIR.findall(text):
        found.setdefault(name.decode().lower(), value.decode("utf-8", errors="replace").strip())
    return found


def _header_file(path: str) -> str | None:
    found = sibling(path, ".hdr", "-tif.hdr")
    if found is None:
        return None
    try:
        return found if "pixelsizex" in _file_values(found) else None
    except ReadError:
        return None


def _file_values(header: str) -> Values:
    sections = sections_of(read_text(header))
    return {**sections.get("sem", {}), **sections.get("main", {})}


def _tilt(values: Values) -> dict[str, Any]:
    angle = number_in(values, "TiltCorrection")
    return {"on": None if angle is None else angle != 0, "angle_deg": angle}


def _tilt_notes(values: Values) -> tuple[str, ...]:
    tilt, stage = _tilt(values), stage_of(values).get("tilt_deg", 0.0)
    if tilt["on"]:
        return (f"the microscope corrected for a tilt of {tilt['angle_deg']:g}° while scanning",)
    if abs(stage) >= 5:
        return (
            f"the stage was tilted by {stage:g}° without tilt correction: y is foreshortened, "
            f"Answers(tilt_correction={stage:g}) takes it back for the untilted surface",
        )
    return ()


def _bar_notes(rows: int) -> tuple[str, ...]:
    if rows <= 0:
        return ()
    return (f"the last {rows} rows are the data bar: mask them before registration or thresholds",)


def _time(values: Values) -> str | None:
    text = f"{values.get('date', '')}T{values.get('time', '')}"
    return text if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text) else None


def _instrument(values: Values) -> str | None:
    parts = [values.get("device"), values.get("serialnumber")]
    return " ".join(["TESCAN", *(part for part in parts if part)]) if any(parts) else None
