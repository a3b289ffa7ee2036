"""Both halves of an image, each of which judges the bend that was fitted to the other one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from .grey_image import GreyImage
from .knots import Knots
from .levels import Level
from .mutual import MutualInformation, Samples
from .transform import AffineTransform

_CELL = 4  # voxels along the sides of the cells that belong to one half
_BETTER = 1.0  # standard errors by which a bend must gain more to be the better one
_STEPS = 40


@dataclass(frozen=True, eq=False)
class Bends:
    """One bend as each half of the image has it, and what the other half gains by it, by block."""

    knots: tuple[Knots, Knots]
    stiffness: float
    gains: np.ndarray

    @property
    def gain(self) -> float:
        """Mutual information that the halves gain, on average [nat]."""
        return float(self.gains.sum())

    @property
    def error(self) -> float:
        """Standard error of the gain, from its scatter between blocks [nat]."""
        return _error(self.gains)

    def row(self) -> dict[str, float]:
        """What is told of it in a table."""
        return {
            "knots_um": self.knots[0].apart_um,
            "stiffness": self.stiffness,
            "gain_nat": self.gain,
            "gain_error_nat": self.error,
        }


def _error(gains: np.ndarray) -> float:
    return float(np.sqrt(len(gains)) * np.std(gains, ddof=1)) if len(gains) > 1 else np.inf


def clearly(new: Bends, old: Bends) -> bool:
    """Whether one bend gains more than another by more than the error of the difference."""
    more = new.gains - old.gains
    return bool(more.sum() > _BETTER * _error(more))


class Halves:
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

    def fitted(self, start: Bends, spacing_um: float, stiffness: float) -> Bends:
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
        return Bends((knots[0], knots[1]), stiffness, (gains[0] + gains[1]) / 2)

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


def _as_close(knots: Knots, moving: GreyImage, spacing_um: float) -> Knots:
    """The same bend with knots so far apart; halved as often as needed."""
    while knots.apart_um > 1.5 * spacing_um:
        knots = knots.finer()
    return knots
