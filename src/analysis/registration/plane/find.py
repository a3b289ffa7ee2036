"""Find the plane of a picture inside a volume."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ....errors import NoPlaceStandsOut
from ..grey_image import GreyImage
from ..tangent import Model
from ..transform import AffineTransform
from .found import Rival, SliceInVolume
from .ladder import Rung, coarsest, ladder
from .places import Places, correlated_places
from .polish import polished
from .search import UNLIKE, Finalist, OnProgress, Search, apart, between
from .standing_out import FEWEST, chance_of_standing_out
from .turns import all_turns, turns_within

if TYPE_CHECKING:
    import pandas as pd

_APART = 3.0  # voxels beyond which it is another place
_REACH = 20.0  # voxels, by default
_PARTLY = 0.3  # widths of the picture within which another place may be partly right
_ALIKE = 0.95  # share of the best score from which a second place fits as well
_DECOY = "search == 'decoy'"
_STEP = 2.2  # voxels that the picture's edge may move from one turn to the next
_DECOY_TURNS = 80
_AROUND, _BEHIND, _DECOYS = (12, 5, 3), (4, 2, 2), (12, 9, 8)
_ANYWHERE = (60, 24, 12)


def find_slice(
    picture: GreyImage,
    volume: GreyImage,
    *,
    start: AffineTransform | None = None,
    reach_um: float | None = None,
    reach_deg: float = 10.0,
    model: Model = "similarity",
    scale_tolerance: float = 0.02,
    mirror: bool = False,
    bowed: bool = False,
    least_overlap: float = 0.5,
    chance: float = 0.05,
    seed: int = 0,
    progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> SliceInVolume:
    """Find where the plane of a picture lies inside a volume, and how well that is known.

    The picture is correlated with all planes of a coarse volume, in many turns (all there are,
    or those near the start). The best places are climbed by mutual information from coarse to
    fine. What stands out from places that mean nothing is refined on all pixels and given a
    covariance by how far it moves without each of 36 parts of the picture.

    Parameters
    ----------
    picture : GreyImage
        Flat, with its pixel size [um].
    volume : GreyImage
        With its voxel size [um]; voxels need not be cubes.
    start : AffineTransform, optional
        Rough map of the picture into the volume, 2-D to 3-D. Without one, nothing is known but
        the scale.
    reach_um : float, optional
        How far the middle of the picture may lie from the start along each axis [um]; 20 voxels
        by default.
    reach_deg : float
        How far it may be turned from the start about each axis [degree].
    model : {"rigid", "similarity", "affine"}
        What is free: plane, shift and turn; the scale too; shear and both scales too.
    scale_tolerance : float
        Largest relative change of scale; places beyond it are dropped.
    mirror : bool
        Whether the picture may be the section seen from behind. Without a start, both sides are
        looked at anyway, and `SliceInVolume.normal` tells which it is.
    bowed : bool
        Whether the section may be bent: a height over its plane of second order.
    least_overlap : float
        Share of the picture that must lie in the volume.
    chance : float
        The best place must lead by more than meaningless places would in this share of cases.
    seed : int
        Of the choice of pixels and of decoys.
    progress : callable, optional
        Is called with what is done and the share of it.
    cancel : threading.Event, optional
        Is looked at between climbs.

    Returns
    -------
    SliceInVolume

    Raises
    ------
    NoPlaceStandsOut
        The best place is no better than chance would have it, a second one is as good, or the
        picture is turned over.
    RegistrationCancelled
        ``cancel`` was set.
    ValueError
        The picture is not flat, the volume is, or the start is not a map from 2-D to 3-D.

    Notes
    -----
    The coarse search correlates grey values, of either sign: contrasts that share neither rank nor
    edges with the volume (several phases in another order) need a start near enough for the
    climb, a few correlation lengths. Without a start, structure should be longer than a
    twenty-fifth of the picture's width: at a hundredth the coarse search saw nothing, and said so.
    Do not use it on periodic structures without looking at `runner_up`.

    References
    ----------
    Mattes et al. 2003, doi:10.1109/TMI.2003.809072 (mutual information); Ferrante & Paragios
    2017, doi:10.1016/j.media.2017.04.010 (slices in volumes, a review).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> from scipy.ndimage import gaussian_filter
    >>> grey = gaussian_filter(rng.normal(size=(40, 64, 64)), 2)
    >>> picture = GreyImage(-grey[17, 8:56, 8:56], [1, 1], [8, 8])
    >>> near = AffineTransform("rigid", np.eye(3), [0, 32, 32], [20, 34, 29], 2, 3)
    >>> found = find_slice(picture, GreyImage(grey, [1, 1, 1]), start=near, model="rigid")
    >>> float(found.point_um[0].round(1))
    17.0
    """
    began = time.perf_counter()
    like = _like(picture, volume, start, model)
    rungs = ladder(picture, volume)
    search = Search(rungs, like, scale_tolerance, least_overlap, seed, progress, cancel)
    if start is None:
        finalists = _anywhere(search)
    else:
        reach = _REACH * volume.voxel_um if reach_um is None else float(reach_um)
        finalists = _near(search, reach, np.radians(reach_deg))
    if not finalists:
        raise NoPlaceStandsOut(
            f"no place stands out: none holds {least_overlap:.0%} of the picture at a scale within "
            f"{scale_tolerance:.1%}; widen scale_tolerance, or check the pixel sizes"
        )
    best = _winner(finalists, rungs[-1], start is None or mirror)
    others = [
        one for one in finalists if between(one.transform, best.transform, rungs[-1]) > _APART
    ]
    found = _result(search, best, finalists, others, model, bowed)
    found = replace(found, seconds=time.perf_counter() - began)
    _refuse(found, best, others, chance)
    return found


def _like(
    picture: GreyImage, volume: GreyImage, start: AffineTransform | None, model: Model
) -> AffineTransform:
    """The start about the picture's middle, as a similarity or a rigid map."""
    if picture.ndim != 2 or volume.ndim != 3:
        raise ValueError(
            "picture needs 2 axes (y, x) and volume 3 (z, y, x), got "
            f"{picture.ndim} and {volume.ndim}"
        )
    if model not in ("rigid", "similarity", "affine"):
        raise ValueError(f"model needs rigid, similarity or affine, got {model!r}: choose one")
    matrix, offset = np.eye(3), volume.centre_um
    if start is not None:
        if (start.ndim_moving, start.ndim_fixed) != (2, 3):
            raise ValueError(
                "start needs to map 2-D to 3-D, got "
                f"{start.ndim_moving}-D to {start.ndim_fixed}-D: set ndim_moving=2, ndim_fixed=3"
            )
        matrix, offset = start.matrix, start.apply(picture.centre_um[None])[0]
    return AffineTransform(
        model="rigid" if model == "rigid" else "similarity",
        matrix=matrix,
        centre_um=picture.centre_um,
        offset_um=offset,
        ndim_moving=2,
        ndim_fixed=3,
    )


