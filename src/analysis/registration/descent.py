"""Climb to the map of most mutual information, and see how sharp its summit is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import tangent
from .estimate import moved
from .mutual import MutualInformation, Sweep
from .transform import AffineTransform

_LONGEST_STEP = 4.0  # voxels
_SMALL_STEP = 0.02  # voxels
_SHORTENED = 12  # times, before a step is given up
_THIN = 25_000  # samples that tell how sharp a summit is
_ASIDE = 0.2  # voxels, for the curvature: over half a voxel the summit looks half as sharp


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

    @property
    def shared(self) -> float:
        """Information times overlap [nat]: few samples are related by chance, many are not."""
        return self.information * self.overlap


class Climb:
    """Mutual information over the parameters of a model, in steps that move the image alike.

    Parameters
    ----------
    metric : MutualInformation
    start : AffineTransform
        Its model's parameters are changed.
    step_um : float
        A change of 1 moves the samples by this, root mean square [um].
    """

    def __init__(
        self, metric: MutualInformation, start: AffineTransform, *, step_um: float
    ) -> None:
        self.metric, self.start, self.step_um = metric, start, step_um
        self.units = units(metric, start, step_um)
        self.sweeps = 0

    def at(self, steps: np.ndarray) -> AffineTransform:
        """The map after a change."""
        return moved(self.start, steps * self.units)

    def place(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Matrix and offset after a change."""
        start, change = self.start, (steps * self.units)[None]
        matrices, offsets = tangent.perturb(
            start.model, start.ndim_moving, start.ndim_fixed, start.matrix, start.offset_um, change
        )
        return matrices[0], offsets[0]

    def scores(self, steps: np.ndarray) -> tuple[Sweep, np.ndarray]:
        """Look up mutual information after a change, and what each block adds to its slope.

        Returns
        -------
        Sweep
        ndarray, shape (blocks, p)
        """
        self.sweeps += 1
        matrix, offset = self.place(steps)
        seen = self.metric(matrix, self.start.centre_um, offset)
        by_step = chain(self.start, steps * self.units, matrix) * self.units
        return seen, seen.slopes @ by_step

    def loss(self, steps: np.ndarray) -> tuple[float, np.ndarray]:
        """What is made small, and its slope."""
        seen, scores = self.scores(steps)
        return -seen.information, -scores.sum(axis=0)

    def run(self, *, most_steps: int = 60, tolerance: float = 1e-6) -> Summit:
        """Climb until a step gains less than a share of what is there."""
        if self.start.model != "affine" and self.metric.is_small:
            return self._run_compiled(most_steps, tolerance)
        steps = minimum(self.loss, np.zeros(len(self.units)), most=most_steps, gain=tolerance)
        matrix, offset = self.place(steps)
        end = self.metric(matrix, self.start.centre_um, offset)
        return Summit(self.at(steps), end.information, end.overlap, self.sweeps)

    def run_sharply(self) -> Summit:
        """Climb by the curvature where the climb begins, which few samples tell: from nearby.

        Three sweeps over all samples do then.
        """
        few = Climb(self.metric.thinned(_THIN), self.start, step_um=self.step_um)
        few.units = self.units
        curved = few.curvature()
        values, turns = np.linalg.eigh(curved)
        inverse = turns / values @ turns.T if values[0] > 1e-6 * values[-1] else None
        zero = np.zeros(len(self.units))
        steps = minimum(self.loss, zero, most=60, gain=1e-6, inverse=inverse)
        matrix, offset = self.place(steps)
        end = self.metric(matrix, self.start.centre_um, offset)
        return Summit(self.at(steps), end.information, end.overlap, self.sweeps + few.sweeps)

    def curvature(self) -> np.ndarray:
        """Second differences of the loss where the climb begins, from its slopes: (p, p)."""
        rows = []
        for step in _ASIDE * np.eye(len(self.units)):
            there, back = (self.loss(sign * step)[1] for sign in (1, -1))
            rows.append((there - back) / (2 * _ASIDE))
        found = np.array(rows)
        return (found + found.T) / 2

    def _run_compiled(self, most_steps: int, tolerance: float) -> Summit:
        from . import climb_loops

        start = self.start
        free = tangent.columns(start.model, start.ndim_moving, start.ndim_fixed)
        steps, information, overlap, sweeps = climb_loops.climb(
            *self.metric.tables,
            np.array(free),
            np.ascontiguousarray(start.matrix),
            np.ascontiguousarray(start.centre_um),
            np.ascontiguousarray(start.offset_um),
            self.units,
            most_steps,
            tolerance,
        )
        return Summit(self.at(steps), information, overlap, sweeps)


