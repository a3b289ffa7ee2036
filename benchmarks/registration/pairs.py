"""Pairs of volumes with known maps: no resampling, every voxel from the same equations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
from scipy.spatial.transform import Rotation

WAVES = 300


@dataclass(frozen=True)
class Truth:
    """Maps moving to fixed voxels, ``matrix @ (x - middle) + middle + shift``."""

    matrix: np.ndarray
    shift: np.ndarray
    size: int

    @property
    def middle(self) -> np.ndarray:
        return np.full(3, (self.size - 1) / 2)

    def apply(self, points: np.ndarray) -> np.ndarray:
        return (points - self.middle) @ self.matrix.T + self.middle + self.shift

    def probes(self) -> np.ndarray:
        """The eight corners, then the middle: (9, 3)."""
        ends = np.array(np.meshgrid(*[[0, self.size - 1]] * 3)).reshape(3, -1).T
        return np.vstack([ends, self.middle]).astype(float)

    def errors(self, mapped: np.ndarray) -> tuple[float, float]:
        """Root mean square at the corners, and at the middle [voxel]."""
        distances = np.linalg.norm(mapped - self.apply(self.probes()), axis=1)
        return float(np.sqrt(np.mean(distances[:8] ** 2))), float(distances[8])


def random_truth(seed: int, model: str, size: int) -> Truth:
    """Up to 7 degrees and 4 % of the size away; affine with 3 % of stretch and shear."""
    rng = np.random.default_rng(seed)
    turn = Rotation.from_rotvec(np.radians(4 * rng.uniform(-1, 1, 3))).as_matrix()
    shear = np.eye(3) + (0.03 * rng.uniform(-1, 1, (3, 3)) if model == "affine" else 0)
    return Truth(shear @ turn, 0.04 * size * rng.uniform(-1, 1, 3), size)


@numba.njit(parallel=True, fastmath=True)
def _grains(matrix, offset, waves, phases, out):
    for z in numba.prange(out.shape[0]):
        for y in range(out.shape[1]):
            for k in range(len(phases)):
                phase, step = phases[k], 0.0
                for a in range(3):
                    along = matrix[a, 0] * z + matrix[a, 1] * y + offset[a]
                    phase += waves[k, a] * along
                    step += waves[k, a] * matrix[a, 2]
                c, s, dc, ds = np.cos(phase), np.sin(phase), np.cos(step), np.sin(step)
                for x in range(out.shape[2]):
                    out[z, y, x] += c
                    c, s = c * dc - s * ds, s * dc + c * ds


def grains(seed: int, size: int, matrix: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """A field of unit variance with features from two voxels across to half of the volume."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(WAVES, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    numbers = np.exp(rng.uniform(np.log(4 * np.pi / size), np.log(0.8), WAVES))
    out = np.zeros((size,) * 3, np.float32)
    phases = rng.uniform(0, 2 * np.pi, WAVES)
    _grains(np.asarray(matrix, float), offset, directions * numbers[:, None], phases, out)
    return out * np.float32(np.sqrt(2 / WAVES))


def write_pair(path: Path, seed: int, model: str, size: int, noise: float = 0.1) -> Truth:
    """Porous in one contrast and inverted in the other, both noisy.

    Pores are soft-edged: 40 % of the volume lies below the edge.
    """
    truth, rng = random_truth(seed, model, size), np.random.default_rng(seed + 1000)
    offset = truth.middle + truth.shift - truth.matrix @ truth.middle
    one = grains(seed, size, np.eye(3), np.zeros(3))
    other = grains(seed, size, truth.matrix, offset)
    fixed = 1 / (1 + np.exp(-4 * (one + 0.25))) + 0.2 * one
    moving = np.exp(-0.7 * other)
    noisy = [v + noise * rng.normal(size=v.shape).astype(np.float32) for v in (fixed, moving)]
    np.savez(path, fixed=noisy[0].astype(np.float32), moving=noisy[1].astype(np.float32))
    return truth
