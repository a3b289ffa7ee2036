"""Automatic registration by grey values: from many starts on a coarse level to one fine answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...errors import Degenerate, RegistrationCancelled
from ..threads import each
from .descent import Climb, Summit
from .grey_image import GreyImage
from .levels import Level, levels_of
from .mutual import MutualInformation
from .starts import different, distance_um, turned_away, within_reach
from .tangent import Model
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

OnStep = Callable[[str, float], None]
_CHANCE_MAPS = 16  # unrelated places, for what mutual information comes to by chance
_COARSE_STEPS = 30
_ABOVE = 0.25  # of the way from the middle to the best of unrelated places
_AT_ONCE = 4  # climbs, of which none is stopped
_APART = 4.0  # voxels: a place further away is another one
_MET = 4  # starts that end at one place did not get there by chance
_KEPT = 3  # places that are followed to the next level
_WORTH = 0.5  # of the best one's shared information, to be followed


class Cancel(Protocol):
    """A ``threading.Event``, or what answers like one."""

    def is_set(self) -> bool:
        """Whether to stop."""


@dataclass
class Search:
    """Follow maps from level to level, and note what was tried.

    Attributes
    ----------
    sampled, searched : GreyImage
    model : str
    seed : int
    progress : callable or None
        Called with what is done and the share of it that is.
    cancel : Event or None
    tried : list of dict
        A row a climb.
    """

    sampled: GreyImage
    searched: GreyImage
    model: Model
    seed: int = 0
    progress: OnStep | None = None
    cancel: Cancel | None = None
    tried: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.levels = levels_of(self.sampled, self.searched)
        self.corners_um = self.sampled.corners_um
        self.metric: MutualInformation | None = None
        self.stood_out = False
        self.chance: list[Summit] = []
        self.chance_nat = self.overlap = 0.0
        self._ended: list[AffineTransform] = []

    def tell(self, words: str, share: float) -> None:
        """Say how far it is; stop here if asked to."""
        if self.cancel is not None and self.cancel.is_set():
            raise RegistrationCancelled(
                f"registration was stopped while {words}: nothing was written"
            )
        if self.progress is not None:
            self.progress(words, share)

    def run(
        self,
        starts: Sequence[tuple[str, AffineTransform]],
        *,
        reach_um: float,
        reach_deg: float,
        chosen: bool = False,
    ) -> list[Summit]:
        """Climb from all starts on the coarsest level, and from the best ends on the next ones.

        Returns
        -------
        list of Summit
            The best on the finest level, then other places on the finest level that they were
            followed to; the ends of the coarsest level where none stands out.
        """
        given = starts[0][1]
        reach = {"reach_um": reach_um, "reach_deg": reach_deg}
        rivals: list[Summit] = []
        for number, level in enumerate(self.levels):
            last = number == len(self.levels) - 1
            near = starts[0][1] if last and number else None
            metric = level.metric(seed=self.seed + number, cubic=last, near=near)
            if number == 0 and not len(self.chance):
                self._by_chance(level, metric, given)
            ends = self._climb_all(level, number, metric, starts)
            ends = [one for one in ends if within_reach(given, one.transform, **reach)] or [
                self._unmoved(metric, given)
            ]
            if near is None:
                self.overlap = ends[0].overlap
            if number == 0:
                self.stood_out = self._stands_out(ends, chosen=chosen)
            rivals = [*ends[1:], *rivals]
            followed = ends[: 1 if number >= len(self.levels) - 2 else _KEPT]
            followed = [one for one in followed if one.shared >= _WORTH * ends[0].shared]
            starts = [(f"place {k + 1}", one.transform) for k, one in enumerate(followed)]
            if not self.stood_out and not last:
                return ends
        self.metric = metric
        best, voxel = ends[0], self.levels[0].voxel_um
        away = (distance_um(best.transform, one.transform, self.corners_um) for one in rivals)
        return [best, *(one for one, far in zip(rivals, away, strict=True) if far > 2 * voxel)]

    def judged(self, ended: AffineTransform) -> Summit:
        """What information a map has that something else found, on the finest level."""
        self.metric = self.levels[-1].metric(seed=self.seed, cubic=True, near=ended)
        everywhere = self.levels[-1].metric(seed=self.seed)
        seen = everywhere(ended.matrix, ended.centre_um, ended.offset_um)
        self.overlap, self.stood_out = seen.overlap, True
        if seen.overlap < self.metric.least_overlap:
            raise Degenerate(
                f"elastix ended where {seen.overlap:.0%} of the images overlap: give a nearer start"
            )
        return Summit(ended, seen.information, seen.overlap, 1)

    def _unmoved(self, metric: MutualInformation, start: AffineTransform) -> Summit:
        seen = metric(start.matrix, start.centre_um, start.offset_um)
        return Summit(start, seen.information, seen.overlap, 1)

    def _climb_all(
        self,
        level: Level,
        number: int,
        metric: MutualInformation,
        starts: Sequence[tuple[str, AffineTransform]],
    ) -> list[Summit]:
        model = self._model_at(number)
        words = f"aligning level {number + 1} of {len(self.levels)}"

        def climb(k: int) -> tuple[dict[str, Any], Summit]:
            name, start = starts[k]
            return self._climb(level, metric, name, replace(start, model=model))

        climbs: list[tuple[dict[str, Any], Summit]] = []
        for k in range(0, len(starts), _AT_ONCE if metric.is_small else 1):
            self.tell(words, (number + k / len(starts)) / len(self.levels))
            some = range(k, min(k + _AT_ONCE, len(starts)))
            climbs += each(climb, some) if metric.is_small else [climb(k)]
        self.tried += [row for row, _ in climbs]
        found = [end for _, end in climbs]
        if number == 0:
            self._ended = [one.transform for one in found]
        return different(found, self.corners_um, voxel_um=level.voxel_um)

    def _climb(
        self, level: Level, metric: MutualInformation, name: str, start: AffineTransform
    ) -> tuple[dict[str, Any], Summit]:
        began = time.perf_counter()
        climb = Climb(metric, start, step_um=level.voxel_um)
        if level is self.levels[-1] and len(self.levels) > 1:
            end = climb.run_sharply()
        else:
            many = level is self.levels[0] and len(self.levels) > 1
            steps, gain = (_COARSE_STEPS, 1e-4) if many else (60, 1e-6)
            end = climb.run(most_steps=steps, tolerance=gain)
        row = {
            "start": name,
            "voxel_um": level.voxel_um,
            "sweeps": end.sweeps,
            "information_nat": end.information,
            "overlap": end.overlap,
            "shared_nat": end.shared,
            "moved_um": distance_um(start, end.transform, self.corners_um),
            "seconds": time.perf_counter() - began,
        }
        return row, end

    def _model_at(self, number: int) -> Model:
        """Turn and shift first, then size, then shear."""
        if self.model == "translation":
            return self.model
        order: tuple[Model, ...] = ("rigid", "similarity", "affine")
        left = len(self.levels) - 1 - number
        return order[min(order.index(self.model), number if left else 2)]

    def _by_chance(self, level: Level, metric: MutualInformation, start: AffineTransform) -> None:
        """Climb from maps that are turned far away: what unrelated places come to."""
        rng = np.random.default_rng(self.seed)
        far = turned_away(start, _CHANCE_MAPS, rng=rng)
        self.tell("looking what unrelated places come to", 0.0)

        def climb(one: AffineTransform) -> Summit:
            begin = Climb(metric, replace(one, model="rigid"), step_um=level.voxel_um)
            return begin.run(most_steps=_COARSE_STEPS, tolerance=1e-3)

        self.chance = each(climb, far) if metric.is_small else [climb(one) for one in far]

    def _stands_out(self, ends: Sequence[Summit], *, chosen: bool) -> bool:
        """Whether the best end is more than the best of many unrelated places would be.

        Above all of them by a part of what the best of those is above their middle: by all of it
        where the starts were chosen among very many, by none where several random starts met.
        """
        best, far = ends[0], _APART * self.levels[0].voxel_um
        chance = [
            end.shared
            for end in self.chance
            if distance_um(best.transform, end.transform, self.corners_um) > far
        ]
        if not chance:
            return True
        self.chance_nat = float(np.median(chance))
        away = (distance_um(best.transform, one, self.corners_um) for one in self._ended)
        met = sum(one < 2 * self.levels[0].voxel_um for one in away)
        part = 1.0 if chosen else 0.0 if met >= _MET else _ABOVE
        return best.shared > max(chance) + part * (max(chance) - self.chance_nat)

    def margin(self, ends: Sequence[Summit]) -> float:
        """How far the second place is below the best, both on the level where the second ended."""
        row = next(row for row in self.tried if row["shared_nat"] == ends[1].shared)
        level = [other for other in self.tried if other["voxel_um"] == row["voxel_um"]]
        best = max(level, key=lambda other: other["shared_nat"])["information_nat"]
        return float(1 - ends[1].information / best)

    def table(self) -> pd.DataFrame:
        """What was tried, a row a climb."""
        import pandas as pd

        return pd.DataFrame(self.tried)
