"""Conduction through voxels of many conductivities, solved for one mean field after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..threads import Workers
from . import conduction_loops
from .energy import Minimum, minimise
from .multigrid import FaceCycle, Faces, VoxelCycle, finish, rim
from .paths import crossing_part, winding_part

_SHIFTS = (3, 5)  # axis 0 counts up to 4 in the diagonal (two fixed ends), the others up to 2
_SINGLE = 1e-6  # relative error below which single precision is not enough
_CONTRAST = 1e3  # the same for the ratio of conductivities


@dataclass(frozen=True, eq=False)
class Field:
    """The potential of one mean field.

    Attributes
    ----------
    x : ndarray
        What it departs from the ramp by, with a rim of one voxel.
    minimum : Minimum
        Energies per voxel, relative to that of a conductivity of 1.
    upper : float
        Energy of `x` itself, in double precision: no solution lies above it.
    """

    x: NDArray
    minimum: Minimum
    upper: float


def doubled(volume: NDArray, axes: Sequence[int]) -> NDArray:
    """Repeat a volume along periodic axes of one voxel, whose neighbour would be itself.

    Examples
    --------
    >>> doubled(np.zeros((1, 4, 1)), (1, 2)).shape
    (1, 4, 2)
    """
    for axis in axes:
        if volume.shape[axis] == 1:
            volume = volume.repeat(2, axis)
    return np.ascontiguousarray(volume)


class Conduction:
    """The equations of conduction on voxels: harmonic means at faces, seven points.

    Parameters
    ----------
    labels : ndarray of uint8, (z, y, x)
        Any order of axes; with fixed ends these are those of axis 0.
    conductivities : ndarray of float, (n,)
        One a label, 0 for an insulator.
    spacing : tuple of float
        Voxel size along each axis.
    periodic : bool
        Else axis 0 has fixed ends half a voxel outside and the others are sealed.
    axes : tuple of int
        The axes along which mean fields will be asked.
    """

    def __init__(
        self,
        labels: NDArray[np.uint8],
        conductivities: NDArray[np.float64],
        spacing: tuple[float, ...],
        *,
        periodic: bool,
        axes: tuple[int, ...],
        relative_error: float,
        workers: Workers,
    ) -> None:
        self.workers, self.shape, self.periodic = workers, labels.shape, periodic
        self.wrap = tuple(periodic and n > 1 for n in labels.shape)
        self.relative_error = relative_error
        self.weights = np.array([(spacing[0] / h) ** 2 for h in spacing])
        conducts = conductivities > 0
        part = conducts[labels] if len(conductivities) > 2 or conducts[0] else labels.view(bool)
        part = winding_part(part, wrap=self.wrap, axes=axes) if periodic else crossing_part(part)
        self.connected = int(np.count_nonzero(part))
        self.unit = float(conductivities.max(initial=0.0))
        self._cycle: VoxelCycle | FaceCycle | None = None
        if not self.connected:
            return
        positive = conductivities[conducts] / self.unit
        one = len(np.unique(positive)) == 1
        if one and relative_error >= _SINGLE:
            self._cycle = self._of_voxels(part)
        else:
            fine = relative_error < _SINGLE or positive.min() * _CONTRAST < 1
            self._cycle = self._of_faces(
                labels, part, conductivities / self.unit, np.float64 if fine else np.float32
            )

    def solve(
        self, axis: int, *, most: int, progress: Callable[[int, float], None] | None = None
    ) -> Field:
        """Find the potential under a mean drop of 1 a voxel along an axis.

        Raises
        ------
        ValueError
            Nothing is connected.
        """
        cycle = self._cycle
        if cycle is None:
            raise ValueError("conduction needs a connected phase, got none: ask `connected` first")
        real = np.float32 if isinstance(cycle, VoxelCycle) else cycle.faces.d.dtype.type
        x, r, p, z = (np.zeros(tuple(n + 2 for n in self.shape), real) for _ in range(4))
        ramp = self._pull(axis, r)
        minimum = minimise(
            cycle, x, r, p, z, energy=ramp, relative_error=self.relative_error, most=most,
            workers=self.workers, progress=progress,
        )  # fmt: skip
        del r, p, z
        drop = tuple(float(i == axis) for i in range(3))
        scale = self.unit / (np.prod(self.shape) * self.weights[axis])
        return Field(
            x,
            Minimum(
                minimum.energy * scale, minimum.rest * scale, minimum.iterations, minimum.converged
            ),
            self.energy(x, drop) * scale,
        )

    def energy(self, x: NDArray, drop: tuple[float, ...]) -> float:
        """Return the energy of a potential, in double precision."""
        rim(x, self.wrap)
        sums, fixed, cycle = np.zeros(len(x)), not self.periodic, self._cycle
        if isinstance(cycle, VoxelCycle):
            self._run(conduction_loops.voxel_energy, x, cycle.code, self.weights, drop, fixed, sums)
        elif cycle is not None:
            faces = cycle.faces
            self._run(conduction_loops.face_energy, x, *faces.g, faces.leaving, drop, fixed, sums)
        return float(sums.sum())

    def face_conductances(self) -> tuple[tuple[NDArray, NDArray, NDArray], NDArray]:
        """Return the conductance of every face towards the voxel before, and to fixed ends."""
        cycle = self._cycle
        if isinstance(cycle, FaceCycle):
            return cycle.faces.g, cycle.faces.leaving
        assert cycle is not None
        inside = cycle.code != 0
        g = []
        for axis in range(3):
            here = np.zeros(inside.shape, np.float32)
            view, open_ = np.moveaxis(here, axis, 0), np.moveaxis(inside, axis, 0)
            view[1:] = (open_[1:] & open_[:-1]) * np.float32(self.weights[axis])
            g.append(here)
        leaving = np.zeros(inside.shape, np.float32)
        if not self.periodic:
            for end in (1, -2):
                leaving[end] += 2 * self.weights[0] * inside[end]
        return (g[0], g[1], g[2]), leaving

    def _pull(self, axis: int, r: NDArray) -> float:
        sums, fixed, cycle = np.zeros(len(r)), not self.periodic, self._cycle
        if isinstance(cycle, VoxelCycle):
            weights = self.weights.astype(np.float32)
            self._run(conduction_loops.voxel_pull, cycle.code, weights, axis, fixed, r, sums)
        elif cycle is not None:
            faces = cycle.faces
            self._run(
                conduction_loops.face_pull, faces.g[axis], faces.leaving, axis, fixed, r, sums
            )
        return float(sums.sum())

    def _run(self, loop: Callable[..., None], *arguments: object) -> None:
        self.workers.run(loop, *arguments, planes=self.shape[0], cells=int(np.prod(self.shape)))

    def _of_voxels(self, part: NDArray[np.bool_]) -> VoxelCycle:
        padded = np.zeros(tuple(n + 2 for n in self.shape), np.uint8)
        padded[1:-1, 1:-1, 1:-1] = part
        rim(padded, self.wrap)
        code = np.zeros_like(padded)
        self._run(conduction_loops.voxel_codes, padded, not self.periodic, _SHIFTS, code)
        rim(code, self.wrap)
        wrap = (self.wrap[0], self.wrap[1], self.wrap[2])
        return VoxelCycle(code, self.weights, _SHIFTS, wrap, self.workers)

    def _of_faces(
        self,
        labels: NDArray[np.uint8],
        part: NDArray[np.bool_],
        conductivities: NDArray[np.float64],
        real: Any,
    ) -> FaceCycle:
        table = np.append(conductivities, 0.0)  # the last label is outside, or leads nowhere
        padded = np.full(tuple(n + 2 for n in self.shape), len(conductivities), np.uint16)
        padded[1:-1, 1:-1, 1:-1] = np.where(part, labels, np.uint16(len(conductivities)))
        rim(padded, self.wrap)
        pairs = np.zeros((len(table), len(table)), real)
        both = np.add.outer(table, table)
        np.divide(2 * np.multiply.outer(table, table), both, out=both, where=both > 0)
        pairs[:] = both
        g0, g1, g2, d = (np.zeros(padded.shape, real) for _ in range(4))
        weights = self.weights.astype(real)
        self._run(conduction_loops.conductances, padded, pairs, weights, g0, g1, g2)
        if not self.periodic:
            for end in (1, -2):
                d[end] += (2 * self.weights[0] * table[padded[end]]).astype(real)
        wrap = (self.wrap[0], self.wrap[1], self.wrap[2])
        faces = Faces((g0, g1, g2), d, d.copy(), wrap)
        finish(faces, self.workers)
        return FaceCycle(faces, tuple(float(w) for w in self.weights), self.workers)
