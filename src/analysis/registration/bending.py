"""What a linear map leaves over, where it can be shown: a cubic B-spline of displacements.

Grey values can always be brought to agree better by bending. Here each half of the image, in small
cells, judges the map that was fitted to the other half, and a bend counts that both halves confirm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ...errors import Degenerate
from ...quantities import format_length
from .displacement import DisplacementField
from .grey_image import GreyImage
from .knots import Knots
from .levels import Level, levels_of
from .mutual import MutualInformation, Samples
from .transform import AffineTransform

_STIFFNESS = (3e-2, 3e-3, 3e-4, 3e-5)  # nat for second differences of a voxel
_FIRST = 3  # parts between knots along the longest side, to begin with
_PARTS = {2: 24, 3: 12}  # at most, of flat images and of volumes
_VOXELS = 6  # between knots, at least
_CELL = 4  # voxels along the sides of the cells that belong to one half
_CLEAR = 3.0  # standard errors by which the held-out halves must gain
_BETTER = 1.0  # standard errors by which closer knots must gain more
_STEPS = 40
_PLACES = 200_000  # of the grid that is returned
_RECORDED = 5_000  # of them that a record holds, four numbers each


@dataclass(frozen=True, eq=False)
class Bending:
    """How two images differ beyond a linear map.

    Attributes
    ----------
    field : DisplacementField
        From the moving to the fixed frame, the linear map included. Its error is what the two
        halves of the image disagree by, and bends of other knots and stiffness that they confirm
        about as well.
    recorded : DisplacementField
        The same on a grid that a record holds; what its cells miss is in its error.
    spacing_um : float
        Between knots [um].
    gain_nat, gain_error_nat : float
        Mutual information that each half gains by the bend fitted to the other one, and its
        standard error between blocks [nat].
    largest_um, sigma_um : float
        Largest displacement from the linear map, and its standard uncertainty per axis, root mean
        square [um].
    tried : DataFrame
        A row a bend: spacing, stiffness, gain and its error.
    statement : str
        In words.
    """

    field: DisplacementField
    recorded: DisplacementField
    spacing_um: float
    gain_nat: float
    gain_error_nat: float
    largest_um: float
    sigma_um: float
    tried: pd.DataFrame
    statement: str


def bent(
    fixed: GreyImage,
    moving: GreyImage,
    linear: AffineTransform,
    *,
    seed: int = 0,
    tell: Callable[[str, float], None] = lambda words, share: None,
) -> Bending:
    """Bend a linear map where the images show that it has to be.

    Knots lie ever closer, and bend ever more easily, as long as the held-out halves gain by it.

    Parameters
    ----------
    fixed, moving : GreyImage
        Both flat or both in space.
    linear : AffineTransform
        From the moving to the fixed frame, near enough for every part: a few knots' blur.
    seed : int
    tell : callable
        Called with words and the share that is done; may raise to stop.

    Returns
    -------
    Bending

    Raises
    ------
    Degenerate
        Where no bend is shown, or every one that is folds.

    Notes
    -----
    Bends that are finer than the knots, or than grey values tell, are not in the stated error.
    Not for parts that slide along each other or are missing in one image: mask them.

    References
    ----------
    Rueckert et al. 1999, doi:10.1109/42.796284; Eilers & Marx 1996, doi:10.1214/ss/1038425655
    (differences of knots as stiffness).
    """
    if moving.ndim != fixed.ndim:
        raise ValueError(
            f"bending needs images of like dimensions, got {moving.ndim}-D in {fixed.ndim}-D: for "
            "a bent section in a volume use find_slice(..., bowed=True)"
        )
    halves = _Halves(levels_of(moving, fixed), moving, linear, seed)
    best, tried = _straight(halves, moving), []
    spacings = list(_spacings(moving, halves.levels[-1].voxel_um))
    for number, spacing in enumerate(spacings):
        one = closest = best
        for k, stiffness in enumerate(_STIFFNESS):
            share = (number + k / len(_STIFFNESS)) / len(spacings)
            tell(f"bending, knots {format_length(spacing)} apart", share)
            one = halves.fitted(one, spacing, stiffness)
            tried.append(one)
            if k and one.gain < closest.gain:
                break
            closest = max(closest, one, key=lambda pair: pair.gain)
        if not _clearly(closest, best):
            break
        best = closest
    table = pd.DataFrame([one.row() for one in tried])
    if not best.gain > _CLEAR * best.error:
        most = table.loc[table["gain_nat"].idxmax()]
        raise Degenerate(
            f"no bend is shown: fitted to one half of the image, the best one changes the mutual "
            f"information of the other half by {most['gain_nat']:.2g} ± "
            f"{most['gain_error_nat']:.2g} nat; the linear map is kept"
        )
    tell("bending with the whole image", 0.95)
    return _result(halves, best, [one for one in tried if not _clearly(best, one)], moving, table)


@dataclass(frozen=True, eq=False)
class _Pair:
    """One bend as each half of the image has it, and what the other half gains by it, by block."""

    knots: tuple[Knots, Knots]
    stiffness: float
    gains: np.ndarray

    @property
    def gain(self) -> float:
        return float(self.gains.sum())

    @property
    def error(self) -> float:
        return _error(self.gains)

    def row(self) -> dict[str, float]:
        return {
            "knots_um": self.knots[0].apart_um,
            "stiffness": self.stiffness,
            "gain_nat": self.gain,
            "gain_error_nat": self.error,
        }


def _error(gains: np.ndarray) -> float:
    return float(np.sqrt(len(gains)) * np.std(gains, ddof=1)) if len(gains) > 1 else np.inf


def _clearly(new: _Pair, old: _Pair) -> bool:
    more = new.gains - old.gains
    return bool(more.sum() > _BETTER * _error(more))


class _Halves:
    """Both halves of an image's samples on every level, and fits of knots to them."""

    def __init__(
        self, levels: list[Level], moving: GreyImage, linear: AffineTransform, seed: int
    ) -> None:
        self.levels, self.moving, self.linear, self.seed = levels, moving, linear, seed
        self.unit_um = levels[-1].voxel_um
        self._metrics: dict[tuple[int, int | None], MutualInformation] = {}
        self._straight: dict[int, np.ndarray] = {}

    def metric(self, number: int, half: int | None) -> MutualInformation:
        """Of a level (the last is the finest), and of one half or of all samples."""
        if (number, half) not in self._metrics:
            level = self.levels[number]
            metric = level.metric(seed=self.seed, near=self.linear if number else None)
            if half is not None:
                own = self._half_of(metric.samples.points_um) == half
                metric = metric.with_samples(_chosen(metric.samples, own))
            self._metrics[number, half] = metric
        return self._metrics[number, half]

    def fitted(self, start: _Pair, spacing_um: float, stiffness: float) -> _Pair:
        """Fit both halves, each on a coarse level first, and let each judge the other's bend."""
        coarse = max(
            (n for n, level in enumerate(self.levels) if 8 * level.voxel_um > spacing_um),
            default=0,
        )
        finest = len(self.levels) - 1

        def work(half: int) -> Knots:
            knots = _as_close(start.knots[half], self.moving, spacing_um)
            for number in sorted({min(coarse, finest), finest}):
                knots = self.climbed(number, half, knots, stiffness)
            return knots

        with ThreadPoolExecutor(2) as pool:
            knots = tuple(pool.map(work, (0, 1)))
        gains = [self._gained(1 - half, knots[half]) for half in (0, 1)]
        return _Pair((knots[0], knots[1]), stiffness, (gains[0] + gains[1]) / 2)

    def climbed(self, number: int, half: int | None, start: Knots, stiffness: float) -> Knots:
        """Climb mutual information less the bend's price."""
        from scipy.optimize import minimize

        metric, shape = self.metric(number, half), start.values_um.shape
        points = metric.samples.points_um
        straight = self.linear.apply(points)
        flat = self.moving.ndim == 2

        def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
            knots = replace(start, values_um=self.unit_um * values.reshape(shape))
            seen = metric.at(knots.displaced(points, straight))
            price, steeper = knots.bend(self.unit_um)
            slope = stiffness * steeper - knots.gathered(points, seen.slopes)
            if flat:
                slope[..., 0] = 0.0
            return stiffness * price - seen.information, self.unit_um * slope.ravel()

        found = minimize(
            loss,
            start.values_um.ravel() / self.unit_um,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _STEPS, "ftol": 1e-6, "maxcor": 8},
        )
        return replace(start, values_um=self.unit_um * found.x.reshape(shape))

    def _gained(self, half: int, knots: Knots) -> np.ndarray:
        """What a half gains by the other's bend, block by block [nat]."""
        metric = self.metric(len(self.levels) - 1, half)
        points = metric.samples.points_um
        if half not in self._straight:
            self._straight[half] = metric.at(self.linear.apply(points)).worth.copy()
        there = metric.at(knots.displaced(points, self.linear.apply(points))).worth
        blocks = metric.samples.blocks
        return np.bincount(blocks, there - self._straight[half], minlength=int(blocks.max()) + 1)

    def _half_of(self, points_um: np.ndarray) -> np.ndarray:
        """Which half each sample belongs to, by the small cell that it lies in."""
        side = _CELL * self.unit_um
        low = self.moving.corners_um.min(axis=0)
        cells = np.floor((points_um - low) / side + 1e-9).astype(np.int64)
        shape = np.floor(self.moving.size_um / side + 2).astype(int)
        belongs = np.random.default_rng(self.seed).integers(0, 2, shape)
        return belongs[tuple(np.clip(cells, 0, shape - 1).T)]


