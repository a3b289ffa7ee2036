"""Do the regions predicted from measured landmarks cover landmarks that took no part?

People picked them on real specimens: histology (BIRL) and a fly's brain in light and electron
microscopy (FAFB). Nobody knows the true positions, so the landmark left out counts with its own
picking error. A specimen that bends makes regions of a straight model right on average only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..analysis.distributions import chi2, f_distribution
from ..analysis.registration import (
    SPLINE,
    AffineTransform,
    SplineMap,
    fit_landmarks,
    fit_spline,
    region_factor,
)
from ..errors import Degenerate
from ..io import read_bigwarp

COUNTS = (6, 10, 30)
DRAWS = 150
LEVEL = 0.95
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
HISTOLOGY = {"lesions": "lesions_", "kidney": "rat-kidney_"}
BRAINS = ("v9.1", "v11", "v13", "v14")
Pair = tuple[np.ndarray, np.ndarray]


def measured_landmarks(folder: Path) -> dict[str, Pair]:
    """Read the measured landmark sets by their names.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``birl_histology_landmarks`` and ``fafb_lm_em_landmarks``.

    Returns
    -------
    dict of str to two arrays
        Moving and fixed landmarks, (n, 2) or (n, 3), in the units of the file; pairs that a file
        lists twice are taken once, and lists of unequal length are cut to the shorter one.
    """
    found = {
        name: _histology(folder / "birl_histology_landmarks" / place)
        for name, place in HISTOLOGY.items()
    }
    for version in BRAINS:
        table = read_bigwarp(folder / "fafb_lm_em_landmarks" / f"lm-em-landmarks_{version}.csv")
        sides = [f"{side}_{axis}_um" for side in ("moving", "fixed") for axis in "zyx"]
        rows = table.loc[table["active"], sides].drop_duplicates().to_numpy(float)
        found[version] = rows[:, :3], rows[:, 3:]
    return found


def _histology(folder: Path) -> Pair:
    lists = [pd.read_csv(path)[["Y", "X"]].to_numpy(float) for path in sorted(folder.glob("*.csv"))]
    count = min(map(len, lists))
    return lists[0][:count], lists[1][:count]


def calibration_table(
    sets: dict[str, Pair],
    *,
    models: Sequence[str] = ("affine", SPLINE),
    counts: Sequence[int] = COUNTS,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Fit a few landmarks, predict the others, count how many lie in their 95 % regions.

    Parameters
    ----------
    sets : dict of str to two arrays
        As `measured_landmarks` gives them.
    models : sequence of str
    counts : sequence of int
        How many landmarks are fitted; a thin-plate spline leaves out counts too small for it.
    draws : int
        Random choices of these landmarks, seeded with their count.

    Returns
    -------
    DataFrame
        ``landmarks``, ``model``, ``fitted``, ``coverage`` (mean over the draws), ``low`` and
        ``high`` (95 % of what other draws of as many give), ``chi_squared`` (what regions would
        cover that took the error for known), ``draws`` (that could be fitted) and ``median_error``
        in the unit of the set.
    """
    return pd.DataFrame(
        [
            _row(name, model, count, *_shares(pairs, model, count, draws))
            for name, pairs in sets.items()
            for model in models
            for count in counts
            if len(pairs[0]) >= count + 3 and (model != SPLINE or count >= pairs[0].shape[1] + 3)
        ]
    )


