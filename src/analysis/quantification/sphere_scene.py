"""Spheres with known volume and surface, and their image: the truth behind the intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing

_SUPERSAMPLING = 2
_QUADRATURE = 4000


@dataclass(frozen=True)
class SphereScene:
    """Spheres in a box, some of them cut by its walls.

    Attributes
    ----------
    centres_um : ndarray of float, (n, 3)
        (z, y, x) [µm]; the centre of voxel 0 is the origin.
    radii_um : ndarray of float, (n,)
    shape : tuple of int
    spacing_um : tuple of float
    """

    centres_um: NDArray[np.float64]
    radii_um: NDArray[np.float64]
    shape: tuple[int, int, int]
    spacing_um: tuple[float, ...]

    @property
    def corner_um(self) -> NDArray[np.float64]:
        """Lower corner of the imaged volume [µm]."""
        return -0.5 * np.array(self.spacing_um)

    @property
    def size_um(self) -> NDArray[np.float64]:
        """Edges of the imaged volume [µm]."""
        return np.array(self.shape) * np.array(self.spacing_um)

    def truth(self) -> dict[str, float]:
        """Return the volume fraction [1], surface per volume [1/µm] and mean diameter [µm].

        Spheres cut by the walls count with the part inside, by quadrature; the mean diameter is
        of all spheres, whether cut or not.
        """
        directions = _sphere_points(_QUADRATURE)
        depth = ((np.arange(32) + 0.5) / 32) ** (1 / 3)
        volume = surface = 0.0
        for centre, radius in zip(self.centres_um, self.radii_um, strict=True):
            surface += 4 * np.pi * radius**2 * self._inside(centre + radius * directions)
            ball = (radius * depth)[:, None, None] * directions[::8]
            volume += 4 / 3 * np.pi * radius**3 * self._inside((centre + ball).reshape(-1, 3))
        whole = float(np.prod(self.size_um))
        return {
            "volume_fraction": volume / whole,
            "specific_surface": surface / whole,
            "mean_diameter": float(2 * self.radii_um.mean()),
        }

    def image(
        self, *, blur_um: float, noise: float, greys: tuple[float, float] = (50, 150), seed: int
    ) -> NDArray[np.float64]:
        """Image the spheres: sampled finer than the voxels, blurred, averaged, with noise.

        Parameters
        ----------
        blur_um : float
            Standard deviation of a Gaussian [µm].
        noise : float
            Standard deviation of white noise [grey value].
        greys : tuple of float
            Of the matrix and of the spheres.
        seed : int
            Of the noise.
        """
        from scipy.ndimage import gaussian_filter

        fine = np.array(self.spacing_um) / _SUPERSAMPLING
        occupied = gaussian_filter(self._occupied(fine), blur_um / fine, mode="reflect")
        parts = [k for n in self.shape for k in (n, _SUPERSAMPLING)]
        occupied = occupied.reshape(parts).mean(axis=(1, 3, 5))
        rng = np.random.default_rng(seed)
        return greys[0] + (greys[1] - greys[0]) * occupied + rng.normal(0, noise, self.shape)

    def _inside(self, points: NDArray) -> float:
        low, high = self.corner_um, self.corner_um + self.size_um
        return float(((points > low) & (points < high)).all(axis=1).mean())

    def _occupied(self, fine: NDArray) -> NDArray[np.float32]:
        counts = np.array(self.shape) * _SUPERSAMPLING
        first = self.corner_um + fine / 2
        occupied = np.zeros(counts, np.float32)
        for centre, radius in zip(self.centres_um, self.radii_um, strict=True):
            low = np.maximum(0, np.floor((centre - radius - first) / fine - 2)).astype(int)
            high = np.minimum(counts, np.ceil((centre + radius - first) / fine + 3)).astype(int)
            if np.any(high <= low):
                continue
            axes = [
                start + step * np.arange(first_px, end_px) - middle
                for start, step, first_px, end_px, middle in zip(
                    first, fine, low, high, centre, strict=True
                )
            ]
            distance = np.sqrt(sum(o**2 for o in np.meshgrid(*axes, indexing="ij", sparse=True)))
            box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
            soft = np.clip(0.5 + (radius - distance) / fine.mean(), 0, 1)
            occupied[box] = np.maximum(occupied[box], soft)
        return occupied


def sphere_scene(
    *,
    shape: tuple[int, int, int],
    spacing_um: Sequence[float],
    radii_um: tuple[float, float],
    fraction: float,
    gap_um: float,
    seed: int,
) -> SphereScene:
    """Place spheres that do not touch, centres anywhere in the box, until a fraction is filled.

    Parameters
    ----------
    shape : tuple of int
        Voxels, (z, y, x).
    spacing_um : sequence of float
        Voxel size [µm].
    radii_um : tuple of float
        Least and largest radius, uniformly drawn [µm].
    fraction : float
        Wanted volume over that of the box; parts outside count here.
    gap_um : float
        Least distance between surfaces [µm].
    seed : int

    Returns
    -------
    SphereScene

    Examples
    --------
    >>> scene = sphere_scene(shape=(32, 32, 32), spacing_um=(1, 1, 1), radii_um=(4, 4),
    ...     fraction=0.05, gap_um=2, seed=0)
    >>> len(scene.radii_um)
    7
    """
    spacing = checked_spacing(spacing_um, 3)
    rng = np.random.default_rng(seed)
    low = -0.5 * np.array(spacing)
    size = np.array(shape) * np.array(spacing)
    centres, radii, filled = np.zeros((0, 3)), np.zeros(0), 0.0
    for _ in range(20_000):
        if filled >= fraction * np.prod(size):
            break
        radius, centre = rng.uniform(*radii_um), rng.uniform(low, low + size)
        if np.any(np.linalg.norm(centres - centre, axis=1) < radii + radius + gap_um):
            continue
        centres, radii = np.vstack([centres, centre]), np.append(radii, radius)
        filled += 4 / 3 * np.pi * radius**3
    return SphereScene(centres, radii, shape, spacing)


def _sphere_points(count: int) -> NDArray[np.float64]:
    """Spread points evenly over the unit sphere (Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    polar, azimuth = np.arccos(1 - 2 * k / count), np.pi * (1 + 5**0.5) * k
    sine = np.sin(polar)
    return np.stack([np.cos(polar), sine * np.sin(azimuth), sine * np.cos(azimuth)], axis=1)
