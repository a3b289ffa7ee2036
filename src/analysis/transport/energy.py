"""Conjugate gradients that stop by the error of the energy, which is what is measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import voxel_loops
from .multigrid import FaceCycle, VoxelCycle
from .workers import Workers

_SAFETY = 2.0  # on the estimated rest; the tests count how often it holds
_MEAN_OVER = 3  # steps over which the falling of the energy is averaged


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
    amounts that are still to come. They fall geometrically, which gives its estimate.

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
    Strakoš & Tichý 2002, On error estimation in the conjugate gradient method and why it works in
    finite precision computations, ETNA 13, 56-80.
    """
    real, inner = x.dtype.type, cycle.inner
    planes, cells = inner[0], int(np.prod(inner))
    falls: list[float] = []
    rest = math.inf
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
        falls.append(step * product)
        energy -= falls[-1]
        rest = _rest(falls)
        if progress is not None:
            progress(iteration + 1, rest / max(energy, np.finfo(float).tiny))
        if rest <= relative_error * energy:
            break
        before, product = product, cycle.precondition(r, z)
        workers.run(
            voxel_loops.turn, p, z, real(product / before), planes=planes, cells=cells
        )
    return Minimum(energy, rest, len(falls), rest <= relative_error * max(energy, 0.0))


def _rest(falls: list[float]) -> float:
    """Extrapolate what is still to fall from the last steps."""
    if falls[-1] <= 0:
        return 0.0
    if len(falls) <= _MEAN_OVER:
        return math.inf
    pace = (falls[-1] / falls[-1 - _MEAN_OVER]) ** (1 / _MEAN_OVER)
    if pace >= 1:
        return math.inf
    return _SAFETY * falls[-1] * pace / (1 - pace)
