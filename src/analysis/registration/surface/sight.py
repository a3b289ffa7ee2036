"""What marks in an orthographic picture say about a pose: residuals, weights, one step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..estimate import moved
from ..transform import AffineTransform
from .view import SurfaceView

_STEPS = 60
_HALVINGS = 8
_TURN = 0.5  # rad: longest turn of one step


@dataclass(frozen=True, eq=False)
class Marks:
    """Marks picked in a picture and on the surface.

    Attributes
    ----------
    seen_um : (n, 2) array
        In the picture, y, x [um].
    surface_um : (n, 3) array
        In the survey, z, y, x [um].
    seen_um2 : (n, 2, 2) array or None
        Covariance of the picks in the picture; None where no error is stated.
    surface_um2 : (n, 3, 3) array or None
        Covariance of the positions in the survey.
    tilt_sigma : float or None
        How well the stage's tilt is known [rad].
    view : SurfaceView
    """

    seen_um: np.ndarray
    surface_um: np.ndarray
    seen_um2: np.ndarray | None
    surface_um2: np.ndarray | None
    tilt_sigma: float | None
    view: SurfaceView

    @property
    def stated(self) -> bool:
        """Whether a localisation error was stated."""
        return self.seen_um2 is not None or self.surface_um2 is not None


@dataclass(frozen=True, eq=False)
class Sight:
    """A pose with what the marks say about it.

    Attributes
    ----------
    pose : AffineTransform
    residuals_um : (n, 2) array
        Picked minus predicted place in the picture [um].
    slopes : (k, p) array
        Whitened change of all residuals with the parameters of the pose.
    white : (k,) array
        Whitened residuals: of the marks, of the depth, of the stage's tilt.
    """

    pose: AffineTransform
    residuals_um: np.ndarray
    slopes: np.ndarray
    white: np.ndarray

    @property
    def cost(self) -> float:
        """Sum of the squared whitened residuals."""
        return float(self.white @ self.white)


def settled(start: AffineTransform, marks: Marks) -> Sight:
    """Follow Gauss-Newton steps to the pose at which no small change fits better."""
    here = looked(start, marks)
    for _ in range(_STEPS):
        step = _step(here)
        there = _shorter(here, step, marks)
        if there is None:
            break
        gained = here.cost - there.cost
        here = there
        if gained < 1e-10 * max(here.cost, 1e-12):
            break
    return here


def _step(here: Sight) -> np.ndarray:
    size = np.linalg.norm(here.slopes, axis=0)
    size = np.where(size > 0, size, 1.0)
    step = -np.linalg.lstsq(here.slopes / size, here.white, rcond=1e-9)[0] / size
    turn = float(np.linalg.norm(step[3:6]))
    return np.asarray(step * min(1.0, _TURN / turn) if turn else step)


def _shorter(here: Sight, step: np.ndarray, marks: Marks) -> Sight | None:
    """Halve a step until it does not fit worse; None where even the shortest does."""
    for _ in range(_HALVINGS):
        there = looked(moved(here.pose, step), marks)
        if there.cost <= here.cost:
            return there
        step = step / 2
    return None


def looked(pose: AffineTransform, marks: Marks) -> Sight:
    """Work out the residuals of a pose and how they change with it."""
    back = np.linalg.inv(pose.matrix)
    left = marks.seen_um - pose.inverse_apply(marks.surface_um)[:, 1:]
    spread = _spread(marks, back)
    places = _corrected(marks, back, left, spread)
    slopes = back @ pose.jacobian(pose.inverse_apply(places))
    white = np.linalg.inv(np.linalg.cholesky(spread))
    count = pose.parameter_count
    rows = [(white @ slopes[:, 1:]).reshape(-1, count), slopes[:, 0].mean(axis=0)[None]]
    values = [
        (white @ left[..., None]).ravel(),
        -pose.inverse_apply(places)[:, 0].mean(keepdims=True),
    ]
    if marks.tilt_sigma is not None:
        row, value = _by_the_stage(pose, marks.view)
        rows.append(row / marks.tilt_sigma)
        values.append(value / marks.tilt_sigma)
    return Sight(pose, left, np.concatenate(rows), np.concatenate(values))


def _spread(marks: Marks, back: np.ndarray) -> np.ndarray:
    """Covariance of each residual: both errors, seen in the picture; 1 um2 where none is stated."""
    if not marks.stated:
        return np.broadcast_to(np.eye(2), (len(marks.seen_um), 2, 2))
    total = np.zeros((len(marks.seen_um), 2, 2))
    if marks.seen_um2 is not None:
        total = total + marks.seen_um2
    if marks.surface_um2 is not None:
        total = total + (back @ marks.surface_um2 @ back.T)[:, 1:, 1:]
    return total


def _corrected(marks: Marks, back: np.ndarray, left: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Move the marks of the survey to where they most likely are, so that they shrink nothing."""
    if marks.surface_um2 is None:
        return marks.surface_um
    pull = np.linalg.solve(spread, left[..., None])[..., 0] @ back[1:]
    return marks.surface_um + (marks.surface_um2 @ pull[..., None])[..., 0]


def _by_the_stage(pose: AffineTransform, view: SurfaceView) -> tuple[np.ndarray, np.ndarray]:
    """How far the surface's normal is from where the stage puts it, in tilt and in lean [rad]."""
    turn = pose.matrix / np.linalg.norm(pose.matrix[:, 0])
    inward, said = -np.asarray(view.up), view.normal
    sides = np.stack([[-said[1], said[0], 0.0], [0.0, 0.0, 1.0]])
    z, y, x = inward
    cross = np.array([[0, -x, y], [x, 0, -z], [-y, z, 0]])
    row = np.zeros((2, pose.parameter_count))
    row[:, 3:6] = -sides @ turn.T @ cross
    return row, sides @ (said - inward @ turn)
