"""One front door to automatic registration."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from ...errors import Degenerate
from ...quantities import format_length
from .bending import Bending, bent
from .descent import Summit
from .displacement import DisplacementField
from .elastix import aligned_by_elastix
from .grey_image import GreyImage
from .intensity import Cancel, OnStep, Search
from .inverse import inverted
from .pose_search import poses_by_correlation
from .spread_of_blocks import with_block_covariance
from .starts import around, centred, distance_um
from .tangent import LINEAR, Model
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

BENT: Final = "b-spline"
_STARTS = 12  # beside the one that was given
_REACH = 0.15  # of the smaller image's size, where no reach was given
_REACH_DEG = 20.0
_CLEAR = 0.1  # less mutual information: a runner-up nearer than this is a rival


@dataclass(frozen=True, eq=False)
class RunnerUp:
    """The best map of another place.

    Attributes
    ----------
    transform : AffineTransform
        Without covariance.
    margin : float
        How much less mutual information it has, as a share of the best: 0 is as good. Both on the
        same resolution.
    away_um : float
        Largest distance from the best map at the corners of the moving image [um].
    """

    transform: AffineTransform
    margin: float
    away_um: float


@dataclass(frozen=True, eq=False)
class Registration:
    """What automatic registration found, and what it tried.

    Attributes
    ----------
    transform : AffineTransform
        From the moving to the fixed frame; with covariance unless that was not asked for or could
        not be told.
    information_nat : float
        Mutual information [nat].
    chance_nat : float
        Information times overlap that unrelated places come to, on the coarsest level [nat].
    overlap : float
        Share of the smaller image that falls into the other one.
    runner_up : RunnerUp or None
        None where every start ended at the same place.
    bend : Bending or None
        What the linear map leaves over, where it was asked for and is shown.
    tried : DataFrame
        A row a climb: start, voxel, sweeps, information, overlap, how far it moved, seconds.
    warnings : tuple of str
    statement : str
        In words.
    seconds : float
    """

    transform: AffineTransform
    information_nat: float
    chance_nat: float
    overlap: float
    runner_up: RunnerUp | None
    bend: Bending | None
    tried: pd.DataFrame
    warnings: tuple[str, ...]
    statement: str
    seconds: float

    @property
    def map(self) -> AffineTransform | DisplacementField:
        """The bent map where there is one, else the linear one."""
        return self.transform if self.bend is None else self.bend.field


def register(
    fixed: GreyImage,
    moving: GreyImage,
    *,
    start: AffineTransform | None = None,
    model: Model | Literal["b-spline"] = "rigid",
    uncertainty: Literal["blocks"] | None = "blocks",
    engine: Literal["scalebridge", "elastix"] = "scalebridge",
    reach_um: float | None = None,
    reach_deg: float | None = None,
    starts: int = _STARTS,
    seed: int = 0,
    progress: OnStep | None = None,
    cancel: Cancel | None = None,
) -> Registration:
    """Find the map from one image to another by their grey values, whatever their contrasts.

    Mutual information is climbed from many starts on a coarse level and from the best ends on finer
    ones. Where no end stands out from what unrelated maps come to, turns within reach are
    gone through one by one, each with all shifts at once. The finer image is first made as coarse
    as the other one. The covariance is that between blocks of the image.

    Parameters
    ----------
    fixed, moving : GreyImage
        Both in space, both flat, or a flat moving image in a fixed volume.
    start : AffineTransform, optional
        From the moving to the fixed frame; by default the middle of one on that of the other, axes
        along axes.
    model : {"translation", "rigid", "similarity", "affine", "b-spline"}
        What may differ between the images. A translation keeps the matrix of the start. A B-spline
        bends the affine map where each half of the image confirms what the other one shows; see
        `bent`.
    uncertainty : {"blocks"} or None
    engine : {"scalebridge", "elastix"}
        Elastix takes its default parameters and one start, and needs the package itk-elastix. What
        it finds is judged as our own: the covariance is that between blocks, widened by how far
        it stopped from the summit. Nothing tells then whether another place is as good.
    reach_um, reach_deg : float, optional
        How far from the start is looked; by default 15 % of the smaller image and 20 degrees.
    starts : int
        Random ones within reach, beside the one given.
    seed : int
        The same seed gives the same bits.
    progress : callable, optional
        Called with words and the share that is done.
    cancel : threading.Event, optional
        Stops it when set.

    Returns
    -------
    Registration

    Raises
    ------
    Degenerate
        If no place stands out, or the images do not overlap.
    RegistrationCancelled
        If told to stop.
    MissingPackage
        If elastix is asked for and not installed.

    References
    ----------
    Mattes et al. 2003, doi:10.1109/TMI.2003.809072. Linear models are not for specimens that
    bend between the images; none is for a moving image whose content covers less than a tenth of
    the fixed one: give a start.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> field = gaussian_filter(np.random.default_rng(0).normal(size=(48, 48, 48)), 3) * 30
    >>> fixed = GreyImage(field[4:44, 4:44, 4:44], [1, 1, 1])
    >>> moving = GreyImage(np.exp(-field[6:44, 4:44, 3:43]), [1, 1, 1])
    >>> found = register(fixed, moving)
    >>> (found.transform.apply([[0, 0, 0]])[0].round(1) + 0.0).tolist()
    [2.0, 0.0, -1.0]
    """
    began = time.perf_counter()
    if model not in (*LINEAR, BENT):
        raise ValueError(f"model needs one of {', '.join((*LINEAR, BENT))}, got {model!r}")
    if engine not in ("scalebridge", "elastix"):
        raise ValueError(f"engine needs scalebridge or elastix, got {engine!r}")
    if (moving.ndim, fixed.ndim) == (3, 2):
        raise ValueError("a volume cannot be mapped into a flat image: swap fixed and moving")
    first = replace(start or centred(fixed, moving), covariance=None, nu=None)
    turned = _sampled_is_fixed(fixed, moving)
    sampled, searched = (fixed, moving) if turned else (moving, fixed)
    linear: Model = "affine" if model == BENT else model
    search = Search(sampled, searched, linear, seed, progress, cancel)
    reach = _REACH * float(sampled.size_um.max()) if reach_um is None else reach_um
    degrees = _REACH_DEG if reach_deg is None else reach_deg
    if model == "translation":
        degrees = 0.0
    begin = inverted(first) if turned else first
    if engine == "elastix":
        search.tell("elastix aligns", 0.0)
        ended = aligned_by_elastix(sampled, searched, begin, model=linear, seed=seed)
        ends = [search.judged(ended)]
    else:
        ends = _found(search, begin, starts, reach, degrees)
    best = ends[0].transform
    metric, warnings = search.metric, list(_rivals(search, ends))
    if uncertainty is not None and metric is not None:
        try:
            best = with_block_covariance(
                metric,
                best,
                voxel_um=search.levels[-1].voxel_um,
                at_summit=engine == "scalebridge",
            )
        except Degenerate as problem:
            warnings.append(str(problem))
    runner_up = _runner_up(search, ends, turned)
    transform = inverted(best) if turned else best
    bend = None
    if model == BENT:
        try:
            bend = bent(fixed, moving, transform, seed=seed, tell=search.tell)
        except Degenerate as problem:
            warnings.append(str(problem))
    seconds = time.perf_counter() - began
    statement = _statement(search, transform, ends[0], runner_up, seconds, engine)
    return Registration(
        transform=transform,
        information_nat=ends[0].information,
        chance_nat=search.chance_nat,
        overlap=search.overlap,
        runner_up=runner_up,
        bend=bend,
        tried=search.table(),
        warnings=tuple(warnings),
        statement=statement if bend is None else f"{statement}; {bend.statement}",
        seconds=seconds,
    )


def _sampled_is_fixed(fixed: GreyImage, moving: GreyImage) -> bool:
    """Whether the fixed image is the smaller one, so that its voxels are looked up."""
    if fixed.ndim != moving.ndim:
        return False
    axes = fixed.axes
    return bool(np.prod(fixed.size_um[axes]) < 0.999 * np.prod(moving.size_um[axes]))


def _found(
    search: Search, start: AffineTransform, starts: int, reach_um: float, reach_deg: float
) -> list[Summit]:
    rng = np.random.default_rng(search.seed)
    random = around(start, starts, reach_um=reach_um, reach_deg=reach_deg, rng=rng)
    named = [("as given", start)] + [(f"random {k + 1}", one) for k, one in enumerate(random)]
    ends = search.run(named, reach_um=reach_um, reach_deg=reach_deg)
    if search.stood_out:
        return ends
    search.tell("looking through all turns", 0.0)
    poses = poses_by_correlation(search, start, reach_um=reach_um, reach_deg=reach_deg)
    ranked = [(f"correlation {k + 1}", pose) for k, pose in enumerate(poses)]
    reach = {"reach_um": reach_um, "reach_deg": reach_deg}
    ends = search.run([("as given", start), *ranked], **reach, chosen=True)
    if not search.stood_out:
        raise Degenerate(
            "no place stands out: the best map has no more mutual information than unrelated ones "
            f"within {format_length(reach_um)} and {reach_deg:.0f} degrees: give a start, mask "
            "what only one image shows, or pick landmarks"
        )
    return ends


def _runner_up(search: Search, ends: list[Summit], turned: bool) -> RunnerUp | None:
    if len(ends) < 2:
        return None
    best, second = ends[0], ends[1]
    transform = inverted(second.transform) if turned else second.transform
    return RunnerUp(
        transform=transform,
        margin=search.margin(ends),
        away_um=distance_um(best.transform, second.transform, search.corners_um),
    )


def _rivals(search: Search, ends: list[Summit]) -> list[str]:
    if len(ends) < 2 or search.margin(ends) > _CLEAR:
        return []
    away = distance_um(ends[0].transform, ends[1].transform, search.corners_um)
    return [
        f"another place, {format_length(away)} away, is nearly as good (margin "
        f"{search.margin(ends):.2f}): look at both, or tell them apart with a landmark"
    ]


def _statement(
    search: Search,
    transform: AffineTransform,
    best: Summit,
    runner_up: RunnerUp | None,
    seconds: float,
    engine: str,
) -> str:
    other = (
        "every start ended there"
        if runner_up is None
        else f"the next place has a margin of {runner_up.margin:.2f}"
    )
    if engine == "elastix":
        other = "by elastix from one start: no other place was looked for"
    return (
        f"{transform.model} map by mutual information, {best.information:.3f} nat over "
        f"{100 * search.overlap:.0f} % of the smaller image, {len(search.tried)} climbs in "
        f"{seconds:.1f} s; {other}"
    )
