"""Climb to the map of most mutual information, and see how sharp its summit is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import tangent
from .mutual import MutualInformation, Sweep
from .transform import AffineTransform


@dataclass(frozen=True, eq=False)
class Summit:
    """Where the climb ended.

    Attributes
    ----------
    transform : AffineTransform
        Without covariance.
    information : float
        Mutual information there [nat].
    overlap : float
        Share of the samples that count there.
    sweeps : int
        How often it was looked up.
    """

    transform: AffineTransform
    information: float
    overlap: float
    sweeps: int


class Climb:
    """Mutual information over the parameters of a model, in steps that move the image alike.

    Parameters
    ----------
    metric : MutualInformation
    start : AffineTransform
        Its model's parameters are changed.
    step_um : float
        A change of 1 moves the samples by this, on average [um].
    """

    def __init__(
        self, metric: MutualInformation, start: AffineTransform, *, step_um: float
    ) -> None:
        self.metric, self.start = metric, start
        self.units = units(metric, start, step_um)
        self.sweeps = 0

    def at(self, steps: np.ndarray) -> AffineTransform:
        """The map after a change."""
        return moved(self.start, steps * self.units)

    def sweep(self, steps: np.ndarray) -> Sweep:
        """Look up mutual information after a change."""
        self.sweeps += 1
        here = self.at(steps)
        return self.metric(here.matrix, here.centre_um, here.offset_um)

    def chain(self, steps: np.ndarray) -> np.ndarray:
        """How offset and matrix change with the parameters after a change: (12, p)."""
        return chain(self.start, steps * self.units) * self.units

    def loss(self, steps: np.ndarray) -> tuple[float, np.ndarray]:
        """What is made small, and its slope."""
        seen = self.sweep(steps)
        return -seen.information, -seen.slopes.sum(axis=0) @ self.chain(steps)

    def run(self, *, most_steps: int = 60, tolerance: float = 1e-7) -> Summit:
        """Climb by L-BFGS."""
        from scipy.optimize import minimize

        found = minimize(
            self.loss,
            np.zeros(len(self.units)),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": most_steps, "ftol": tolerance, "gtol": 1e-6},
        )
        end = self.sweep(found.x)
        return Summit(self.at(found.x), end.information, end.overlap, self.sweeps)


def units(metric: MutualInformation, transform: AffineTransform, step_um: float) -> np.ndarray:
    """Changes of each parameter that move the samples by a step, root mean square: (p,)."""
    points = metric.samples.points_um[:: max(1, len(metric.samples.points_um) // 2000)]
    moves = transform.jacobian(points)
    return step_um / np.sqrt(np.mean(np.sum(moves**2, axis=1), axis=0))


def moved(transform: AffineTransform, change: np.ndarray) -> AffineTransform:
    """Change the parameters of a transform: (p,)."""
    matrices, offsets = tangent.perturb(
        transform.model,
        transform.ndim_moving,
        transform.ndim_fixed,
        transform.matrix,
        transform.offset_um,
        np.asarray(change)[None],
    )
    return AffineTransform(
        model=transform.model,
        matrix=matrices[0],
        centre_um=transform.centre_um,
        offset_um=offsets[0],
        ndim_moving=transform.ndim_moving,
        ndim_fixed=transform.ndim_fixed,
        allow_mirror=transform.allow_mirror,
    )


def chain(transform: AffineTransform, change: np.ndarray) -> np.ndarray:
    """Differentiate offset (3) and matrix (9) by the parameters, at a change of them: (12, p)."""
    model, ndims = transform.model, (transform.ndim_moving, transform.ndim_fixed)
    columns = tangent.columns(model, *ndims)
    if model == "affine" and ndims != (2, 3):
        return np.eye(12)[:, columns]
    if model == "affine":
        return _by_differences(transform, change)
    full = np.zeros(7)
    full[list(columns)] = change
    matrix = moved(transform, change).matrix
    out = np.zeros((12, 7))
    out[:3, :3] = np.eye(3)
    for k, turn in enumerate(_left_turns(full[3:6])):
        out[3:, 3 + k] = (_cross(turn) @ matrix).ravel()
    out[3:, 6] = matrix.ravel()
    return out[:, columns]


def _by_differences(transform: AffineTransform, change: np.ndarray) -> np.ndarray:
    out, step = np.zeros((12, len(change))), 1e-6
    for k in range(len(change)):
        there, back = (
            moved(transform, change + sign * step * np.eye(len(change))[k]) for sign in (1, -1)
        )
        out[:3, k] = (there.offset_um - back.offset_um) / (2 * step)
        out[3:, k] = (there.matrix - back.matrix).ravel() / (2 * step)
    return out


def _left_turns(turn: np.ndarray) -> np.ndarray:
    """Turns applied last that a change of each entry of a rotation vector is: rows of (3, 3)."""
    angle = float(np.linalg.norm(turn))
    cross = _cross(turn)
    if angle < 1e-6:
        return (np.eye(3) + cross / 2).T
    first = (1 - np.cos(angle)) / angle**2
    second = (angle - np.sin(angle)) / angle**3
    return (np.eye(3) + first * cross + second * cross @ cross).T


def _cross(v: np.ndarray) -> np.ndarray:
    return np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
