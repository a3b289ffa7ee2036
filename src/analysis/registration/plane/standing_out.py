"""Whether the best of several places is better than chance would make it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...distributions import f_distribution

FEWEST = 5  # other places, to compare one with
_GAPS = 5  # between the best of them: the tail, and not the bulk


def chance_of_standing_out(best: float, others: ArrayLike) -> float:
    """Tell how often the best of many places that mean nothing would lead by as much.

    Scores of many wrong places have a tail that falls off exponentially; the gaps between the best
    of them, each times its rank, are then independent and equally distributed (Renyi), so the
    lead of the first over the second, divided by the mean of the m = 5 gaps that follow, is
    distributed as F(2, 2m).

    Parameters
    ----------
    best : float
        Score of the best place.
    others : array_like, shape (n,)
        Scores of others; the best six of them count.

    Returns
    -------
    float
        Chance; 1 where another is better, NaN with fewer than 5 others.

    References
    ----------
    Renyi 1953, doi:10.1007/BF02127580. Not for scores of places that overlap each other.

    Examples
    --------
    >>> round(chance_of_standing_out(2.0, [1.0, 0.9, 0.85, 0.83, 0.82, 0.81]), 4)
    0.0012
    """
    falling = np.sort(np.asarray(others, float))[::-1]
    if len(falling) < FEWEST:
        return float("nan")
    falling = falling[: _GAPS + 1]
    if best <= falling[0]:
        return 1.0
    gaps = -np.diff(falling) * np.arange(1, len(falling))
    mean = max(float(gaps.mean()), 1e-12)
    return float(f_distribution.sf((best - falling[0]) / mean, 2, 2 * len(gaps)))
