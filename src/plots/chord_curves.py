"""Chord lengths along each axis: how many are at least so long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_length
from .marks import hv, lines, words
from .panels import panel
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of

AXIS_COLORS = {"x": "orange", "y": "green", "z": "blue"}
AXIS_DASHES = {"x": "solid", "y": "dashed", "z": "dotted"}
_FLOOR = 0.1  # percent: fewer chords are a tail of single ones


def chord_distribution(
    chords: pd.DataFrame,
    *,
    means_um: Mapping[str, float] | None = None,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw the share of chords that are at least so long, along each axis.

    Of a random medium the tail is straight on this logarithmic axis; where the curves part, the
    phase has a direction.

    Parameters
    ----------
    chords : DataFrame
        Columns ``axis``, ``length_um`` and ``cumulative_by_number``, as `chord_lengths` gives.
    means_um : mapping of str to float, optional
        Mean chord along each axis, for its label [µm].
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        There is no chord.
    """
    need(chords, ("axis", "length_um", "cumulative_by_number"), who="chord_distribution")
    g, means = ground_of(ground), means_um or {}
    curves = {str(axis): _survivors(rows) for axis, rows in chords.groupby("axis")}
    longest = max(float(curve[-1, 0]) for curve in curves.values())
    lowest = min(float(curve[:, 1].min()) for curve in curves.values())
    marks: list[Any] = []
    for number, (axis, curve) in enumerate(curves.items()):
        color, dash = OKABE_ITO[AXIS_COLORS.get(axis, "grey")], AXIS_DASHES.get(axis, "solid")
        height = 100 / 2.2**number
        sample = np.array([[1.02, height], [1.08, height]]) * [longest, 1]
        said = [_said(axis, means.get(axis))]
        marks.append(lines([curve, sample], color=color, dash=dash))
        marks.append(words([sample[1, 0]], [height], said, color=g.ink))
    return panel(
        marks,
        xlabel="chord [µm]",
        ylabel="chords at least so long [%]",
        xlim=(0, longest * 1.4),
        ylim=(max(_FLOOR, lowest / 2), 150),
        logy=True,
        ground=g,
        size_px=(WIDTH_PX, 320),
    )


def _survivors(rows: pd.DataFrame) -> np.ndarray:
    length = rows["length_um"].to_numpy(float)
    longer = 100 * (1 - rows["cumulative_by_number"].to_numpy(float))
    at_least = np.concatenate([[100.0], longer[:-1]])
    kept = at_least > _FLOOR
    x = np.concatenate([[0.0], np.repeat(length[kept], 2)])
    y = np.repeat(at_least[kept], 2)
    return np.column_stack([x, np.append(y, max(float(longer[kept][-1]), _FLOOR))])


def _said(axis: str, mean: float | None) -> str:
    known = mean is not None and np.isfinite(mean)
    return f" along {axis}" + (f", mean {format_length(float(mean))}" if known else "")  # type: ignore[arg-type]
