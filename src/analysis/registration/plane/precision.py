"""How well a place is known, from how the parts of the picture pull at it."""

from __future__ import annotations

import numpy as np

from ....errors import Degenerate
from ..descent import Climb
from .bow import BentClimb

_STEP = 0.25  # voxels, for the curvature of the summit


def covariance_of(
    climb: Climb | BentClimb, steps: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Estimate the covariance of a map at its summit, without knowing the noise.

    Each part of the picture pulls the map its own way; at the summit the pulls cancel. Their
    scatter, seen through the curvature of the summit, is the covariance (the sandwich of
    M-estimation). Parts are taken as independent: they must be larger than the correlation length
    of what the picture shows.

    Parameters
    ----------
    climb : Climb or BentClimb
        Whose start is the summit.
    steps : ndarray, shape (p,), optional
        Change at which it is estimated; none by default.

    Returns
    -------
    covariance : ndarray, shape (p, p)
        Of the parameters of the map.
    nu : float
        Degrees of freedom: parts less parameters.

    Raises
    ------
    Degenerate
        Where mutual information does not fall in every direction, or too few parts count.

    References
    ----------
    Huber 1967, "The behavior of maximum likelihood estimates under nonstandard conditions",
    Proc. 5th Berkeley Symp. 1, 221-233.
    """
    size = len(climb.units)
    here = np.zeros(size) if steps is None else steps
    pulls = climb.scores(here)[1]
    pulls = pulls[np.any(pulls != 0, axis=1)]
    nu = len(pulls) - size
    if nu < 1:
        raise Degenerate(
            f"more parts of the picture than the {size} parameters need to count, got "
            f"{len(pulls)}: use a picture that covers more of the volume, or fewer parameters"
        )
    curvature = _curvature(climb, here)
    values = np.linalg.eigvalsh(curvature)
    if values[0] <= 1e-6 * values[-1]:
        raise Degenerate(
            "mutual information needs to fall in every direction from its summit, got one where it "
            f"does not (curvatures {values[0]:.2g} to {values[-1]:.2g}): the picture does not "
            "tell this parameter; leave it out"
        )
    about = pulls - pulls.mean(axis=0)
    scatter = about.T @ about * (len(pulls) / nu)
    back = np.linalg.inv(curvature) * climb.units[:, None]
    return back @ scatter @ back.T, float(nu)


def _curvature(climb: Climb | BentClimb, here: np.ndarray) -> np.ndarray:
    """Minus the second differences of mutual information: (p, p)."""
    rows = []
    for k in range(len(here)):
        ends = [climb.loss(here + sign * _STEP * np.eye(len(here))[k])[1] for sign in (1, -1)]
        rows.append((ends[0] - ends[1]) / (2 * _STEP))
    return (np.array(rows) + np.array(rows).T) / 2
