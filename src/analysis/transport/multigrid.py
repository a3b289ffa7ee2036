"""One V-cycle over aggregates of 2 x 2 x 2 cells: the preconditioner of all solvers here.

Coarse conductances are the sums of the fine ones over a coarse face, halved along axes that were
coarsened (plain sums are too stiff by that factor), damped Jacobi before and after, a dense
pseudo-inverse at the bottom. Axes are coarsened where they couple strongly, so that flat voxels
are no worse. The cycle is symmetric, as conjugate gradients need it.

References
----------
Braess 1995, Towards algebraic multigrid for elliptic problems of second order,
doi:10.1007/BF02238488 (aggregates with corrected stiffness).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import Workers
from . import face_loops, voxel_loops

_DAMPING = 0.9
_DENSE = 216  # cells that are solved directly
_STRONG = 0.4  # of the strongest coupling: axes above it are coarsened


@dataclass(eq=False)
class Faces:
    """Cells with a conductance a face, on one level; arrays with a rim of one cell.

    Attributes
    ----------
    g : tuple of ndarray
        Conductances towards the cell before, along each axis.
    d : ndarray
        Diagonal.
    leaving : ndarray
        The part of the diagonal that leads to fixed values.
    wrap : tuple of bool
        Axes along which the last cell touches the first.
    """

    g: tuple[NDArray, NDArray, NDArray]
    d: NDArray
    leaving: NDArray
    wrap: tuple[bool, bool, bool]
    x: NDArray = field(init=False)
    b: NDArray = field(init=False)
    other: NDArray = field(init=False)

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape without rim."""
        return tuple(n - 2 for n in self.d.shape)


def rim(array: NDArray, wrap: tuple[bool, ...]) -> None:
    """Fill the rim of periodic axes from the other side."""
    for axis, periodic in enumerate(wrap):
        if periodic:
            view = np.moveaxis(array, axis, 0)
            view[0], view[-1] = view[-2], view[1]


def finish(faces: Faces, workers: Workers) -> None:
    """Complete rims and the diagonal of cells whose faces are summed."""
    for conductances in faces.g:
        rim(conductances, faces.wrap)
    shape = faces.inner
    workers.run(face_loops.diagonal, *faces.g, faces.d, planes=shape[0], cells=int(np.prod(shape)))


def coarsened(inner: tuple[int, ...], strength: tuple[float, ...]) -> tuple[int, int, int]:
    """Return by how much each axis is coarsened: 2 where it couples strongly and is long."""
    long = [n > 2 for n in inner]
    if not any(long):
        return 1, 1, 1
    most = max(s for s, able in zip(strength, long, strict=True) if able)
    f0, f1, f2 = (
        2 if able and s >= _STRONG * most else 1 for s, able in zip(strength, long, strict=True)
    )
    return f0, f1, f2


class VCycle:
    """The coarse part of a V-cycle, from the first aggregates down.

    Parameters
    ----------
    top : Faces
        The finest of the levels that are kept here.
    strength : tuple of float
        Coupling along each axis, relative.
    """

    def __init__(self, top: Faces, strength: tuple[float, ...], workers: Workers) -> None:
        self.workers = workers
        self.levels = [top]
        self.factors: list[tuple[int, int, int]] = []
        while np.prod(self.levels[-1].inner) > _DENSE:
            last = self.levels[-1]
            factors = coarsened(last.inner, strength)
            if factors == (1, 1, 1):
                break
            self.factors.append(factors)
            self.levels.append(_coarse(last, factors, workers))
            strength = tuple(s / f**2 for s, f in zip(strength, factors, strict=True))
        for i, level in enumerate(self.levels):
            level.b = np.zeros_like(level.d) if i else level.d[:0]
            level.x, level.other = np.zeros_like(level.d), np.zeros_like(level.d)
        self._dense = _pseudo_inverse(self.levels[-1], workers)

    def solve(self, b: NDArray, level: int = 0) -> NDArray:
        """Return the approximate solution on a level, kept until the next call."""
        here, real = self.levels[level], b.dtype.type
        inner = (slice(1, -1),) * 3
        if level == len(self.levels) - 1:
            values = self._dense @ b[inner].ravel().astype(np.float64)
            here.x[inner] = values.reshape(here.inner)
            rim(here.x, here.wrap)
            return here.x
        coarse, factors = self.levels[level + 1], self.factors[level]
        omega, cells, planes = real(_DAMPING), int(np.prod(here.inner)), here.inner[0]
        run = self.workers.run
        run(face_loops.start, b, here.d, omega, here.x, planes=planes, cells=cells)
        rim(here.x, here.wrap)
        run(
            face_loops.restrict, here.x, b, *here.g, here.d, factors, coarse.b,
            planes=coarse.inner[0], cells=cells,
        )  # fmt: skip
        correction = self.solve(coarse.b, level + 1)
        run(face_loops.prolong, correction, factors, here.x, planes=planes, cells=cells)
        rim(here.x, here.wrap)
        sums = np.zeros(len(here.x))
        run(
            face_loops.smooth, here.x, b, *here.g, here.d, omega, here.other, sums,
            planes=planes, cells=cells,
        )  # fmt: skip
        here.x, here.other = here.other, here.x
        rim(here.x, here.wrap)
        self.product = float(sums.sum())
        return here.x


def halves_of(factors: tuple[int, int, int], real: Any) -> NDArray:
    """Return what conductances are multiplied with along each axis, and what leaves."""
    return np.array([*(1.0 / f for f in factors), 1.0 / max(factors)], dtype=real)


