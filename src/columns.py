"""How tables show their columns: units in brackets, decimal points below each other,
and no digit that nobody knows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    pass

_SIGNIFICANT = 4
_NOTHING = 1e-9  # of the middle value
# What needs more further decimals than this for its first digit is no number to read.
_SPREAD = 2
_DASH = "–"  # for what is not known

_PROGRAM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)+")
_UNITS = {
    "nm": "nm",
    "um": "µm",
    "um2": "µm²",
    "um3": "µm³",
    "mm": "mm",
    "deg": "°",
    "px": "px",
    "s": "s",
    "min": "min",
    "mb": "MB",
    "percent": "%",
}


def header(column: str) -> str:
    """Write a column's name as people write it, its unit in brackets.

    Examples
    --------
    >>> header("surface_um2"), header("moving_x_um"), header("Name & place")
    ('surface [µm²]', 'moving x [µm]', 'Name & place')
    >>> header("area_um2_per_um3"), header("slices_per_um"), header("yield_per_ion")
    ('area [µm²/µm³]', 'slices [1/µm]', 'yield per ion')
    """
    if not _PROGRAM_NAME.fullmatch(column):
        return column
    words, unit = _unit_of(column)
    words = words.replace("_", " ")
    return f"{words} [{unit}]" if unit else words


def _unit_of(column: str) -> tuple[str, str]:
    """Split a column's name into words and the unit that it ends with, if any."""
    words, _, last = column.rpartition("_")
    if not words or last not in _UNITS:
        return column, ""
    if not words.endswith("_per"):
        return words, _UNITS[last]
    above, _, counted = words.removesuffix("_per").rpartition("_")
    if above and counted in _UNITS:
        return above, f"{_UNITS[counted]}/{_UNITS[last]}"
    return words.removesuffix("_per"), f"1/{_UNITS[last]}"


def plain(value: Any) -> Any:
    """Return a cell as a JSON value; NaN, infinity, NaT and NA become None.

    Examples
    --------
    >>> import pandas as pd
    >>> plain(float("nan")), plain(pd.Timestamp("2026-01-31 10:20:30.5"))
    (None, '2026-01-31 10:20:30')
    """
    import pandas as pd

    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if value is pd.NaT or value is pd.NA:
        return None
    return value.isoformat(sep=" ", timespec="seconds") if hasattr(value, "hour") else str(value)


def is_numeric(values: Sequence[Any]) -> bool:
    """Say whether a column of plain values holds numbers, which stand to the right."""
    kinds = {type(value) for value in values if value is not None}
    return bool(kinds) and kinds <= {int, float}


def written(values: Sequence[Any]) -> list[str]:
    """Write a column of plain values.

    Numbers get equal decimals: 4 digits of the middle value and 2 of the smallest, but none that
    no value has. What is smaller than the middle one by nine decades, as a residual of 1e-15, is 0.

    Examples
    --------
    >>> written([0.25, 12.125, None]), written([True, False]), written([3.5e-7, -1.0])
    (['0.25', '12.12', '–'], ['yes', 'no'], ['3.500e−07', '−1.000e+00'])
    """
    write = _writer(values)
    return [write(value) for value in values]


def significant(values: Iterable[float], *, digits: int = 3) -> NDArray[np.float64]:
    """Round values to equal decimals: so many digits for the middle one, and one for the smallest.

    Equal decimals, or the column of a table would fill up with digits that nobody knows. Only
    what is smaller still by many decades, as a residual of 1e-15, becomes 0.

    Parameters
    ----------
    values : iterable of float
        In any unit; NaN and infinities stay.
    digits : int
        At least 1.

    Examples
    --------
    >>> significant([0.48363, 12.341, 1.0671]).tolist()
    [0.48, 12.34, 1.07]
    >>> significant([305.2, 512.7, 0.0123]).tolist()
    [305.2, 512.7, 0.01]
    """
    if digits < 1:
        raise ValueError(f"digits needs 1 or more, got {digits}")
    given = np.array([float(value) for value in values])
    sizes = np.abs(given[np.isfinite(given) & (given != 0)])
    if not len(sizes):
        return given
    decimals = digits - 1 - int(np.floor(np.log10(np.median(sizes))))
    first = -np.floor(np.log10(sizes)).astype(int)  # the decimal of each one's first digit
    return np.round(given, max(decimals, *first[first <= decimals + _SPREAD]))


def _writer(values: Sequence[Any]) -> Callable[[Any], str]:
    sizes = sorted(abs(v) for v in values if isinstance(v, float) and v != 0)
    if not is_numeric(values) or not sizes:
        return _word
    numbers = [size for size in sizes if size >= _NOTHING * sizes[len(sizes) // 2]]
    if max(numbers) >= 1e7 or min(numbers) < 1e-4:
        return lambda value: _number(value, f".{_SIGNIFICANT - 1}e")
    decimals = _decimals(numbers)
    return lambda value: _number(value, f".{decimals}f")


def _number(value: float | None, layout: str) -> str:
    return _DASH if value is None else f"{value:{layout}}".replace("-", "−")


def _decimals(sizes: list[float]) -> int:
    middle = sorted(sizes)[len(sizes) // 2]
    wanted = max(
        _SIGNIFICANT - 1 - math.floor(math.log10(middle)), 1 - math.floor(math.log10(min(sizes)))
    )
    present = max(len(f"{size:.12f}".rstrip("0").partition(".")[2]) for size in sizes)
    return max(0, min(wanted, present))


def _word(value: Any) -> str:
    if value is None:
        return _DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
