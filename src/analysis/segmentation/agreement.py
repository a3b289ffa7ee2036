"""How far two segmentations, or two modalities, agree on one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Agreement:
    """Overlap of two segmentations.

    Attributes
    ----------
    table : DataFrame
        One row a label: `label`, `share_a`, `share_b`, `dice`, `jaccard`; NaN where neither has
        it.
    confusion : DataFrame
        Voxels by label in the first (rows) and the second (columns).
    same : float
        Share of voxels with one label in both.
    voxels : int
        Compared.
    """

    table: pd.DataFrame
    confusion: pd.DataFrame
    same: float
    voxels: int


def agreement(
    a: NDArray, b: NDArray, *, mask: NDArray | None = None, labels: Sequence[int] | None = None
) -> Agreement:
    """Compare two segmentations of the same grid, label by label.

    Dice is 2 |A and B| / (|A| + |B|), Jaccard |A and B| / |A or B|. Both fall for small and thin
    objects at the same distance between their borders: compare them between objects of one size
    only.

    Parameters
    ----------
    a, b : ndarray of int
        Labels from 0 to 65535.
    mask : ndarray of bool, optional
        Where both are known.
    labels : sequence of int, optional
        All that occur unless told.

    References
    ----------
    Dice 1945, doi:10.2307/1932409; Taha & Hanbury 2015, doi:10.1186/s12880-015-0068-x.

    Examples
    --------
    >>> agreement(np.array([1, 1, 2, 2]), np.array([1, 2, 2, 2])).table["dice"].round(3).tolist()
    [0.667, 0.8]
    """
    import pandas as pd

    a, b = np.asarray(a), np.asarray(b)
    _check_shapes(a, b, mask)
    inside = slice(None) if mask is None else np.asarray(mask, bool)
    first, second = (_checked_labels(values[inside].ravel()) for values in (a, b))
    if not len(first):
        raise ValueError("mask needs voxels to compare, got none")
    found = np.union1d(np.unique(first), np.unique(second))
    known = found if labels is None else np.union1d(found, np.asarray(labels))
    place = np.zeros(int(known.max()) + 1, np.int64)
    place[known] = np.arange(len(known))
    n = len(known)
    counts = np.bincount(place[first] * n + place[second], minlength=n * n).reshape(n, n)
    both, in_a, in_b = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(invalid="ignore"):
        columns = {
            "label": known,
            "share_a": in_a / len(first),
            "share_b": in_b / len(first),
            "dice": 2 * both / (in_a + in_b),
            "jaccard": both / (in_a + in_b - both),
        }
    table = pd.DataFrame(columns)
    if labels is not None:
        table = table[table["label"].isin(list(labels))].reset_index(drop=True)
    confusion = pd.DataFrame(
        counts, index=pd.Index(known, name="a"), columns=pd.Index(known, name="b")
    )
    return Agreement(table, confusion, float(both.sum() / len(first)), len(first))


@dataclass(frozen=True)
class JointHistogram:
    """How often two grey values stand at the same place.

    Attributes
    ----------
    counts : ndarray of int64, (bins of a, bins of b)
    edges_a, edges_b : ndarray of float
        One more than bins [grey value].
    mutual_information : float
        By the histogram [nat]; 0 for images that know nothing of each other, but for the bias of
        about bins² / (2 voxels).
    correlation : float
        Pearson's.
    """

    counts: NDArray[np.int64]
    edges_a: NDArray[np.float64]
    edges_b: NDArray[np.float64]
    mutual_information: float
    correlation: float


def joint_histogram(
    a: NDArray, b: NDArray, *, bins: int = 64, mask: NDArray | None = None
) -> JointHistogram:
    """Count pairs of grey values of two images on one grid; NaN and infinity are left out.

    Examples
    --------
    >>> found = joint_histogram(np.array([0.0, 0, 1, 1]), np.array([5.0, 5, 9, 9]), bins=2)
    >>> found.counts.tolist(), round(found.mutual_information, 4), found.correlation
    ([[2, 0], [0, 2]], 0.6931, 1.0)
    """
    a, b = np.asarray(a), np.asarray(b)
    _check_shapes(a, b, mask)
    if bins < 2:
        raise ValueError(f"bins needs 2 or more, got {bins}")
    known = np.isfinite(a) & np.isfinite(b)
    if mask is not None:
        known &= np.asarray(mask, bool)
    x, y = a[known].astype(float), b[known].astype(float)
    if not len(x):
        raise ValueError("the images need places where both are known, got none")
    counts, edges_a, edges_b = np.histogram2d(x, y, bins)
    share = counts / counts.sum()
    alone = share.sum(axis=1)[:, None] * share.sum(axis=0)
    some = share > 0
    information = float(np.sum(share[some] * np.log(share[some] / alone[some])))
    spread = float(x.std() * y.std())
    related = float(np.mean((x - x.mean()) * (y - y.mean())) / spread) if spread else float("nan")
    return JointHistogram(counts.astype(np.int64), edges_a, edges_b, information, related)


def _check_shapes(a: NDArray, b: NDArray, mask: NDArray | None) -> None:
    if a.shape != b.shape:
        raise ValueError(
            f"the two need one shape, got {a.shape} and {b.shape}: resample one onto the other"
        )
    if mask is not None and mask.shape != a.shape:
        raise ValueError(f"mask needs the shape {a.shape}, got {mask.shape}")


def _checked_labels(values: NDArray) -> NDArray[Any]:
    if values.dtype == bool:
        return values.astype(np.uint8)
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f"labels need whole numbers, got {values.dtype}")
    if len(values) and not (int(values.min()) >= 0 and int(values.max()) <= 65535):
        raise ValueError(f"labels need 0 to 65535, got {values.min()} to {values.max()}")
    return values
