"""Where windows are to be looked for: the whole image's shift, then each window's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .window import Windows


def first_guess(windows: Windows, *, start_um: ArrayLike | None, search_px: int) -> np.ndarray:
    """Return displacements to begin with, (n, d) [px]."""
    n, d = len(windows.centres_px), windows.ndim
    if start_um is not None:
        start = np.asarray(start_um, float)
        if start.shape not in ((d,), (n, d)):
            raise ValueError(f"start_um needs shape ({d},) or ({n}, {d}), got {start.shape}")
        return np.broadcast_to(start / windows.spacing_um, (n, d)).copy()
    if search_px < 0:
        raise ValueError(f"search_px needs 0 or more, got {search_px}")
    shift = _whole_shift(windows.values, windows.others)
    return np.array([_best(windows, centre, shift, search_px) for centre in windows.centres_px])[
        :, 3 - d :
    ]


def _whole_shift(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whole voxels by which all of the image moved, (3,), by cross-correlation."""
    from scipy.fft import irfftn, rfftn

    a, b = (rfftn(v - v.mean(dtype=float)) for v in (values, others))
    peak = irfftn(b * np.conj(a), s=values.shape)
    at = np.array(np.unravel_index(int(np.argmax(peak)), peak.shape))
    return np.where(at > np.array(values.shape) // 2, at - np.array(values.shape), at)


def _best(windows: Windows, centre: np.ndarray, shift: np.ndarray, search: int) -> np.ndarray:
    """Whole-voxel displacement of one window with the highest correlation near a shift."""
    from skimage.feature import match_template

    half = windows.half_px
    reach = np.where(half > 0, search, 0)
    block = windows.values[_cut(centre - half, centre + half + 1)]
    low = np.maximum(centre + shift - half - reach, 0)
    high = np.minimum(centre + shift + half + reach + 1, windows.values.shape)
    if (high - low < 2 * half + 1).any() or block.min() == block.max():
        return np.asarray(shift, float)
    score = match_template(windows.others[_cut(low, high)], block)
    at = np.array(np.unravel_index(int(np.argmax(score)), score.shape))
    return np.asarray(low + at + half - centre, float)


def _cut(low: np.ndarray, high: np.ndarray) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
