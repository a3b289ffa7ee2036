"""Digits that a table shows of an estimate: no more than it is known to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def significant(values: Iterable[float], *, digits: int = 3) -> NDArray[np.float64]:
    """Round each value to so many significant digits; NaN, infinities and 0 stay.

    Parameters
    ----------
    values : iterable of float
        In any unit.
    digits : int
        At least 1.

    Examples
    --------
    >>> significant([0.48363, 12.345, 0.0], digits=2).tolist()
    [0.48, 12.0, 0.0]
    """
    if digits < 1:
        raise ValueError(f"digits needs 1 or more, got {digits}")
    return np.array([_rounded(float(value), digits) for value in values])


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}") if np.isfinite(value) else value
