"""Find more like this: candidates that resemble a chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .value import robust_scaled

if TYPE_CHECKING:
    import pandas as pd

_KNOWN_AS_SAME = 0.1  # robust standard deviations: nobody would call it a difference


def more_like(
    objects: pd.DataFrame,
    example: int | Sequence[int],
    *,
    features: Sequence[str],
    most: int = 20,
) -> pd.DataFrame:
    """Rank candidates by how much they resemble one, or several, chosen ones.

    Parameters
    ----------
    objects : DataFrame
        One row a candidate.
    example : int or sequence of int
        Index label of the chosen candidate, or of several: then the distance is that to the
        nearest of them.
    features : sequence of str
        Columns that say what a candidate is like; positions do not.
    most : int
        Rows returned.

    Returns
    -------
    DataFrame
        Most alike first, the chosen ones left out: `rank`, `distance` (root mean square difference
        of the features, in units of their spread over all candidates), `why` (what differs most),
        `like` (label of the chosen one that it resembles), then the columns of `objects`, whose
        index is kept. Candidates with a missing feature come last, with a distance of NaN.

    Raises
    ------
    ValueError
        No such candidate, or no such column.

    Notes
    -----
    Features that say the same thing twice count twice: choose few. Use it to shorten a list that a
    person looks through, not to count a population.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"diameter_um": [2.0, 8.0, 3.0, 5.0], "sphericity": [.9, .5, .9, .5]})
    >>> more_like(rows, 0, features=["diameter_um", "sphericity"])["why"].tolist()[0]
    'alike in every feature but diameter_um (+50 %)'
    """
    import pandas as pd

    scaled = pd.DataFrame(robust_scaled(objects, features), index=objects.index)
    chosen = [example] if np.isscalar(example) else list(example)  # type: ignore[arg-type]
    missing = [label for label in chosen if label not in objects.index]
    if missing or not chosen:
        raise ValueError(
            f"example needs labels of the table's index, got {missing or 'none'}: "
            "give the label of a row"
        )
    others = objects.drop(index=chosen)
    own = scaled.loc[others.index].to_numpy()[:, None] - scaled.loc[chosen].to_numpy()[None]
    distance = np.sqrt(np.mean(own**2, axis=2))
    nearest = np.argmin(np.where(np.isfinite(distance), distance, np.inf), axis=1)
    rows = np.arange(len(others))
    likes = [chosen[k] for k in nearest]
    why = [
        _why(own[row, nearest[row]], others.iloc[row], objects.loc[likes[row]], features)
        for row in rows.tolist()
    ]
    table = others.assign(distance=distance[rows, nearest], why=why, like=likes)
    table = table.sort_values("distance", kind="stable", na_position="last")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    first = ["rank", "distance", "why", "like"]
    return table[first + [column for column in table if column not in first]].head(most)


def _why(difference: np.ndarray, row: pd.Series, like: pd.Series, features: Sequence[str]) -> str:
    if not np.isfinite(difference).all():
        unknown = [name for name, value in zip(features, difference, strict=True) if value != value]
        return f"{', '.join(unknown)} not known"
    order = np.argsort(-np.abs(difference))
    apart = [features[k] for k in order if abs(difference[k]) > _KNOWN_AS_SAME]
    if not apart:
        return "alike in every feature"
    said = ", ".join(_change(name, float(row[name]), float(like[name])) for name in apart[:2])
    if len(apart) == 1:
        return f"alike in every feature but {said}"
    return f"differs most in {said}"


def _change(name: str, value: float, chosen: float) -> str:
    if chosen == 0:
        return f"{name} ({value:.3g} against 0)"
    return f"{name} ({100 * (value / chosen - 1):+.2g} %)"
