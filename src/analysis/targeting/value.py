"""Candidate places, ranked by what somebody values in them, their cost and their risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..spacing import checked_spacing
from .candidates import share_no_better

if TYPE_CHECKING:
    import pandas as pd

VALUES = ("rarity", "size", "nearness", "representativeness", "cost", "risk")
"""What can be valued: the last two count against a place."""

_NEIGHBOURS = 5


def score_candidates(
    objects: pd.DataFrame,
    *,
    values: Mapping[str, float],
    features: Sequence[str] = (),
    size: str = "equivalent_diameter_um",
    near_um: ArrayLike | None = None,
    cost_minutes: ArrayLike | None = None,
    risk: ArrayLike | None = None,
    most: int = 20,
) -> pd.DataFrame:
    """Rank candidate places by weighted values.

    Each value gives a score from 0 to 1, the share of the candidates that do no better; the
    weighted mean is the score. Nothing is valued that nobody asked for.

    Parameters
    ----------
    objects : DataFrame
        One row a candidate, from `object_table`.
    values : mapping of str to float
        Weights, above 0, of ``rarity`` (few others are like it), ``size``, ``nearness`` (to another
        phase), ``representativeness`` (like most others), ``cost`` (cheap ones score higher) and
        ``risk`` (safe ones score higher).
    features : sequence of str
        Columns that say what a candidate is like; for rarity and representativeness.
    size : str
        Column of the size.
    near_um : array_like of float, (n,), optional
        Distance to the other phase [µm], from `phase_distance`.
    cost_minutes : array_like of float, (n,), optional
        Time to reach it [min], for example from `milling_time`.
    risk : array_like of float, (n,), optional
        Probability of failure, for example 1 − `box_containment`.
    most : int
        Rows returned.

    Returns
    -------
    DataFrame
        Best first: `rank`, `score`, `why`, one column ``<value>_score`` each, `rarity` (minus the
        logarithm of a relative density) and `unlikeness` (robust distance from the typical one)
        where asked for, `near_um`, `cost_minutes`, `risk`, then the columns of `objects`. A
        candidate for which a figure is missing (NaN) scores 0 there, and its `why` says so.

    Raises
    ------
    ValueError
        An unknown value, a weight that is not above 0, or a figure that a value needs is missing.

    Notes
    -----
    Rarity and representativeness pull against each other: weight one of them. Features are
    compared in units of their own spread (median and quartiles).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"equivalent_diameter_um": [2.0, 2.1, 1.9, 2.0, 9.0]})
    >>> table = score_candidates(rows, values={"rarity": 1}, features=["equivalent_diameter_um"])
    >>> table["equivalent_diameter_um"][0], table["why"][0]
    (np.float64(9.0), 'rarity: better than 4 of 5')
    """
    weights = _checked(values, features, near_um, cost_minutes, risk)
    table = objects.copy()
    worth: dict[str, NDArray] = {}
    if {"rarity", "representativeness"} & set(weights):
        scaled = robust_scaled(table, features)
        if "rarity" in weights:
            table["rarity"] = worth["rarity"] = _rarity(scaled)
        if "representativeness" in weights:
            table["unlikeness"] = np.linalg.norm(scaled, axis=1)
            worth["representativeness"] = -table["unlikeness"].to_numpy()
    if "size" in weights:
        worth["size"] = _column(table, size)
    given = {"nearness": ("near_um", near_um), "cost": ("cost_minutes", cost_minutes)}
    for name, (column, figures) in {**given, "risk": ("risk", risk)}.items():
        if name in weights:
            table[column] = _figures(column, figures, len(table))
            worth[name] = -table[column].to_numpy(float)
    scores = {name: _scored(worth[name]) for name in weights}
    total = sum(weights.values())
    table["score"] = sum(weights[name] * score for name, score in scores.items()) / total
    for name, score in scores.items():
        table[f"{name}_score"] = score
    table["why"] = _reasons(scores, weights, worth, len(table))
    table = table.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    first = ["rank", "score", "why", *(f"{name}_score" for name in weights)]
    columns = first + [column for column in table if column not in first]
    return table[columns].head(most)


def phase_distance(
    phase: NDArray[np.bool_],
    points_um: ArrayLike,
    *,
    spacing_um: Sequence[float],
    origin_um: Sequence[float] | None = None,
) -> NDArray[np.float64]:
    """Measure how far points lie from the nearest voxel of a phase.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    points_um : array_like of float, (n, d)
        For example centres of objects [µm].
    spacing_um : sequence of float
        Voxel size [µm].
    origin_um : sequence of float, optional
        Centre of voxel 0 [µm]; 0 unless told.

    Returns
    -------
    ndarray of float, (n,)
        From centre to centre of voxels; 0 inside the phase, NaN outside the image or without the
        phase [µm].

    Examples
    --------
    >>> phase = np.zeros((1, 10), bool); phase[0, 0] = True
    >>> phase_distance(phase, [[0.0, 4.2]], spacing_um=(1, 1))
    array([4.])
    """
    from scipy import ndimage

    mask = np.asarray(phase, bool)
    spacing = np.asarray(checked_spacing(spacing_um, mask.ndim))
    points = np.atleast_2d(np.asarray(points_um, float))
    origin = np.zeros(mask.ndim) if origin_um is None else np.asarray(origin_um, float)
    index = np.rint((points - origin) / spacing).astype(int)
    held = ((index >= 0) & (index < mask.shape)).all(axis=1)
    out = np.full(len(points), np.nan)
    if mask.any():
        distance = ndimage.distance_transform_edt(~mask, sampling=spacing)
        out[held] = distance[tuple(index[held].T)]
    return out


def robust_scaled(table: pd.DataFrame, features: Sequence[str]) -> NDArray[np.float64]:
    """Express features in units of their own spread, from their medians: (n, features)."""
    missing = [name for name in features if name not in table]
    if missing or not len(features):
        listed = ", ".join(map(str, table.columns))
        raise ValueError(
            f"features needs columns of the table ({listed}), got {missing or 'none'}: "
            "name what makes candidates alike"
        )
    values = table[list(features)].to_numpy(float)
    middle = np.nanmedian(values, axis=0)
    quartiles = np.nanpercentile(values, [25, 75], axis=0)
    spread = (quartiles[1] - quartiles[0]) / 1.349
    plain = np.nanstd(values, axis=0)
    spread = np.where(spread > 0, spread, np.where(plain > 0, plain, 1.0))
    return np.asarray((values - middle) / spread)


def _checked(
    values: Mapping[str, float], features: Sequence[str], near: object, cost: object, risk: object
) -> dict[str, float]:
    unknown = set(values) - set(VALUES)
    if unknown or not values:
        raise ValueError(f"values needs names among {VALUES}, got {sorted(unknown) or 'none'}")
    wrong = {name: weight for name, weight in values.items() if not weight > 0}
    if wrong:
        raise ValueError(f"values needs weights above 0, got {wrong}: leave out what counts not")
    needs = {
        "rarity": ("features", len(features) > 0),
        "representativeness": ("features", len(features) > 0),
        "nearness": ("near_um", near is not None),
        "cost": ("cost_minutes", cost is not None),
        "risk": ("risk", risk is not None),
    }
    for name in values:
        argument, given = needs.get(name, ("", True))
        if not given:
            raise ValueError(f"{argument} is needed to value {name}, got none")
    return dict(values)


def _rarity(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minus the logarithm of a density from the distance to the k-th neighbour."""
    from scipy.spatial import cKDTree

    out = np.full(len(scaled), np.nan)
    known = np.isfinite(scaled).all(axis=1)
    count = int(known.sum())
    if count < 2:
        return out
    nth = min(_NEIGHBOURS, max(1, (count - 1) // 2))
    far = cKDTree(scaled[known]).query(scaled[known], k=nth + 1)[0][:, -1]
    out[known] = scaled.shape[1] * np.log(np.maximum(far, 1e-12))
    return out


def _column(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in table:
        raise ValueError(f"size needs a column of the table, got {name!r}")
    return table[name].to_numpy(float)


def _figures(name: str, figures: ArrayLike | None, count: int) -> NDArray[np.float64]:
    values = np.asarray(figures, dtype=float)
    if values.shape != (count,):
        raise ValueError(f"{name} needs one value a candidate ({count}), got shape {values.shape}")
    return values


def _scored(worth: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(worth), share_no_better(worth), 0.0)


def _reasons(
    scores: Mapping[str, NDArray], weights: Mapping[str, float], worth: Mapping, count: int
) -> list[str]:
    """Name each value with the rank behind it, what counted most first."""
    said = []
    for row in range(count):
        order = sorted(weights, key=lambda name: -weights[name] * scores[name][row])
        words = []
        for name in order:
            if not np.isfinite(worth[name][row]):
                words.append(f"{name}: not known")
            else:
                worse = int((worth[name] < worth[name][row]).sum())
                words.append(f"{name}: better than {worse} of {count}")
        said.append("; ".join(words))
    return said