def empty_faces(
    inner: tuple[int, ...], factors: tuple[int, int, int], wrap: tuple[bool, bool, bool], real: Any
) -> Faces:
    """Return zeros for the cells that a level is coarsened to."""
    shape = tuple(-(-n // f) + 2 for n, f in zip(inner, factors, strict=True))
    g0, g1, g2 = (np.zeros(shape, real) for _ in range(3))
    d = np.zeros(shape, real)
    return Faces((g0, g1, g2), d, d, wrap)


def _coarse(fine: Faces, factors: tuple[int, int, int], workers: Workers) -> Faces:
    coarse = empty_faces(fine.inner, factors, fine.wrap, fine.d.dtype.type)
    halves = halves_of(factors, fine.d.dtype.type)
    workers.run(
        face_loops.coarsen, *fine.g, fine.leaving, factors, halves, *coarse.g, coarse.d,
        planes=coarse.inner[0], cells=int(np.prod(fine.inner)),
    )  # fmt: skip
    coarse.leaving = coarse.d.copy()
    finish(coarse, workers)
    return coarse


def _pseudo_inverse(faces: Faces, workers: Workers) -> NDArray[np.float64]:
    shape = faces.inner
    count = int(np.prod(shape))
    matrix = np.empty((count, count))
    unit, image = np.zeros_like(faces.d), np.zeros_like(faces.d)
    inner = (slice(1, -1),) * 3
    for i in range(count):
        at = tuple(int(n) + 1 for n in np.unravel_index(i, shape))
        unit[:] = 0
        unit[at] = 1
        rim(unit, faces.wrap)
        workers.run(
            face_loops.apply, unit, *faces.g, faces.d, image, np.zeros(len(unit)),
            planes=shape[0], cells=count,
        )  # fmt: skip
        matrix[:, i] = image[inner].ravel()
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    safe = values > 1e-6 * max(values.max(), 1e-300)
    return (vectors[:, safe] / values[safe]) @ vectors[:, safe].T


class VoxelCycle:
    """The preconditioner for voxels of one weight (`voxel_loops`).

    Parameters
    ----------
    code : ndarray of unsigned int
        How often each axis counts in the diagonal, with a rim.
    weights : ndarray of float, shape (3,)
    counted : int
        What one voxel of distance counts.
    shifts : tuple of int
        Where the counts of axes 1 and 2 begin in the code.
    """

    def __init__(
        self,
        code: NDArray,
        weights: NDArray,
        shifts: tuple[int, int],
        wrap: tuple[bool, bool, bool],
        workers: Workers,
        *,
        counted: int = 1,
    ) -> None:
        self.code, self.shifts, self.wrap = code, shifts, wrap
        self.weights = np.concatenate([weights, weights / counted]).astype(np.float32)
        self.inner = tuple(n - 2 for n in code.shape)
        self.workers, self.cells = workers, int(np.prod(self.inner))
        strength = tuple(float(w) for w in weights)
        self.factors = coarsened(self.inner, strength)
        top = empty_faces(self.inner, self.factors, wrap, np.float32)
        workers.run(
            voxel_loops.coarse_faces, code, self.weights, shifts, self.factors,
            halves_of(self.factors, np.float32), *top.g, top.d,
            planes=top.inner[0], cells=self.cells,
        )  # fmt: skip
        top.leaving = top.d.copy()
        finish(top, workers)
        coarser = tuple(s / f**2 for s, f in zip(strength, self.factors, strict=True))
        self.coarse = VCycle(top, coarser, workers)
        self._b = np.zeros_like(top.d)
        self._sums = np.zeros(len(code))

    def apply(self, p: NDArray, q: NDArray) -> float:
        """Write the operator on p to q; return p times q."""
        rim(p, self.wrap)
        self.workers.run(
            voxel_loops.apply, p, self.code, self.weights, self.shifts, q, self._sums,
            planes=self.inner[0], cells=self.cells,
        )  # fmt: skip
        return float(self._sums[1:-1].sum())

    def precondition(self, r: NDArray, z: NDArray) -> float:
        """Write the V-cycle on r to z; return r times z."""
        omega = np.float32(_DAMPING)
        state = (self.code, self.weights, self.shifts, omega, self.wrap, self.factors)
        self.workers.run(
            voxel_loops.restrict, r, *state, self._b,
            planes=self._b.shape[0] - 2, cells=self.cells,
        )  # fmt: skip
        correction = self.coarse.solve(self._b)
        self.workers.run(
            voxel_loops.correct, r, *state, correction, z, self._sums,
            planes=self.inner[0], cells=self.cells,
        )  # fmt: skip
        return float(self._sums[1:-1].sum())


class FaceCycle:
    """The preconditioner for cells with a conductance a face (`face_loops`)."""

    def __init__(self, faces: Faces, strength: tuple[float, ...], workers: Workers) -> None:
        self.faces, self.wrap, self.inner, self.workers = faces, faces.wrap, faces.inner, workers
        self.cells = int(np.prod(self.inner))
        self.coarse = VCycle(faces, strength, workers)
        self._sums = np.zeros(len(faces.d))

    def apply(self, p: NDArray, q: NDArray) -> float:
        """Write the operator on p to q; return p times q."""
        rim(p, self.wrap)
        self.workers.run(
            face_loops.apply, p, *self.faces.g, self.faces.d, q, self._sums,
            planes=self.inner[0], cells=self.cells,
        )  # fmt: skip
        return float(self._sums[1:-1].sum())

    def precondition(self, r: NDArray, z: NDArray) -> float:
        """Write the V-cycle on r to z; return r times z."""
        z[:] = self.coarse.solve(r)
        if len(self.coarse.levels) == 1:
            inner = (slice(1, -1),) * 3
            return float(np.vdot(r[inner].astype(np.float64), z[inner]))
        return self.coarse.product
