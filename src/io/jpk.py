"""JPK/Bruker AFM images: TIFF pages of channels with private tags; the first page is a thumbnail.

A channel's numbers are turned into its default unit by the line that the page gives.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import ScaledPixels
from .reading import Lengths, Reading, inspect_lengths
from .tiff_pixels import TiffPixels

_X, _Y, _WIDTH, _HEIGHT, _TURN, _MIRROR, _COLUMNS, _ROWS = range(32832, 32840)
_CHANNEL, _RETRACE = 32848, 32849
_SLOTS, _DEFAULT, _FIRST_SLOT, _SLOT_TAGS = 32896, 32897, 32912, 48
_UNIT, _SCALING, _SLOPE, _OFFSET = 18, 19, 20, 21


def claims(tif: Any) -> bool:
    """Say whether JPK wrote the file: a grid on the first page, channels on the others."""
    return len(tif.pages) > 1 and all(_tag(tif.pages[0], code) for code in (_WIDTH, _COLUMNS))


def read_jpk(tif: Any, answers: Answers, *, path: str) -> Reading:
    """Describe one channel; the first if none is named."""
    import tifffile

    channels = _channels(tif)
    entry = answers.entry or next(iter(channels), "")
    if entry not in channels:
        raise ReadError(f"{path} holds the channels {list(channels)}, got {answers.entry!r}")
    page, grid = channels[entry], tif.pages[0]
    series = tifffile.TiffPageSeries([page], page.shape, page.dtype, page.axes)
    slope, offset, unit = _line(page)
    lengths, source = _lengths(grid, page.shape)
    return Reading(
        format="JPK",
        pixels=ScaledPixels(TiffPixels(series, path=path), slope=slope, intercept=offset),
        axes="yx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        entries=tuple(channels),
        channel_names=(entry,),
        modality="AFM",
        metadata={"JPK": _settings(grid), "value_unit": unit},
        warnings=_notes(grid),
    )


def _channels(tif: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for page in tif.pages[1:]:
        way = "retrace" if _tag(page, _RETRACE) else "trace"
        found.setdefault(f"{_tag(page, _CHANNEL)} {way}", page)
    return found


def _tag(page: Any, code: int) -> Any:
    tag = page.tags.get(code)
    return None if tag is None else tag.value


def _number(page: Any, code: int) -> float | None:
    value = _tag(page, code)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _line(page: Any) -> tuple[float, float, str]:
    """Slope, offset and unit of the default conversion; 1, 0 where there is none."""
    count = int(_number(page, _SLOTS) or 0)
    for slot in range(min(count, 64)):
        first = _FIRST_SLOT + slot * _SLOT_TAGS
        if _tag(page, first) != _tag(page, _DEFAULT):
            continue
        slope, offset = _number(page, first + _SLOPE), _number(page, first + _OFFSET)
        if _tag(page, first + _SCALING) == "LinearScaling" and None not in (slope, offset):
            return float(slope or 0), float(offset or 0), str(_tag(page, first + _UNIT) or "")
    return 1.0, 0.0, ""


def _lengths(grid: Any, shape: tuple[int, ...]) -> tuple[Lengths, str]:
    source = "JPK grid lengths (m)"
    counts = [_number(grid, code) for code in (_ROWS, _COLUMNS)]
    if counts != list(shape):
        fault = f"{source} are of {counts} pixels, the channel has {list(shape)}"
        return Lengths({}, (fault,)), source
    metres = {"y": _number(grid, _HEIGHT), "x": _number(grid, _WIDTH)}
    sizes = {a: (m or 0.0) * 1e6 / n for (a, m), n in zip(metres.items(), shape, strict=True)}
    return inspect_lengths(sizes, source=source), source


def _settings(grid: Any) -> dict[str, Any]:
    names = {"x_m": _X, "y_m": _Y, "width_m": _WIDTH, "height_m": _HEIGHT, "turn_rad": _TURN}
    return {name: _number(grid, code) for name, code in names.items()} | {
        "mirrored": bool(_tag(grid, _MIRROR))
    }


def _notes(grid: Any) -> tuple[str, ...]:
    turn = _number(grid, _TURN) or 0.0
    notes: tuple[str, ...] = (
        "JPK counts rows upwards: Answers(flip='y') shows it the way up of a photo",
    )
    if abs(np.sin(turn)) > 1e-6:
        notes += (f"the scan was turned by {math.degrees(turn):.4g}° against the scanner's x",)
    return notes
