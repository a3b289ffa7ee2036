"""Digits that a table shows of an estimate: no more than it is known to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# What needs more further decimals than this for its first digit is no number to read.
_SPREAD = 2


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
