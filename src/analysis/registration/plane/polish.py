"""The last climb, on all pixels, and how well its place is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....errors import Degenerate
from ..descent import Climb
from ..mutual import MutualInformation
from ..transform import AffineTransform
from .bow import BentClimb
from .ladder import Rung
from .precision import covariance_of

_PIXELS = 150_000
_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Polished:
    """A place after the last climb.

    Attributes
    ----------
    transform : AffineTransform
        With covariance where there is one.
    bow, bow_sigma : ndarray, shape (3,)
        As in `SliceInVolume` [1/um].
    information, overlap : float
    doubt : str
        Why there is no covariance, for the end of a sentence; empty where there is one.
    """

    transform: AffineTransform
    bow: np.ndarray
    bow_sigma: np.ndarray
    information: float
    overlap: float
    doubt: str


def polished(
    rung: Rung, start: AffineTransform, *, seed: int, least_overlap: float, bowed: bool
) -> Polished:
    """Climb on all pixels in a volume blurred by 0.7 voxel, with the bow where it is asked for."""
    metric = rung.smoothed().metric(_PIXELS, seed=seed, least_overlap=least_overlap)
    summit = Climb(metric, start, step_um=rung.voxel_um).run(tolerance=_TOLERANCE)
    at, bow = summit.transform, np.zeros(3)
    climb: Climb | BentClimb = Climb(metric, at, step_um=rung.voxel_um)
    steps = np.zeros(at.parameter_count)
    if bowed:
        climb, steps = _with_bow(metric, at, rung.voxel_um)
        at, bow = climb.climb.start, steps[-3:] * climb.units[-3:]
    seen = climb.scores(steps)[0]
    sigma, doubt, transform = np.full(3, np.nan), "", at
    try:
        covariance, nu = covariance_of(climb, steps)
        size = at.parameter_count
        transform = at.with_covariance(covariance[:size, :size], nu=nu, sigma_source="blocks")
        if bowed:
            sigma = np.sqrt(np.diag(covariance)[size:])
    except Degenerate as error:
        doubt = f"; no covariance: {error}"
    return Polished(transform, bow, sigma, seen.information, seen.overlap, doubt)


def _with_bow(
    metric: MutualInformation, start: AffineTransform, voxel_um: float
) -> tuple[BentClimb, np.ndarray]:
    """Climb place and bow; return a climb about the place found, and the bow as steps of it."""
    first = BentClimb(metric, start, step_um=voxel_um)
    end = first.run()
    metric.samples = first.flat
    again = BentClimb(metric, first.climb.at(end[: first.places]), step_um=voxel_um)
    steps = np.zeros(len(again.units))
    steps[-3:] = end[-3:] * first.units[-3:] / again.units[-3:]
    return again, steps
