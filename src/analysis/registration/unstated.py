"""Landmarks of which only some come with a localisation error."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import estimate
from .points import Pairs
from .tangent import Model
from .transform import AffineTransform

PARTLY = "stated and residuals"
_STEPS = 100
_SAME = 1e-8
_ZERO = 1e-9  # of the spread: residuals of rounding, not of picking


@dataclass(frozen=True, eq=False)
class Completed:
    """Pairs that all have an error, stated or told by their residuals.

    Attributes
    ----------
    pairs : Pairs
    nu : float or None
        Degrees of freedom behind the parameters' covariance; None where nothing was told.
    warnings : tuple of str
    """

    pairs: Pairs
    nu: float | None
    warnings: tuple[str, ...] = ()


def complete(pairs: Pairs, model: Model, *, allow_mirror: bool = False) -> Completed:
    """Give the pairs without a stated error the one that their own residuals tell.

    All of them share it. It is found together with the transform (restricted maximum likelihood),
    so that the stated ones keep their weight.

    Parameters
    ----------
    pairs : Pairs
        With ``unstated``.
    model : str
    allow_mirror : bool

    References
    ----------
    Patterson & Thompson 1971, doi:10.1093/biomet/58.3.545; degrees of freedom: Nel & van der Merwe
    1986, doi:10.1080/03610928608829342.
    """
    rows = pairs.unstated
    if rows is None:
        return Completed(pairs, None)
    nothing = replace(pairs, moving_covariance_um2=None, fixed_covariance_um2=None, unstated=None)
    fitted = estimate.closed_form(nothing, model)
    variance = float(np.mean(estimate.residuals(nothing, fitted)[rows] ** 2))
    least = (_ZERO * np.ptp(pairs.fixed_um, axis=0).max()) ** 2
    for _ in range(_STEPS):
        if variance <= least:
            return Completed(nothing, None, _words(rows))
        filled = _filled(pairs, rows, variance)
        fitted = estimate.solve(filled, model, allow_mirror=allow_mirror)
        spare = _spare(filled, fitted)
        own = spare[np.ix_(rows, rows)]
        free = float(np.einsum("iikk->", own))
        if free < 1:
            return Completed(nothing, None, _words(rows))
        before, left = variance, estimate.residuals(filled, fitted)[rows]
        variance = float(np.sum(left**2)) / free
        if abs(variance - before) <= _SAME * before:
            break
    return Completed(filled, _freedom(filled, fitted, rows, float(np.sum(own**2))))


def _filled(pairs: Pairs, rows: np.ndarray, variance: float) -> Pairs:
    fixed = np.zeros((len(pairs), 3, 3))
    if pairs.fixed_covariance_um2 is not None:
        fixed += pairs.fixed_covariance_um2
    own = np.zeros((3, 3))
    own[pairs.axes, pairs.axes] = variance * np.eye(pairs.ndim_fixed)
    fixed[rows] = own
    return replace(pairs, fixed_covariance_um2=fixed)


def _design(pairs: Pairs, fitted: AffineTransform) -> np.ndarray:
    white = estimate.whitener(pairs, fitted.matrix)
    left = white @ estimate.design(pairs, fitted)
    return left / np.linalg.norm(left.reshape(-1, left.shape[-1]), axis=0)


def _spare(pairs: Pairs, fitted: AffineTransform) -> np.ndarray:
    """What the residuals keep of the errors, by pairs of landmarks: (n, n, d, d)."""
    left = _design(pairs, fitted)
    n, d, count = left.shape
    orthogonal = np.linalg.qr(left.reshape(-1, count))[0]
    spare = np.eye(n * d) - orthogonal @ orthogonal.T
    return spare.reshape(n, d, n, d).transpose(0, 2, 1, 3)


def _freedom(pairs: Pairs, fitted: AffineTransform, rows: np.ndarray, behind: float) -> float:
    """Degrees of freedom of the covariance, of which only a part was estimated."""
    left = _design(pairs, fitted)
    count = left.shape[-1]
    orthogonal = np.linalg.qr(left.reshape(-1, count))[0].reshape(left.shape)[rows]
    part = np.einsum("nip,niq->pq", orthogonal, orthogonal)
    shares = np.trace(part @ part) + np.trace(part) ** 2
    return float(behind * (count + count**2) / shares)


def _words(rows: np.ndarray) -> tuple[str, ...]:
    names = ", ".join(f"landmark {row}" for row in np.flatnonzero(~rows))
    return (
        f"the localisation error stated for {names} is not used: too few landmarks are left over "
        "to tell that of the others; state it for all of them, or add landmarks",
    )
