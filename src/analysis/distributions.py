"""Quantiles and chances of the usual distributions.

Those of ``scipy.stats``, from the same special functions: importing that package takes longer than
a person should wait for a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy  # its parts are loaded when they are first used


@dataclass(frozen=True)
class Distribution:
    """A family of distributions; the parameters of its shape come last.

    Attributes
    ----------
    ppf : callable
        Value below which a share lies: ``ppf(share, *shape)``.
    cdf, sf : callable
        Share that lies below a value, and above it: ``cdf(value, *shape)``.

    Examples
    --------
    >>> round(float(chi2.ppf(0.95, 2)), 3), round(float(student.cdf(0.0, 5)), 3)
    (5.991, 0.5)
    """

    ppf: Callable[..., Any]
    cdf: Callable[..., Any]
    sf: Callable[..., Any]


def _below_f(value: Any, over: Any, under: Any) -> Any:
    # the special functions know no infinite ratio
    below = scipy.special.fdtr(over, under, np.maximum(value, 0))
    return np.where(np.isposinf(value), 1.0, below)[()]


def _above_f(value: Any, over: Any, under: Any) -> Any:
    above = scipy.special.fdtrc(over, under, np.maximum(value, 0))
    return np.where(np.isposinf(value), 0.0, above)[()]


chi2 = Distribution(
    ppf=lambda share, nu: 2 * scipy.special.gammaincinv(np.divide(nu, 2), share),
    cdf=lambda value, nu: scipy.special.chdtr(nu, np.maximum(value, 0)),
    sf=lambda value, nu: scipy.special.chdtrc(nu, np.maximum(value, 0)),
)
#: Of a ratio of two mean squares: degrees of freedom above, then below.
f_distribution = Distribution(
    ppf=lambda share, over, under: scipy.special.fdtri(over, under, share),
    cdf=_below_f,
    sf=_above_f,
)
student = Distribution(
    ppf=lambda share, nu: scipy.special.stdtrit(nu, share),
    cdf=lambda value, nu: scipy.special.stdtr(nu, value),
    sf=lambda value, nu: scipy.special.stdtr(nu, np.negative(value)),
)
norm = Distribution(
    ppf=lambda share: scipy.special.ndtri(share),
    cdf=lambda value: scipy.special.ndtr(value),
    sf=lambda value: scipy.special.ndtr(np.negative(value)),
)
