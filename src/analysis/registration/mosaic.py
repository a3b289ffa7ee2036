"""Tiles of one picture, placed by what they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate

_LEAST_PX = 24  # of overlap, along both axes
_FLOOR_PX = 0.02  # no shift between two tiles is known better
_WORST = 0.01  # chance below which loops are said not to close


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Where tiles lie to each other.

    Attributes
    ----------
    position_um : ndarray, shape (n, 2)
        First pixels of the tiles, y, x; their mean is that of the nominal positions [um].
    covariance_um2 : ndarray, shape (2, n, n)
        Of these positions about their mean, along y and along x [um2].
    pairs : ndarray, shape (m, 2)
        Tiles that were compared.
    chi2 : float
        Of the loops that they make; `dof` is expected.
    dof : int
        0 where the tiles make no loop.
    p : float
        Chance of as much disagreement; NaN without loops.
    """

    position_um: np.ndarray
    covariance_um2: np.ndarray
    pairs: np.ndarray
    chi2: float
    dof: int
    p: float

    @property
    def sigma_um(self) -> np.ndarray:
        """Standard uncertainties of the positions about their mean, (n, 2) [um]."""
        return np.sqrt(np.stack([np.diag(c) for c in self.covariance_um2], axis=1))

    @property
    def statement(self) -> str:
        """The result in one sentence."""
        known = (
            f"{len(self.position_um)} tiles are placed to {self.sigma_um.max():.2g} µm or better"
        )
        if not self.dof:
            return f"{known}; they make no loop, so nothing checks it."
        if self.p < _WORST:
            return (
                f"{known}, errors widened: LOOPS DO NOT CLOSE (chi² {self.chi2:.3g} for "
                f"{self.dof}); is a tile distorted, or was it matched wrongly?"
            )
        return f"{known}; loops close (chi² {self.chi2:.3g} for {self.dof}, p {self.p:.2g})."


def stitch(
    tiles: ArrayLike, *, nominal_um: ArrayLike, spacing_um: ArrayLike, reach_px: int = 8
) -> Mosaic:
    """Place overlapping tiles of one picture by all their overlaps together.

    Parameters
    ----------
    tiles : array, shape (n, y, x)
        Grey values, of one pixel size.
    nominal_um : array, shape (n, 2)
        Stage positions of the first pixels, y, x [um].
    spacing_um : array, shape (2,)
        Pixel size [um].
    reach_px : int
        Two neighbours err by no more than this.

    Returns
    -------
    Mosaic

    Raises
    ------
    ValueError
        Shapes do not fit together.
    Degenerate
        Some tiles overlap with no other.

    Notes
    -----
    Shifts only: not for turned or distorted tiles; loops that do not close show them.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> scene = gaussian_filter(np.random.default_rng(0).normal(size=(80, 150)), 2)
    >>> tiles = [scene[:, :100], scene[:, 48:148]]  # the stage said 50
    >>> placed = stitch(tiles, nominal_um=[[0, 0], [0, 50]], spacing_um=[1, 1])
    >>> np.diff(placed.position_um[:, 1]).round(2).tolist()
    [48.0]
    """
    pictures, nominal = np.asarray(tiles, float), np.asarray(nominal_um, float)
    spacing = np.asarray(spacing_um, float)
    count = len(pictures)
    if pictures.ndim != 3 or nominal.shape != (count, 2) or spacing.shape != (2,):
        raise ValueError(
            "stitch needs tiles (n, y, x), nominal_um (n, 2) and spacing_um (2,), got "
            f"{pictures.shape}, {nominal.shape} and {spacing.shape}"
        )
    found = [
        (i, k, *between)
        for i in range(count)
        for k in range(i + 1, count)
        if (between := _between(pictures[i], pictures[k], (nominal[k] - nominal[i]) / spacing,
                                reach_px)) is not None
    ]  # fmt: skip
    pairs = np.array([row[:2] for row in found], int).reshape(-1, 2)
    ends = np.zeros((len(pairs), count))
    ends[np.arange(len(pairs)), pairs[:, 0]] = -1
    ends[np.arange(len(pairs)), pairs[:, 1]] = 1
    if np.linalg.matrix_rank(ends) < count - 1:
        raise Degenerate(
            f"stitch needs tiles that overlap by {_LEAST_PX + 2 * reach_px} pixels in one piece, "
            f"got the pairs {pairs.tolist()}: check nominal_um and spacing_um"
        )
    steps = np.array([row[2] for row in found]) * spacing
    sigma = np.maximum(np.array([row[3] for row in found]), _FLOOR_PX) * spacing
    return _adjusted(ends, steps, sigma, nominal, pairs)


def _between(
    one: np.ndarray, other: np.ndarray, apart_px: np.ndarray, reach: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Distance of two tiles by their overlap, and its standard uncertainty [px]."""
    from .stack.drift import _shift

    start = np.round(apart_px).astype(int)
    low = np.maximum(start, 0)
    high = np.minimum(one.shape, start + other.shape)
    if (high - low < _LEAST_PX + 2 * reach).any():
        return None
    here = one[low[0] : high[0], low[1] : high[1]]
    there = other[tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))]
    shift, sigma = _shift(here, there, np.zeros(2), reach)
    return start - shift, sigma


def _adjusted(
    ends: np.ndarray, steps: np.ndarray, sigma: np.ndarray, nominal: np.ndarray, pairs: np.ndarray
) -> Mosaic:
    """Weighted least squares over all overlaps; loops that do not close widen the errors."""
    from scipy.stats import chi2 as chi_squared

    position, covariance, misfit = np.empty_like(nominal), [], 0.0
    for axis in range(2):
        weighed = ends / sigma[:, axis, None]
        spread = np.linalg.pinv(weighed.T @ weighed)
        place = spread @ weighed.T @ (steps[:, axis] / sigma[:, axis])
        misfit += float(np.sum(((steps[:, axis] - ends @ place) / sigma[:, axis]) ** 2))
        position[:, axis] = place - place.mean() + nominal[:, axis].mean()
        covariance.append(spread)
    dof = 2 * (len(pairs) - len(nominal) + 1)
    p = float(chi_squared.sf(misfit, dof)) if dof else float("nan")
    widened = misfit / dof if dof and p < _WORST else 1.0
    return Mosaic(position, widened * np.array(covariance), pairs, misfit, dof, p)