def _step(rung: Rung) -> float:
    """Angle between turns that are worth telling apart [rad]."""
    half = max(rung.picture.values.shape) / 2
    return float(_STEP / half)


def _anywhere(search: Search) -> list[Finalist]:
    rung = coarsest(search.rungs)
    places = correlated_places(
        rung.picture,
        rung.volume,
        all_turns(_step(rung)) * search.like.scale,
        most=_ANYWHERE[0],
        least_overlap=search.least_overlap,
        tell=lambda share: search.tell("all turns", 0.6 * share),
    )
    finalists = search.climb_all({"anywhere": (places, _ANYWHERE)}, share=(0.6, 0.9))
    if finalists:
        aside = replace(search, like=finalists[0].transform)
        behind = _around(aside, _over(aside.like), 4 * rung.voxel_um, 2 * _step(rung), _BEHIND[0])
        finalists += aside.climb_all({"turned over": (behind, _BEHIND)}, share=(0.9, 0.95))
    return sorted(finalists, key=lambda one: -one.score)


def _near(search: Search, reach_um: float, reach_rad: float) -> list[Finalist]:
    matrix = search.like.matrix
    groups: dict[str, tuple[Places, tuple[int, ...]]] = {
        "near the start": (_around(search, matrix, reach_um, reach_rad, _AROUND[0]), _AROUND),
        "turned over": (
            _around(search, _over(search.like), reach_um, reach_rad, _BEHIND[0]),
            _BEHIND,
        ),
        "decoy": (_decoys(search, reach_rad), _DECOYS),
    }
    return search.climb_all(groups, share=(0.2, 0.95))


def _around(
    search: Search, matrix: np.ndarray, reach_um: float, reach_rad: float, most: int
) -> Places:
    rung, middle = search.rungs[0], search.like.offset_um
    search.tell("turns near the start", 0.0)
    return correlated_places(
        rung.picture,
        rung.volume,
        turns_within(reach_rad, _step(rung)) @ matrix,
        most=most,
        least_overlap=search.least_overlap,
        box_um=(middle - reach_um, middle + reach_um),
    )


def _over(transform: AffineTransform) -> np.ndarray:
    """The same plane looked at from behind: the picture's rows stay, its columns are reversed."""
    return transform.matrix @ np.diag([-1.0, 1.0, -1.0])


def _decoys(search: Search, reach_rad: float) -> Places:
    """Places of other turns, which can only fit by chance."""
    from scipy.spatial.transform import Rotation

    rung, own = search.rungs[0], search.like.matrix / search.like.scale
    rng = np.random.default_rng(search.seed)
    turns = Rotation.random(4 * _DECOY_TURNS, random_state=rng).as_matrix()
    far = np.ones(len(turns), bool)
    for near in (own, _over(search.like) / search.like.scale):
        angle = np.arccos(np.clip((np.einsum("nij,ij->n", turns, near) - 1) / 2, -1, 1))
        far &= angle > min(2 * reach_rad + 2 * _step(rung), 1.0)
    return correlated_places(
        rung.picture,
        rung.volume,
        turns[far][:_DECOY_TURNS] * search.like.scale,
        most=_DECOYS[0],
        apart=UNLIKE,
        least_overlap=search.least_overlap,
        tell=lambda share: search.tell("decoys", 0.2 * share),
    )


