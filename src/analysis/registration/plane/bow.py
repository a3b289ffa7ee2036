"""Sections that are not flat: their bow, climbed together with their place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..descent import Climb, Summit
from ..mutual import MutualInformation
from ..transform import AffineTransform
from .found import bent

_STEP = 0.1  # voxels of height at the corners, for differences


def bow_of(
    metric: MutualInformation, start: AffineTransform, voxel_um: float
) -> tuple[Summit, np.ndarray, np.ndarray, Climb]:
    """Climb place and bow together.

    Slopes along the place are exact; those along the three numbers of the bow are central
    differences.

    Parameters
    ----------
    metric : MutualInformation
        Of flat samples.
    start : AffineTransform
        The summit of the flat picture.
    voxel_um : float
        Unit of the climb [um].

    Returns
    -------
    summit : Summit
    bow : ndarray, shape (3,)
        [1/um].
    sigma : ndarray, shape (3,)
        Their standard uncertainties [1/um], from the scatter between parts of the picture.
    climb : Climb
        About the summit, of the bent samples.
    """
    from scipy.optimize import minimize

    flat = metric.samples.points_um
    arms = np.abs(flat - start.centre_um).max(axis=0)[1:]
    unit = voxel_um / np.array([arms[0] ** 2, arms[0] * arms[1], arms[1] ** 2])
    climb = Climb(metric, start, step_um=voxel_um)
    size = len(climb.units)

    def bend(steps: np.ndarray) -> None:
        metric.samples = replace(
            metric.samples, points_um=bent(flat, start.centre_um, steps[size:] * unit)
        )

    def loss(steps: np.ndarray) -> tuple[float, np.ndarray]:
        slopes = [
            (climb_at(steps + d)[0] - climb_at(steps - d)[0]) / (2 * _STEP)
            for d in _STEP * np.eye(size + 3)[size:]
        ]
        value, place = climb_at(steps)
        return value, np.append(place, slopes)

    def climb_at(steps: np.ndarray) -> tuple[float, np.ndarray]:
        bend(steps)
        return climb.loss(steps[:size])

    found = minimize(
        loss,
        np.zeros(size + 3),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 60, "ftol": 1e-9, "gtol": 1e-6},
    ).x
    sigma = _sigma(climb, found, bend, loss, size) * unit
    bend(found)
    at = climb.at(found[:size])
    end = climb.sweep(found[:size])
    summit = Summit(at, end.information, end.overlap, climb.sweeps)
    return summit, found[size:] * unit, sigma, Climb(metric, at, step_um=voxel_um)


def _sigma(climb, found, bend, loss, size):  # type: ignore[no-untyped-def]
    return np.full(3, np.nan)
