"""What detectors add: grain, rings, curtains, tiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]


def grain(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Image:
    """White Gaussian noise."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    noise *= np.float32(sigma)
    return noise


def correlated_grain(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Image:
    """Gaussian noise with the short correlation that reconstruction filters leave.

    Each axis mixes neighbours 0.25 : 1 : 0.25; ``sigma`` is the standard deviation afterwards.
    """
    noise = rng.standard_normal([n + 2 for n in shape], dtype=np.float32)
    for axis in range(len(shape)):
        count = shape[axis]
        parts = [np.take(noise, range(k, k + count), axis=axis) for k in (0, 2)]
        noise = np.take(noise, range(1, 1 + count), axis=axis)
        parts[0] += parts[1]
        parts[0] *= np.float32(0.25)
        noise += parts[0]
    noise *= np.float32(sigma / 1.125 ** (len(shape) / 2))
    return noise


def rings(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> Image:
    """Rings about the rotation axis, as one badly corrected detector column leaves them."""
    y, x = np.indices(shape, dtype=np.float32)
    radius = np.hypot(y - shape[0] / 2 + 0.5, x - shape[1] / 2 + 0.5)
    profile = rng.standard_normal(int(radius.max()) + 2) * sigma
    profile[:4] *= 0.3
    return np.interp(radius, np.arange(len(profile)), profile).astype(np.float32)


def curtains(rng: np.random.Generator, shape: tuple[int, int, int], strength: float) -> Image:
    """Factors near 1 for every slice and column: streaks that fade down the milled face."""
    columns = rng.standard_normal((shape[0], shape[2] + 8)).astype(np.float32)
    window = np.hanning(11)[1:-1]
    smooth = sum(w * columns[:, k : k + shape[2]] for k, w in enumerate(window / window.sum()))
    fade = np.linspace(0.6, 1.2, shape[1], dtype=np.float32)
    slices = 1 + 0.4 * strength * rng.standard_normal((shape[0], 1, 1), dtype=np.float32)
    return slices * (1 + strength * fade[None, :, None] * np.asarray(smooth)[:, None, :])


def tiles(shape: tuple[int, int], tile_px: int, strength: float) -> Image:
    """Factors of the uneven light across each tile of a stitched picture."""
    y, x = (np.abs((np.arange(n) % tile_px) / tile_px - 0.5) for n in shape)
    return (1 - strength * 4 * (y[:, None] ** 2 + x[None, :] ** 2)).astype(np.float32)


def counted(image: Image, dtype: type[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Round to the detector's integers, saturating at its ends."""
    top = np.iinfo(dtype).max
    return np.clip(np.rint(image), 0, top).astype(dtype)
