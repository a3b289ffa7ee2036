"""Will a point lie in the cut? Probabilities and margins."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..distributions import chi2, f_distribution, norm, student
from .regions import FEWEST_NU


def containment_probability(
    covariance_um2: ArrayLike,
    half_margins_um: ArrayLike,
    *,
    bias_um: ArrayLike = 0.0,
    nu: float | None = None,
    seed: int = 0,
) -> float:
    """Probability that a point lies in a box around its predicted position.

    Parameters
    ----------
    covariance_um2 : (d, d) array
        Covariance of the position, in the axes of the box [um2].
    half_margins_um : float or (d,) array
        Half the size of the box; for a point of a volume of interest, cut minus volume [um].
    bias_um : float or (d,) array
        Known offset of the position from the middle of the box [um].
    nu : float, optional
        Degrees of freedom behind the localisation error (multivariate t); None where it is known.
    seed : int
        For the quasi-random integration of correlated errors.

    Returns
    -------
    float
        NaN with fewer than 3 degrees of freedom: too few to say.

    References
    ----------
    Genz 1992, doi:10.1080/10618200.1992.10477010, through scipy.

    Examples
    --------
    >>> round(containment_probability([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 2.0), 6)
    0.869616
    """
    covariance = np.asarray(covariance_um2, dtype=float)
    size = len(covariance)
    margins = np.broadcast_to(np.asarray(half_margins_um, dtype=float), (size,))
    bias = np.broadcast_to(np.asarray(bias_um, dtype=float), (size,))
    if (margins < 0).any():
        raise ValueError(f"half_margins_um needs 0 or more [um], got {margins.tolist()}")
    if (nu is not None and nu < FEWEST_NU) or not np.isfinite(covariance).all():
        return float("nan")
    exact = np.diag(covariance) <= 0
    if (np.abs(bias[exact]) > margins[exact]).any():
        return 0.0
    free = ~exact
    if not free.any():
        return 1.0
    part = covariance[np.ix_(free, free)]
    return _box(part, -margins[free] - bias[free], margins[free] - bias[free], nu, seed)


def _box(
    covariance: np.ndarray, low: np.ndarray, high: np.ndarray, nu: float | None, seed: int
) -> float:
    known = nu is None or not np.isfinite(nu)
    sigma = np.sqrt(np.diag(covariance))
    diagonal = np.allclose(covariance, np.diag(sigma**2), rtol=0, atol=1e-12 * sigma.max() ** 2)
    if known and diagonal:
        return float(np.prod(norm.cdf(high / sigma) - norm.cdf(low / sigma)))
    if len(sigma) == 1:
        return float(student.cdf(high / sigma, nu)[0] - student.cdf(low / sigma, nu)[0])
    if diagonal:
        return _mixed_box(low / sigma, high / sigma, float(nu or np.inf))
    # only here: most boxes need neither, and importing them takes as long as a picture may
    from scipy.stats import multivariate_normal, multivariate_t

    if known:
        normal = multivariate_normal(
            np.zeros(len(sigma)), covariance, allow_singular=True, seed=seed, abseps=1e-7
        )
        return float(normal.cdf(high, lower_limit=low))
    shape = multivariate_t(np.zeros(len(sigma)), covariance, df=nu, allow_singular=True, seed=seed)
    return float(shape.cdf(high, lower_limit=low, random_state=seed))


def _mixed_box(low: np.ndarray, high: np.ndarray, nu: float) -> float:
    """Integrate a box of independent normals over their common, chi-distributed scale."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    scale = np.sqrt(chi2.ppf((nodes + 1) / 2, nu) / nu)[:, None]
    inside = np.prod(norm.cdf(high * scale) - norm.cdf(low * scale), axis=1)
    return float(inside @ weights / 2)


def ball_probability(
    covariance_um2: ArrayLike, radius_um: float, *, nu: float | None = None
) -> float:
    """Probability that a point lies within a distance of its predicted position.

    Parameters
    ----------
    covariance_um2 : (d, d) array
        Covariance of the position [um2].
    radius_um : float
        Distance [um].
    nu : float, optional
        Degrees of freedom; None where the localisation error is known.

    Examples
    --------
    >>> round(ball_probability([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 2.0), 6)
    0.738536
    """
    if not radius_um >= 0:
        raise ValueError(f"radius_um needs 0 or more [um], got {radius_um!r}")
    covariance = np.asarray(covariance_um2, dtype=float)
    if (nu is not None and nu < FEWEST_NU) or not np.isfinite(covariance).all():
        return float("nan")
    values = np.linalg.eigvalsh(covariance)
    values = values[values > 1e-12 * max(values[-1], 0.0)]
    if len(values) == 0 or radius_um == 0:
        return float(len(values) == 0)
    known = nu is None or not np.isfinite(nu)
    return _over_directions(values, radius_um**2, None if known else nu)


def _over_directions(values: np.ndarray, square: float, nu: float | None) -> float:
    """Average over all directions the probability that the distance along one stays below."""
    ndim = len(values)
    turn = np.cos(np.pi * (np.arange(200) + 0.5) / 200) ** 2  # half a circle is enough
    if ndim == 1:
        spread, weights = values, np.ones(1)
    elif ndim == 2:
        spread, weights = values[0] * turn + values[1] * (1 - turn), np.full(200, 1 / 200)
    else:
        nodes, parts = np.polynomial.legendre.leggauss(200)
        around = values[0] * turn + values[1] * (1 - turn)
        height = nodes[:, None] ** 2
        spread = (height * values[2] + (1 - height) * around).ravel()
        weights = np.repeat(parts / 2 / 200, 200)
    ratio = square / spread
    inside = chi2.cdf(ratio, ndim) if nu is None else f_distribution.cdf(ratio / ndim, ndim, nu)
    return float(inside @ weights)


def margin_for_probability(
    covariance_um2: ArrayLike,
    *,
    probability: float,
    bias_um: ArrayLike = 0.0,
    nu: float | None = None,
    seed: int = 0,
) -> float:
    """Find the margin around a point that reaches a probability.

    Parameters
    ----------
    covariance_um2 : (d, d) array
        Covariance of the position, in the axes of the cut [um2].
    probability : float
        Wanted probability that the point lies in the cut, between 0 and 1.
    bias_um, nu, seed
        As in `containment_probability`.

    Returns
    -------
    float
        Margin, the same on every axis [um]; NaN with fewer than 3 degrees of freedom.

    Examples
    --------
    >>> round(margin_for_probability([[1.0]], probability=0.95), 4)
    1.96
    """
    check_probability(probability)
    covariance = np.asarray(covariance_um2, dtype=float)

    def missing(margin: float) -> float:
        inside = containment_probability(covariance, margin, bias_um=bias_um, nu=nu, seed=seed)
        return inside - probability

    high = float(np.max(np.abs(bias_um)) + np.sqrt(np.diag(covariance).max()))
    if np.isnan(missing(high)):
        return float("nan")
    while missing(high) < 0:
        high *= 2
    from scipy.optimize import brentq

    return float(brentq(missing, 0.0, high, xtol=1e-9 * high)) if missing(0.0) < 0 else 0.0


def check_probability(probability: float) -> None:
    """Refuse what is not a probability."""
    if not 0 < probability < 1:
        raise ValueError(f"probability needs a value between 0 and 1, got {probability!r}")
