"""Sections that are not flat: their bow, climbed together with their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..descent import Climb
from ..mutual import MutualInformation, Sweep
from ..transform import AffineTransform
from .found import bent


class BentClimb:
    """Mutual information over the place of a picture and the bow of its section.

    Parameters
    ----------
    metric : MutualInformation
        Of flat samples.
    start : AffineTransform
        The summit of the flat picture.
    step_um : float
        A change of 1 moves the samples by this, on average, or bends the corners by it [um].
    """

    def __init__(
        self, metric: MutualInformation, start: AffineTransform, *, step_um: float
    ) -> None:
        self.metric, self.flat = metric, metric.samples
        self.climb = Climb(metric, start, step_um=step_um)
        self.places = len(self.climb.units)
        arms = (self.flat.points_um - start.centre_um)[:, 1:]
        y, x = np.abs(arms).max(axis=0)
        bends = step_um / np.array([y**2, y * x, x**2])
        self.units = np.append(self.climb.units, bends)
        self.shapes = np.stack([arms[:, 0] ** 2, arms[:, 0] * arms[:, 1], arms[:, 1] ** 2], axis=1)

    def scores(self, steps: np.ndarray) -> tuple[Sweep, np.ndarray]:
        """Look up mutual information, and how each part of the picture pulls: (parts, p + 3)."""
        bow = steps[self.places :] * self.units[self.places :]
        points = bent(self.flat.points_um, self.climb.start.centre_um, bow)
        self.metric.samples = replace(self.flat, points_um=points)
        seen, place = self.climb.scores(steps[: self.places])
        normal = self.climb.at(steps[: self.places]).matrix[:, 0]
        bends = np.einsum("bks,k->bs", self.metric.slopes_along(self.shapes), normal)
        return seen, np.hstack([place, bends * self.units[self.places :]])

    def loss(self, steps: np.ndarray) -> tuple[float, np.ndarray]:
        """What is made small, and its slope."""
        seen, pulls = self.scores(steps)
        return -seen.information, -pulls.sum(axis=0)

    def run(self) -> np.ndarray:
        """Climb; return the change at the summit, and leave the samples bent."""
        from scipy.optimize import minimize

        found = minimize(
            self.loss,
            np.zeros(len(self.units)),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 80, "ftol": 1e-10, "gtol": 1e-6},
        ).x
        self.scores(found)
        return np.asarray(found)
