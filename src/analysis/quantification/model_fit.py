"""Does the image look like its model: uniform phases, blurred and noisy?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .imaged_blocks import imaged_blocks
from .measurement import Check
from .rendering import Imaging, image_noise

# Spheres and the example specimen reach 0.003 to 0.03; fibres with phase-contrast fringes 0.26.
LARGEST_MISFIT = 0.1
_SAMPLE = 400_000
MODEL = "looks like uniform phases, blurred and noisy"


def model_misfit(
    image: NDArray,
    labels: NDArray[np.uint8],
    *,
    imaging: Imaging,
    mask: NDArray[np.bool_] | None = None,
) -> float:
    """Compare the grey values of an image with those of its model.

    The phases get their grey values, are blurred, and get noise. Fringes, gradients of brightness
    and phases that the thresholds do not know make the two histograms differ; then a correction
    that comes from the model is worth nothing.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values.
    labels : ndarray of uint8
        The segmentation.
    imaging : Imaging
        As estimated from the image.
    mask : ndarray of bool, optional
        Where the specimen is.

    Returns
    -------
    float
        Largest distance between the two cumulative histograms (Kolmogorov-Smirnov), 0 to 1.
    """
    seen, drawn = [], []
    for block in imaged_blocks(image.shape, mask):
        grey, model = block.of(image), _drawn(block.of(labels), imaging)
        if np.issubdtype(grey.dtype, np.integer):
            limits = np.iinfo(grey.dtype)
            model = np.clip(np.rint(model), limits.min, limits.max)
        inside = slice(None) if mask is None else block.of(mask)
        seen.append(grey[inside].ravel().astype(np.float32))
        drawn.append(model[inside].ravel())
    return _largest_step(_thinned(np.concatenate(seen)), _thinned(np.concatenate(drawn)))


def _drawn(labels: NDArray[np.uint8], imaging: Imaging) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    drawn = gaussian_filter(np.asarray(imaging.greys, np.float32)[labels], imaging.blur_px)
    noise = np.asarray(imaging.noises, np.float32)[labels]
    return drawn + noise * image_noise(labels.shape, imaging, 0)


def model_check(misfit: float) -> Check:
    """Say whether a correction may be taken from the model; undecided where it may not."""
    fits = misfit <= LARGEST_MISFIT
    detail = f"the histograms differ by {misfit:.2g}, at most {LARGEST_MISFIT:g} is allowed"
    if not fits:
        detail += (
            ": fringes, shading or further phases. Nothing is taken off, the intervals are widened"
        )
    return Check(MODEL, True if fits else None, detail)


def _thinned(values: NDArray) -> NDArray:
    flat = values[np.isfinite(values)].ravel()
    return np.sort(flat[:: max(1, flat.size // _SAMPLE)])


def _largest_step(first: NDArray, second: NDArray) -> float:
    if not (first.size and second.size):
        return 0.0
    places = np.concatenate([first, second])
    shares = [np.searchsorted(one, places, side="right") / one.size for one in (first, second)]
    return float(np.max(np.abs(shares[0] - shares[1])))