def _chosen(samples: Samples, own: np.ndarray) -> Samples:
    return Samples(samples.points_um[own], samples.bins[own], samples.blocks[own])


def _straight(halves: _Halves, moving: GreyImage) -> _Pair:
    knots = Knots.over(moving, float(moving.size_um.max()) / _FIRST)
    blocks = int(halves.metric(len(halves.levels) - 1, 0).samples.blocks.max()) + 1
    return _Pair((knots, knots), np.inf, np.zeros(blocks))


def _spacings(moving: GreyImage, voxel_um: float) -> Iterator[float]:
    size, parts = float(moving.size_um.max()), _FIRST
    while parts <= _PARTS[moving.ndim] and size / parts >= _VOXELS * voxel_um:
        yield size / parts
        parts *= 2


def _as_close(knots: Knots, moving: GreyImage, spacing_um: float) -> Knots:
    """The same bend with knots so far apart; halved as often as needed."""
    while knots.apart_um > 1.5 * spacing_um:
        knots = knots.finer()
    return knots


def _result(
    halves: _Halves, best: _Pair, alike: list[_Pair], moving: GreyImage, tried: pd.DataFrame
) -> Bending:
    finest, stiffness = len(halves.levels) - 1, best.stiffness
    whole = best.knots[0].mixed(best.knots[1])
    while True:
        whole = halves.climbed(finest, None, whole, stiffness)
        field = whole.field(halves.linear, moving, _PLACES)
        if not field.folds():
            break
        stiffness *= 10
        if stiffness > 10 * _STIFFNESS[0]:
            raise Degenerate(
                "every bend that was tried folds the image onto itself; the linear map is kept: "
                "mask what only one image shows, or start nearer"
            )
    sigma = _sigma(best, alike, halves.linear, moving, field)
    field = replace(field, sigma_um=sigma, correlation_um=whole.apart_um)
    recorded = _coarser(field, whole.field(halves.linear, moving, _RECORDED))
    places, _ = _grid(field)
    largest = float(
        np.max(
            np.linalg.norm(
                field.field_um.reshape(-1, 3) + places - halves.linear.apply(places), axis=1
            )
        )
    )
    rms, spacing = float(np.sqrt(np.mean(sigma**2))), whole.apart_um
    statement = (
        f"bent by up to {format_length(largest)} (± {format_length(rms)}) between knots "
        f"{format_length(spacing)} apart: each half of the image gains {best.gain:.2g} ± "
        f"{best.error:.1g} nat by the bend of the other half; it folds nowhere"
    )
    return Bending(field, recorded, spacing, best.gain, best.error, largest, rms, tried, statement)


