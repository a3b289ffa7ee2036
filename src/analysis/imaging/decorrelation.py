"""Decorrelation analysis: how far into the frequencies one image holds more than noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .frequency_shells import FrequencyShells

_FILTERS = 40  # high-pass filters that are tried
_WIDEST, _NARROWEST = 0.5, 0.15  # of the periods: of the first peak, and of the Nyquist frequency
_FALL = 5e-4  # after a peak, below which it is the end of the band and no peak


def cut_off(sizes: NDArray, squares: NDArray, shells: FrequencyShells) -> float:
    """Return the highest frequency at which an image correlates best with its own phases [1/µm].

    The image is compared with its spectrum of size 1, cut at a radius r: the correlation has a
    peak where noise begins. High-pass filters, ever narrower, move the peak outwards; the
    furthest one is the cut-off.

    Parameters
    ----------
    sizes, squares : ndarray, shape (shells,)
        Sums of the sizes of the coefficients in each shell, and of their squares.
    shells : FrequencyShells

    Returns
    -------
    float
        NaN where there is no peak: nothing but noise.

    References
    ----------
    Descloux, Grußmayer & Radenovic 2019, doi:10.1038/s41592-019-0515-7.
    """
    used = shells.full
    used[0] = False
    frequency = shells.frequency_per_um[used]
    sums = sizes[used], squares[used], shells.voxels[used]
    first = _peak(_correlation(np.ones_like(frequency), *sums))
    start = frequency[max(first, 1)] if first is not None else frequency[len(frequency) // 8]
    highest = frequency[-1]
    peaks = [] if first is None else [frequency[first]]
    for sigma in np.geomspace(_WIDEST / start, _NARROWEST / highest, _FILTERS):
        passed = 1 - np.exp(-2 * (np.pi * frequency * sigma) ** 2)
        if (place := _peak(_correlation(passed, *sums))) is not None:
            peaks.append(frequency[place])
    return float(max(peaks)) if peaks else float("nan")


def _correlation(passed: NDArray, sizes: NDArray, squares: NDArray, voxels: NDArray) -> NDArray:
    """With the spectrum of size 1 inside each radius."""
    whole = float(np.sum(passed**2 * squares))
    return np.cumsum(passed * sizes) / np.sqrt(whole * np.cumsum(voxels))


def _peak(curve: NDArray) -> int | None:
    """Place of the highest value that the curve falls from again, looking inwards."""
    end = len(curve)
    while end > 1:
        place = int(np.argmax(curve[:end]))
        if place == 0:
            return None
        if place < end - 1 and curve[place] - curve[place:end].min() >= _FALL:
            return place
        end -= 1
    return None
