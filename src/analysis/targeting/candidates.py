"""Candidate features, ranked: which of them are worth a visit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .surface_plane import SurfacePlane

if TYPE_CHECKING:
    import pandas as pd

_WEIGHTS = {"size": 1.0, "contrast": 0.5, "depth": 1.0, "isolation": 0.5}


def rank_candidates(
    objects: pd.DataFrame,
    *,
    surface: SurfacePlane | None = None,
    matrix_grey: float | None = None,
    weights: dict[str, float] | None = None,
    most: int = 20,
) -> pd.DataFrame:
    """Rank objects as targets: large, of high contrast, near the surface, and alone.

    Each criterion gives a score from 0 to 1, the share of the objects that do no better. Their
    weighted mean is the score; objects cut by the border come last, whatever their score.

    Parameters
    ----------
    objects : DataFrame
        From `object_table`; with `mean_grey` when contrast is to count.
    surface : SurfacePlane, optional
        With it, shallow objects score higher.
    matrix_grey : float, optional
        Grey value of the surroundings; with it and `mean_grey`, contrast counts.
    weights : dict of str to float, optional
        Of ``size``, ``contrast``, ``depth``, ``isolation``.
    most : int
        Rows returned.

    Returns
    -------
    DataFrame
        Best first: `rank`, `score`, `why` (in words), then the columns of `objects`, and
        `depth_um` and `isolation_um` (distance to the nearest other centre).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"x_um": [0.0, 9.0], "y_um": [0.0, 0.0],
    ...     "equivalent_diameter_um": [1.0, 4.0], "at_border": False})
    >>> rank_candidates(rows)["why"][0]
    'largest of 2; nearest neighbour 9 µm away'
    """
    import pandas as pd

    table = objects.copy()
    chosen = _WEIGHTS | (weights or {})
    unknown = set(chosen) - set(_WEIGHTS)
    if unknown:
        raise ValueError(f"weights needs names among {tuple(_WEIGHTS)}, got {sorted(unknown)}")
    if table.empty:
        return table.assign(
            rank=pd.Series(dtype=int), score=pd.Series(dtype=float), why=pd.Series(dtype=str)
        )
    points = table[[n for n in ("z_um", "y_um", "x_um") if n in table]].to_numpy(float)
    table["isolation_um"] = _isolation(points)
    scores = {
        "size": share_no_better(table["equivalent_diameter_um"].to_numpy(float)),
        "isolation": share_no_better(table["isolation_um"].to_numpy(float)),
    }
    if matrix_grey is not None and "mean_grey" in table:
        scores["contrast"] = share_no_better(np.abs(table["mean_grey"] - matrix_grey).to_numpy())
    if surface is not None and points.shape[1] == 3:
        table["depth_um"] = -(points - surface.point_um) @ surface.normal
        scores["depth"] = share_no_better(-np.abs(table["depth_um"].to_numpy()))
    total = sum(chosen[name] for name in scores)
    table["score"] = sum(chosen[name] * score for name, score in scores.items()) / total
    table = table.sort_values(["at_border", "score"], ascending=[True, False], kind="stable")
    order = table["equivalent_diameter_um"].rank(ascending=False, method="min").astype(int)
    table["why"] = [_why(row, order[i], len(table)) for i, row in table.iterrows()]
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    first = ["rank", "score", "why"]
    columns = first + [c for c in table if c not in first]
    return table[columns].head(most).reset_index(drop=True)


def _isolation(points: NDArray) -> NDArray:
    from scipy.spatial import cKDTree

    if len(points) < 2:
        return np.full(len(points), np.inf)
    return cKDTree(points).query(points, k=2)[0][:, 1]


def share_no_better(values: Sequence[float] | NDArray) -> NDArray:
    """Share of the values that are no better than each, itself included: 0 to 1."""
    import pandas as pd

    ranks = pd.Series(values).rank(method="max", na_option="bottom").to_numpy()
    return ranks / len(ranks)


def _why(row: pd.Series, order: int, count: int) -> str:
    size = "largest" if order == 1 else f"number {order} by size"
    words = [f"{size} of {count}"]
    if "depth_um" in row:
        words.append(f"{row['depth_um']:.3g} µm below the surface")
    if np.isfinite(row["isolation_um"]):
        words.append(f"nearest neighbour {row['isolation_um']:.3g} µm away")
    if row["at_border"]:
        words.append("cut by the border of the image")
    return "; ".join(words)
