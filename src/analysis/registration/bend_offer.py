"""What a bend would gain over a straight map, told by landmarks that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from .adequacy import Adequacy
from .fit import LandmarkFit
from .points import lift
from .spline_fit import SPLINE, SplineFit, fit_spline

_RESAMPLED = 2000


@dataclass(frozen=True, eq=False)
class BendOffer:
    """A thin-plate map that a person may take instead of a straight one.

    Attributes
    ----------
    fit : SplineFit
    instead_of : str
        Model of the straight map.
    landmarks : int
    p : float
        Chance that mere picking errors look as bent, see `judge_adequacy`.
    loo_um, loo_bend_um : float
        RMS error at left-out landmarks by the straight map and by the bend [um].
    less : float
        Share by which the bend misses them less.
    less95 : tuple of float
        Its 95 % interval, from landmarks drawn again.
    apart_um : float
        How far the two maps lie apart at the target, else at the landmark where that is most [um].
    at_target : bool
    """

    fit: SplineFit
    instead_of: str
    landmarks: int
    p: float
    loo_um: float
    loo_bend_um: float
    less: float
    less95: tuple[float, float]
    apart_um: float
    at_target: bool

    model = SPLINE

    def statement(self, unit: str = "") -> str:
        """Put the offer in words, with lengths in a unit ("" takes what suits each)."""
        low, high = (f"{100 * share:.0f}" for share in self.less95)
        where = "at the target" if self.at_target else "at some landmark"
        return (
            f"{'an' if self.instead_of == 'affine' else 'a'} {self.instead_of} map is not adequate "
            f"for these {self.landmarks} landmarks (p = {self.p:.2g}): a {SPLINE} map misses "
            f"left-out ones by {format_length(self.loo_bend_um, unit=unit)} RMS instead of "
            f"{format_length(self.loo_um, unit=unit)}, {100 * self.less:.0f} % less ({low} to "
            f"{high} %); {where} the two maps lie {format_length(self.apart_um, unit=unit)} apart"
        )


def offer_bend(
    straight: LandmarkFit,
    adequacy: Adequacy,
    *,
    target_um: ArrayLike | None = None,
    seed: int = 0,
) -> BendOffer | None:
    """Offer a thin-plate map where a straight one is not adequate and the bend predicts better.

    Parameters
    ----------
    straight : LandmarkFit
        The map that would be used.
    adequacy : Adequacy
        Of the richest straight map.
    target_um : (1, 3) or (1, 2) array, optional
        Where the map will be used, in the moving frame [um].
    seed : int
        Of the landmarks that are drawn again.

    Returns
    -------
    BendOffer or None
        None where the straight map is adequate, where that cannot be told, and where the bend does
        not miss left-out landmarks less, by its 95 % interval.

    References
    ----------
    Efron & Tibshirani 1986, doi:10.1214/ss/1177013815 (the interval). Landmarks that lie close
    together err alike, which makes it too narrow.

    Examples
    --------
    >>> from .adequacy import judge_adequacy
    >>> from .fit import fit_landmarks
    >>> places = np.random.default_rng(0).uniform(0, 100, (30, 2))
    >>> bow = places + np.column_stack([0.004 * (places[:, 1] - 50) ** 2, 0 * places[:, 0]])
    >>> straight = fit_landmarks(places, bow, model="affine")
    >>> offer = offer_bend(straight, judge_adequacy(straight))
    >>> offer.model, offer.less > 0.8
    ('thin-plate', True)
    """
    if adequacy.adequate is not False:
        return None
    pairs = straight.pairs
    given = {"ndim_moving": pairs.ndim_moving, "ndim_fixed": pairs.ndim_fixed}
    try:
        bend = fit_spline(pairs.moving_um, pairs.fixed_um, **given)
    except Degenerate:
        return None
    squares = np.square([straight.loo_um, bend.loo_um])
    less, less95 = _less(squares, np.random.default_rng(seed))
    if not less95[0] > 0:
        return None
    places = lift(pairs.moving_um if target_um is None else target_um)
    apart = np.linalg.norm(bend.transform.apply(places) - straight.transform.apply(places), axis=1)
    return BendOffer(
        bend,
        straight.transform.model,
        len(pairs),
        adequacy.p,
        straight.loo_rms_um,
        bend.loo_rms_um,
        less,
        less95,
        float(apart.max()),
        target_um is not None,
    )


def _less(squares_um2: np.ndarray, rng: np.random.Generator) -> tuple[float, tuple[float, float]]:
    """Share by which the second row's RMS is less than the first's, and its 95 % interval."""
    count = squares_um2.shape[1]
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=_RESAMPLED) @ squares_um2.T
    ratios = 1 - np.sqrt(drawn[:, 1] / drawn[:, 0])
    low, high = np.quantile(ratios, [0.025, 0.975])
    straight, bend = squares_um2.sum(axis=1)
    return float(1 - np.sqrt(bend / straight)), (float(low), float(high))
