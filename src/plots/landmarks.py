"""Landmarks: what each one says about a fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_length, length_unit
from .marks import boxes, hv, lines, points, words
from .panels import panel
from .tables import need
from .theme import OKABE_ITO, STATUS, WIDTH_PX, Ground, ground_of

_ROW_PX = 30


def landmark_errors(
    table: pd.DataFrame,
    *,
    fre_um: float | None = None,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw, for each landmark, its residual beside its leave-one-out error.

    A residual is small where the fit could follow the landmark; the leave-one-out error is how
    far a fit to all others misses it. Where both differ much, the landmark decides the fit
    alone. FRE is the RMS of the residuals: a goodness of fit, not an accuracy
    (Fitzpatrick 2009, doi:10.1117/12.813601).

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``residual_um``, ``loo_um`` [µm], as `LandmarkFit.table` gives, and ``name`` (else
        they are numbered); NaN in ``loo_um`` where the others do not determine the model.
    fre_um : float, optional
        Drawn as a line and called what it is.
    ground : {"light", "dark"}
        What the plot stands on.
    """
    need(table, ("residual_um", "loo_um"), who="landmark_errors")
    if "name" not in table:
        table = table.assign(name=[f"landmark {i + 1}" for i in range(len(table))])
    g = ground_of(ground)
    rows = table.sort_values(["loo_um", "residual_um"], na_position="first").to_dict("records")
    largest = float(np.nanmax(table[["residual_um", "loo_um"]].to_numpy(float)))
    unit, factor = length_unit(largest / 2)
    high = max(largest * factor, 1e-9)
    marks = [] if fre_um is None else _fre(fre_um * factor, unit, high, len(rows), g)
    for y, row in enumerate(rows):
        marks += _pair(row, y, factor, high, g)
    said = "leave-one-out error (blue) and residual of the fit (grey)"
    return panel(
        marks,
        xlabel=f"{said} [{unit}]",
        ylabel="",
        xlim=(0, high * 1.18),
        ylim=(-0.6, len(rows) - 0.4 + (0.7 if fre_um is not None else 0)),
        yticks=[(i, str(row["name"])) for i, row in enumerate(rows)],
        grid="x",
        ground=g,
        size_px=(WIDTH_PX, 80 + _ROW_PX * len(rows) + (20 if fre_um is not None else 0)),
    )


def _pair(row: dict[str, Any], y: int, factor: float, high: float, g: Ground) -> list[Any]:
    residual, loo = float(row["residual_um"]) * factor, float(row["loo_um"]) * factor
    about = {"landmark": [row["name"]]}
    marks: list[Any] = [
        boxes([(0, y - 0.36, residual, y - 0.03)], color=OKABE_ITO["grey"], about=about),
        words([residual + high * 0.01], [y - 0.195], [_digits(residual)], color=g.quiet),
    ]
    if np.isfinite(loo):
        bar = boxes([(0, y + 0.03, loo, y + 0.36)], color=STATUS["information"], about=about)
        return [
            *marks,
            bar,
            words([loo + high * 0.01], [y + 0.195], [_digits(loo)], color=g.ink),
        ]
    said = ["not determined without it"]
    return [*marks, words([high * 0.01], [y + 0.195], said, color=STATUS["refused"])]


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _fre(fre: float, unit: str, high: float, rows: int, g: Ground) -> list[Any]:
    line = lines(
        [np.array([[fre, -0.6], [fre, rows + 0.1]])], color=g.ink, dash="dashed", width=1.2
    )
    said = f"FRE {_digits(fre)} {unit}: goodness of fit, not accuracy"
    right = fre < high * 0.55
    place = fre + high * 0.01 if right else fre - high * 0.01
    return [
        line,
        words([place], [rows - 0.1], [said], color=g.ink, align="left" if right else "right"),
    ]


def errors_overview(
    tables: Mapping[str, pd.DataFrame], *, ground: str | Ground = "light"
) -> hv.Overlay:
    """Draw residuals and leave-one-out errors of several registrations, a row each.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        For each registration the columns ``name``, ``residual_um``, ``loo_um`` [µm].
    ground : {"light", "dark"}
        What the plot stands on.

    Returns
    -------
    holoviews.Overlay
        Grey: residuals. Blue: leave-one-out errors; the largest is named. Strokes: their RMS.
    """
    g = ground_of(ground)
    for table in tables.values():
        need(table, ("name", "residual_um", "loo_um"), who="errors_overview")
    finite = np.concatenate([_both(table) for table in tables.values()])
    if not finite.size:
        raise ValueError("errors_overview needs errors of landmarks, got none")
    unit, factor = length_unit(float(np.median(finite)))
    low, high = float(finite.min()) * factor / 1.4, float(finite.max()) * factor * 2.2
    marks: list[Any] = []
    for row, table in enumerate(reversed(list(tables.values()))):
        marks += _spread(table["residual_um"], row - 0.16, factor, OKABE_ITO["grey"])
        marks += _spread(table["loo_um"], row + 0.16, factor, STATUS["information"])
        marks += _worst(table, row + 0.16, factor, g)
    return panel(
        marks,
        xlabel=f"leave-one-out error (blue) and residual of the fit (grey) [{unit}]",
        ylabel="",
        xlim=(low, high),
        ylim=(-0.6, len(tables) - 0.4),
        xticks=_ticks(low, high),
        yticks=[(row, name) for row, name in enumerate(reversed(list(tables)))],
        logx=True,
        grid="x",
        ground=g,
        size_px=(WIDTH_PX, 80 + 44 * len(tables)),
    )


def _both(table: pd.DataFrame) -> np.ndarray:
    values = table[["residual_um", "loo_um"]].to_numpy(float).ravel()
    return values[np.isfinite(values) & (values > 0)]


def _spread(values_um: pd.Series, y: float, factor: float, color: str) -> list[Any]:
    values = values_um.to_numpy(float) * factor
    values = values[np.isfinite(values) & (values > 0)]
    if not values.size:
        return []
    rms = float(np.sqrt(np.mean(values**2)))
    stroke = lines([np.array([[rms, y - 0.15], [rms, y + 0.15]])], color=color, width=2.4)
    dots = np.column_stack([values, np.full(values.size, y)])
    return [stroke, points(dots, color=color, size=5, alpha=0.55)]


def _worst(table: pd.DataFrame, y: float, factor: float, g: Ground) -> list[Any]:
    known = table.dropna(subset=["loo_um"])
    if not len(known):
        return []
    worst = known.loc[known["loo_um"].idxmax()]
    place = float(worst["loo_um"]) * factor
    return [words([place * 1.06], [y], [str(worst["name"])], color=g.ink)]


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """1, 2 and 5 of every decade."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = [step * 10.0**power for power in decades for step in (1, 2, 5)]
    return [(step, f"{step:g}") for step in steps if low <= step <= high]


def describe_fit(loo_um: float, fre_um: float) -> str:
    """Say both numbers of a fit in words that cannot be taken for each other.

    Examples
    --------
    >>> describe_fit(9.7, 4.8)
    'leave-one-out error 9.7 µm (scale of the error); FRE 4.8 µm (goodness of fit, not accuracy)'
    """
    loo, fre = format_length(loo_um), format_length(fre_um)
    return (
        f"leave-one-out error {loo} (scale of the error); FRE {fre} (goodness of fit, not accuracy)"
    )
