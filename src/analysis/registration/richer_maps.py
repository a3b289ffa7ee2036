"""What maps with more parameters would gain by grey values, judged by what they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import Degenerate
from ...quantities import format_length
from .bending import bent
from .descent import Climb
from .grey_image import GreyImage
from .halves import Halves
from .levels import levels_of
from .starts import distance_um
from .tangent import LINEAR, Model
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

BEND = "b-spline"
_CLEAR = 3.0  # standard errors by which the held-out halves must gain
_NOTICED = 0.5  # voxels of the coarser image: maps nearer to each other are one


@dataclass(frozen=True, eq=False)
class RicherMaps:
    """What each map with more parameters would gain.

    Attributes
    ----------
    given : str
        Model of the map that was found.
    offered : str or None
        The model that the held-out halves ask for; None where the given one is enough.
    gain_nat, gain_error_nat : float
        Mutual information that it gains over the given one, and its standard error [nat].
    apart_um : float
        How far the two maps lie apart, at most [um].
    table : DataFrame
        A row a model: model, gain_nat, gain_error_nat, apart_um, verdict.
    """

    given: str
    offered: str | None
    gain_nat: float
    gain_error_nat: float
    apart_um: float
    table: pd.DataFrame

    @property
    def statement(self) -> str:
        """The offer, or that there is none, in words."""
        if self.offered is None:
            return (
                f"the {self.given} map is enough: no map with more parameters gains clearly at "
                "what it has not seen"
            )
        article = "an" if self.offered == "affine" else "a"
        return (
            f"the {self.given} map is not enough: fitted to one half of the image, {article} "
            f"{self.offered} map gains {self.gain_nat:.2g} ± {self.gain_error_nat:.1g} nat at the "
            f"other half, and lies up to {format_length(self.apart_um)} beside it"
        )


def richer_maps(
    fixed: GreyImage,
    moving: GreyImage,
    found: AffineTransform,
    *,
    seed: int = 0,
    tell: Callable[[str, float], None] = lambda words, share: None,
) -> RicherMaps:
    """Judge whether a map by grey values should have more parameters, a bend in the end.

    Each model is fitted to either half of the image, in small cells, and judged by the other half;
    a model with more parameters is offered where the halves gain by more than three standard
    errors, and where it lies at least half a voxel beside the one before. A bend that folds is
    none.

    Parameters
    ----------
    fixed, moving : GreyImage
        Both flat or both in space.
    found : AffineTransform
        From the moving to the fixed frame, as `register` found it.
    seed : int
    tell : callable
        Called with words and the share that is done; may raise to stop.

    Returns
    -------
    RicherMaps

    Notes
    -----
    Not for images of which one shows what the other does not: a bend may follow that. Look at the
    overlay before it is accepted.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter, map_coordinates
    >>> grey = gaussian_filter(np.random.default_rng(0).normal(size=(120, 120)), 3)
    >>> y, x = np.indices((96, 96)) + 12.0
    >>> still = AffineTransform("rigid", np.eye(3), [0, 0, 0], [0, 0, 0], 2, 2)
    >>> stretched = map_coordinates(grey, [1.04 * (y - 60) + 60, x])
    >>> fixed = GreyImage(grey, [1, 1], [-12, -12])
    >>> richer_maps(fixed, GreyImage(-stretched, [1, 1]), still).offered
    'affine'
    """
    import pandas as pd

    if moving.ndim != fixed.ndim:
        raise ValueError(
            f"richer maps need images of like dimensions, got {moving.ndim}-D in {fixed.ndim}-D"
        )
    judge = _Judge(fixed, moving, found, seed)
    rows, best = [], _Tried(str(found.model), 0.0, np.zeros(judge.blocks), found)
    first = best
    for number, model in enumerate(LINEAR[LINEAR.index(found.model) + 1 :]):
        tell(f"judging a {model} map", 0.1 * number)
        tried = judge.linear(model, best.transform)
        rows.append(judge.row(tried, first))
        if judge.better(tried, best):
            best = tried
    tried_bend = _bend(fixed, moving, judge, best, seed, tell)
    if isinstance(tried_bend, Degenerate):
        shown = "folds" if "folds" in str(tried_bend) else "no bend is shown"
        rows.append({"model": BEND, "verdict": shown})
    else:
        rows.append(judge.row(tried_bend, first))
        if judge.better(tried_bend, best):
            best = tried_bend
    for row in rows:
        row.setdefault("verdict", "offered" if row["model"] == best.model else "no clear gain")
    gain, error = judge.gain(best, first)
    columns = ["model", "gain_nat", "gain_error_nat", "apart_um", "verdict"]
    table = pd.DataFrame(rows, columns=columns)
    offered = None if best is first else best.model
    return RicherMaps(first.model, offered, gain, error, judge.apart_um(best, first), table)


@dataclass(frozen=True, eq=False)
class _Tried:
    """A map, what the halves gain by it block by block, and the variance that this leaves out."""

    model: str
    more_variance: float
    gains: np.ndarray
    transform: AffineTransform
    bend: Any = None

    @property
    def map(self) -> Any:
        return self.transform if self.bend is None else self.bend.field


class _Judge:
    def __init__(
        self, fixed: GreyImage, moving: GreyImage, found: AffineTransform, seed: int
    ) -> None:
        self.halves = Halves(levels_of(moving, fixed), moving, found, seed)
        self.finest = len(self.halves.levels) - 1
        self.found, self.moving = found, moving
        self.voxel_um = self.halves.levels[-1].voxel_um
        self.blocks = int(self.halves.metric(self.finest, None).samples.blocks.max()) + 1

    def linear(self, model: Model, start: AffineTransform) -> _Tried:
        """Fit a linear model to both halves and to all of the image."""
        begin: Any = replace(start, model=model, covariance=None, nu=None)
        ends = [self._climbed(half, begin) for half in (0, 1)]
        gains = (self._gained(1, ends[0]) + self._gained(0, ends[1])) / 2
        return _Tried(model, 0.0, gains, self._climbed(None, begin))

    def _climbed(self, half: int | None, begin: AffineTransform) -> AffineTransform:
        metric = self.halves.metric(self.finest, half)
        return Climb(metric, begin, step_um=self.voxel_um).run().transform

    def _gained(self, half: int, there: AffineTransform) -> np.ndarray:
        metric = self.halves.metric(self.finest, half)
        points = metric.samples.points_um
        before = metric.at(self.found.apply(points)).worth.copy()
        after = metric.at(there.apply(points)).worth
        return np.bincount(metric.samples.blocks, after - before, minlength=self.blocks)

    def gain(self, new: _Tried, old: _Tried) -> tuple[float, float]:
        """What one gains over another, and its standard error [nat]."""
        more = new.gains - old.gains
        between = len(more) * np.var(more, ddof=1) if len(more) > 1 else np.inf
        return float(more.sum()), float(np.sqrt(between + new.more_variance))

    def apart_um(self, one: _Tried, other: _Tried) -> float:
        """How far two maps lie apart, at most [um]."""
        if one.bend is None and other.bend is None:
            corners = self.moving.corners_um
            return distance_um(one.transform, other.transform, corners)
        field = (one if one.bend is not None else other).bend.field
        shape = field.field_um.shape[:3]
        index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
        places = field.origin_um + field.spacing_um * index.reshape(-1, 3)
        return float(np.linalg.norm(one.map.apply(places) - other.map.apply(places), axis=1).max())

    def better(self, new: _Tried, old: _Tried) -> bool:
        """Whether one is clearly better than another, and another map."""
        gain, error = self.gain(new, old)
        return gain > _CLEAR * error and self.apart_um(new, old) > _NOTICED * self.voxel_um

    def row(self, tried: _Tried, first: _Tried) -> dict[str, Any]:
        gain, error = self.gain(tried, first)
        return {
            "model": tried.model,
            "gain_nat": gain,
            "gain_error_nat": error,
            "apart_um": self.apart_um(tried, first),
        }


def _bend(
    fixed: GreyImage,
    moving: GreyImage,
    judge: _Judge,
    best: _Tried,
    seed: int,
    tell: Callable[[str, float], None],
) -> _Tried | Degenerate:
    """Bend the affine map where both halves confirm it."""
    affine = best if best.model == "affine" else judge.linear("affine", best.transform)
    try:
        bend = bent(fixed, moving, affine.transform, seed=seed, tell=tell)
    except Degenerate as why:
        return why
    gains = affine.gains + bend.gain_nat / judge.blocks
    return _Tried(BEND, bend.gain_error_nat**2, gains, affine.transform, bend)
