"""Many places climbed from coarse to fine, the best of each group going on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ....errors import RegistrationCancelled
from ..transform import AffineTransform
from .ladder import Rung
from .places import Places

OnProgress = Callable[[str, float], None]

_SAMPLES = 20_000
_FIRST_STEPS, _STEPS = 15, 40  # of one climb, at most
UNLIKE = 0.1  # widths of the picture by which places must differ that are to tell of chance
_TOLERANCE = 1e-5  # relative gain below which a climb ends


@dataclass(frozen=True, eq=False)
class Finalist:
    """One place after its climb.

    Attributes
    ----------
    group : str
        Which search it came from.
    transform : AffineTransform
    score : float
        Mutual information times overlap [nat].
    information, overlap : float
    """

    group: str
    transform: AffineTransform
    score: float
    information: float
    overlap: float


@dataclass(frozen=True, eq=False)
class Search:
    """What all climbs of one search have in common."""

    rungs: list[Rung]
    like: AffineTransform
    scale_tolerance: float
    least_overlap: float
    seed: int
    progress: OnProgress | None = None
    cancel: threading.Event | None = None

    def tell(self, words: str, share: float) -> None:
        """Say how far it is, and stop where that was asked for."""
        if self.cancel is not None and self.cancel.is_set():
            raise RegistrationCancelled("the search for the picture in the volume was told to stop")
        if self.progress is not None:
            self.progress(words, min(1.0, share))

    def climb_all(
        self, groups: dict[str, tuple[Places, tuple[int, ...]]], *, share: tuple[float, float]
    ) -> list[Finalist]:
        """Climb all groups' places rung by rung.

        Parameters
        ----------
        groups : dict
            Places of each group, and how many of them begin each rung; the last number holds for
            all rungs that follow.
        share : tuple of float
            Part of the whole search that this is, for the progress.

        Returns
        -------
        list of Finalist
            Best first.
        """
        standing = [
            Finalist(name, places.transform(k, like=self.like), float(places.scores[k]), 0.0, 1.0)
            for name, (places, _) in groups.items()
            for k in range(len(places.scores))
        ]
        for number, rung in enumerate(self.rungs):
            chosen: list[Finalist] = []
            for name, (_, counts) in groups.items():
                own = [one for one in standing if one.group == name]
                chosen += own[: counts[min(number, len(counts) - 1)]]
            standing = self._rung(rung, chosen, number, share)
        return standing

    def _rung(
        self, rung: Rung, standing: list[Finalist], number: int, share: tuple[float, float]
    ) -> list[Finalist]:
        metric = rung.metric(_SAMPLES, seed=self.seed, least_overlap=self.least_overlap)
        scale = tuple(self.like.scale * np.exp([-self.scale_tolerance, self.scale_tolerance]))
        steps = _STEPS if number else _FIRST_STEPS
        out = []
        for k, one in enumerate(standing):
            done = (number + k / len(standing)) / len(self.rungs)
            self.tell(f"{rung.voxel_um:.3g} µm voxels", share[0] + (share[1] - share[0]) * done)
            summit = rung.climb(
                metric, one.transform, scale=scale, steps=steps, tolerance=_TOLERANCE
            )
            if summit.overlap >= self.least_overlap:
                score = summit.information * summit.overlap
                out.append(
                    replace(
                        one,
                        transform=summit.transform,
                        score=score,
                        information=summit.information,
                        overlap=summit.overlap,
                    )
                )
        decoys = [one for one in out if one.group == "decoy"]
        told_apart = apart(decoys, rung, UNLIKE * max(rung.picture.values.shape))
        told_apart += apart([one for one in out if one.group != "decoy"], rung, 1.0)
        return sorted(told_apart, key=lambda one: -one.score)


def apart(finalists: list[Finalist], rung: Rung, voxels: float) -> list[Finalist]:
    """Keep the best of places that lie nearer than so many voxels, best first."""
    kept: list[Finalist] = []
    for one in sorted(finalists, key=lambda one: -one.score):
        if all(between(one.transform, other.transform, rung) >= voxels for other in kept):
            kept.append(one)
    return kept


def between(one: AffineTransform, other: AffineTransform, rung: Rung) -> float:
    """How far two places lie apart at the picture's corners, root mean square [voxel]."""
    corners = rung.picture.corners_um
    off = one.apply(corners) - other.apply(corners)
    return float(np.sqrt(np.mean(np.sum(off**2, axis=1)))) / rung.voxel_um
