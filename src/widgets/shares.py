"""The grey values that thresholds part, and how much lies on either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# The finest level is read up to this size, else its middle.
_MAX_VOXELS = 48_000_000


def finest_values(levels: Sequence[Any], select: tuple[int, ...], *, dims: int) -> NDArray[Any]:
    """Read the finest level of an image, or its middle where it is too large to be held.

    Parameters
    ----------
    levels : sequence of Level
    select : tuple of int
        Index along the axes before the spatial ones.
    dims : int
        Number of spatial axes.
    """
    array = levels[0].array
    spatial = array.shape[-dims:]
    share = min(1.0, (_MAX_VOXELS / np.prod(spatial, dtype=float)) ** (1 / dims))
    box = []
    for size in spatial:
        kept = max(1, int(size * share))
        box.append(slice((size - kept) // 2, (size - kept) // 2 + kept))
    return np.asarray(array[(*select, *box)])


def phase_shares(
    values: NDArray[Any],
    *,
    thresholds: Sequence[float],
    uncertainty: Sequence[float],
    names: Sequence[str],
) -> pd.DataFrame:
    """Tell the share of each phase.

    Parameters
    ----------
    values : ndarray
        Grey values.
    thresholds, uncertainty : sequence of float
        With their standard uncertainties; none are taken as exact [grey value].
    names : sequence of str
        Of the phases, one more than thresholds.

    Returns
    -------
    DataFrame
        phase, fraction, lower, upper (thresholds moved by two standard uncertainties).
    """
    ordered = np.sort(values.ravel())
    shift = 2 * np.array(uncertainty or (0.0,) * len(thresholds))
    middle = np.array(thresholds, float)
    shares = [_shares(ordered, middle + step * shift) for step in (0, -1, 1)]
    low, high = np.min(shares, axis=0), np.max(shares, axis=0)
    columns = {"phase": list(names), "fraction": shares[0], "lower": low, "upper": high}
    return pd.DataFrame(columns)


def _shares(ordered: NDArray[Any], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    cuts = np.searchsorted(ordered, thresholds, side="left")
    return np.diff([0, *cuts, len(ordered)]) / max(1, len(ordered))
