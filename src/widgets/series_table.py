"""Measurements against time: grey values and phases of each time point, or what is handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import header
from .difference import grid_points, values_at
from .moments import Moments
from .shares import phase_shares

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("time_point", "time", "quantity", "series", "value", "lower", "upper", "unit")
GREY, QUANTILES, SHARES = "mean grey value", "quantiles of the grey value", "share of the phases"
_QUANTILES = {"5 %": 0.05, "50 %": 0.5, "95 %": 0.95}
MEASURED_HERE = (GREY, QUANTILES, SHARES)
_POINTS = 48  # along each axis
_BLOCK_VOXELS = 8_000_000
_INTERVALS = ("lower", "upper")


def series_table(series: Any) -> pd.DataFrame:
    """Grey values in the box, and the share of each phase where a segmentation is recorded.

    Values are those of voxels under a grid of points, the same in all time points; a finer level
    than the grid is read where the box is small enough, so that averaging takes little away.
    """
    import pandas as pd

    points = grid_points(series.box_corners_um(), _POINTS)
    frames = [series.frame_at(number) for number in range(len(series.moments))]
    wanted = max(_level(frame.item, points) for frame in frames)  # of all, else noise would differ
    levels = [min(wanted, len(frame.item.levels) - 1) for frame in frames]
    found = [
        values_at(frame, points, level=level, nearest=True)
        for frame, level in zip(frames, levels, strict=True)
    ]
    inside = np.all([seen for _, seen in found], axis=0)
    if not inside.any():
        raise ValueError(
            "nothing to measure: the box lies in no time point's image; "
            "choose another with measure_in(), or measure everywhere"
        )
    rows: list[dict[str, Any]] = []
    record = segmentation_of(series)
    for number, (values, _) in enumerate(found):
        seen = values[inside]
        about = {"time_point": number, "time": series.moments[number].when}
        none = {"lower": np.nan, "upper": np.nan, "unit": ""}
        rows.append(
            {
                **about,
                **none,
                "quantity": GREY,
                "series": "",
                "value": float(np.mean(seen, dtype=float)),
            }
        )
        values_of = np.quantile(seen, list(_QUANTILES.values()))
        rows += [
            {**about, **none, "quantity": QUANTILES, "series": name, "value": float(value)}
            for name, value in zip(_QUANTILES, values_of, strict=True)
        ]
        if record is not None:
            rows += [
                {**about, "quantity": SHARES, "series": row.phase, "value": row.fraction,
                 "lower": row.lower, "upper": row.upper, "unit": "1"}
                for row in _shares(seen, record).itertuples()
            ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table.attrs["spacing_um"] = max(frames[0].item.levels[levels[0]].spacing_um)
    return table


def segmentation_of(series: Any) -> Any:
    """The newest segmentation of an image of the series; its thresholds alone serve all of them."""
    names = {moment.image for moment in series.moments.points}
    found = [
        record
        for record in series.ws.segmentations
        if record.image in names and record.method == "thresholds" and record.phases
    ]
    return found[-1] if found else None


def measured_table(given: pd.DataFrame, moments: Moments) -> pd.DataFrame:
    """Bring a table of measurements into the columns that are plotted.

    Parameters
    ----------
    given : DataFrame
        A column ``time_point`` or ``time``, and one or more of numbers; with columns ``value``,
        ``lower`` and ``upper`` these are one quantity with its interval.
    moments : Moments

    Raises
    ------
    ValueError
        There is no time, a time that no time point has, or nothing measured.
    """
    import pandas as pd

    numbers = _numbers(given, moments)
    names = [
        name
        for name in given.columns
        if name not in ("time_point", "time") and pd.api.types.is_numeric_dtype(given[name])
    ]
    intervals = "value" in names and set(_INTERVALS) <= set(names)
    quantities = [name for name in names if not (intervals and name in _INTERVALS)]
    if not quantities:
        raise ValueError(
            f"measurements need a column of numbers beside the time, got {list(given.columns)}"
        )
    parts = []
    for name in quantities:
        own = intervals and name == "value"
        lower, upper = (given[side] if own else np.nan for side in _INTERVALS)
        parts.append(
            pd.DataFrame(
                {
                    "time_point": numbers,
                    "time": [moments[number].when for number in numbers],
                    "quantity": header(str(name)),
                    "series": given["series"] if own and "series" in given else "",
                    "value": given[name].to_numpy(float),
                    "lower": lower,
                    "upper": upper,
                    "unit": "",
                }
            )
        )
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _numbers(given: pd.DataFrame, moments: Moments) -> list[int]:
    """The time point of each row."""
    if "time_point" in given:
        numbers = [int(value) for value in given["time_point"]]
        if not all(0 <= number < len(moments) for number in numbers):
            got = ", ".join(map(str, sorted(set(numbers))))
            raise ValueError(f"time_point needs 0 to {len(moments) - 1}, got {got}")
        return numbers
    if "time" not in given:
        raise ValueError(
            f"measurements need a column time_point or time, got {list(given.columns)}"
        )
    whens = np.array([moment.when for moment in moments.points])
    within = 1e-6 * max(float(np.ptp(whens)), 1e-12)
    numbers = []
    for value in given["time"].to_numpy(float):
        nearest = int(np.argmin(np.abs(whens - value)))
        if not abs(whens[nearest] - value) <= within:
            raise ValueError(
                f"time needs one of {', '.join(f'{when:g}' for when in whens)}"
                f"{' ' + moments.unit if moments.unit else ''}, got {value:g}"
            )
        numbers.append(nearest)
    return numbers


def _shares(values: np.ndarray, record: Any) -> pd.DataFrame:
    return phase_shares(
        values,
        thresholds=tuple(record.thresholds),
        uncertainty=tuple(record.threshold_uncertainty or ()),
        names=[phase["name"] for phase in record.phases],
    )


def _level(item: Any, points: np.ndarray) -> int:
    """The finest level whose block under the box can be read at once."""
    own = item.placement.apply(points).reshape(-1, 3)
    reach = np.ptp(own, axis=0)[-item.dims :]
    for number, level in enumerate(item.levels):
        voxels = np.prod(np.minimum(reach / level.spacing_um + 2, level.array.shape[-item.dims :]))
        if voxels <= _BLOCK_VOXELS:
            return number
    return len(item.levels) - 1
