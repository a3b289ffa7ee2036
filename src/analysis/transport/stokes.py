"""Stokes flow through voxels: minimal residuals with multigrid for velocities and pressure.

The Schur complement of the pressure acts like the identity where pressure varies fast, and like
Darcy's law with the local mobility where it varies slowly; its inverse is approximated by the sum
of both inverses, the second by a V-cycle. The mobility of a face is its velocity under a unit
force without pressure.

References
----------
Elman, Silvester & Wathen 2014, Finite elements and fast iterative solvers, chapter 4 (MINRES);
Cahouet & Chabard 1988, Int. J. Numer. Meth. Fluids 8, 869, doi:10.1002/fld.1650080802 (the sum of
two inverses).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..threads import Workers
from . import stokes_loops
from .energy import minimise
from .multigrid import FaceCycle, Faces, VoxelCycle, finish, rim

_SHIFTS = (9, 18)
_COUNTED = 16  # what a voxel of distance counts in the diagonal
_MOBILITY = 0.2  # relative error of the energy that is enough for a preconditioner
_EVERY = 4  # steps between two looks at the flow
_SAFETY = 3.0  # on the extrapolated rest; tests compare it with the exact solution


@dataclass(frozen=True, eq=False)
class Flow:
    """The flow under a unit force a volume along one axis, in voxels.

    Attributes
    ----------
    y : ndarray of float32, (4, z, y, x)
        Velocities on faces, and pressure, with a rim.
    mean : float
        Sum of the velocity along the axis over all faces, corrected to second order.
    error : float
        Estimate of what the unsolved rest still changes in it.
    iterations : int
    converged : bool
    """

    y: NDArray[np.float32]
    mean: float
    error: float
    iterations: int
    converged: bool


class Stokes:
    """Stokes flow on voxels.

    Parameters
    ----------
    fluid : ndarray of uint8, (z, y, x)
        With a rim: 1 where fluid flows, 0 in walls, 2 behind a pressure end of axis 0. Rims of
        periodic axes repeat the other side.
    weights : ndarray of float, (3,)
        ``(h_0 / h_a)**2`` of the voxel sizes.
    """

    def __init__(
        self,
        fluid: NDArray[np.uint8],
        weights: NDArray[np.float64],
        wrap: tuple[bool, bool, bool],
        workers: Workers,
    ) -> None:
        self.fluid, self.wrap, self.workers = fluid, wrap, workers
        self.inner = tuple(n - 2 for n in fluid.shape)
        self.cells = int(np.prod(self.inner))
        self.scales = np.sqrt(weights).astype(np.float32)
        self.cycles = []
        for axis in range(3):
            code = np.zeros(fluid.shape, np.uint32)
            self._run(stokes_loops.face_codes, fluid, axis, _SHIFTS, _COUNTED, wrap, code)
            rim(code, wrap)
            self.cycles.append(VoxelCycle(code, weights, _SHIFTS, wrap, workers, counted=_COUNTED))
        self._darcy = self._mobile(weights)
        self._cell = (fluid == 1).astype(np.uint8)

    def solve(
        self,
        axis: int,
        *,
        relative_error: float,
        most: int,
        progress: Callable[[int, float], None] | None = None,
    ) -> Flow:
        """Find the flow under a unit force along an axis by minimal residuals."""
        shape = (4, *self.fluid.shape)
        x, v, v_old, w, w_old, z, q = (np.zeros(shape, np.float32) for _ in range(7))
        force = self.cycles[axis].code != 0
        force &= self._inside()
        v[axis][force] = 1
        if not force.any():
            return Flow(x, 0.0, 0.0, 0, True)
        gamma = math.sqrt(self._precondition(v, z))
        gamma_old, eta = 1.0, gamma
        s_old = s = 0.0
        c_old = c = 1.0
        looks: list[tuple[float, float]] = []
        mean, error, steps = 0.0, math.inf, 0
        self._scale(z, 1 / gamma)
        while steps < most:
            delta = self._apply(z, q)
            self._flat(
                stokes_loops.recur, q, v, v_old,
                np.float32(delta / gamma), np.float32(gamma / gamma_old),
            )  # fmt: skip
            v, v_old = v_old, v
            product = self._precondition(v, q)
            gamma_next = math.sqrt(max(product, 0.0))
            a0 = c * delta - c_old * s * gamma
            a1 = math.hypot(a0, gamma_next)
            a2, a3 = s * delta + c_old * c * gamma, s_old * gamma
            c_old, s_old = c, s
            c, s = a0 / a1, gamma_next / a1
            self._flat(
                stokes_loops.follow, z, w, w_old, x, np.float32(1 / a1), np.float32(a2 / a1),
                np.float32(a3 / a1), np.float32(c * eta),
            )  # fmt: skip
            w, w_old = w_old, w
            eta *= -s
            steps += 1
            z, q = q, z
            exhausted = gamma_next <= 1e-7 * abs(gamma)
            if not exhausted:
                self._scale(z, 1 / gamma_next)
            gamma_old, gamma = gamma, gamma_next
            if steps % _EVERY == 0 or exhausted:
                mean = self._flux(x, axis, force, q)
                looks.append((mean, eta * eta))
                error = _rest(looks)
                if progress is not None:
                    progress(steps, error / max(abs(mean), 1e-300))
                if exhausted or error <= relative_error * abs(mean):
                    break
        solved = bool(error <= relative_error * abs(mean))
        return Flow(x, float(mean), float(error), steps, solved)

    def _flux(self, x: NDArray, axis: int, force: NDArray[np.bool_], q: NDArray) -> float:
        """Sum the velocity, corrected by the residual: its error is quadratic in that of x."""
        self._apply(x, q)
        flux = float(x[axis][force].sum(dtype=np.float64))
        return 2 * flux - self._dot(x, q)

    def _apply(self, y: NDArray, out: NDArray) -> float:
        for component in y:
            rim(component, self.wrap)
        for axis, cycle in enumerate(self.cycles):
            cycle.apply(y[axis], out[axis])
        codes = (cycle.code for cycle in self.cycles)
        self._run(stokes_loops.couple, y, *codes, self._cell, self.scales, out)
        return self._dot(y, out)

    def _precondition(self, v: NDArray, z: NDArray) -> float:
        total = 0.0
        for axis, cycle in enumerate(self.cycles):
            total += cycle.precondition(v[axis], z[axis])
        self._darcy.precondition(v[3], z[3])
        self.workers.run(
            stokes_loops.scaled_sum, v[3], z[3], np.float32(1), z[3],
            planes=len(v[3]), cells=self.cells,
        )  # fmt: skip
        return total + self._dot(v[3:], z[3:])

    def _mobile(self, weights: NDArray[np.float64]) -> FaceCycle:
        """Give each face its velocity under a unit force, as conductance of a Darcy flow."""
        inside, g = self._inside(), []
        for axis, cycle in enumerate(self.cycles):
            x, r, p, z = (np.zeros(self.fluid.shape, np.float32) for _ in range(4))
            r[(cycle.code != 0) & inside] = 1
            if r.any():
                minimise(
                    cycle, x, r, p, z, energy=0.0, relative_error=-_MOBILITY, most=6,
                    workers=self.workers,
                )  # fmt: skip
            np.maximum(x, np.float32(1e-3), out=x, where=cycle.code != 0)
            g.append(x * np.float32(weights[axis]))
        d = np.zeros(self.fluid.shape, np.float32)
        ends = self.fluid == 2
        if ends.any():  # pressure is fixed there
            d[1] += g[0][1] * ends[0]
            d[-3] += g[0][-2] * ends[-2]
            g[0][1][ends[0]] = 0
            g[0][-2][ends[-2]] = 0
        faces = Faces((g[0], g[1], g[2]), d, d.copy(), self.wrap)
        finish(faces, self.workers)
        return FaceCycle(faces, tuple(float(w) for w in weights), self.workers)

    def _inside(self) -> NDArray[np.bool_]:
        inside = np.zeros(self.fluid.shape, bool)
        inside[1:-1, 1:-1, 1:-1] = True
        return inside

    def _dot(self, a: NDArray, b: NDArray) -> float:
        inner = (slice(None), *(slice(1, -1),) * 3)
        flat_a, flat_b = (y[inner].reshape(-1, *self.inner[1:]) for y in (a, b))
        sums = np.zeros(len(flat_a))
        self.workers.run(
            stokes_loops.dot, flat_a, flat_b, sums, planes=len(sums), cells=4 * self.cells
        )
        return float(sums.sum())

    def _scale(self, z: NDArray, factor: float) -> None:
        np.multiply(z, np.float32(factor), out=z)

    def _flat(self, loop: Callable[..., None], *arguments: object) -> None:
        """Run a loop over the planes of all components."""
        flat = [a.reshape(-1, *a.shape[2:]) if isinstance(a, np.ndarray) else a for a in arguments]
        self.workers.run(loop, *flat, planes=4 * self.fluid.shape[0], cells=4 * self.cells)

    def _run(self, loop: Callable[..., None], *arguments: object) -> None:
        self.workers.run(loop, *arguments, planes=self.inner[0], cells=self.cells)


def _rest(looks: list[tuple[float, float]]) -> float:
    """Extrapolate what the flow still changes by: its error falls like the squared residual."""
    if len(looks) < 3:
        return math.inf
    (old, old_rest), (new, rest) = looks[-3], looks[-1]
    change = max(abs(new - old), abs(new - looks[-2][0]))
    pace = rest / old_rest if old_rest > 0 else 0.0
    return _SAFETY * change * pace / (1 - pace) if pace < 1 else math.inf
