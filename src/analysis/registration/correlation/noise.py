"""Noise in what is left when a window has been followed: how large, and with what memory."""

from __future__ import annotations

import numpy as np

from .window import Windows

_REACH_PX = 6  # neighbours further off are taken as independent
_LOOKED_AT = 27  # windows, spread evenly


def white_variance(windows: Windows, u_px: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Variance of the difference of two images' noise, (n,), from what is left of it.

    Reading one image between its voxels smooths its noise: what is left understates it.
    """
    return np.asarray(left * 2 / (1 + _through(windows, u_px)))


def memory(windows: Windows, u_px: np.ndarray, stretch: np.ndarray, good: np.ndarray) -> float:
    """How much larger than by white noise the variance of a displacement is, 1 or more.

    The pull on a window is the sum of slopes times what is left. Its variance is the sum, over
    all distances of two voxels, of both autocorrelations' product.
    """
    followed = np.flatnonzero(good)
    if not len(followed):
        return 1.0
    chosen = followed[np.linspace(0, len(followed) - 1, min(_LOOKED_AT, len(followed))).astype(int)]
    ratios = np.array([_ratio(windows, k, u_px[k], stretch[k]) for k in chosen])
    ratios *= ((1 + _through(windows, u_px[chosen])) / 2)[:, None]
    typical = np.nanmedian(ratios) if np.isfinite(ratios).any() else 1.0
    return max(1.0, float(typical))


def _through(windows: Windows, u_px: np.ndarray) -> np.ndarray:
    """Share of white noise's variance that a cubic spline lets through at a displacement, (n,)."""
    from scipy.ndimage import map_coordinates

    single = np.zeros(41)
    single[20] = 1.0
    steps, grid = np.arange(-15, 16), np.linspace(0, 1, 33)
    weights = map_coordinates(single, [20 + steps[None, :] + grid[:, None]], order=3)
    fraction = u_px[:, 3 - windows.ndim :] % 1.0
    return np.prod(np.interp(fraction, grid, np.sum(weights**2, axis=1)), axis=1)


def _ratio(windows: Windows, k: int, u: np.ndarray, stretch: np.ndarray) -> np.ndarray:
    """Of one window, along each axis: variance of its pull over that of white noise."""
    from scipy.ndimage import map_coordinates

    centre, half = windows.centres_px[k], windows.half_px
    box = tuple(slice(c - h, c + h + 1) for c, h in zip(centre, half, strict=True))
    here = windows.values[box].astype(float)
    arms = np.stack(np.meshgrid(*(np.arange(-h, h + 1) for h in half), indexing="ij"))
    at = (centre + u)[:, None] + stretch @ arms.reshape(3, -1)
    there = map_coordinates(windows.deformed, at, order=3, prefilter=False, mode="mirror")
    counts = windows.counted[box] if windows.counted.size else np.ones(here.shape, bool)
    left = np.zeros(here.shape)
    left[counts] = _left(here[counts], there.reshape(here.shape)[counts])
    pairs = np.maximum(_together(counts.astype(float)), 1.0)
    own = _together(left) / pairs
    out = []
    for axis in range(3 - windows.ndim, 3):
        slope = np.where(counts, np.gradient(here, axis=axis), 0.0)
        slope -= np.where(counts, slope[counts].mean(), 0.0)
        both = _together(slope)
        middle = own[0, 0, 0] * both[0, 0, 0]
        out.append(np.sum(own * both) / middle if middle > 0 else np.nan)
    return np.array(out)


def _left(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Difference of two windows once brightness and contrast are the same."""
    here, there = here - here.mean(), there - there.mean()
    scale = float(np.linalg.norm(there))
    return here - there * (float(np.linalg.norm(here)) / scale if scale else 0.0)


def _together(values: np.ndarray) -> np.ndarray:
    """Sums of products of two voxels by their distance, up to the reach, wrapped around zero."""
    from scipy.fft import irfftn, rfftn

    reach = [min(_REACH_PX, n - 1) for n in values.shape]
    size = [n + r for n, r in zip(values.shape, reach, strict=True)]
    power = np.abs(rfftn(values, s=size)) ** 2
    sums = irfftn(power, s=size)
    for axis, r in enumerate(reach):
        sums = np.take(sums, np.arange(-r, r + 1) % size[axis], axis=axis)
        sums = np.roll(sums, -r, axis=axis)
    return np.asarray(sums)
