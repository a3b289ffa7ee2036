"""Where an image lies in the specimen: the frame of the file against the truth.

A view's *nominal* coordinates are what its file lets one compute, index times the voxel size that
the file states [um]; *specimen* coordinates are true micrometres, z downwards from the original
top surface.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class View:
    """An image on a regular grid: specimen = matrix @ nominal + offset.

    A two-dimensional view has one layer; its z axis is the direction of viewing, so that
    ``to_nominal`` followed by dropping z is its orthographic projection.

    Attributes
    ----------
    name : str
        Of the image and of its frame.
    shape : tuple of int
        Voxels (z, y, x); one layer for a picture.
    spacing_um : tuple of float
        Nominal voxel size (z, y, x) [um].
    matrix, offset_um : arrays, shapes (3, 3) and (3,)
        From nominal to specimen coordinates.
    time : int
        Which of the three time points the specimen is in.
    """

    name: str
    shape: tuple[int, int, int]
    spacing_um: tuple[float, float, float]
    matrix: Floats
    offset_um: Floats
    time: int = 0

    @property
    def is_picture(self) -> bool:
        """Whether the view is two-dimensional."""
        return self.shape[0] == 1

    @property
    def true_spacing_um(self) -> tuple[float, ...]:
        """What one step along each axis really measures in the specimen [um]."""
        lengths = np.linalg.norm(self.matrix, axis=0) * self.spacing_um
        return tuple(float(length) for length in lengths)

    @property
    def size_um(self) -> Floats:
        """Nominal edge lengths of the field of view, shape (3,) [um]."""
        return np.array(self.shape) * self.spacing_um

    def to_specimen(self, points_um: Floats) -> Floats:
        """Map (n, 3) nominal points to true specimen coordinates [um]."""
        return np.asarray(points_um) @ self.matrix.T + self.offset_um

    def to_nominal(self, points_um: Floats) -> Floats:
        """Map (n, 3) specimen points to where the image shows them [um]."""
        return np.linalg.solve(self.matrix, (np.asarray(points_um) - self.offset_um).T).T

    def contains(self, points_um: Floats, *, inset_um: float | Floats = 0.0) -> NDArray[np.bool_]:
        """Say which (n, 3) specimen points lie in the field of view, to its voxels' outer faces.

        With ``inset_um``, one number or one a point, they must also be that far from its border.
        """
        nominal, inset = self.to_nominal(points_um), np.reshape(inset_um, (-1, 1))
        low = -0.5 * np.array(self.spacing_um)
        inside = (nominal >= low + inset) & (nominal <= low + self.size_um - inset)
        return np.all(inside[:, 1:] if self.is_picture else inside, axis=1)

    def faces(self) -> tuple[Floats, Floats] | None:
        """Return the field of view as half-spaces ``normals @ p <= limits`` (k, 3), (k,) [um].

        None where its border is not flat.
        """
        inward = np.linalg.inv(self.matrix)[1:] if self.is_picture else np.linalg.inv(self.matrix)
        axes = slice(1, None) if self.is_picture else slice(None)
        low = -0.5 * np.array(self.spacing_um)[axes]
        start = inward @ self.offset_um
        limits = np.concatenate([low + self.size_um[axes] + start, -low - start])
        return np.concatenate([inward, -inward]), limits

    def box_points(self, unit_points: Floats) -> Floats:
        """Map (n, 3) points of the unit cube onto the field of view in the specimen [um]."""
        nominal = unit_points * self.size_um - 0.5 * np.array(self.spacing_um)
        return self.to_specimen(nominal)

    @property
    def volume_um3(self) -> float:
        """True volume of the field of view [um^3]."""
        return float(np.prod(self.size_um) * abs(np.linalg.det(self.matrix)))


@dataclass(frozen=True)
class SlicedView(View):
    """A FIB-SEM stack: slices of uneven thickness, seen at an angle, while the image drifts.

    ``matrix`` and ``offset_um`` hold what geometry alone says (foreshortening by sin(angle), a
    shift of thickness times cos(angle) from slice to slice, at the nominal thickness). On top of
    it, slice k lies at ``positions_um[k]`` along the cutting direction instead of k times the
    nominal thickness, and its picture is displaced by ``drift_um[k]`` (y, x).
    """

    angle_deg: float = 54.0
    positions_um: Floats = field(default_factory=lambda: np.empty(0))
    drift_um: Floats = field(default_factory=lambda: np.empty((0, 2)))

    @cached_property
    def edges_um(self) -> Floats:
        """Where the slices begin and end, shape (slices + 1,) [um]."""
        return np.interp(np.arange(len(self.positions_um) + 1) - 0.5, *self._extended())

    def to_specimen(self, points_um: Floats) -> Floats:
        """Map (n, 3) nominal points to true specimen coordinates [um]."""
        points = np.array(points_um, float)
        index = points[:, 0] / self.spacing_um[0]
        points[:, 1:] -= self._drift_at(index)
        points[:, 0] = np.interp(index, *self._extended())
        # geometry: one um of true depth moves the picture by cos(angle), whatever the file says
        return points @ self.matrix.T + self.offset_um

    def to_nominal(self, points_um: Floats) -> Floats:
        """Map (n, 3) specimen points to where the stack shows them [um]."""
        points = super().to_nominal(points_um)
        index = np.interp(points[:, 0], *self._extended()[::-1])
        points[:, 0] = index * self.spacing_um[0]
        points[:, 1:] += self._drift_at(index)
        return points

    def faces(self) -> None:
        """Slices that drift have no flat border."""
        return None

    @property
    def volume_um3(self) -> float:
        """True volume of the field of view [um^3]."""
        depth = self.edges_um[-1] - self.edges_um[0]
        return float(depth * np.prod(self.size_um[1:]) * abs(np.linalg.det(self.matrix)))

    def _drift_at(self, index: Floats) -> Floats:
        steps = np.arange(len(self.drift_um))
        return np.stack([np.interp(index, steps, drift) for drift in self.drift_um.T], axis=1)

    def _extended(self) -> tuple[Floats, Floats]:
        count, step = len(self.positions_um), self.spacing_um[0]
        index = np.concatenate([[-60], np.arange(count), [count + 59]])
        first, last = self.positions_um[[0, -1]]
        return index, np.concatenate([[first - 60 * step], self.positions_um, [last + 60 * step]])
