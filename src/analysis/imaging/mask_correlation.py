"""The correlation that a mask makes by itself, told by halves with random phases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .frequency_shells import FrequencyShells
from .half_spectra import compared, randomised_phases, spectrum

_RANDOM_BELOW = 0.8


def correlation_by_mask(
    halves: tuple[NDArray, NDArray],
    windows: tuple[NDArray, NDArray],
    least: NDArray,
    shells: FrequencyShells,
    seed: int,
) -> tuple[int, NDArray[np.float64]] | None:
    """Measure the correlation that a mask makes, with phases made random before it is applied.

    Parameters
    ----------
    halves : pair of ndarray of float32, (z, y, x)
    windows : pair of ndarray of float32, (z, y, x)
        The soft borders alone, and with the mask.
    least : ndarray, shape (shells,)
        Correlation of the halves: phases are random from where it falls below 0.8, as is usual.
    shells : FrequencyShells
    seed : int

    Returns
    -------
    (int, ndarray) or None
        The first shell with random phases, and the correlation in each; None where the halves
        never fall so low.

    References
    ----------
    Chen et al. 2013, doi:10.1016/j.ultramic.2013.06.004.
    """
    low = np.flatnonzero(least[1:] < _RANDOM_BELOW)
    if not len(low):
        return None
    beyond, rng = int(low[0]) + 1, np.random.default_rng(seed)
    bare, window = windows
    # what is random spreads over the borders too, where the image faded
    gain = float(1 / np.sqrt(np.mean(np.square(bare, dtype=np.float64))))
    random = []
    for half in halves:
        whole = _filled(half, window)
        soft = (whole - whole.mean(dtype=np.float64).astype(np.float32)) * bare
        made = randomised_phases(soft, shells, beyond=beyond, gain=gain, rng=rng)
        random.append(spectrum(made, window))
    return beyond, compared(random[0], random[1], shells).correlation


def _filled(half: NDArray[np.float32], window: NDArray) -> NDArray[np.float32]:
    """Where all is one value outside the mask, it is that of the mean: no end to make random."""
    outside = window == 0
    if not outside.any() or np.ptp(half[outside]) > 0:
        return half
    mean = np.sum(half * window, dtype=np.float64) / np.sum(window, dtype=np.float64)
    return np.where(outside, np.float32(mean), half)
