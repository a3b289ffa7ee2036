"""Shells of spatial frequency: spheres of a volume's Fourier transform, rings of a picture's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FrequencyShells:
    """Shells of equal width in physical frequency.

    The width is one step of the finest frequency step, that of the longest side of the image. The
    coefficients are those of a real transform (half of the last axis); each stands for its
    conjugate too.

    Attributes
    ----------
    shape : tuple of int
        Of the image, (z, y, x); a picture has one plane.
    spacing_um : tuple of float
        Voxel size along each axis [µm].
    width_per_um : float
        [1/µm].
    frequency_per_um : ndarray, shape (shells,)
        Of the middle of each shell; the first is 0 [1/µm].
    voxels : ndarray, shape (shells,)
        Coefficients in each shell, both of each conjugate pair.
    nyquist_per_um : tuple of float
        Of each axis with more than one plane [1/µm].
    """

    shape: tuple[int, int, int]
    spacing_um: tuple[float, float, float]
    width_per_um: float
    frequency_per_um: NDArray[np.float64]
    voxels: NDArray[np.float64]
    nyquist_per_um: tuple[float, ...]

    @property
    def full(self) -> NDArray[np.bool_]:
        """Shells that are sampled in every direction, (shells,)."""
        return np.asarray(self.frequency_per_um <= min(self.nyquist_per_um) * (1 + 1e-9))

    def index(self, plane: int) -> NDArray[np.intp]:
        """Return the shell of each coefficient of a plane; beyond the last, their number."""
        dz, dy, dx = self.spacing_um
        z = np.fft.fftfreq(self.shape[0], dz)[plane]
        y = np.fft.fftfreq(self.shape[1], dy)[:, None]
        x = np.fft.rfftfreq(self.shape[2], dx)
        radius = np.sqrt(z * z + (y * y + x * x)) / self.width_per_um
        return np.minimum(np.rint(radius), len(self.frequency_per_um)).astype(np.intp)

    def sums(self, values: NDArray, plane: int, index: NDArray[np.intp]) -> NDArray[np.float64]:
        """Sum the values of a plane of coefficients in each shell, with their conjugates."""
        weighted = values * conjugates(self.shape[2])
        count = len(self.frequency_per_um)
        found = np.bincount(index.ravel(), weighted.ravel(), minlength=count + 1)
        return np.asarray(found[:count], np.float64)


def conjugates(columns: int) -> NDArray[np.float64]:
    """Return how many coefficients each column of a real transform stands for.

    Examples
    --------
    >>> conjugates(6).tolist(), conjugates(5).tolist()
    ([1.0, 2.0, 2.0, 1.0], [1.0, 2.0, 2.0])
    """
    weight = np.full(columns // 2 + 1, 2.0)
    weight[0] = 1
    if columns % 2 == 0:
        weight[-1] = 1
    return weight


def frequency_shells(shape: Sequence[int], spacing_um: Sequence[float]) -> FrequencyShells:
    """Divide the frequencies of an image into shells, out to the finest axis' Nyquist frequency.

    Parameters
    ----------
    shape : sequence of int
        (z, y, x) or (y, x); odd sizes too.
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    FrequencyShells

    Examples
    --------
    >>> shells = frequency_shells((8, 8), (0.5, 0.5))
    >>> shells.frequency_per_um.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> shells.voxels.tolist()
    [1.0, 8.0, 12.0, 16.0, 22.0]
    """
    flat = len(shape) == 2
    sizes = (1,) * flat + tuple(int(n) for n in shape)
    steps = (float(spacing_um[0]),) * flat + tuple(float(s) for s in spacing_um)
    used = [(n, s) for n, s in zip(sizes, steps, strict=True) if n > 1]
    width = min(1 / (n * s) for n, s in used)
    nyquist = tuple(1 / (2 * s) for _, s in used)
    count = int(max(nyquist) / width * (1 + 1e-9)) + 1
    bare = FrequencyShells(
        shape=(sizes[0], sizes[1], sizes[2]),
        spacing_um=(steps[0], steps[1], steps[2]),
        width_per_um=width,
        frequency_per_um=np.asarray(width * np.arange(count), np.float64),
        voxels=np.zeros(count),
        nyquist_per_um=nyquist,
    )
    voxels = np.zeros(count)
    ones = np.ones((sizes[1], sizes[2] // 2 + 1))
    for plane in range(sizes[0]):
        voxels += bare.sums(ones, plane, bare.index(plane))
    return FrequencyShells(
        bare.shape, bare.spacing_um, width, bare.frequency_per_um, voxels, nyquist
    )
