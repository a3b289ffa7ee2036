"""A specimen with features of all sizes, in two contrasts, wherever it is asked."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation


class Specimen:
    """A cylinder of smooth grains: known at every point, so that no resampling is needed.

    Parameters
    ----------
    seed : int
    size : int
        Of the field that is filled [um].
    """

    def __init__(self, seed: int, size: int = 48, waves: int = 60) -> None:
        rng = np.random.default_rng(seed)
        directions = rng.normal(size=(waves, 3))
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        lengths = np.exp(rng.uniform(np.log(4 * np.pi / size), np.log(0.7), waves))
        self.waves = directions * lengths[:, None]
        self.phases = rng.uniform(0, 2 * np.pi, waves)
        self.size, self.middle = size, np.full(3, (size - 1) / 2)

    def grains(self, points: np.ndarray) -> np.ndarray:
        phases = points @ self.waves.T + self.phases
        return 1.2 * np.sqrt(2 / len(self.waves)) * np.cos(phases).sum(axis=-1)

    def inside(self, points: np.ndarray) -> np.ndarray:
        y, x = ((points[..., k] - self.middle[k]) for k in (1, 2))
        return 1 / (1 + np.exp((np.hypot(y, x / 0.8) - 0.42 * self.size) / 0.7))

    def xray(self, points: np.ndarray) -> np.ndarray:
        return self.inside(points) * (3 + np.tanh(self.grains(points)))

    def electrons(self, points: np.ndarray) -> np.ndarray:
        """The same grains, brightest where X-rays are darkest."""
        return self.inside(points) * np.exp(-0.6 * self.grains(points))


def grid(shape: tuple[int, ...], spacing: float = 1.0) -> np.ndarray:
    """Positions of voxels, shape (z, y, x, 3)."""
    axes = [np.arange(n) * spacing for n in shape]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def turn(degrees: tuple[float, float, float]) -> np.ndarray:
    """A turn about z, y, x."""
    return Rotation.from_rotvec(np.radians(degrees)).as_matrix()


def noisy(values: np.ndarray, seed: int, sigma: float = 0.1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (values + sigma * rng.normal(size=values.shape)).astype(np.float32)
