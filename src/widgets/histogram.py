"""A small histogram of grey values, quick enough to follow a slider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..plots.theme import Ground, ground_of
from ..quantities import format_value
from .annotate import Color, Marks, grey_words
from .colors import rgb

_BINS = 160


def binned(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts of even bins over all but a thousandth of the finite grey values, and their edges."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return np.zeros(0, np.int64), np.zeros(0)
    low, high = _range(finite)
    return np.histogram(finite, bins=_bins(finite, low, high), range=(low, high))


def histogram_picture(
    values: NDArray[Any],
    *,
    thresholds: Sequence[float],
    uncertainty: Sequence[float],
    colors: Sequence[str],
    width_px: int,
    height_px: int | None = None,
    size: int = 12,
    theme: str | Ground = "light",
    what: str = "grey value",
) -> Image.Image:
    """Draw how often each grey value occurs, coloured by phase, counts to the power of 1/3.

    Thresholds are lines, two standard uncertainties to either side a band.
    """
    ground = ground_of(theme)
    height = height_px or round(width_px * 0.28)
    marks = Marks(width_px, height)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        marks.text((8, 8), "no finite grey value", size=size, color=_ink(ground.ink), halo=False)
        return marks.over(Image.new("RGB", (width_px, height), ground.paper))
    counts, edges = binned(finite)
    low, high = float(edges[0]), float(edges[-1])
    floor, left, right = height - round(size * 1.9), size * 2, width_px - size * 2
    tall = np.cbrt(counts / max(counts.max(), 1)) * (floor - size * 1.8)

    def across(value: float) -> float:
        return float(left + (value - low) / (high - low) * (right - left))

    _draw_bands(marks, thresholds, uncertainty, across, floor, size, ground)
    phase = np.searchsorted(thresholds, (edges[:-1] + edges[1:]) / 2, side="right")
    for start, end, top, number in zip(edges[:-1], edges[1:], tall, phase, strict=True):
        color = (*rgb(colors[number % len(colors)]), 255)
        width = across(end) - across(start)
        marks.box((across(start), floor - top), (width, top), fill=color)
    marks.line([(left, floor), (right, floor)], color=_ink(ground.quiet), halo=False)
    _draw_thresholds(marks, thresholds, uncertainty, across, floor, size, ground)
    for value, anchor in ((low, "la"), (high, "ra")):
        where = (across(value), floor + 4)
        ink = _ink(ground.quiet)
        words = grey_words(value) if finite.dtype.kind in "ui" else f"{value:.4g}"
        words = words.replace("-", "−")
        marks.text(where, words, size=size, color=ink, anchor=anchor, halo=False)
    middle = ((left + right) / 2, floor + 4)
    words = f"{what} (height: cube root of the count)"
    marks.text(middle, words, size=size, color=_ink(ground.quiet), anchor="ma", halo=False)
    return marks.over(Image.new("RGB", (width_px, height), ground.paper))


def _draw_thresholds(
    marks: Marks,
    thresholds: Sequence[float],
    uncertainty: Sequence[float],
    across: Any,
    floor: float,
    size: int,
    ground: Ground,
) -> None:
    ink = _ink(ground.ink)
    for number, value in enumerate(thresholds):
        half = 2 * uncertainty[number] if number < len(uncertainty) else 0.0
        line = [(across(value), size * 1.5), (across(value), floor)]
        marks.line(line, color=ink, width=1.2, halo=False)
        words = format_value(value, half) if half else grey_words(value).replace("-", "−")
        where = (across(value), 2)
        marks.text(where, words, size=size, color=ink, anchor="ma", halo=False)


def _draw_bands(
    marks: Marks,
    thresholds: Sequence[float],
    uncertainty: Sequence[float],
    across: Any,
    floor: float,
    size: int,
    ground: Ground,
) -> None:
    """Two standard uncertainties to either side, below the bars."""
    for value, sigma in zip(thresholds, uncertainty, strict=False):
        start, end = across(value - 2 * sigma), across(value + 2 * sigma)
        if end > start:
            band = (*rgb(ground.ink), 40)
            marks.box((start, size * 1.6), (end - start, floor - size * 1.6), fill=band)


def _range(values: NDArray[Any]) -> tuple[float, float]:
    low, high = (float(v) for v in np.quantile(values, [0.0005, 0.9995]))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _bins(values: NDArray[Any], low: float, high: float) -> int:
    """No more bins than grey values: else whole numbers leave gaps."""
    if values.dtype.kind in "ui":
        steps = int(np.ceil((high - low) / max(1, np.ceil((high - low) / _BINS))))
        return max(1, steps)
    return _BINS


def _ink(color: str) -> Color:
    return (*rgb(color), 255)
