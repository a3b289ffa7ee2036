"""Ellipsoids as centres and shape matrices: the one solid the specimen is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import elliprg

Floats = NDArray[np.floating]

# the additive recurrence of the plastic number's 3-D relative: even without being a lattice
_RECURRENCE = 1 / 1.2207440846057596 ** np.arange(1, 4)
_TILT = np.array([1e-9, 2e-9, 3e-9])  # a direction where opposite faces leave none


@dataclass(frozen=True)
class Ellipsoids:
    """A population of ellipsoids, described so that any affine map keeps them ellipsoids.

    Attributes
    ----------
    centres_um : array, shape (n, 3)
        Centres (z, y, x).
    shapes : array, shape (n, 3, 3)
        A point lies inside when ``|shape @ (point - centre)| <= 1`` [1/um].
    """

    centres_um: Floats
    shapes: Floats

    @classmethod
    def spheres(cls, centres_um: Floats, radii_um: Floats) -> Ellipsoids:
        """Spheres at (n, 3) centres with (n,) radii, both in um."""
        shapes = np.eye(3) / np.reshape(radii_um, (-1, 1, 1))
        return cls(np.reshape(centres_um, (-1, 3)).astype(float), shapes)

    @classmethod
    def oriented(cls, centres_um: Floats, semi_axes_um: Floats, rotations: Floats) -> Ellipsoids:
        """Ellipsoids with (n, 3) semi-axes along the columns of (n, 3, 3) rotations."""
        shapes = np.swapaxes(rotations, 1, 2) / np.asarray(semi_axes_um)[:, :, None]
        return cls(np.asarray(centres_um, float), shapes)

    @classmethod
    def joined(cls, *parts: Ellipsoids) -> Ellipsoids:
        """All parts in one population, in order."""
        return cls(
            np.concatenate([part.centres_um for part in parts]),
            np.concatenate([part.shapes for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.centres_um)

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Ellipsoids:
        return Ellipsoids(self.centres_um[index], self.shapes[index])

    @property
    def semi_axes_um(self) -> Floats:
        """Semi-axes, longest first, shape (n, 3) [um]."""
        return np.sort(1 / np.linalg.svd(self.shapes, compute_uv=False), axis=1)[:, ::-1]

    @property
    def bounding_radii_um(self) -> Floats:
        """Radius of the sphere that holds each one [um]."""
        return self.semi_axes_um[:, 0]

    @property
    def volumes_um3(self) -> Floats:
        """Volumes [um^3]."""
        return 4 / 3 * np.pi / np.abs(np.linalg.det(self.shapes))

    @property
    def areas_um2(self) -> Floats:
        """Surface areas [um^2], exact through Carlson's R_G (DLMF 19.33.2)."""
        a, b, c = self.semi_axes_um.T
        return 4 * np.pi * elliprg((a * b) ** 2, (a * c) ** 2, (b * c) ** 2)

    @property
    def equivalent_diameters_um(self) -> Floats:
        """Diameter of the sphere of the same volume [um]."""
        return np.cbrt(6 / np.pi * self.volumes_um3)

    def seen_through(self, matrix: Floats, offset_um: Floats) -> Ellipsoids:
        """Return the same solids in coordinates p, where specimen = matrix @ p + offset."""
        centres = np.linalg.solve(matrix, (self.centres_um - offset_um).T).T
        return Ellipsoids(centres, self.shapes @ matrix)

    def inside(self, points_um: Floats) -> NDArray[np.bool_]:
        """Say for (m, 3) points whether any of the solids holds them."""
        hit = np.zeros(len(points_um), bool)
        if not len(points_um) or not len(self):
            return hit
        tree, radii = cKDTree(points_um), self.bounding_radii_um
        for centre, shape, near in zip(
            self.centres_um, self.shapes, tree.query_ball_point(self.centres_um, radii), strict=True
        ):
            hit[near] |= np.sum(((points_um[near] - centre) @ shape.T) ** 2, axis=1) <= 1
        return hit

    def interior_points(self, index: int, count: int) -> Floats:
        """Evenly spread points inside one solid, each standing for volume / count [um]."""
        unit = (0.5 + np.arange(count)[:, None] * _RECURRENCE) % 1
        radius, height, turn = np.cbrt(unit[:, 0]), 2 * unit[:, 1] - 1, 2 * np.pi * unit[:, 2]
        return self._placed(radius[:, None] * _on_sphere(height, turn), index)

    def surface_points(self, index: int, count: int) -> tuple[Floats, Floats]:
        """Points on one solid's surface [um] and the area each stands for [um^2]."""
        rank = np.arange(count) + 0.5
        directions = _on_sphere(1 - 2 * rank / count, np.pi * (1 + 5**0.5) * rank)
        inverse = np.linalg.inv(self.shapes[index])
        stretch = np.linalg.norm(directions @ self.shapes[index], axis=1)
        stretch *= abs(np.linalg.det(inverse))
        return self._placed(directions, index), 4 * np.pi / count * stretch

    def chords_within(
        self, index: int, normals: Floats, limits_um: Floats, count: int
    ) -> tuple[Floats, Floats]:
        """Cut evenly spread parallel chords of one solid by half-spaces.

        Parameters
        ----------
        index, count : int
            Which solid, and how many chords.
        normals, limits_um : arrays, shapes (k, 3) and (k,)
            Of the half-spaces ``normals @ p <= limits``.

        Returns
        -------
        kept, whole : arrays, shape (count,)
            Lengths inside and in all, in units in which the solid is a ball of radius 1. Each
            chord stands for the same cross-section.
        """
        inverse = np.linalg.inv(self.shapes[index])
        slopes = normals @ inverse
        room = limits_um - normals @ self.centres_um[index]
        cutting = np.abs(room) < np.linalg.norm(slopes, axis=1)
        # along no face that cuts: where a chord ends then changes smoothly from chord to chord
        along = (slopes[cutting] / np.linalg.norm(slopes[cutting], axis=1)[:, None]).sum(axis=0)
        frame = np.linalg.qr(np.column_stack([along + _TILT, np.eye(3)]))[0]
        rank = np.arange(count) + 0.5
        radius, turn = np.sqrt(rank / count), np.pi * (1 + 5**0.5) * rank
        places = np.outer(radius * np.cos(turn), frame[:, 1])
        places += np.outer(radius * np.sin(turn), frame[:, 2])
        half = np.sqrt(1 - radius**2)
        return _clipped(places, frame[:, 0], half, slopes, room), 2 * half

    def _placed(self, unit_points: Floats, index: int) -> Floats:
        return self.centres_um[index] + unit_points @ np.linalg.inv(self.shapes[index]).T


def _on_sphere(height: Floats, turn: Floats) -> Floats:
    ring = np.sqrt(np.clip(1 - height**2, 0, None))
    return np.stack([height, ring * np.sin(turn), ring * np.cos(turn)], axis=1)


def _clipped(places: Floats, along: Floats, half: Floats, slopes: Floats, room: Floats) -> Floats:
    """Lengths of chords ``places ± half * along`` within the half-spaces ``slopes @ p <= room``."""
    first, last = -half, half.copy()
    for slope, limit in zip(slopes, room, strict=True):
        left, rate = limit - places @ slope, float(slope @ along)
        if rate > 0:
            last = np.minimum(last, left / rate)
        elif rate < 0:
            first = np.maximum(first, left / rate)
        else:
            last = np.where(left >= 0, last, first)
    return np.maximum(last - first, 0)
