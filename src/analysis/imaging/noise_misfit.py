"""How far a model may lie from an image that is noisy: the misfit, and what noise makes of it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_ENOUGH = 50_000  # voxels that a mean expectation is taken of
_TABLE = (1e-4, 100.0, 400)  # expected counts, from where to where, and how many


def gaussian_misfit(seen: NDArray, model: NDArray, sigma: float) -> tuple[float, float]:
    """Return the sum of ((seen - model) / sigma)² and its expectation under the model.

    Examples
    --------
    >>> gaussian_misfit(np.array([1.0, 3.0]), np.array([2.0, 2.0]), 1.0)
    (2.0, 2.0)
    """
    rest = np.asarray(seen) - model
    return float(np.sum(rest * rest, dtype=np.float64)) / sigma**2, float(rest.size)


def poisson_misfit(seen: NDArray, model: NDArray, counts_per_grey: float) -> tuple[float, float]:
    """Return twice the Kullback-Leibler distance of counts from a model, and its expectation.

    2 Σ (n ln(n / m) + m - n) for counts n that a model expects to be m. The expectation is 1 a
    voxel for many counts, and less or more for few.

    Parameters
    ----------
    seen, model : ndarray
        [grey value]
    counts_per_grey : float

    References
    ----------
    Bertero et al. 2010, doi:10.1088/0266-5611/26/10/105004.

    Examples
    --------
    >>> misfit, expected = poisson_misfit(np.full(4, 110.0), np.full(4, 100.0), 1.0)
    >>> round(misfit, 2), round(expected, 2)
    (3.87, 4.01)
    """
    n = np.asarray(seen, np.float32) * np.float32(counts_per_grey)
    m = np.maximum(np.asarray(model, np.float32) * np.float32(counts_per_grey), np.float32(1e-12))
    logs = n * np.log(np.maximum(n, np.float32(1e-30)) / m)
    misfit = 2 * float(np.sum(logs + (m - n), dtype=np.float64))
    if m.size <= _ENOUGH:
        return misfit, float(_expected(m).sum())
    some = m.ravel()[:: m.size // _ENOUGH + 1]
    return misfit, float(_expected(some).mean()) * m.size


def _expected(m: NDArray) -> NDArray[np.float64]:
    """Mean of 2 (n ln(n / m) + m - n) for Poisson counts, over their expectation m."""
    places, values = _table()
    found = np.interp(m, places, values)
    many, few = m > places[-1], m < places[0]
    found[many] = 1 + 1 / (6 * m[many])
    found[few] = values[0] * m[few] / places[0]
    return np.asarray(found)


@lru_cache(maxsize=1)
def _table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.stats import poisson

    m = np.geomspace(*_TABLE)
    n = np.arange(400)[:, None]
    logs = n * np.log(np.maximum(n, 1) / m)
    values = np.sum(poisson.pmf(n, m) * 2 * (logs + m - n), axis=0)
    return m, np.asarray(values)
