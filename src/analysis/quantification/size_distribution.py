"""Size distributions of objects, corrected for what the border of the image hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..distributions import student
from ..spacing import checked_spacing
from .objects import AXIS_NAMES

if TYPE_CHECKING:
    import pandas as pd

CORRECTION = "Miles-Lantuéjoul: objects inside the image, weighted by 1 / places where they fit"


@dataclass(frozen=True)
class SizeDistribution:
    """The distribution of equivalent diameters.

    Attributes
    ----------
    table : DataFrame
        `diameter_um` (upper end of the class), `share_by_number`, `share_by_volume`,
        `cumulative_by_number`, `cumulative_by_volume`.
    mean_um, mean_by_volume_um : float
        Number-weighted and volume-weighted mean diameter [µm].
    quantiles_by_volume_um : dict of str to float
        D10, D50 and D90 by volume [µm].
    mean_error_um, mean_by_volume_error_um : float
        Standard error of the means from the number of objects [µm]; 0 when the border cuts none,
        since then the distribution is that of all objects there are.
    relative_count_error : float
        Standard error of their number per volume, relative; likewise.
    objects, left_out : int
        Objects inside the image, and those cut by its border.
    correction : str
        How the border was dealt with.
    """

    table: pd.DataFrame
    mean_um: float
    mean_by_volume_um: float
    quantiles_by_volume_um: dict[str, float]
    mean_error_um: float
    mean_by_volume_error_um: float
    relative_count_error: float
    objects: int
    left_out: int
    correction: str


def edge_weights(
    table: pd.DataFrame, *, shape: tuple[int, ...], spacing_um: Sequence[float]
) -> NDArray[np.float64]:
    """Weight objects by the inverse of the number of places where they fit into the image.

    A large object is cut by the border more often than a small one; leaving out those that are
    cut makes the rest too small on average. An object of box a x b x c counts with
    Lx Ly Lz / ((Lx - a)(Ly - b)(Lz - c)), one voxel off each of the three; one that is cut
    counts with 0. Where none is cut, all objects there are have been seen, and count alike.

    Parameters
    ----------
    table : DataFrame
        From `object_table`.
    shape : tuple of int
        Of the image, (z, y, x) or (y, x).
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    ndarray of float, (n,)

    References
    ----------
    Lantuéjoul 1980, doi:10.1111/j.1365-2818.1980.tb04063.x (frame correction after Miles 1974).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"size_x_um": [4.0], "size_y_um": [0.0], "at_border": [False]})
    >>> cut = pd.DataFrame({"size_x_um": [1.0], "size_y_um": [1.0], "at_border": [True]})
    >>> rows = pd.concat([rows, cut])
    >>> edge_weights(rows, shape=(10, 10), spacing_um=(1, 1)).round(3)
    array([2.222, 0.   ])
    """
    spacing = checked_spacing(spacing_um, len(shape))
    weights = np.where(table["at_border"].to_numpy(bool), 0.0, 1.0)
    if weights.all():
        return weights
    for name, count, step in zip(AXIS_NAMES[len(shape)], shape, spacing, strict=True):
        length = count * step
        # one voxel less: an object that reaches the outermost voxel counts as cut
        room = length - step - table[f"size_{name}_um"].to_numpy(float)
        weights = np.where(weights > 0, weights * length / np.maximum(room, step), 0.0)
    return weights


def size_distribution(
    table: pd.DataFrame, *, shape: tuple[int, ...], spacing_um: Sequence[float], bins: int = 20
) -> SizeDistribution:
    """Compute number- and volume-weighted size distributions from an object table.

    Parameters
    ----------
    table : DataFrame
        From `object_table`.
    shape : tuple of int
        Of the image.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    bins : int
        Classes between the smallest and the largest diameter.

    Returns
    -------
    SizeDistribution
        NaN means when no object lies inside the image.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"equivalent_diameter_um": [1.0, 3.0], "at_border": False,
    ...     "size_x_um": 0.0, "size_y_um": 0.0})
    >>> size_distribution(rows, shape=(9, 9), spacing_um=(1, 1)).mean_um
    2.0
    """
    weights = edge_weights(table, shape=shape, spacing_um=spacing_um)
    inside = weights > 0
    diameter = table["equivalent_diameter_um"].to_numpy(float)[inside]
    by_number = weights[inside]
    by_volume = by_number * diameter ** len(shape)
    left_out = int(len(table) - inside.sum())
    if not inside.any():
        nan = float("nan")
        quantiles = {"D10": nan, "D50": nan, "D90": nan}
        return SizeDistribution(
            _classes([], [], [], 0), nan, nan, quantiles, nan, nan, nan, 0, left_out, CORRECTION
        )
    complete = left_out == 0
    return SizeDistribution(
        table=_classes(diameter, by_number, by_volume, bins),
        mean_um=float(np.average(diameter, weights=by_number)),
        mean_by_volume_um=float(np.average(diameter, weights=by_volume)),
        quantiles_by_volume_um={
            f"D{q}": _weighted_quantile(diameter, by_volume, q / 100) for q in (10, 50, 90)
        },
        mean_error_um=0.0 if complete else _mean_error(diameter, by_number),
        mean_by_volume_error_um=0.0 if complete else _mean_error(diameter, by_volume),
        relative_count_error=0.0
        if complete
        else float(np.linalg.norm(by_number) / by_number.sum()),
        objects=int(inside.sum()),
        left_out=left_out,
        correction=CORRECTION,
    )


def _mean_error(values: NDArray, weights: NDArray) -> float:
    """Standard error of a weighted mean, from the scatter of the values.

    Widened where there are few objects, so that 1.96 of it hold 95 % (Student's t).
    """
    effective = float(weights.sum() ** 2 / np.sum(weights**2))
    if effective < 2:
        return float("nan")
    residual = weights * (values - np.average(values, weights=weights))
    error = np.linalg.norm(residual) / weights.sum() * np.sqrt(effective / (effective - 1))
    return float(error * student.ppf(0.975, effective - 1) / 1.96)


def _classes(
    diameter: Sequence[float] | NDArray,
    by_number: Sequence[float] | NDArray,
    by_volume: Sequence[float] | NDArray,
    bins: int,
) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, NDArray] = {"diameter_um": np.zeros(0)}
    edges = np.zeros(1)
    if bins:
        edges = np.histogram_bin_edges(diameter, bins)
        columns["diameter_um"] = edges[1:]
    for name, weights in (("number", by_number), ("volume", by_volume)):
        share = np.histogram(diameter, edges, weights=weights)[0] if bins else np.zeros(0)
        share = share / share.sum() if len(share) else share
        columns[f"share_by_{name}"] = share
        columns[f"cumulative_by_{name}"] = np.cumsum(share)
    return pd.DataFrame(columns)


def _weighted_quantile(values: NDArray, weights: NDArray, q: float) -> float:
    order = np.argsort(values)
    middle = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(q, middle / weights.sum(), values[order]))
