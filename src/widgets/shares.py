"""The grey values that thresholds part, and how much lies on either side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..analysis.segmentation.corrections import Corrections
from ..analysis.segmentation.recipe import SegmentationRecipe

if TYPE_CHECKING:
    import pandas as pd

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
    moved = moved_thresholds(thresholds, uncertainty)
    return _table([_shares(ordered, np.array(levels)) for levels in moved], names)


def whole_shares(
    source: Any,
    recipe: SegmentationRecipe,
    *,
    uncertainty: Sequence[float],
    names: Sequence[str],
    spacing_um: Sequence[float] | None,
    corrections: Corrections | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> pd.DataFrame:
    """Count the share of each phase over a whole image, after smoothing and cleaning.

    The image is gone through once, and twice more where an uncertainty is stated.

    Parameters
    ----------
    source : array_like
        See `segment_blocks`.
    recipe : SegmentationRecipe
    uncertainty : sequence of float
        Standard uncertainty of each threshold; none are taken as exact [grey value].
    names : sequence of str
        Of the phases.
    spacing_um : sequence of float or None
        [µm]
    corrections : Corrections, optional
        Done by hand.
    progress, cancelled : callable, optional
        See `segment_blocks`.

    Returns
    -------
    DataFrame
        As `phase_shares`.

    Raises
    ------
    SegmentationCancelled
    """
    from ..analysis.segmentation import class_shares

    moved = moved_thresholds(recipe.thresholds, uncertainty)
    runs = moved if any(uncertainty) else moved[:1]
    shares = []
    for number, levels in enumerate(runs):

        def tell(done: int, total: int, number: int = number) -> None:
            if progress is not None:
                progress(number * total + done, len(runs) * total)

        run = recipe.with_thresholds(levels)
        shares.append(
            class_shares(
                source,
                run,
                spacing_um=spacing_um,
                corrections=corrections,
                progress=tell,
                cancelled=cancelled,
            )
        )
    return _table(shares, names)


def moved_thresholds(
    thresholds: Sequence[float], uncertainty: Sequence[float]
) -> list[tuple[float, ...]]:
    """The thresholds, and both ways moved by two standard uncertainties, kept in order.

    Examples
    --------
    >>> moved_thresholds([10.0, 12.0], [1.0, 3.0])
    [(10.0, 12.0), (8.0, 8.000000000000002), (12.0, 18.0)]
    """
    shift = 2 * np.array(uncertainty or (0.0,) * len(thresholds))
    moved = []
    for step in (0, -1, 1):
        levels = np.maximum.accumulate(np.array(thresholds, float) + step * shift)
        for i in range(1, len(levels)):  # two that met: a class of nothing between them
            levels[i] = max(levels[i], np.nextafter(levels[i - 1], np.inf))
        moved.append(tuple(float(level) for level in levels))
    return moved


def _table(shares: list[Any], names: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    low, high = np.min(shares, axis=0), np.max(shares, axis=0)
    columns = {"phase": list(names), "fraction": shares[0], "lower": low, "upper": high}
    return pd.DataFrame(columns)


def _shares(ordered: NDArray[Any], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    cuts = np.searchsorted(ordered, thresholds, side="left")
    return np.diff([0, *cuts, len(ordered)]) / max(1, len(ordered))
