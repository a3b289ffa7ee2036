"""A fit that gross errors of single landmarks cannot drag, and that names them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from ..distributions import chi2, f_distribution
from . import degeneracy, estimate
from .fit import LandmarkFit, fit_landmarks
from .information import leverage_of, weights_of
from .points import Pairs, pair_up
from .surprise import worst_of
from .tangent import MODELS, Model
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

_SUBSETS = 500
_STEPS = 30
_CHANCE = 0.01
_EFFICIENT = {1: 4.685, 2: 5.123, 3: 5.490}  # Tukey's constant for 95 % efficiency in D dimensions
_EXTENT = 1e-9  # residuals of rounding


@dataclass(frozen=True, eq=False)
class RobustFit:
    """A fit without the landmarks that the others contradict.

    Attributes
    ----------
    fit : LandmarkFit
        Least squares of the landmarks that are kept; its rows are those of ``kept``.
    weights : (n,) array
        What Tukey's function leaves of each landmark, 0 to 1.
    surprise_p : (n,) array
        Chance that the worst of so many honest landmarks stands out as much as each, judged by the
        kept ones.
    outliers : tuple of int
        Rows that are not in the fit. Nothing is removed anywhere else: a person decides.
    kept : tuple of int
        Rows that are.
    statement : str
        In words.
    """

    fit: LandmarkFit
    weights: np.ndarray
    surprise_p: np.ndarray
    outliers: tuple[int, ...]
    kept: tuple[int, ...]
    statement: str

    def table(self) -> pd.DataFrame:
        """One row a landmark of the fit's input: kept, weight, surprise_p."""
        import pandas as pd

        rows = np.arange(len(self.weights))
        return pd.DataFrame(
            {
                "kept": np.isin(rows, self.kept),
                "weight": self.weights,
                "surprise_p": self.surprise_p,
            }
        )


def fit_robust(
    moving_um: ArrayLike,
    fixed_um: ArrayLike,
    *,
    model: Model,
    tuning: float | None = None,
    seed: int = 0,
    **options: Any,
) -> RobustFit:
    """Fit a transform that single grossly wrong landmarks cannot drag.

    A start that most landmarks agree on (least median of squares over subsets) is refined by
    Tukey's weights; landmarks whose weight is lost are left out, and those that the rest do not
    contradict (chance 1 % for the worst of all) come back. With no outlier the result is that of
    `fit_landmarks`.

    Parameters
    ----------
    moving_um, fixed_um : (n, 3) or (n, 2) array
        Landmark pairs [um].
    model : {"rigid", "similarity", "affine"}
    tuning : float, optional
        Distance, in standard deviations of one axis, from which a landmark has no weight; by
        default 4.685 (5.12 in 2-D, 5.49 in 3-D), which loses 5 % where all landmarks are honest.
    seed : int
        Of the subsets, where there are more than 500.
    **options
        As in `fit_landmarks`: ``sigma_um`` ..., ``target_um``, ``allow_mirror``, ``ndim_moving``,
        ``ndim_fixed``.

    Returns
    -------
    RobustFit

    Raises
    ------
    Degenerate
        As `fit_landmarks`.

    Notes
    -----
    Where half of the landmarks or more are wrong nobody can tell which half is right: few are named
    then, and the error that the residuals tell is large.

    References
    ----------
    Rousseeuw 1984, doi:10.1080/01621459.1984.10477105; Beaton & Tukey 1974,
    doi:10.1080/00401706.1974.10489171. Not for specimens that bend: the best fit of one part makes
    outliers of another.

    Examples
    --------
    >>> places = [[0, 0], [0, 9], [9, 0], [9, 9], [4, 5], [2, 7], [7, 3], [5, 1]]
    >>> seen = [[y + 0.1 * (-1) ** k, x + 5] for k, (y, x) in enumerate(places)]
    >>> seen[3] = [30.0, 2.0]
    >>> fit_robust(places, seen, model="rigid").outliers
    (3,)
    """
    if model not in MODELS:
        raise ValueError(f"model needs one of {', '.join(MODELS)}, got {model!r}")
    keys = ("ndim_moving", "ndim_fixed", "sigma_um", "sigma_moving_um", "sigma_fixed_um")
    pairs = pair_up(moving_um, fixed_um, **{key: options.get(key) for key in keys})
    degeneracy.refuse_repeated(pairs)
    degeneracy.refuse_too_few(pairs, model)
    degeneracy.refuse_flat(pairs, model)
    mirror = bool(options.get("allow_mirror", False))
    if tuning is None:
        tuning = _EFFICIENT[pairs.ndim_fixed]
    if not tuning > 0:
        raise ValueError(f"tuning needs a value above 0, got {tuning!r}")
    start = _start(pairs, model, mirror, np.random.default_rng(seed))
    weights = _reweighted(pairs, start, mirror, tuning)
    kept, chance = _readmitted(pairs, model, mirror, weights > 0)
    fit = fit_landmarks(
        np.asarray(moving_um, dtype=float)[kept],
        np.asarray(fixed_um, dtype=float)[kept],
        model=model,
        **{key: _rows(value, kept) if "sigma" in key else value for key, value in options.items()},
    )
    rows = np.arange(len(pairs))
    outliers, rest = tuple(rows[~kept].tolist()), tuple(rows[kept].tolist())
    words = _statement(pairs, fit, outliers, chance)
    return RobustFit(fit, weights, chance, outliers, rest, words)


