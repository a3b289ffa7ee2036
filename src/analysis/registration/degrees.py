"""Degrees of freedom behind a covariance that is a sum of parts, each known from its own data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def effective_nu(parts_um2: Sequence[np.ndarray], nus: Sequence[float | None]) -> np.ndarray:
    """Tell with how many degrees of freedom a sum of covariances is known.

    Parameters
    ----------
    parts_um2 : sequence of (n, d, d) array
        What each source contributes [um2].
    nus : sequence of float or None
        Degrees of freedom behind each part; None or infinity where it is known.

    Returns
    -------
    (n,) array
        Infinity where every part that counts is known, 0 where a part cannot be told (NaN).

    References
    ----------
    Nel & van der Merwe 1986, doi:10.1080/03610928608829342, the rule of Welch and Satterthwaite in
    several dimensions. An approximation: parts of fewer than 3 degrees of freedom that dominate
    the sum leave it rough.

    Examples
    --------
    >>> part = np.eye(3)[None]
    >>> effective_nu([part, part], [10, 10])
    array([20.])
    >>> effective_nu([part, 0 * part], [10, 3]), effective_nu([part, part], [10, None])
    (array([10.]), array([40.]))
    """
    total = _size(sum(parts_um2[1:], np.asarray(parts_um2[0], dtype=float)))
    below = np.zeros(len(total))
    for part, nu in zip(parts_um2, nus, strict=True):
        if nu is not None and np.isfinite(nu):
            size = _size(part)
            below = below + np.where(size == 0, 0.0, size / nu if nu > 0 else np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.where(below == 0, np.inf, total / below)
    return np.where(np.isnan(out) | np.isnan(total), 0.0, out)


def _size(parts: np.ndarray) -> np.ndarray:
    trace = np.trace(parts, axis1=-2, axis2=-1)
    return np.einsum("...ij,...ji->...", parts, parts) + trace**2
