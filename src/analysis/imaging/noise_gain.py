"""By how much sharpening makes noise grow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .lucy_steps import LucySteps

_PROBE_PX = {2: 192, 3: 48}  # of the block on which it is tried
_PROBE = 0.1  # of the noise that is added there


def noise_gain(
    seen: NDArray[np.float32],
    psf: NDArray[np.float32],
    background: float,
    iterations: int,
    counts_per_grey: float | None,
    noise: float | None,
) -> float:
    """Return how much noise grows by so many steps: done twice in the middle, once with more noise.

    Parameters
    ----------
    seen, psf : ndarray of float32
        Image and point-spread function.
    background : float
        [grey value]
    iterations : int
    counts_per_grey, noise : float or None
        One of them, else the gain is NaN.
    """
    if (counts_per_grey is None and noise is None) or iterations == 0:
        return float("nan")
    edge = _PROBE_PX[seen.ndim]
    middle = tuple(slice(max(0, (n - edge) // 2), (n + edge + 1) // 2) for n in seen.shape)
    block = seen[middle]
    size = np.sqrt(block / counts_per_grey) if counts_per_grey is not None else noise
    more = np.random.default_rng(0).standard_normal(block.shape) * (_PROBE * np.asarray(size))
    changed = np.maximum(block + more, 0).astype(np.float32)
    found = []
    for part in (block, changed):
        steps = LucySteps(np.ascontiguousarray(part), psf, background, block_px=4 * edge)
        estimate = steps.start()
        for _ in range(iterations):
            estimate = steps.step(estimate, _unjudged)[0]
        found.append(steps.inner(estimate))
    spread = float(np.std(changed - block))
    return float(np.std(found[1] - found[0])) / spread if spread > 0 else float("nan")


def _unjudged(seen: NDArray, model: NDArray) -> tuple[float, float]:
    return 0.0, 1.0
