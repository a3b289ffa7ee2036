"""Thermo Fisher (FEI) SEM TIFF: one pixel size, and a data bar below the image."""

from __future__ import annotations

import math
import re
from typing import Any

from .reading import Lengths, Reading, inspect_lengths
from .tiff import axis_letters, photometric_notes
from .tiff_pixels import TiffPixels


def claims(tif: Any) -> bool:
    """Say whether the file carries the FEI_SFEG or FEI_HELIOS tag."""
    return bool(tif.is_fei) and isinstance(tif.fei_metadata, dict)


def read_fei_sem(tif: Any, series: Any, *, path: str) -> Reading:
    """Describe a Thermo Fisher SEM or dual-beam image."""
    fei = tif.fei_metadata
    pixels = TiffPixels(series, path=path)
    axes = axis_letters(series)
    rows, columns = pixels.shape[axes.index("y")], pixels.shape[axes.index("x")]
    lengths, source = pixel_size(fei, columns=columns)
    bar = data_bar_rows(fei, rows=rows)
    return Reading(
        format="FEI SEM TIFF",
        pixels=pixels,
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        stage=_stage(fei),
        channel_names=tuple(n for n in [_find(fei, "Detectors", "Name")] if isinstance(n, str)),
        modality=_modality(fei),
        time=_time(fei),
        instrument=_instrument(fei),
        metadata={"FEI": fei, "data_bar_rows": bar, "tilt_correction": _tilt(fei)},
        warnings=(*_bar_notes(bar), *_tilt_notes(fei), *photometric_notes(series.keyframe)),
    )


def pixel_size(fei: dict[str, Any], *, columns: int) -> tuple[Lengths, str]:
    """Read the pixel size, and check that the image still has the columns that were scanned.

    Parameters
    ----------
    fei : dict
        tifffile's dictionary of sections: ``{"Scan": {"PixelWidth": 3.3724e-06}, ...}``, metres.
    columns : int
        Columns of the stored image.
    """
    scan = _find(fei, "Beam", "Scan") or "Scan"
    section = next((s for s in (str(scan), "EScan", "Scan") if _find(fei, s, "PixelWidth")), None)
    if section is None:
        return Lengths({}, ("the FEI tags hold no PixelWidth for this detector",)), "FEI tags"
    source = f"FEI {section}.PixelWidth"
    scanned = _find(fei, "Image", "ResolutionX")
    if isinstance(scanned, int) and scanned != columns:
        fault = f"{source} was for {scanned} columns, the image has {columns}: it was resized since"
        return Lengths({}, (fault,)), source
    sizes = {a: _metres(fei, section, n) for a, n in (("x", "PixelWidth"), ("y", "PixelHeight"))}
    return inspect_lengths(sizes, source=source), source


def data_bar_rows(fei: dict[str, Any], *, rows: int) -> int:
    """Count the rows below the scanned image, which hold the data bar.

    ``PrivateFei.DatabarHeight`` is zero in some files that have one, so the scanned rows decide.
    """
    scanned = _find(fei, "Image", "ResolutionY")
    return rows - scanned if isinstance(scanned, int) and 0 < scanned <= rows else 0


def _find(fei: dict[str, Any], section: str, name: str) -> Any:
    found = fei.get(section)
    value = found.get(name) if isinstance(found, dict) else None
    return None if value == "" else value


def _number(fei: dict[str, Any], section: str, name: str) -> float | None:
    value = _find(fei, section, name)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _metres(fei: dict[str, Any], section: str, name: str) -> float:
    value = _number(fei, section, name)
    return math.nan if value is None else value * 1e6


def _stage(fei: dict[str, Any]) -> dict[str, float]:
    scales = {
        "x_um": ("StageX", 1e6),
        "y_um": ("StageY", 1e6),
        "z_um": ("StageZ", 1e6),
        "rotation_deg": ("StageR", math.degrees(1)),
        "tilt_deg": ("StageT", math.degrees(1)),
    }
    found = {key: _number(fei, "Stage", name) for key, (name, _) in scales.items()}
    return {key: value * scales[key][1] for key, value in found.items() if value is not None}


def _tilt(fei: dict[str, Any]) -> dict[str, Any]:
    beam = str(_find(fei, "Beam", "Beam") or "EBeam")
    angle = _number(fei, beam, "TiltCorrectionAngle")
    state = _find(fei, beam, "TiltCorrectionIsOn")
    return {
        "on": None if state is None else str(state).lower() in ("yes", "true", "on"),
        "angle_deg": None if angle is None else math.degrees(angle),
    }


def _tilt_notes(fei: dict[str, Any]) -> tuple[str, ...]:
    tilt, stage = _tilt(fei), _stage(fei).get("tilt_deg", 0.0)
    if tilt["on"]:
        return (f"the microscope corrected for a tilt of {tilt['angle_deg']:.4g}° while scanning",)
    if abs(stage) >= 5:
        return (
            f"the stage was tilted by {stage:.4g}° without tilt correction: y is foreshortened, "
            f"Answers(tilt_correction={stage:.4g}) takes it back for the untilted surface",
        )
    return ()


def _bar_notes(rows: int) -> tuple[str, ...]:
    if not rows:
        return ()
    return (f"the last {rows} rows are the data bar: mask them before registration or thresholds",)


def _modality(fei: dict[str, Any]) -> str | None:
    beam = _find(fei, "Beam", "Beam")
    return {"EBeam": "SEM", "IBeam": "FIB"}.get(str(beam))


def _time(fei: dict[str, Any]) -> str | None:
    # User.Date follows the locale of the microscope's computer, TimeOfCreation does not.
    text = str(_find(fei, "PrivateFei", "TimeOfCreation") or "")
    found = re.fullmatch(r"\s*(\d{2})\.(\d{2})\.(\d{4}) (\d{2}:\d{2}:\d{2})\s*", text)
    return "{2}-{1}-{0}T{3}".format(*found.groups()) if found else None


def _instrument(fei: dict[str, Any]) -> str | None:
    kind, serial = _find(fei, "System", "SystemType"), _find(fei, "System", "Dnumber")
    return " ".join(str(part) for part in ("FEI", kind, serial) if part) if kind else None
