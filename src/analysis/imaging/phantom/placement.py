"""Random places that keep their distance: sequential addition and well-spread choices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Proposal = Callable[[int], Floats]

_BATCH = 16
_TRIES = 400


class Crowd:
    """Discs or balls placed so far; a newcomer keeps ``gap_um`` from all of them.

    Random sequential addition, largest first, as for hard spheres below their jamming density.
    """

    def __init__(self, ndim: int = 3) -> None:
        self._centres = np.empty((0, ndim))
        self._radii = np.empty(0)

    def block(self, centres_um: Floats, radii_um: Floats) -> None:
        """Take (n, ndim) places with (n,) radii without asking."""
        self._centres = np.concatenate([self._centres, np.atleast_2d(centres_um)])
        self._radii = np.concatenate([self._radii, np.atleast_1d(radii_um)])

    def free(self, candidates_um: Floats, radius_um: float, gap_um: float) -> NDArray[np.bool_]:
        """Say which (m, ndim) candidates keep their distance."""
        if not len(self._radii):
            return np.ones(len(candidates_um), bool)
        distance = np.linalg.norm(candidates_um[:, None] - self._centres, axis=2)
        return np.all(distance > self._radii + radius_um + gap_um, axis=1)

    def add(self, radii_um: Floats, propose: Proposal, *, gap_um: float) -> tuple[Floats, Floats]:
        """Place radii one after another, largest first, and return (centres, radii) placed.

        ``propose(m)`` draws m candidates. A radius that finds no room is left out, so that a
        crowded draw gives a thinner population instead of an endless loop.
        """
        centres, placed = [], []
        for radius in np.sort(radii_um)[::-1]:
            place = self._find(radius, propose, gap_um)
            if place is not None:
                self.block(place, radius)
                centres.append(place)
                placed.append(radius)
        return np.reshape(centres, (-1, self._centres.shape[1])), np.array(placed)

    def _find(self, radius: float, propose: Proposal, gap_um: float) -> Floats | None:
        for _ in range(_TRIES):
            candidates = propose(_BATCH)
            fits = np.flatnonzero(self.free(candidates, radius, gap_um))
            if len(fits):
                return candidates[fits[0]]
        return None


def spread(candidates_um: Floats, count: int) -> Floats:
    """Choose ``count`` of the (m, ndim) candidates that lie far apart (greedy farthest point)."""
    chosen = [int(np.argmax(np.linalg.norm(candidates_um - candidates_um.mean(axis=0), axis=1)))]
    nearest = np.full(len(candidates_um), np.inf)
    while len(chosen) < min(count, len(candidates_um)):
        latest = candidates_um[chosen[-1]]
        nearest = np.minimum(nearest, np.linalg.norm(candidates_um - latest, axis=1))
        chosen.append(int(np.argmax(nearest)))
    return candidates_um[chosen]


def lognormal_radii(
    rng: np.random.Generator, count: int, *, median_um: float, spread: float, limits_um: tuple
) -> Floats:
    """Draw radii from a lognormal law, kept inside ``limits_um`` by redrawing [um]."""
    radii = np.empty(0)
    while len(radii) < count:
        draw = median_um * np.exp(spread * rng.standard_normal(2 * count + 8))
        radii = np.concatenate([radii, draw[(draw > limits_um[0]) & (draw < limits_um[1])]])
    return radii[:count]
