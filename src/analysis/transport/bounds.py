"""Bounds that no mixture of conductors leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def wiener_bounds(
    conductivities: Sequence[float], fractions: Sequence[float]
) -> tuple[float, float]:
    """Return the conductivities of all phases in series and in parallel: they hold always.

    Examples
    --------
    >>> tuple(round(end, 6) for end in wiener_bounds((1, 10), (0.7, 0.3)))
    (1.369863, 3.7)
    """
    sigma, share = _checked(conductivities, fractions)
    parallel = float(share @ sigma)
    if (sigma[share > 0] == 0).any():
        return 0.0, parallel
    return float(1 / (share[share > 0] / sigma[share > 0]).sum()), parallel


def hashin_shtrikman_bounds(
    conductivities: Sequence[float], fractions: Sequence[float]
) -> tuple[float, float]:
    """Return the bounds of a mixture without preferred direction, of any number of phases.

    Do not use them for layers, fibres or anything with a direction, nor in 2D.

    References
    ----------
    Hashin & Shtrikman 1962, J. Appl. Phys. 33, 3125, doi:10.1063/1.1728579.

    Examples
    --------
    >>> tuple(round(end, 6) for end in hashin_shtrikman_bounds((1, 10), (0.7, 0.3)))
    (1.870968, 3.076923)
    """
    sigma, share = _checked(conductivities, fractions)
    sigma, share = sigma[share > 0], share[share > 0]
    ends = []
    for base in (sigma.min(), sigma.max()):
        if base == 0:
            ends.append(0.0)
            continue
        ends.append(float(1 / (share / (sigma + 2 * base)).sum() - 2 * base))
    return ends[0], ends[1]


def _checked(
    conductivities: Sequence[float], fractions: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    sigma, share = np.asarray(conductivities, float), np.asarray(fractions, float)
    if sigma.shape != share.shape or sigma.ndim != 1 or not len(sigma):
        raise ValueError(
            f"fractions needs one share a conductivity, got {share.shape} for {sigma.shape}: "
            "give both for the same phases"
        )
    if not (np.isfinite(sigma).all() and (sigma >= 0).all()):
        raise ValueError(f"conductivities needs finite values of at least 0, got {sigma.tolist()}")
    if (share < 0).any() or abs(share.sum() - 1) > 1e-9:
        raise ValueError(f"fractions needs shares that add up to 1, got {share.tolist()}")
    return sigma, share
