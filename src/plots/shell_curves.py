"""The correlation of two halves over spatial frequency, with both criteria and the resolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_length
from .marks import hv, lines, points, shapes, words
from .panels import panel
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of

_COLUMNS = ("frequency_per_um", "correlation", "scatter", "half_bit", "one_bit", "full")
_LOOKS = {
    "half-bit": ("half_bit", "vermilion", "dashed"),
    "one-bit": ("one_bit", "orange", "dotted"),
}
_ROOM = 1.3  # of the frequencies' span, for the names beside the curves


def shell_correlation_curve(
    curve: pd.DataFrame, resolutions: pd.DataFrame | None = None, *, ground: str | Ground = "light"
) -> hv.Overlay:
    """Draw the correlation of two halves shell by shell, the criteria, and where it meets them.

    Parameters
    ----------
    curve : DataFrame
        `curve` of a `ShellCorrelation`.
    resolutions : DataFrame, optional
        Its `table()`: `criterion`, `resolution_um` and `said`; NaN draws no mark, in words only.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        There are fewer than two shells.
    """
    need(curve, _COLUMNS, who="shell_correlation_curve")
    if len(curve) < 2:
        raise ValueError(f"shell_correlation_curve needs two shells or more, got {len(curve)}")
    g = ground_of(ground)
    frequency = curve["frequency_per_um"].to_numpy(float)
    found, scatter = (curve[name].to_numpy(float) for name in ("correlation", "scatter"))
    reach = float(frequency[-1])
    low = min(-0.1, float(found.min()) - 0.05)
    blue = OKABE_ITO["blue"]
    band = np.concatenate([found + scatter, (found - scatter)[::-1]]).clip(low, 1.05)
    marks: list[Any] = [
        shapes([np.column_stack([[*frequency, *frequency[::-1]], band])], color=blue, alpha=0.18),
        lines([np.array([[0, 0], [reach, 0]])], color=g.quiet, width=0.8),
        *_nyquist(curve, reach, low, g),
    ]
    for name, (column, color, dash) in _LOOKS.items():
        path = np.column_stack([frequency, curve[column].to_numpy(float)])
        marks += [
            lines([path], color=OKABE_ITO[color], dash=dash),
            words([reach], [path[-1, 1]], [f" {name}"], color=g.ink),
        ]
    marks.append(lines([np.column_stack([frequency, found])], color=blue))
    marks += _resolutions(curve, resolutions, reach, g)
    return panel(
        marks,
        xlabel="spatial frequency [1/µm]",
        ylabel="correlation of both halves [1]",
        xlim=(0, reach * _ROOM),
        ylim=(low, 1.08),
        span=(0, reach),
        ground=g,
        size_px=(WIDTH_PX, 340),
    )


def _nyquist(curve: pd.DataFrame, reach: float, low: float, g: Ground) -> list[Any]:
    """Mark where shells stop to be full, if that is before the last one."""
    full = curve.loc[curve["full"].astype(bool), "frequency_per_um"]
    if not len(full) or len(full) == len(curve):
        return []
    place = float(full.iloc[-1])
    return [
        lines([np.array([[place, low], [place, 1.0]])], color=g.quiet, dash="dotted"),
        words([place], [1.03], ["Nyquist of the coarse axis"], color=g.ink, align="center"),
    ]


def _resolutions(
    curve: pd.DataFrame, resolutions: pd.DataFrame | None, reach: float, g: Ground
) -> list[Any]:
    """A mark at each crossing with a line down to the axis; its period in words beside the plot."""
    if resolutions is None:
        return []
    need(resolutions, ("criterion", "resolution_um", "said"), who="shell_correlation_curve")
    marks: list[Any] = []
    frequency = curve["frequency_per_um"].to_numpy(float)
    for number, row in enumerate(resolutions.itertuples()):
        column, color, _ = _LOOKS[str(row.criterion)]
        period = float(row.resolution_um)  # type: ignore[arg-type]
        known = np.isfinite(period)
        told = format_length(period) if known else str(row.said).split(":")[0]
        height = 0.98 - 0.08 * number
        marks.append(words([reach], [height], [f" {row.criterion}: {told}"], color=g.ink))
        if known:
            place = 1 / period
            level = float(np.interp(place, frequency, curve[column].to_numpy(float)))
            marks += [
                lines([np.array([[place, 0], [place, level]])], color=OKABE_ITO[color]),
                points(np.array([[place, level]]), color=OKABE_ITO[color], outline=g.paper),
            ]
    return marks
