"""Textures of known correlation length, moved and strained by known amounts."""

from __future__ import annotations

import numpy as np
from scipy.fft import fftn, ifftn
from scipy.ndimage import fourier_shift, gaussian_filter


def texture(shape: tuple[int, ...], rng: np.random.Generator, *, sigma: float = 1.5) -> np.ndarray:
    grey = gaussian_filter(rng.normal(size=shape), sigma, mode="wrap")
    return grey / grey.std()


def shifted(grey: np.ndarray, shift_px: tuple[float, ...]) -> np.ndarray:
    return ifftn(fourier_shift(fftn(grey), shift_px)).real


def noisy(grey: np.ndarray, rng: np.random.Generator, *, snr: float = 20.0) -> np.ndarray:
    return grey + grey.std() / snr * rng.normal(size=grey.shape)


def waves(rng: np.random.Generator, count: int, ndim: int, *, sigma: float = 1.5):
    """A texture that can be read anywhere exactly: a sum of cosines."""
    k = rng.normal(size=(count, ndim)) / (np.sqrt(2) * sigma)
    phase = rng.uniform(0, 2 * np.pi, count)

    def grey(places: np.ndarray) -> np.ndarray:
        out = np.zeros(places.shape[:-1])
        for direction, start in zip(k, phase, strict=True):
            out += np.cos(places @ direction + start)
        return out * np.sqrt(2 / count)

    return grey