def _rows(sigma: Any, kept: np.ndarray) -> Any:
    if sigma is None or isinstance(sigma, str) or np.ndim(sigma) == 0:
        return sigma
    return np.asarray(sigma)[kept]


def _solve(pairs: Pairs, model: Model, mirror: bool) -> AffineTransform:
    return estimate.solve(pairs, model, allow_mirror=mirror)


def _bare(pairs: Pairs) -> Pairs:
    return replace(pairs, moving_covariance_um2=None, fixed_covariance_um2=None, unstated=None)


def _distances(pairs: Pairs, transform: AffineTransform) -> np.ndarray:
    """Lengths of the residuals, in standard deviations where errors are stated: (n,)."""
    left = estimate.residuals(pairs, transform)
    if pairs.stated and pairs.unstated is None:
        left = (weights_of(pairs, transform) @ left[..., None])[..., 0]
    return np.linalg.norm(left, axis=1)


def _start(pairs: Pairs, model: Model, mirror: bool, rng: np.random.Generator) -> AffineTransform:
    """Least median of squares over small subsets, then least squares of the nearer half."""
    plain, n = _bare(pairs), len(pairs)
    size = degeneracy.FEWEST[model, pairs.ndim_moving, pairs.ndim_fixed]
    if comb(n, size) <= _SUBSETS:
        subsets = [list(rows) for rows in combinations(range(n), size)]
    else:
        subsets = [rng.permutation(n)[:size].tolist() for _ in range(_SUBSETS)]
    half = min(n, (n + size + 1) // 2)
    best, least = None, np.inf
    for rows in subsets:
        try:
            fitted = _solve(plain.kept(np.array(rows)), model, mirror)
        except (Degenerate, np.linalg.LinAlgError):
            continue
        found = float(np.partition(_distances(pairs, fitted), half - 1)[half - 1])
        if found < least:
            best, least = fitted, found
    if best is None:
        return _solve(plain, model, mirror)
    for _ in range(_STEPS):
        near = np.sort(np.argsort(_distances(pairs, best), kind="stable")[:half])
        try:
            fitted = _solve(plain.kept(near), model, mirror)
        except Degenerate:
            return best
        if np.allclose(fitted.matrix, best.matrix) and np.allclose(
            fitted.offset_um, best.apply(fitted.centre_um)
        ):
            break
        best = fitted
    return best


def _reweighted(pairs: Pairs, start: AffineTransform, mirror: bool, tuning: float) -> np.ndarray:
    """Tukey's weights when they no longer change: (n,)."""
    plain, transform, n = _bare(pairs), start, len(pairs)
    d, count = pairs.ndim_fixed, start.parameter_count
    known = pairs.stated and pairs.unstated is None
    free = np.sqrt(n / max(n - count / d, 1.0))
    weights = np.ones(n)
    for _ in range(_STEPS):
        distances = _distances(pairs, transform)
        scale = float(np.sqrt(np.median(distances**2) / chi2.ppf(0.5, d))) * free
        if known:
            scale = max(scale, 1.0)
        if scale <= _EXTENT * np.ptp(pairs.fixed_um, axis=0).max():
            far = distances > 1e-6 * np.ptp(pairs.fixed_um, axis=0).max()
            return np.where(far, 0.0, 1.0)
        used = weights > 0
        spare = np.ones(n)
        spare[used] = 1.0 - np.minimum(leverage_of(plain.kept(used), transform), 0.9)
        ratio = distances / (tuning * scale * np.sqrt(spare))
        before, weights = weights, np.where(ratio < 1, (1 - ratio**2) ** 2, 0.0)
        weighted = _weighted(plain, pairs, transform, weights)
        try:
            transform = _solve(weighted, start.model, mirror)
        except Degenerate:
            return before
        if np.abs(weights - before).max() < 1e-4:
            break
    return weights


def _weighted(plain: Pairs, pairs: Pairs, transform: AffineTransform, weights: np.ndarray) -> Pairs:
    """The pairs with weight, with errors that give them this weight."""
    used = weights > 0
    spread = np.broadcast_to(np.eye(pairs.ndim_fixed), (len(pairs), *[pairs.ndim_fixed] * 2))
    if pairs.stated and pairs.unstated is None:
        spread = pairs.localisation_um2(transform.matrix)
    own = np.zeros((len(pairs), 3, 3))
    own[:, pairs.axes, pairs.axes] = spread / np.where(used, weights, 1.0)[:, None, None]
    return replace(plain, fixed_covariance_um2=own).kept(used)


def _readmitted(
    pairs: Pairs, model: Model, mirror: bool, kept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take back what the rest do not contradict: kept (n,) and the chance of each (n,)."""
    chance = np.ones(len(pairs))
    for _ in range(len(pairs)):
        try:
            chance = _chances(pairs, model, mirror, kept)
        except Degenerate:
            return np.ones(len(pairs), dtype=bool), np.full(len(pairs), np.nan)
        back = ~kept & ~(chance < _CHANCE)
        if not back.any():
            break
        nearest = np.flatnonzero(back)[np.argmax(np.nan_to_num(chance[back], nan=1.0))]
        kept = kept.copy()
        kept[nearest] = True
    return kept, chance


def _chances(pairs: Pairs, model: Model, mirror: bool, kept: np.ndarray) -> np.ndarray:
    """Chance of each landmark's distance from where the kept others put it: (n,)."""
    out = np.full(len(pairs), np.nan)
    every = _solved(pairs.kept(kept), model, mirror)
    for row in range(len(pairs)):
        others = kept.copy()
        others[row] = False
        try:
            solved = every if not kept[row] else _solved(pairs.kept(others), model, mirror)
        except Degenerate:
            continue
        out[row] = _chance(pairs, solved, row)
    return out


@dataclass(frozen=True, eq=False)
class _Solved:
    transform: AffineTransform
    root: np.ndarray
    size: float
    nu: float


def _solved(pairs: Pairs, model: Model, mirror: bool) -> _Solved:
    degeneracy.refuse_too_few(pairs, model)
    degeneracy.refuse_flat(pairs, model)
    used = pairs if pairs.stated and pairs.unstated is None else _bare(pairs)
    fitted = _solve(used, model, mirror)
    white = weights_of(used, fitted)
    left = (white @ estimate.design(used, fitted)).reshape(-1, fitted.parameter_count)
    scaled = np.linalg.norm(left, axis=0)
    root = np.linalg.pinv(left / scaled) / scaled[:, None]
    nu = float(left.shape[0] - fitted.parameter_count)
    rest = (white @ estimate.residuals(used, fitted)[..., None]).ravel()
    return _Solved(fitted, root, float(np.sum(rest**2) / nu) if nu else 0.0, nu)


def _chance(pairs: Pairs, solved: _Solved, row: int) -> float:
    one, d = pairs.kept(np.array([row])), pairs.ndim_fixed
    stated = pairs.stated and pairs.unstated is None
    off = estimate.residuals(one, solved.transform)[0]
    spread = estimate.design(one, solved.transform)[0] @ solved.root
    covariance = spread @ spread.T
    if stated:
        covariance = covariance + one.localisation_um2(solved.transform.matrix)[0]
        inflation = max(1.0, solved.size)
        return float(
            worst_of(chi2.sf(off @ np.linalg.solve(covariance, off) / inflation, d), len(pairs))
        )
    if solved.nu < 1:
        return float("nan")
    floor = (_EXTENT * np.ptp(pairs.fixed_um, axis=0).max()) ** 2
    covariance = max(solved.size, floor) * (covariance + np.eye(d))
    square = float(off @ np.linalg.solve(covariance, off)) / d
    return float(worst_of(f_distribution.sf(square, d, solved.nu), len(pairs)))


def _statement(
    pairs: Pairs, fit: LandmarkFit, outliers: tuple[int, ...], chance: np.ndarray
) -> str:
    limit = (len(pairs) - 1) // 2
    if not outliers:
        return (
            f"no landmark of {len(pairs)} is contradicted by the others: the fit is that of least "
            "squares"
        )
    off = np.linalg.norm(estimate.residuals(pairs, fit.transform), axis=1)
    named = ", ".join(
        f"landmark {row} (off by {format_length(float(off[row]))}, chance {chance[row]:.1g})"
        for row in outliers
    )
    return (
        f"{len(outliers)} of {len(pairs)} landmarks are contradicted by the others and not in the "
        f"fit: {named}; check whether each is the same place in both images. Up to {limit} wrong "
        "ones could be found, if they do not agree with each other"
    )
