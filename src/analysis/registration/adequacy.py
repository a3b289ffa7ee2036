"""Whether an affine map is enough, or the specimen is bent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import Degenerate
from ...quantities import format_length
from .fit import LandmarkFit
from .spline_fit import fit_spline

_NEIGHBOURS = 3
_FEWEST = 10  # landmarks: with fewer, neighbours are most of the others
_CHANCE = 0.01
_BETTER = 0.95


@dataclass(frozen=True, eq=False)
class Adequacy:
    """Whether what a fit leaves over looks like picking error.

    Attributes
    ----------
    adequate : bool or None
        False if the specimen is bent beyond what the fit's model allows; None where it cannot be
        told.
    p : float
        Chance that neighbouring residuals of mere picking errors are as alike; NaN if not judged.
    alike : float
        Correlation of neighbouring residuals (Moran's I).
    loo_um, loo_spline_um : float
        RMS leave-one-out error of the fit, and of a thin-plate spline through every landmark [um].
    statement : str
        In words.
    """

    adequate: bool | None
    p: float
    alike: float
    loo_um: float
    loo_spline_um: float
    statement: str


def judge_adequacy(fit: LandmarkFit, *, permutations: int = 999, seed: int = 0) -> Adequacy:
    """Judge whether a fit's model is enough, or the specimen is bent.

    Not adequate is said where both are so: residuals of neighbouring landmarks are more alike than
    chance makes them, and even a thin-plate spline that follows every error of picking predicts
    left-out landmarks at least 5 % better.

    Parameters
    ----------
    fit : LandmarkFit
        Of any model; of an affine one the question is whether the specimen is bent.
    permutations : int
        Shuffles of the residuals.
    seed : int

    Returns
    -------
    Adequacy

    References
    ----------
    Moran 1950, doi:10.1093/biomet/37.1-2.17, of vectors and with the three nearest neighbours. Not
    for fewer than ten landmarks.

    Examples
    --------
    >>> from scalebridge.analysis.registration import fit_landmarks
    >>> places = [[y, x] for y in range(5) for x in range(5)]
    >>> bow = [[y, x + y * y / 4] for y, x in places]
    >>> judge_adequacy(fit_landmarks(places, bow, model="affine")).adequate
    False
    """
    model, count = fit.transform.model, len(fit.pairs)
    if count < _FEWEST:
        words = f"{count} landmarks are too few to say whether {_named(model)} map is adequate"
        return Adequacy(None, np.nan, np.nan, fit.loo_rms_um, np.nan, words)
    alike, p = _alike(fit, permutations, seed)
    spline = _spline_loo(fit)
    adequate: bool | None = True
    if p < _CHANCE:
        adequate = False if spline < _BETTER * fit.loo_rms_um else None
    words = _words(model, adequate, p, fit.loo_rms_um, spline)
    return Adequacy(adequate, p, alike, fit.loo_rms_um, spline, words)


def _alike(fit: LandmarkFit, permutations: int, seed: int) -> tuple[float, float]:
    """Moran's I of the residual vectors, and the chance of one as large."""
    from scipy.spatial import cKDTree

    left = fit.residuals_um - fit.residuals_um.mean(axis=0)
    total = float(np.sum(left**2))
    if total == 0:
        return 0.0, 1.0
    places = fit.pairs.moving_um
    near = cKDTree(places).query(places, k=_NEIGHBOURS + 1)[1][:, 1:]

    def moran(values: np.ndarray) -> float:
        return float(np.sum(values[:, None] * values[near]) / _NEIGHBOURS / total)

    rng = np.random.default_rng(seed)
    found = moran(left)
    more = sum(moran(rng.permutation(left)) >= found for _ in range(permutations))
    return found, (1 + more) / (1 + permutations)


def _spline_loo(fit: LandmarkFit) -> float:
    pairs = fit.pairs
    given = {"ndim_moving": pairs.ndim_moving, "ndim_fixed": pairs.ndim_fixed}
    try:
        return fit_spline(pairs.moving_um, pairs.fixed_um, smoothing=0.0, **given).loo_rms_um
    except Degenerate:
        return float("nan")


def _words(model: str, adequate: bool | None, p: float, loo: float, spline: float) -> str:
    compared = (
        f"leave-one-out {format_length(loo)} RMS, {format_length(spline)} by a thin-plate spline"
        if np.isfinite(spline)
        else f"leave-one-out {format_length(loo)} RMS; no thin-plate spline can be fitted"
    )
    if adequate:
        return (
            f"{_named(model)} map is adequate: residuals of neighbours are no more alike than "
            f"chance makes them (p = {p:.2g}; {compared})"
        )
    told = f"residuals of neighbours are alike (p = {p:.2g}; {compared})"
    if adequate is None:
        return (
            f"whether {_named(model)} map is adequate cannot be told: {told}, so bends and errors "
            "of picking are about the same size"
        )
    return (
        f"{_named(model)} map is not adequate: {told}. The specimen is bent, and regions are right "
        "on average only: use a thin-plate spline, or landmarks near the target alone"
    )


def _named(model: str) -> str:
    return f"{'an' if model == 'affine' else 'a'} {model}"
