"""JEOL SEM: a ``.txt`` of ``$CM_...`` lines beside the image; the pixel size is in its scale bar.

The bar is so many whole pixels long and stands for so much, so the size is known to half a pixel
of the bar. By the files of JEOL-SEM version 1.0.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import ReadError
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths
from .text_headers import read_text, sibling
from .tiff import axis_letters, photometric_notes
from .tiff_pixels import TiffPixels

_LINE = re.compile(r"\s*\$+(\w+)\s+(.*?)\s*")

Values = dict[str, str]


def claims(path: str) -> bool:
    """Say whether a JEOL text stands beside the image."""
    return bool(values_beside(path))


def values_beside(path: str) -> Values:
    """Read the ``$NAME value`` lines of the text beside an image; empty if there are none."""
    header = sibling(path, ".txt")
    if header is None:
        return {}
    try:
        lines = read_text(header).splitlines()
    except ReadError:
        return {}
    pairs = [found.groups() for line in lines if (found := _LINE.fullmatch(line))]
    values = {name.upper(): value for name, value in reversed(pairs)}
    is_jeol = values.get("CM_FORMAT", "").upper().startswith("JEOL") or "SM_MICRON_BAR" in values
    return values if is_jeol else {}


def read_jeol_sem(tif: Any, series: Any, *, path: str) -> Reading:
    """Describe a JEOL image with its text."""
    values = values_beside(path)
    pixels, axes = TiffPixels(series, path=path), axis_letters(series)
    rows, columns = pixels.shape[axes.index("y")], pixels.shape[axes.index("x")]
    lengths, source, notes = pixel_size(values, rows=rows, columns=columns)
    return Reading(
        format="JEOL SEM TIFF",
        pixels=pixels,
        axes=axes,
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        channel_names=tuple(v for v in [values.get("CM_SIGNAL_NAME")] if v),
        modality="SEM",
        instrument=f"JEOL {values['CM_INSTRUMENT']}" if values.get("CM_INSTRUMENT") else None,
        metadata={"JEOL": values},
        warnings=(*notes, *photometric_notes(series.keyframe)),
    )


def pixel_size(values: Values, *, rows: int, columns: int) -> tuple[Lengths, str, tuple[str, ...]]:
    """Take the pixel size from the scale bar, if the image has the size it was drawn for.

    Parameters
    ----------
    values : dict
        ``{"SM_MICRON_BAR": "146", "SM_MICRON_MARKER": "1um", "CM_FULL_SIZE": "1280 1024"}``.
    rows, columns : int
        Of the stored image.
    """
    source = "JEOL SM_MICRON_MARKER over SM_MICRON_BAR"
    full = re.findall(r"\d+", values.get("CM_FULL_SIZE", ""))
    if len(full) != 2:
        return Lengths({}, (f"{source} has no CM_FULL_SIZE to check it with",)), source, ()
    if int(full[0]) != columns or int(full[1]) > rows:
        fault = (
            f"{source} was for {full[0]} x {full[1]} pixels, the image has {columns} x {rows}: "
            "it was resized or cut since"
        )
        return Lengths({}, (fault,)), source, ()
    bar = re.fullmatch(r"\d{1,5}", values.get("SM_MICRON_BAR", ""))
    marker = re.fullmatch(r"([\d.]+)\s*(\D+)", values.get("SM_MICRON_MARKER", ""))
    unit = micrometres_in(marker.group(2)) if marker else None
    if not bar or not int(bar.group()) or not marker or unit is None:
        said = values.get("SM_MICRON_BAR"), values.get("SM_MICRON_MARKER")
        return Lengths({}, (f"{source} are {said[0]!r} and {said[1]!r}",)), source, ()
    try:
        size = float(marker.group(1)) * unit / int(bar.group())
    except ValueError:
        return Lengths({}, (f"{source}: {marker.group()!r} is no length",)), source, ()
    doubt = 50 / int(bar.group())
    note = (
        f"the scale bar is {bar.group()} whole pixels long: its pixel size is good to {doubt:.2g} %"
    )
    return inspect_lengths({"x": size, "y": size}, source=source), source, (note,)
