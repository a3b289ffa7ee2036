"""How well people pick: the scatter of repeated picks, and shifts between persons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..distributions import chi2, f_distribution, student
from .points import lift

if TYPE_CHECKING:
    import pandas as pd

_AXES = "zyx"


@dataclass(frozen=True, eq=False, kw_only=True)
class Repeatability:
    """What picks of the same features by several people say about picking.

    Attributes
    ----------
    sigma_um : (d,) array
        Standard deviation of one pick per axis, z, y, x or y, x, when persons differ only by
        chance: scatter within features after each person's mean shift is taken out [um].
    low_um, high_um : (d,) array
        Its confidence interval [um].
    pooled_um : float
        The same over all axes together (RMS), for ``sigma_um`` of a fit [um].
    nu : int
        Degrees of freedom an axis.
    level : float
        Of the intervals.
    features, picks : int
        How many features were picked by two people or more, and how often.
    shifts : DataFrame
        One row a pair of persons: first, second, features (picked by both), x_um, y_um, z_um
        (mean of second minus first), limit_x_um ... (half width of the 95 % limits of agreement
        around it), p (that a shift as large in any direction comes by chance).
    """

    sigma_um: np.ndarray
    low_um: np.ndarray
    high_um: np.ndarray
    pooled_um: float
    nu: int
    level: float
    features: int
    picks: int
    shifts: pd.DataFrame


def picking_repeatability(
    points_um: ArrayLike, features: Sequence[object], who: Sequence[str], *, level: float = 0.95
) -> Repeatability:
    """Tell how well features are picked, from picks of the same features by several people.

    A pick is modelled as feature + shift of the person + chance, one axis at a time. The chance
    is what a landmark's localisation error should be; the shifts are systematic and are tested
    for each two persons by Hotelling's T² of their paired differences.

    Parameters
    ----------
    points_um : (n, 3) or (n, 2) array
        Picks in one image, z, y, x or y, x [um].
    features : sequence
        What was picked, one a pick.
    who : sequence of str
        Who picked it. Several picks of a feature by one person are repetitions.
    level : float
        Of the confidence intervals.

    Returns
    -------
    Repeatability

    Raises
    ------
    ValueError
        If fewer than two features were picked twice.

    References
    ----------
    ISO 5725-2:2019 (repeatability and reproducibility); Bland & Altman 1986,
    doi:10.1016/S0140-6736(86)90837-8 (limits of agreement). Not for picks that were made while
    looking at the other person's.

    Examples
    --------
    >>> points = [[0, 0], [1, 1], [10, 0], [11.2, 0.8], [0, 10], [0.8, 11.2]]
    >>> found = picking_repeatability(points, list("aabbcc"), ["Ada", "Ben"] * 3)
    >>> found.shifts[["first", "second", "x_um", "y_um"]].round(9).values.tolist()
    [['Ada', 'Ben', 1.0, 1.0]]
    >>> found.sigma_um.round(3).tolist(), found.nu
    ([0.141, 0.141], 2)
    """
    import pandas as pd

    given = np.atleast_2d(np.asarray(points_um, dtype=float))
    points = lift(given)[:, 3 - given.shape[-1] :]
    if not (len(points) == len(features) == len(who)):
        raise ValueError(
            f"points_um, features and who need one entry a pick, got {len(points)}, "
            f"{len(features)} and {len(who)}"
        )
    feature, person = pd.Series(list(features)), pd.Series(list(who), dtype=str)
    repeated = feature.groupby(feature).transform("size").to_numpy() > 1
    if feature[repeated].nunique() < 2:
        raise ValueError(
            f"repeatability needs two features that were picked twice or more, got "
            f"{feature[repeated].nunique()}: pick the same features again, or have someone else"
        )
    points, feature, person = points[repeated], feature[repeated], person[repeated]
    left, nu = _left_over(points, feature, person)
    if nu < 1:
        raise ValueError(
            f"repeatability needs more repeated picks than unknowns, got {len(points)} picks of "
            f"{feature.nunique()} features by {person.nunique()} persons: pick more features twice"
        )
    squares = np.sum(left**2, axis=0)
    tail = (1 - level) / 2
    return Repeatability(
        sigma_um=np.sqrt(squares / nu),
        low_um=np.sqrt(squares / chi2.ppf(1 - tail, nu)),
        high_um=np.sqrt(squares / chi2.ppf(tail, nu)),
        pooled_um=float(np.sqrt(np.mean(squares / nu))),
        nu=nu,
        level=level,
        features=int(feature.nunique()),
        picks=len(points),
        shifts=_shifts(points, feature, person),
    )


def _left_over(points: np.ndarray, feature: pd.Series, person: pd.Series) -> tuple[np.ndarray, int]:
    """What features and persons do not explain, and the degrees of freedom behind it."""
    import pandas as pd

    design = np.hstack([pd.get_dummies(one).to_numpy(float) for one in (feature, person)])
    solved, _, rank, _ = np.linalg.lstsq(design, points, rcond=None)
    return points - design @ solved, len(points) - int(rank)


def _shifts(points: np.ndarray, feature: pd.Series, person: pd.Series) -> pd.DataFrame:
    import pandas as pd

    d = points.shape[1]
    axes = _AXES[3 - d :]
    means = (
        pd.DataFrame(points, columns=list(axes))
        .groupby([person.to_numpy(), feature.to_numpy()])
        .mean()
    )
    people, rows = sorted(set(person)), []
    for number, first in enumerate(people):
        for second in people[number + 1 :]:
            apart = (means.loc[second] - means.loc[first]).dropna().to_numpy()
            if not len(apart):
                continue
            mean, count = apart.mean(axis=0), len(apart)
            spread = apart.std(axis=0, ddof=1) if count > 1 else np.full(d, np.nan)
            wide = student.ppf(0.975, count - 1) * spread if count > 1 else spread
            row: dict[str, object] = {"first": first, "second": second, "features": count}
            row |= {f"{a}_um": mean[axes.index(a)] for a in reversed(axes)}
            row |= {f"limit_{a}_um": wide[axes.index(a)] for a in reversed(axes)}
            rows.append(row | {"p": _chance(apart)})
    names = [f"{a}_um" for a in reversed(axes)]
    columns = ["first", "second", "features", *names, *(f"limit_{name}" for name in names), "p"]
    return pd.DataFrame(rows, columns=columns)


def _chance(apart: np.ndarray) -> float:
    """Hotelling's T² that paired differences have no mean; NaN for too few."""
    count, d = apart.shape
    if count <= d:
        return float("nan")
    covariance = np.cov(apart, rowvar=False).reshape(d, d)
    if np.linalg.matrix_rank(covariance) < d:
        return float("nan")
    mean = apart.mean(axis=0)
    square = count * mean @ np.linalg.solve(covariance, mean)
    return float(f_distribution.sf(square * (count - d) / (d * (count - 1)), d, count - d))
