"""A value against time, with its intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .labels import spread
from .marks import hv, lines, points, words
from .panels import padded, panel
from .tables import need
from .theme import OKABE_ITO, WIDTH_PX, Ground, ground_of, phase_color

_MOST = 6


def value_over_time(
    table: pd.DataFrame,
    *,
    name: str,
    unit: str,
    time_unit: str,
    at: float | None = None,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw a measured value at each time point with its 95 % interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``time``, ``value``, ``lower``, ``upper``; optionally ``series`` (at most six
        names, such as phases, which decide the colours and stand at the ends of the lines).
    name, unit : str
        What was measured; ``"1"`` for a pure number.
    time_unit : str
        Such as ``"h"``; empty where times are counted and not measured.
    at : float, optional
        A time that is marked with a line: that of the picture beside it.
    ground : {"light", "dark"}
        What the plot stands on.

    Raises
    ------
    ValueError
        If a column is missing or there are more than six series.
    """
    need(table, ("time", "value", "lower", "upper"), who="value_over_time")
    g = ground_of(ground)
    groups = dict(list(table.groupby("series", sort=False))) if "series" in table else {"": table}
    if len(groups) > _MOST:
        raise ValueError(f"value_over_time shows at most {_MOST} series, got {len(groups)}")
    reach = table[["value", "lower", "upper"]].to_numpy(float)
    low, high = padded(float(np.nanmin(reach)), float(np.nanmax(reach)), share=0.12)
    first, last = padded(float(table["time"].min()), float(table["time"].max()), share=0.06)
    room = 0.012 * max(len(str(label)) for label in groups)
    marks: list[Any] = []
    if at is not None:
        cursor = np.array([[at, low], [at, high]])
        marks.append(lines([cursor], color=g.quiet, width=1.2, dash="dashed"))
    ends = []
    for label, rows in groups.items():
        rows = rows.sort_values("time")
        color = phase_color(str(label)) if label else OKABE_ITO["blue"]
        marks += _line(rows, color)
        ends.append(float(rows["value"].iloc[-1]))
    if any(groups):
        places = spread(ends, gap=(high - low) * 0.07, low=low, high=high)
        x = [float(table["time"].max()) + (last - first) * 0.07] * len(places)
        marks.append(words(x, list(places), [str(k) for k in groups], color=g.ink))
    return panel(
        marks,
        xlabel=f"time [{time_unit}]" if time_unit else "time point",
        ylabel=f"{name} [{unit}]" if unit else name,
        xlim=(first, last + (last - first) * room),
        ylim=(low, high),
        span=(first, last) if room else None,
        ground=g,
        size_px=(WIDTH_PX, 300),
    )


def _line(rows: pd.DataFrame, color: str) -> list[Any]:
    xy = rows[["time", "value"]].to_numpy(float)
    whiskers = [
        np.array([[row.time, row.lower], [row.time, row.upper]])
        for row in rows.itertuples()
        if np.isfinite([row.lower, row.upper]).all()
    ]
    about = {"95 % from": rows["lower"].to_numpy(), "to": rows["upper"].to_numpy()}
    return [
        lines([xy], color=color, alpha=0.6, width=1.2),
        lines(whiskers, color=color, width=2.0),
        points(xy, color=color, size=8, about=about),
    ]
