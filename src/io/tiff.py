"""Plain TIFF: pixels are sure, the voxel size hardly ever.

The resolution tags were made for printers. Pixels per centimetre are taken as a calibration,
because microscopes write them; pixels per inch are what image programs write when nobody
calibrated, and so are centimetre values that are a printer's resolution in disguise.
"""

from __future__ import annotations

import math
from typing import Any

from .reading import Reading, inspect_lengths
from .tiff_pixels import TiffPixels

_INCH, _CENTIMETRE = 2, 3
_PRINTER_DPI = (72, 96, 150, 300, 600)

# tifffile's letters for what we have a name for; the rest are pages without a meaning.
_AXES = {"T": "t", "C": "c", "Z": "z", "Y": "y", "X": "x", "S": "s"}


def read_tiff(tif: Any, series: Any, *, path: str) -> Reading:
    """Describe a TIFF that no instrument signed."""
    lengths, source = resolution_lengths(series.keyframe)
    return Reading(
        format="TIFF",
        pixels=TiffPixels(series, path=path),
        axes=axis_letters(series),
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        metadata=tag_texts(series.keyframe),
        warnings=photometric_notes(series.keyframe),
    )


def axis_letters(series: Any) -> str:
    """Name the axes of a series, ``?`` where TIFF does not say what they are."""
    return "".join(_AXES.get(letter, "?") for letter in series.axes)


def resolution_lengths(page: Any) -> tuple[Any, str]:
    """Read pixel sizes [µm] from the resolution tags, if their unit can be believed.

    Returns
    -------
    lengths : Lengths
    source : str
    """
    source = "TIFF resolution tags"
    unit = _tag(page, "ResolutionUnit")
    raw = {"x": _tag(page, "XResolution"), "y": _tag(page, "YResolution")}
    per_unit = {axis: _ratio(value) for axis, value in raw.items()}
    if unit is not None and int(unit) == _CENTIMETRE:
        printers = [dpi for dpi in _PRINTER_DPI if _is_printer(per_unit, dpi)]
        if not printers:
            sizes = {axis: 1e4 / value if value else 0.0 for axis, value in per_unit.items()}
            return inspect_lengths(sizes, source=source), f"{source} (pixels per centimetre)"
        return _no_lengths(f"{source} say {printers[0]} dots per inch: a printer's default"), source
    if unit is not None and int(unit) == _INCH:
        return _no_lengths(
            f"{source} are in inches ({per_unit['x']:g} per inch), which programs write when "
            "nobody calibrated the image"
        ), source
    return _no_lengths("the file has no voxel size (TIFF resolution without a unit)"), source


def _is_printer(per_unit: dict[str, float], dpi: int) -> bool:
    return all(math.isclose(value * 2.54, dpi, rel_tol=2e-3) for value in per_unit.values())


def _no_lengths(fault: str) -> Any:
    from .reading import Lengths

    return Lengths(um={}, faults=(fault,))


def _tag(page: Any, name: str) -> Any:
    tag = page.tags.get(name)
    return None if tag is None else tag.value


def _ratio(value: Any) -> float:
    try:
        top, bottom = value
        return float(top) / float(bottom) if bottom else math.nan
    except (TypeError, ValueError):
        return math.nan


def tag_texts(page: Any) -> dict[str, Any]:
    """The tags that say something about the image rather than about the file."""
    silent = {"StripOffsets", "StripByteCounts", "TileOffsets", "TileByteCounts", "ColorMap"}
    return {
        tag.name: tag.value
        for tag in page.tags.values()
        if tag.name not in silent and not isinstance(tag.value, bytes)
    }


def photometric_notes(page: Any) -> tuple[str, ...]:
    """Warn where stored numbers are not what a viewer would show."""
    kind = int(page.photometric)
    if kind == 0:
        return ("stored with white as zero: dark parts have the high values",)
    if kind == 3 and not _is_grey(page.colormap):
        return ("a palette image: the values are indices of its colours, not intensities",)
    return ()


def _is_grey(colormap: Any) -> bool:
    # SEM software draws the data bar with a few coloured entries of a grey palette.
    if colormap is None or colormap.shape[0] != 3:
        return True
    same = (colormap[0] == colormap[1]) & (colormap[1] == colormap[2])
    return bool(same.mean() > 0.9)
