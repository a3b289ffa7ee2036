"""Conjugate gradients that stop by the error of the energy, which is what is measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import Workers
from . import voxel_loops
from .multigrid import FaceCycle, VoxelCycle

_GUESS = 0.5  # the smallest eigenvalue over the smallest Ritz value; tests count how often it holds
_EARLIEST = 4  # steps before the Ritz values say anything


@dataclass(frozen=True)
class Minimum:
    """How far an energy was brought down.

    Attributes
    ----------
    energy : float
        What the steps add up to.
    rest : float
        Estimate of how much lower the minimum lies.
    iterations : int
    converged : bool
        Whether `rest` is below what was asked.
    """

    energy: float
    rest: float
    iterations: int
    converged: bool


def minimise(
    cycle: VoxelCycle | FaceCycle,
    x: NDArray[Any],
    r: NDArray[Any],
    p: NDArray[Any],
    z: NDArray[Any],
    *,
    energy: float,
    relative_error: float,
    most: int,
    workers: Workers,
    progress: Callable[[int, float], None] | None = None,
) -> Minimum:
    """Bring the energy down by preconditioned conjugate gradients.

    Every step lowers the energy by a known amount, and the error of the energy is the sum of the
    amounts that are still to come: a quadrature of which the steps give the nodes.

    Parameters
    ----------
    x, r : ndarray
        Zero, and what it leaves unbalanced; both are overwritten.
    p, z : ndarray
        Scratch, zero.
    energy : float
        Of x = 0.
    progress : callable, optional
        Gets the iteration and the relative error that is estimated.

    Returns
    -------
    Minimum

    References
    ----------
    Meurant & Tichý 2013, On computing quadrature-based bounds for the A-norm of the error in
    conjugate gradients, Numer. Algorithms 62, 163, doi:10.1007/s11075-012-9591-9.
    """
    real, inner = x.dtype.type, cycle.inner
    planes, cells = inner[0], int(np.prod(inner))
    rest, still_to_fall, steps = math.inf, _Rest(), 0
    product = cycle.precondition(r, z)
    scale = energy
    for iteration in range(most):
        if product <= np.finfo(np.float64).tiny * max(scale, 1.0):
            rest = 0.0
            break
        if iteration == 0:
            p[:] = z
        curvature = cycle.apply(p, z)
        if curvature <= 0:
            break
        step = product / curvature
        workers.run(voxel_loops.advance, x, r, p, z, real(step), planes=planes, cells=cells)
        energy -= step * product
        steps += 1
        before, product = product, cycle.precondition(r, z)
        rest = still_to_fall.after(step, product / before, product)
        if progress is not None:
            progress(steps, rest / max(energy, np.finfo(float).tiny))
        if rest <= relative_error * energy:
            break
        workers.run(voxel_loops.turn, p, z, real(product / before), planes=planes, cells=cells)
    solved = bool(rest <= relative_error * max(energy, 0.0))
    return Minimum(float(energy), float(rest), steps, solved)


class _Rest:
    """What is still to fall: Gauss-Radau quadrature with a guess of the smallest eigenvalue.

    The guess is a part of the smallest Ritz value of the steps so far, which lies above it.
    """

    def __init__(self) -> None:
        self._steps: list[float] = []
        self._shares: list[float] = []

    def after(self, step: float, share: float, product: float) -> float:
        """Return the estimate after a step.

        Parameters
        ----------
        step : float
            Its length.
        share : float
            ``product`` over the one before the step.
        product : float
            Residual times preconditioned residual after the step.
        """
        self._steps.append(step)
        self._shares.append(share)
        least = _GUESS * self._smallest_ritz()
        weight = 1 / least
        for length, ratio in zip(self._steps, self._shares, strict=True):
            ahead = max(weight - length, 0.0)
            weight = ahead / (least * ahead + ratio)
        return weight * product if len(self._steps) >= _EARLIEST else math.inf

    def _smallest_ritz(self) -> float:
        steps, shares = np.array(self._steps), np.array(self._shares)
        diagonal = 1 / steps
        diagonal[1:] += shares[:-1] / steps[:-1]
        beside = np.sqrt(shares[:-1]) / steps[:-1]
        values = np.linalg.eigvalsh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
        return float(max(values[0], 1e-12 * values[-1]))
