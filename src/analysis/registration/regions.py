"""Confidence regions that know how few landmarks they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..distributions import chi2, f_distribution

FEWEST_NU = 3  # below this, regions are so wide and so unsure that nothing is stated


@dataclass(frozen=True, eq=False)
class Region:
    """An ellipse or ellipsoid around a position.

    Attributes
    ----------
    radii_um : (d,) array
        Semi-axes, largest first [um]; NaN where nothing can be stated.
    axes : (d, d) array
        Their directions, one a row, in the axis order of the covariance.
    factor : float
        Squared radius in units of the covariance, chi-squared or D F(D, nu).
    level : float
        Probability that the region covers the position.
    statement : str
        What the region is, in words.
    stated : bool
        False where there are too few degrees of freedom.
    """

    radii_um: np.ndarray
    axes: np.ndarray
    factor: float
    level: float
    statement: str
    stated: bool


def region_factor(ndim: int, *, level: float = 0.95, nu: float | None = None) -> float:
    """Squared radius of a confidence region in units of the covariance.

    Parameters
    ----------
    ndim : int
        Dimensions D of the position.
    level : float
        Probability.
    nu : float, optional
        Degrees of freedom behind the localisation error; None or infinity where it is known.

    Returns
    -------
    float
        D F(D, nu), or chi-squared with D degrees of freedom.

    References
    ----------
    The shape of the covariance is known and only its size is estimated, so it is F and not
    Hotelling's T² (44 % too wide for four landmarks).

    Examples
    --------
    >>> round(region_factor(3) ** 0.5, 6)
    2.795483
    """
    if not 0 < level < 1:
        raise ValueError(f"level needs a probability between 0 and 1, got {level!r}")
    if nu is None or not np.isfinite(nu):
        return float(chi2.ppf(level, ndim))
    return float(ndim * f_distribution.ppf(level, ndim, nu)) if nu > 0 else float("nan")


def confidence_region(
    covariance_um2: ArrayLike, *, level: float = 0.95, nu: float | None = None
) -> Region:
    """Draw the region that covers a position with a given probability.

    Parameters
    ----------
    covariance_um2 : (d, d) array
        Covariance of the position [um2]. An axis without any variance (z of a 2-D image) does not
        count as a dimension.
    level : float
        Probability.
    nu : float, optional
        Degrees of freedom behind the localisation error; None or infinity where it is known.

    Returns
    -------
    Region

    Examples
    --------
    >>> confidence_region([[4.0, 0.0], [0.0, 1.0]]).radii_um.round(3)
    array([4.895, 2.448])
    >>> confidence_region([[4.0, 0.0], [0.0, 1.0]], nu=2).statement
    'too few to say: 2 degrees of freedom, fewer than 3; add landmarks'
    """
    covariance = np.asarray(covariance_um2, dtype=float)
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1]:
        raise ValueError(f"covariance_um2 needs shape (d, d), got {covariance.shape}")
    if not np.isfinite(covariance).all() or (nu is not None and nu < FEWEST_NU):
        return _nothing(covariance, level, nu)
    values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
    if values[0] < -1e-9 * max(abs(values[-1]), 1e-300):
        raise ValueError(f"covariance_um2 needs no negative variance, got {values.tolist()}")
    values = np.clip(values[::-1], 0.0, None)
    ndim = int(np.sum(values > 1e-12 * values[0])) or len(values)
    factor = region_factor(ndim, level=level, nu=nu)
    return Region(
        radii_um=np.sqrt(values * factor),
        axes=vectors[:, ::-1].T,
        factor=factor,
        level=level,
        statement=_statement(ndim, level, nu, factor),
        stated=True,
    )


def _nothing(covariance: np.ndarray, level: float, nu: float | None) -> Region:
    size = len(covariance)
    few = "0" if nu is None else f"{nu:g}"
    return Region(
        radii_um=np.full(size, np.nan),
        axes=np.eye(size),
        factor=float("nan"),
        level=level,
        statement=(
            f"too few to say: {few} degrees of freedom, fewer than {FEWEST_NU}; add landmarks"
        ),
        stated=False,
    )


def _statement(ndim: int, level: float, nu: float | None, factor: float) -> str:
    shape = {1: "interval", 2: "ellipse"}.get(ndim, "ellipsoid")
    radius = f"radius {factor**0.5:.3f} standard deviations"
    if nu is None or not np.isfinite(nu):
        return f"{level:.0%} {shape}, localisation error known, chi-squared({ndim}): {radius}"
    return (
        f"{level:.0%} {shape}, localisation error from the residuals with {nu:.4g} degrees of "
        f"freedom, {ndim} F({ndim}, {nu:.4g}): {radius}"
    )
