"""How surprising each landmark is, if all were honest picks of the same places."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..distributions import chi2, f_distribution
from . import estimate
from .information import weights_of
from .points import Pairs, lift
from .transform import AffineTransform

_CHECKED = 1e-6  # below this part of its own variance nothing is left over to check a landmark


def surprises(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    """Tell how often the worst of so many honest landmarks would stand out as much as each does.

    The leave-one-out error of a landmark, in units of its own predicted scatter (the studentised
    deleted residual in D dimensions), follows F(D, nu - D) where only chance is at work. As the
    worst of n landmarks always looks bad, each probability is that of the worst of n (Šidák).

    Parameters
    ----------
    pairs : Pairs
        The landmarks that were fitted.
    transform : AffineTransform
        Their fit.

    Returns
    -------
    (n,) array
        Probabilities; small means that the others contradict this landmark. NaN where nothing can
        be told: fewer than D + 1 degrees of freedom, residuals of rounding, or a landmark that
        alone determines a part of the model.

    References
    ----------
    Cook & Weisberg 1982, *Residuals and Influence in Regression*, ISBN 0-412-24280-X; Šidák 1967,
    doi:10.1080/01621459.1967.10482935. Not for splines: they leave no residuals.
    """
    left = estimate.residuals(pairs, transform)
    n, d = left.shape
    nu = left.size - transform.parameter_count
    out = np.full(n, np.nan)
    if nu <= d or np.abs(left).max() < 1e-9 * np.ptp(pairs.fixed_um):
        return out
    white = weights_of(pairs, transform)
    rest = (white @ left[..., None])[..., 0]
    spare = _spare(white @ estimate.design(pairs, transform))
    total = float(np.sum(rest**2))
    values, axes = np.linalg.eigh(spare)
    checked = values[:, 0] >= _CHECKED
    along = np.einsum("nji,nj->ni", axes[checked], rest[checked])
    own = np.sum(along**2 / values[checked], axis=1)
    others = np.maximum(total - own, 1e-12 * total) / (nu - d)
    out[checked] = worst_of(f_distribution.sf(own / d / others, d, nu - d), n)
    return out


def surprise_outside(
    transform: AffineTransform, moving_um: ArrayLike, fixed_um: ArrayLike, *, count: int
) -> np.ndarray:
    """Tell how surprising landmarks are that took no part in the fit.

    Parameters
    ----------
    transform : AffineTransform
        With a covariance.
    moving_um, fixed_um : (m, 3) array
        The landmarks [um].
    count : int
        How many landmarks are looked at, of which these are the worst.

    Returns
    -------
    (m,) array
        As `surprises`; NaN where the fit has no covariance.
    """
    moving, fixed = lift(moving_um), lift(fixed_um)
    if transform.covariance is None or not transform.sigma_um:
        return np.full(len(moving), np.nan)
    axes = slice(3 - transform.ndim_fixed, 3)
    off = (fixed - transform.apply(moving))[:, axes]
    own = transform.covariance_at(moving)[:, axes, axes]
    scatter = own + transform.sigma_um**2 * np.eye(off.shape[1])
    square = np.einsum("ni,nij,nj->n", off, np.linalg.inv(scatter), off)
    d = off.shape[1]
    if transform.nu is None or not np.isfinite(transform.nu):
        return np.asarray(worst_of(chi2.sf(square, d), count))
    return np.asarray(worst_of(f_distribution.sf(square / d, d, transform.nu), count))


def worst_of(chance: ArrayLike, count: int) -> np.ndarray:
    """Chance that the worst of so many is at least as bad as one that has this chance.

    Examples
    --------
    >>> float(worst_of(0.05, 1)), float(worst_of(0.05, 10).round(2))
    (0.05, 0.4)
    """
    with np.errstate(divide="ignore"):
        return -np.expm1(count * np.log1p(-np.asarray(chance, dtype=float)))


def _spare(left: np.ndarray) -> np.ndarray:
    """What each landmark's residual keeps of its own error, I - H of its block: (n, d, d)."""
    n, d, count = left.shape
    flat = left.reshape(-1, count)
    orthogonal = np.linalg.qr(flat / np.linalg.norm(flat, axis=0))[0].reshape(n, d, count)
    return np.eye(d) - orthogonal @ orthogonal.transpose(0, 2, 1)
