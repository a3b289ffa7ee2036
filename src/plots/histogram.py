"""Grey values: how often each occurs, and where the thresholds between phases stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..quantities import format_value
from .marks import boxes, hv, lines, shapes, words
from .panels import panel, side_by_side
from .theme import OKABE_ITO, STATUS, WIDTH_PX, Ground, ground_of, phase_color

_FLOOR = 0.7  # counts: a bin of one voxel still stands above the axis


def grey_histogram(
    image: np.ndarray,
    *,
    thresholds: Sequence[float] = (),
    uncertainty: Sequence[float] | None = None,
    phases: Sequence[str] | None = None,
    colors: Sequence[str] | None = None,
    bins: int = 256,
    unit: str = "as stored",
    title: str = "",
    size_px: tuple[int, int] = (WIDTH_PX, 300),
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw the histogram of grey values with logarithmic counts and thresholds with bands.

    Parameters
    ----------
    image : ndarray, any shape
        Grey values; NaN are left out.
    thresholds : sequence of float
        Ascending; n thresholds part n + 1 phases.
    uncertainty : sequence of float, optional
        95 % half-width of each threshold, drawn as a band.
    phases : sequence of str, optional
        Names from dark to bright; they decide the colours.
    colors : sequence of str, optional
        Colours that the phases were given elsewhere, as ``"#56B4E9"``.
    bins : int
        At most; integer images with fewer values get one bin a value.
    unit : str
        Of the grey values, for the axis.
    title : str
        Above the panel.
    size_px : (int, int)
        Natural width and height.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        If the numbers of thresholds, uncertainties and phases do not fit, or nothing is finite.
    """
    thresholds = [float(t) for t in thresholds]
    if sorted(thresholds) != thresholds:
        raise ValueError(f"thresholds need to ascend, got {thresholds}")
    if uncertainty is not None and len(uncertainty) != len(thresholds):
        raise ValueError(
            f"uncertainty needs {len(thresholds)} values, one a threshold, got {len(uncertainty)}"
        )
    if phases is not None and len(phases) != len(thresholds) + 1:
        raise ValueError(
            f"phases needs {len(thresholds) + 1} names for {len(thresholds)} thresholds, "
            f"got {len(phases)}"
        )
    counts, edges = _counts(np.asarray(image), bins)
    g, top = ground_of(ground), float(counts.max())
    if colors is None and phases is not None:
        colors = [phase_color(name) for name in phases]
    marks = _bodies(counts, edges, thresholds, colors)
    marks.append(lines([_staircase(counts, edges)], color=g.ink, width=1.0))
    marks += _thresholds(thresholds, uncertainty, top, g)
    if phases is not None:
        limits = [float(edges[0]), *thresholds, float(edges[-1])]
        middles = [(a + b) / 2 for a, b in pairwise(limits)]
        marks.append(words(middles, [top * 14] * len(phases), phases, color=g.ink, align="center"))
    return panel(
        marks,
        xlabel=f"grey value [{unit}]",
        ylabel="voxels [count]",
        xlim=(float(edges[0]), float(edges[-1])),
        ylim=(_FLOOR, top * (40 if phases is not None else 8)),
        logy=True,
        title=title,
        ground=g,
        size_px=size_px,
    )


def grey_histograms(
    images: Mapping[str, np.ndarray], *, ground: str | Ground = "light"
) -> hv.Layout:
    """Draw the histograms of several images, two in a row, each on its own axes.

    Parameters
    ----------
    images : mapping of str to ndarray
        Grey values of each image, by its name.
    ground : {"light", "dark"}
        What the plot stands on.
    """
    if not images:
        raise ValueError("grey_histograms needs an image, got none")
    size_px = (WIDTH_PX // 2, 190)
    panels = [
        grey_histogram(values, title=name, size_px=size_px, bins=128, ground=ground)
        for name, values in images.items()
    ]
    return side_by_side(panels, columns=2)


def _counts(image: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    values = image.ravel()
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        raise ValueError("grey_histogram needs finite grey values, got none")
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind in "uib" and high - low < bins:
        edges = np.arange(low - 0.5, high + 1.5)
    elif values.dtype.kind in "uib":  # whole numbers of values in every bin, or it shows combs
        step = int(np.ceil((high - low + 1) / bins))
        edges = np.arange(low - 0.5, high + step + 0.5, step)
    else:
        edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    return np.histogram(values, bins=edges)


def _staircase(counts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    x = np.repeat(edges, 2)
    y = np.concatenate([[_FLOOR], np.repeat(np.maximum(counts, _FLOOR), 2), [_FLOOR]])
    return np.column_stack([x, y])


def _bodies(
    counts: np.ndarray,
    edges: np.ndarray,
    thresholds: list[float],
    colors: Sequence[str] | None,
) -> list[Any]:
    outline = _staircase(counts, edges)
    if colors is None:
        return [shapes([outline], color=OKABE_ITO["grey"], alpha=0.4)]
    limits = [-np.inf, *thresholds, np.inf]
    bodies = []
    for color, low, high in zip(colors, limits, limits[1:], strict=False):
        part = outline.copy()
        part[:, 0] = np.clip(part[:, 0], low, high)
        if np.ptp(part[:, 0]) == 0:
            continue
        bottom = np.array([[part[-1, 0], _FLOOR], [part[0, 0], _FLOOR]])
        # Steps outside the interval have collapsed onto its ends: let them stand on the floor.
        collapsed = (outline[:, 0] < low) | (outline[:, 0] > high)
        part[collapsed, 1] = _FLOOR
        inside = part[~collapsed]
        if len(inside):
            ends = _ends(inside, low, high, counts, edges)
            part = np.vstack([ends[0], inside, ends[1], bottom])
            bodies.append(shapes([part], color=color, alpha=0.55))
    return bodies


def _ends(
    inside: np.ndarray, low: float, high: float, counts: np.ndarray, edges: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where a threshold cuts through a bin: a column of that bin's height."""

    def height(x: float) -> float:
        index = int(np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(counts) - 1))
        return float(max(counts[index], _FLOOR))

    first = [[low, _FLOOR], [low, height(low)]] if np.isfinite(low) else [inside[0], inside[0]]
    last = [[high, height(high)], [high, _FLOOR]] if np.isfinite(high) else [inside[-1]] * 2
    return np.array(first, float), np.array(last, float)


def _thresholds(
    thresholds: list[float], uncertainty: Sequence[float] | None, top: float, g: Ground
) -> list[Any]:
    marks: list[Any] = []
    for index, value in enumerate(thresholds):
        said = f" {value:.5g}"
        if uncertainty is not None:
            u = float(uncertainty[index])
            marks.append(
                boxes(
                    [(value - u, _FLOOR, value + u, top * 3)], color=STATUS["attention"], alpha=0.45
                )
            )
            said = f" {format_value(value, u)}" if u > 0 else said  # four digits are too few
        marks.append(lines([np.array([[value, _FLOOR], [value, top * 5]])], color=g.ink, width=1.2))
        marks.append(words([value], [top * 4], [said.replace("-", "−")], color=g.ink))
    return marks
