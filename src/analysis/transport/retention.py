"""Retention curves: Brooks and Corey, van Genuchten, fitted with bounds and covariance."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BOUND = 1e-3  # of a parameter's range: a fit that ends nearer ends at its bound


@dataclass(frozen=True, eq=False)
class RetentionFit:
    """A fitted curve of saturation against capillary pressure.

    Attributes
    ----------
    model : {"brooks-corey", "van-genuchten"}
    scale_kpa : float
        Entry pressure p_b, or 1 / alpha [kPa].
    exponent : float
        lambda, or n.
    residual : float
        Residual saturation.
    covariance : ndarray, (3, 3)
        Of ln scale, ln exponent (of n - 1 for van Genuchten) and residual.
    rms : float
        Root mean square of the saturations' residuals.
    at_bound : bool
        Whether a parameter ended at its bound: its error says nothing then.
    """

    model: str
    scale_kpa: float
    exponent: float
    residual: float
    covariance: NDArray[np.float64]
    rms: float
    at_bound: bool

    def saturation(self, pressure_kpa: NDArray | float) -> NDArray[np.float64]:
        """Return the saturation at a pressure."""
        shape = _CURVES[self.model]
        power = self.exponent if self.model == "brooks-corey" else self.exponent - 1
        p = np.asarray(pressure_kpa, float)
        return self.residual + (1 - self.residual) * shape(p / self.scale_kpa, power)


def _brooks_corey(relative: NDArray, power: float) -> NDArray:
    return np.maximum(relative, 1.0) ** -power


def _van_genuchten(relative: NDArray, power: float) -> NDArray:
    n = power + 1
    return (1 + relative**n) ** (1 / n - 1)


_CURVES: dict[str, Callable[[NDArray, float], NDArray]] = {
    "brooks-corey": _brooks_corey,
    "van-genuchten": _van_genuchten,
}


def fit_retention(
    pressure_kpa: NDArray, saturation: NDArray, *, model: str = "van-genuchten"
) -> RetentionFit:
    """Fit a retention curve in the logarithms of its scale and exponent.

    Parameters
    ----------
    pressure_kpa, saturation : ndarray, (n,)
        Capillary pressure [kPa], positive, and saturation of the wetting fluid.
    model : {"van-genuchten", "brooks-corey"}

    Returns
    -------
    RetentionFit

    Raises
    ------
    ValueError
        Fewer than four points, or values that are none.

    References
    ----------
    Brooks & Corey 1964; van Genuchten 1980, doi:10.2136/sssaj1980.03615995004400050002x.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.geomspace(1, 100, 20)
    >>> s = np.where(p > 5, 0.1 + 0.9 * (p / 5) ** -2.0, 1.0)
    >>> found = fit_retention(p, s, model="brooks-corey")
    >>> round(found.scale_kpa, 3), round(found.exponent, 3), round(found.residual, 3)
    (5.0, 2.0, 0.1)
    """
    from scipy.optimize import least_squares

    p, s = np.asarray(pressure_kpa, float), np.asarray(saturation, float)
    if model not in _CURVES:
        raise ValueError(f"model needs one of {tuple(_CURVES)}, got {model!r}")
    if p.shape != s.shape or p.ndim != 1 or len(p) < 4:
        raise ValueError(f"a fit needs at least 4 pressures and saturations, got {p.shape}")
    if not ((p > 0).all() and np.isfinite(p).all() and (s >= 0).all() and (s <= 1).all()):
        raise ValueError("a fit needs positive pressures, and saturations from 0 to 1")
    shape = _CURVES[model]

    def miss(x: NDArray) -> NDArray:
        return x[2] + (1 - x[2]) * shape(p / math.exp(x[0]), math.exp(x[1])) - s

    low = np.array([math.log(p.min() / 100), math.log(0.05), 0.0])
    high = np.array([math.log(p.max() * 10), math.log(50.0), max(float(s.max()) - 1e-6, 1e-6)])
    steep = np.argmin(np.abs(s - (s.max() + s.min()) / 2))
    fits = [
        least_squares(
            miss, np.clip([math.log(p[steep] * factor), math.log(power), 0.9 * s.min()],
                          low + 1e-9, high - 1e-9), bounds=(low, high), xtol=1e-14, ftol=1e-14,
        )
        for factor in (0.5, 1.0) for power in (1.0, 4.0)
    ]  # fmt: skip
    best = min(fits, key=lambda fit: fit.cost)
    freedom = max(len(p) - 3, 1)
    covariance = np.linalg.pinv(best.jac.T @ best.jac) * 2 * best.cost / freedom
    nearest = np.minimum(best.x - low, high - best.x) / (high - low)
    exponent = math.exp(best.x[1]) + (1.0 if model == "van-genuchten" else 0.0)
    return RetentionFit(
        model, math.exp(best.x[0]), exponent, float(best.x[2]), covariance,
        math.sqrt(2 * best.cost / len(p)),
        bool((nearest[:2] < _BOUND).any() or best.x[2] > high[2] * (1 - _BOUND)),
    )  # fmt: skip
