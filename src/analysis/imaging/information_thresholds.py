"""Where a shell correlation stops telling enough: half a bit, one bit, three sigmas."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray


@overload
def bit_threshold(voxels: float, *, bits: float) -> float: ...
@overload
def bit_threshold(voxels: NDArray, *, bits: float) -> NDArray[np.float64]: ...
def bit_threshold(voxels: float | NDArray, *, bits: float) -> float | NDArray[np.float64]:
    """Return the correlation of two halves whose sum holds so many bits a voxel.

    The sum of both halves holds `bits` where its signal-to-noise ratio is 2^bits - 1, half of that
    in each half, S. With n independent voxels in a shell the correlation is then

        (S + 2 sqrt(S / n) + 1 / sqrt(n)) / (S + 1 + 2 sqrt(S / n)).

    Parameters
    ----------
    voxels : float or ndarray
        Independent voxels in the shell, both of each conjugate pair, 1 or more.
    bits : float
        0.5 for what can be interpreted, 1 for the stricter criterion.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        `bits` or `voxels` is not positive.

    References
    ----------
    van Heel & Schatz 2005, doi:10.1016/j.jsb.2005.05.009.

    Examples
    --------
    >>> round(bit_threshold(100, bits=0.5), 4), round(bit_threshold(100, bits=1), 4)
    (0.3067, 0.4517)
    >>> round(bit_threshold(1e12, bits=0.5), 4)
    0.1716
    """
    n = _counts(voxels)
    if not (np.isfinite(bits) and bits > 0):
        raise ValueError(f"bits needs a number above 0, got {bits}: 0.5 is the usual one")
    signal = (2.0**bits - 1) / 2
    root = 1 / np.sqrt(n)
    found = (signal + 2 * np.sqrt(signal) * root + root) / (signal + 1 + 2 * np.sqrt(signal) * root)
    return float(found) if np.ndim(voxels) == 0 else np.asarray(found)


def sigma_threshold(voxels: NDArray, *, sigmas: float = 3.0) -> NDArray[np.float64]:
    """Return what noise alone seldom reaches: so many standard deviations of its correlation.

    Parameters
    ----------
    voxels : ndarray
        Independent voxels in the shell, both of each conjugate pair.
    sigmas : float

    References
    ----------
    van Heel & Schatz 2005, doi:10.1016/j.jsb.2005.05.009: sigmas / sqrt(n / 2).

    Examples
    --------
    >>> sigma_threshold(np.array([200.0])).tolist()
    [0.3]
    """
    return np.asarray(np.minimum(1.0, sigmas / np.sqrt(_counts(voxels) / 2)))


def _counts(voxels: ArrayLike) -> NDArray[np.float64]:
    n = np.asarray(voxels, float)
    if not np.all(n > 0):
        raise ValueError(f"voxels needs counts above 0, got {n.min()}: leave empty shells out")
    return n
