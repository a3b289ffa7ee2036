"""Measured values beside their truth, in units of their own uncertainty."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_value
from .marks import boxes, hv, lines, points, words
from .panels import panel
from .tables import need
from .theme import STATUS, WIDTH_PX, Ground, ground_of

_REACH = 3.0
_ROW_PX = 34
_CHARACTER_PX = 5.6


def against_truth(
    table: pd.DataFrame,
    *,
    reference: str = "truth",
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw how far key numbers lie from their truth, in half-widths of their 95 % interval.

    A whisker that reaches the line in the middle covers the truth. One that does not is drawn in
    vermilion with its distance written; values further than three half-widths stand at the rim.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``name``, ``value``, ``uncertainty`` (95 % half-width), ``truth``, ``unit``.
    reference : str
        What the truth is: ``"truth"``, ``"published"``.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        If a column is missing or an uncertainty is not positive.
    """
    need(table, ("name", "value", "uncertainty", "truth", "unit"), who="against_truth")
    widths = table["uncertainty"].to_numpy(float)
    if not (np.isfinite(widths).all() and (widths > 0).all()):
        bad = table.loc[~(widths > 0), "name"].astype(str).tolist()
        raise ValueError(f"against_truth needs positive uncertainties, got others for {bad}")
    g, count = ground_of(ground), len(table)
    marks: list[Any] = [
        boxes([(-1, -0.6, 1, count - 0.4)], color=g.wash, alpha=0.35),
        lines([np.array([[0, -0.6], [0, count - 0.4]])], color=g.ink, width=1.2),
    ]
    rows = list(reversed(table.to_dict("records")))
    said = [_said(row, reference) for row in rows]
    for y, row in enumerate(rows):
        marks += _whisker(row, y, g)
    marks.append(words([_REACH + 0.5] * count, list(range(count)), said, color=g.ink))
    return panel(
        marks,
        xlabel=f"(value − {reference}) / half-width of the 95 % interval [1]",
        ylabel="",
        xlim=(-_REACH - 0.3, _REACH + 0.4 + _room(said)),
        span=(-_REACH - 0.3, _REACH + 0.3),
        ylim=(-0.6, count - 0.4),
        xticks=[(v, _signed(v, 0) if v else reference) for v in range(-3, 4)],
        yticks=[(y, str(row["name"])) for y, row in enumerate(rows)],
        grid="x",
        ground=g,
        size_px=(WIDTH_PX, 80 + _ROW_PX * count),
    )


def _distance(row: dict[str, Any]) -> float:
    return (float(row["value"]) - float(row["truth"])) / float(row["uncertainty"])


def _signed(value: float, decimals: int) -> str:
    return f"{value:+.{decimals}f}".replace("-", "−")


def _said(row: dict[str, Any], reference: str) -> str:
    value = format_value(float(row["value"]), float(row["uncertainty"]), str(row["unit"]))
    said = f"{value}; {reference} {float(row['truth']):.4g}"
    if abs(_distance(row)) > 1:
        said += f"; outside: {_signed(_distance(row), 1)}"
    return said


def _room(said: list[str]) -> float:
    """Length of the longest line, in half-widths: it shares the width with names and axis."""
    share = min(max(map(len, said)) * _CHARACTER_PX / (WIDTH_PX - 150), 0.6)
    return 2 * (_REACH + 0.3) * share / (1 - share)


def _whisker(row: dict[str, Any], y: int, g: Ground) -> list[Any]:
    distance = _distance(row)
    color = STATUS["information"] if abs(distance) <= 1 else STATUS["refused"]
    place = float(np.clip(distance, -_REACH, _REACH))
    ends = np.clip([place - 1, place + 1], -_REACH - 0.2, _REACH + 0.2)
    about = {"name": [row["name"]], "distance": [round(distance, 3)]}
    return [
        lines([np.column_stack([ends, [y, y]])], color=color, width=2.4),
        points(np.array([[place, y]]), color=color, size=9, about=about),
    ]