def _sigma(
    pair: _Pair,
    alike: list[_Pair],
    linear: AffineTransform,
    moving: GreyImage,
    field: DisplacementField,
) -> np.ndarray:
    """Half of what the halves' bends differ by, and what bends that fit as well differ by [um].

    Averaged over the places between knots.
    """
    from scipy import ndimage

    places, shape = _grid(field)
    straight = linear.apply(places)
    ends = [one.displaced(places, straight) for one in pair.knots]
    square = np.sum((ends[0] - ends[1]) ** 2, axis=1) / 4
    others = [one for one in alike if one is not pair]
    for other in others:
        there = sum(one.displaced(places, straight) for one in other.knots) / 2
        square += np.sum((there - (ends[0] + ends[1]) / 2) ** 2, axis=1) / len(others)
    square = square.reshape(shape) / moving.ndim
    reach = np.where(np.array(shape) > 1, pair.knots[0].spacing_um / field.spacing_um, 0.0)
    return np.asarray(np.sqrt(ndimage.gaussian_filter(square, reach, mode="nearest")))


def _coarser(field: DisplacementField, coarse: DisplacementField) -> DisplacementField:
    """Give a coarser field the error of a finer one, and what its cells miss of it."""
    places, shape = _grid(field)
    apart = coarse.apply(places) - field.apply(places)
    missed = float(np.mean(np.sum(apart**2, axis=1)) / sum(n > 1 for n in shape))
    step = [
        slice(None, None, (many - 1) // max(1, few - 1) or 1)
        for many, few in zip(shape, coarse.field_um.shape, strict=False)
    ]
    sigma = np.sqrt(np.asarray(field.sigma_um)[tuple(step)] ** 2 + missed)
    return replace(coarse, sigma_um=sigma, correlation_um=field.correlation_um)


def _grid(field: DisplacementField) -> tuple[np.ndarray, tuple[int, ...]]:
    shape = field.field_um.shape[:3]
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return field.origin_um + field.spacing_um * index.reshape(-1, 3), shape