def calibration_curves(
    sets: dict[str, Pair],
    *,
    model: str = "affine",
    counts: Sequence[int] = COUNTS,
    levels: Sequence[float] = LEVELS,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """As `calibration_table`, for regions of other probabilities than 95 %.

    Returns
    -------
    DataFrame
        ``landmarks``, ``fitted``, ``level`` (what the regions state) and ``coverage`` (share of the
        landmarks that took no part, mean over the draws).
    """
    rows = []
    for name, pairs in sets.items():
        for count in (c for c in counts if len(pairs[0]) >= c + 3):
            rims = [one.rim for one in _draws(pairs, model, count, draws)]
            for level in levels:
                share = float(np.mean([(rim <= level).mean() for rim in rims]))
                rows.append({"landmarks": name, "fitted": count, "level": level, "coverage": share})
    return pd.DataFrame(rows)


def left_out_table(
    sets: dict[str, Pair], *, models: Sequence[str] = ("affine", SPLINE)
) -> pd.DataFrame:
    """Leave each landmark out of all, and count how many lie in the 95 % region of the others.

    Returns
    -------
    DataFrame
        ``landmarks``, ``model``, ``count``, ``covered``, ``coverage`` with ``low`` and ``high``
        (Wilson), and ``loo_rms`` in the unit of the set.
    """
    rows = []
    for name, (moving, fixed) in sets.items():
        for model in models:
            judged = [
                _judged(moving, fixed, _without(index, len(moving)), model)
                for index in range(len(moving))
            ]
            hits = np.array([one.inside[0] for one in judged])
            errors = np.array([one.error[0] for one in judged])
            low, high = _wilson(int(hits.sum()), len(hits))
            rows.append(
                {
                    "landmarks": name,
                    "model": model,
                    "count": len(hits),
                    "covered": int(hits.sum()),
                    "coverage": float(hits.mean()),
                    "low": low,
                    "high": high,
                    "loo_rms": float(np.sqrt(np.mean(errors**2))),
                }
            )
    return pd.DataFrame(rows)


def _without(index: int, count: int) -> np.ndarray:
    """The others first, the one that is left out last: (n,)."""
    return np.array([*(row for row in range(count) if row != index), index])


class _Judged:
    """Held-out landmarks: how far off, and whether inside regions."""

    def __init__(self, transform: AffineTransform | SplineMap, held: Pair) -> None:
        d = transform.ndim_fixed
        axes = slice(3 - d, 3)
        moving, fixed = held
        if transform.sigma_um is None:
            raise Degenerate("no landmark is left over to tell the error from")
        own = transform.covariance_at(moving)[:, axes, axes]
        scatter = own + transform.sigma_um**2 * np.eye(d)
        miss = transform.apply(moving)[:, axes] - fixed
        square = np.einsum("ni,nij,nj->n", miss, np.linalg.inv(scatter), miss)
        self.error = np.linalg.norm(miss, axis=1)
        self.rim = _level_at(square, d, transform.nu)
        self.inside = square <= region_factor(d, level=LEVEL, nu=transform.nu)
        self.inside_known = square <= region_factor(d, level=LEVEL)


def _level_at(square: np.ndarray, d: int, nu: float | None) -> np.ndarray:
    """Probability of the region on whose rim a landmark lies: (n,)."""
    if nu is None:
        return np.asarray(chi2.cdf(square, d))
    return np.asarray(f_distribution.cdf(square / d, d, nu))


def _judged(moving: np.ndarray, fixed: np.ndarray, order: np.ndarray, model: str) -> _Judged:
    """Fit all but the last of the order, and judge the last."""
    return _judge(moving, fixed, order[:-1], order[-1:], model)


def _judge(
    moving: np.ndarray, fixed: np.ndarray, used: np.ndarray, held: np.ndarray, model: str
) -> _Judged:
    transform: AffineTransform | SplineMap
    if model == SPLINE:
        transform = fit_spline(moving[used], fixed[used]).transform
    else:
        transform = fit_landmarks(
            moving[used],
            fixed[used],
            model=model,  # type: ignore[arg-type]
            allow_mirror=True,
        ).transform
    return _Judged(transform, (moving[held], fixed[held]))


def _draws(pairs: Pair, model: str, count: int, draws: int) -> Iterator[_Judged]:
    rng = np.random.default_rng(count)
    moving, fixed = pairs
    for _ in range(draws):
        order = rng.permutation(len(moving))
        try:
            yield _judge(moving, fixed, order[:count], order[count:], model)
        except Degenerate:
            continue


def _shares(
    pairs: Pair, model: str, count: int, draws: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    judged = list(_draws(pairs, model, count, draws))
    return (
        np.array([one.inside.mean() for one in judged]),
        np.array([one.inside_known.mean() for one in judged]),
        np.array([np.median(one.error) for one in judged]),
    )


def _row(
    name: str, model: str, count: int, shares: np.ndarray, known: np.ndarray, errors: np.ndarray
) -> dict[str, object]:
    spread = 1.96 * shares.std(ddof=1) / np.sqrt(len(shares))
    return {
        "landmarks": name,
        "model": model,
        "fitted": count,
        "coverage": float(shares.mean()),
        "low": float(shares.mean() - spread),
        "high": float(min(1.0, shares.mean() + spread)),
        "chi_squared": float(known.mean()),
        "draws": len(shares),
        "median_error": float(np.median(errors)),
    }


def _wilson(covered: int, count: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    interval = binomtest(covered, count).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