def minimum(
    loss: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    *,
    most: int,
    gain: float,
    inverse: np.ndarray | None = None,
) -> np.ndarray:
    """Descend by BFGS with a few parameters, from a given inverse of the curvature or none.

    scipy's L-BFGS-B calls threaded BLAS for matrices of 6 x 6, which on busy machines takes
    longer than the images.

    References
    ----------
    Nocedal & Wright 2006, doi:10.1007/978-0-387-40065-5, algorithm 6.1.
    """
    here, (value, slope) = np.array(start, float), loss(start)
    fresh = inverse is None
    inverse = _steepest(slope) if inverse is None else inverse
    for _ in range(most):
        step = -inverse @ slope
        length = float(np.linalg.norm(step))
        if length > _LONGEST_STEP:
            step *= _LONGEST_STEP / length
        taken = _line(loss, here, step, value, float(slope @ step))
        if taken is None:
            if fresh:
                break
            inverse, fresh = _steepest(slope), True
            continue
        share, there_value, there_slope = taken
        moved_by, turned = share * step, there_slope - slope
        gained = value - there_value
        here, value, slope = here + moved_by, there_value, there_slope
        curved = float(moved_by @ turned)
        if curved > 1e-12:
            if fresh:
                inverse = np.eye(len(here)) * (curved / float(turned @ turned))
            inverse, fresh = _updated(inverse, moved_by, turned, curved), False
        if gained < gain * abs(value) and float(np.linalg.norm(moved_by)) < _SMALL_STEP:
            break
    return here


def _steepest(slope: np.ndarray) -> np.ndarray:
    """A first step of one voxel."""
    return np.eye(len(slope)) / max(1e-12, float(np.linalg.norm(slope)))


def _line(
    loss: Callable[[np.ndarray], tuple[float, np.ndarray]],
    here: np.ndarray,
    step: np.ndarray,
    value: float,
    along: float,
) -> tuple[float, float, np.ndarray] | None:
    """Shorten a step until it gains: the share of it, the value and the slope there."""
    if along >= 0:
        return None
    share = 1.0
    for _ in range(_SHORTENED):
        there_value, there_slope = loss(here + share * step)
        if there_value <= value + 1e-4 * share * along:
            return share, there_value, there_slope
        bent = there_value - value - share * along
        best = -along * share**2 / (2 * bent) if bent > 0 else share / 2
        share = float(np.clip(best, 0.1 * share, 0.5 * share))
    return None


def _updated(
    inverse: np.ndarray, moved_by: np.ndarray, turned: np.ndarray, curved: float
) -> np.ndarray:
    left = np.eye(len(moved_by)) - np.outer(moved_by, turned) / curved
    return left @ inverse @ left.T + np.outer(moved_by, moved_by) / curved


def units(metric: MutualInformation, transform: AffineTransform, step_um: float) -> np.ndarray:
    """Changes of each parameter that move the samples by a step, root mean square: (p,)."""
    points = metric.samples.points_um[:: max(1, len(metric.samples.points_um) // 2000)]
    moves = transform.jacobian(points)
    return step_um / np.sqrt(np.mean(np.sum(moves**2, axis=1), axis=0))


def chain(transform: AffineTransform, change: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Differentiate offset (3) and matrix (9) by the parameters, at a change of them: (12, p).

    ``matrix`` is the one after the change.
    """
    model, ndims = transform.model, (transform.ndim_moving, transform.ndim_fixed)
    columns = tangent.columns(model, *ndims)
    if model == "affine" and ndims != (2, 3):
        return np.eye(12)[:, columns]
    if model == "affine":
        return _by_differences(transform, change)
    full = np.zeros(7)
    full[list(columns)] = change
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