def _winner(finalists: list[Finalist], rung: Rung, either_side: bool) -> Finalist:
    allowed = ("near the start", "anywhere", "turned over") if either_side else ("near the start",)
    own = [one for one in finalists if one.group in allowed]
    return max(own or finalists, key=lambda one: one.score)


def _elsewhere(finalists: list[Finalist], best: Finalist, rung: Rung) -> list[Finalist]:
    """Places that are not the best one, seen a few voxels off."""
    return [one for one in finalists if between(one.transform, best.transform, rung) > _APART]


def _meaningless(others: list[Finalist], best: Finalist, rung: Rung) -> list[float]:
    """Scores of places that share little with the best one, or with each other.

    Those near it are often partly right, and tell nothing of chance.
    """
    width = max(rung.picture.values.shape)
    far = [
        one
        for one in others
        if one.group != "near the start"
        and between(one.transform, best.transform, rung) > _PARTLY * width
    ]
    return [one.score for one in apart(far, rung, UNLIKE * width)]


def _result(
    search: Search,
    best: Finalist,
    finalists: list[Finalist],
    others: list[Finalist],
    model: Model,
    bowed: bool,
) -> SliceInVolume:
    rung = search.rungs[-1]
    scores = [one.score for one in others]
    chance = chance_of_standing_out(best.score, _meaningless(others, best, rung))
    search.tell("all pixels", 0.95)
    start = best.transform if model == search.like.model else replace(best.transform, model=model)
    end = polished(rung, start, seed=search.seed, least_overlap=search.least_overlap, bowed=bowed)
    second = others[0] if others else None
    behind = next(
        (one for one in finalists if one.group == "turned over" and one is not best), None
    )
    lead = best.score - float(np.median(scores)) if scores else float("nan")
    margin = (best.score - scores[0]) / lead if scores and lead > 0 else float("nan")
    found = SliceInVolume(
        transform=end.transform,
        bow=end.bow,
        bow_sigma=end.bow_sigma,
        score=end.information * end.overlap,
        overlap=end.overlap,
        chance=chance,
        runner_up=_rival(second, best),
        margin=margin,
        turned_over=_rival(behind, best),
        tried=_table(finalists, best, rung),
        seconds=0.0,
        statement="",
    )
    return replace(found, statement=_statement(found) + end.doubt)


def _rival(one: Finalist | None, best: Finalist) -> Rival | None:
    return None if one is None else Rival(one.transform, one.score, one.score / best.score)


def _table(finalists: list[Finalist], best: Finalist, rung: Rung) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "search": one.group,
            "score": one.score,
            "information": one.information,
            "overlap": one.overlap,
            "apart_um": between(one.transform, best.transform, rung) * rung.voxel_um,
            **{f"{'zyx'[k]}_um": one.transform.offset_um[k] for k in (2, 1, 0)},
        }
        for one in finalists
    ]
    return pd.DataFrame(rows)


def _statement(found: SliceInVolume) -> str:
    words = [f"mutual information {found.score:.3g} nat with {found.overlap:.0%} of the picture"]
    if found.runner_up is not None:
        words.append(f"the second-best place has {found.runner_up.ratio:.0%} of it")
    if found.turned_over is not None:
        words.append(f"turned over it has {found.turned_over.ratio:.0%}")
    if np.isfinite(found.chance):
        words.append(f"chance would lead as much in {found.chance:.2g} of cases")
    else:
        words.append(f"fewer than {FEWEST} other places: chance not told")
    return "; ".join(words)


def _refuse(found: SliceInVolume, best: Finalist, others: list[Finalist], chance: float) -> None:
    behind = [one.score for one in others if one.group == "turned over"]
    as_given = best.group == "near the start" and bool(behind) and behind[0] > best.score
    if as_given and chance_of_standing_out(behind[0], found.tried.query(_DECOY).score) <= chance:
        raise NoPlaceStandsOut(
            f"the picture turned over fits {behind[0] / best.score:.1f} times as well as it "
            "was given: it is the section seen from behind; set mirror=True, or flip it",
            best=found,
        )
    second = found.runner_up
    if second is not None and second.ratio > _ALIKE and found.chance <= chance:
        raise NoPlaceStandsOut(
            f"no place stands out: two places fit alike, the second has {second.ratio:.0%} of the "
            "best score; expected less than 95%. The structure repeats itself: narrow reach_um",
            best=found,
        )
    if not found.chance <= chance:
        raise NoPlaceStandsOut(
            f"no place stands out: {found.statement}; expected less than {chance:g}. Give a start, "
            "a larger picture, or one with more of the volume's structure",
            best=found,
        )
