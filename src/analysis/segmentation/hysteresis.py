"""Hysteresis thresholds: what lies above the lower one counts where it reaches the upper one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .components import connected_components
from .recipe import checked_thresholds


def hysteresis_labels(
    image: NDArray,
    *,
    low: Sequence[float],
    high: Sequence[float],
    connectivity: int | None = None,
) -> NDArray[np.uint8]:
    """Label an image by pairs of thresholds.

    A voxel is of class k or more where it lies in a piece of voxels at or above ``low[k - 1]``
    that has at least one at or above ``high[k - 1]``. Faint parts of an object are kept, faint
    specks are not.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; NaN is labelled 0.
    low, high : sequence of float
        Increasing, one pair a class above 0 [grey value]; no high below its low.
    connectivity : {6, 18, 26}, in 2D {4, 8}, optional
        What belongs to one piece; faces unless told.

    Returns
    -------
    ndarray of uint8

    References
    ----------
    Canny 1986, doi:10.1109/TPAMI.1986.4767851; ``skimage.filters.apply_hysteresis_threshold``.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[5, 5, 9, 0, 5, 5]])
    >>> hysteresis_labels(image, low=(4,), high=(8,)).tolist()
    [[1, 1, 1, 0, 0, 0]]
    """
    lower, upper = checked_thresholds(low), checked_thresholds(high)
    if len(lower) != len(upper) or any(b < a for a, b in zip(lower, upper, strict=True)):
        raise ValueError(
            f"high needs one value a low one, none below it, got low {lower} and high {upper}"
        )
    image = np.asarray(image)
    return grown(classes(image, lower), classes(image, upper), connectivity=connectivity)


def classes(image: NDArray, levels: Sequence[float]) -> NDArray[np.uint8]:
    """Count for every voxel the thresholds that it reaches; NaN reaches none."""
    labels = np.greater_equal(image, levels[0]).view(np.uint8)
    for level in levels[1:]:
        labels += np.greater_equal(image, level).view(np.uint8)
    return labels


def grown(
    labels: NDArray[np.uint8], seeds: NDArray[np.uint8], *, connectivity: int | None
) -> NDArray[np.uint8]:
    """Keep of each class what hangs together with a seed of it."""
    result = np.zeros_like(labels)
    for level in range(1, int(labels.max(initial=0)) + 1):
        found = connected_components(labels >= level, connectivity=connectivity)
        seeded = np.zeros(found.count + 1, bool)
        seeded[found.labels[seeds >= level]] = True
        seeded[0] = False
        result += seeded[found.labels].view(np.uint8)
    return result
