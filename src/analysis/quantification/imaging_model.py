"""Grey values, noise and blur of an image, estimated from itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..imaging.edges import edge_blur
from ..segmentation.phase_cores import PhaseGrey
from .imaged_blocks import imaged_blocks
from .reimaging import MODEL_SMOOTHINGS_PX, phase_shapes, reimage
from .rendering import Imaging, centred_greys, noise_correlation_px


def estimate_imaging(
    image: NDArray,
    labels: NDArray[np.uint8],
    *,
    grey: PhaseGrey,
    thresholds: tuple[float, ...],
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
) -> Imaging | None:
    """Estimate grey values, noise and blur of an image from itself.

    Small and curved shapes look more blurred than they are. How much is seen on a model of the
    shapes, blurred by the first estimate, and is taken off.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; large images are sampled.
    labels : ndarray of uint8
        The segmentation by `thresholds`.
    grey : PhaseGrey
        Grey values of the phases, at these thresholds.
    thresholds : tuple of float
        Between the phases [grey value].
    segmenter : callable
        The segmentation that made `labels`.

    Returns
    -------
    Imaging or None
        None when a phase is missing or no edge is found: nothing can be said then.
    """
    pairs = list(pairwise(grey.means))
    if any(high <= low for low, high in pairs):
        return None
    blurs = [edge_blur(image, low=low, high=high) for low, high in pairs]
    # the one with the most edges that stand out of the noise
    weights = [
        blur.edges * (high - low) ** 2 for (low, high), blur in zip(pairs, blurs, strict=True)
    ]
    pair, blur = pairs[int(np.argmax(weights))], blurs[int(np.argmax(weights))]
    if not np.isfinite(blur.sigma_px):
        return None
    first = Imaging(
        greys=grey.means,
        noises=grey.sigmas,
        blur_px=blur.sigma_axes_px,
        noise_correlation_px=_noise_correlation_px(image, grey, thresholds[0]),
    )
    centred = replace(first, greys=centred_greys(grey.means, thresholds))
    return _without_blur_of_shapes(centred, labels, pairs.index(pair) + 1, segmenter, image)


def _noise_correlation_px(image: NDArray, grey: PhaseGrey, darkest: float) -> float:
    """Measure the reach of the noise in the core of the darkest phase, where it has most of it."""
    best, most = 0.0, 0
    for block in imaged_blocks(image.shape):
        part = block.without_halo(image).astype(np.float32)
        core = _core_of((part > grey.means[0] - 4 * grey.sigmas[0]) & (part < darkest))
        count = int(np.count_nonzero(core))
        if count > most:
            best, most = noise_correlation_px(part, core), count
    return best


def _without_blur_of_shapes(
    imaging: Imaging,
    labels: NDArray[np.uint8],
    label: int,
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    image: NDArray,
) -> Imaging:
    given, more, weights = np.square(imaging.blur_px), [], []
    for block in imaged_blocks(labels.shape):
        part = block.of(labels)
        if not 0 < np.count_nonzero(part == label) < part.size:
            continue
        own_grey = block.of(image).astype(np.float32)
        shapes = phase_shapes(part, label=label, imaging=imaging, image=own_grey)
        model = reimage(
            shapes, imaging=imaging, segmenter=segmenter,
            smoothing_px=MODEL_SMOOTHINGS_PX[part.ndim][0], seed=0,
        )  # fmt: skip
        low, high = imaging.greys[label - 1], imaging.greys[label]
        own, seen = (edge_blur(grey, low=low, high=high) for grey in (own_grey, model.grey))
        if np.isfinite(own.sigma_px) and np.isfinite(seen.sigma_px):
            more.append(np.square(seen.sigma_axes_px) - np.square(own.sigma_axes_px))
            weights.append(seen.edges)
    if not more:
        return imaging
    less = np.clip(given - np.average(more, axis=0, weights=weights), 0.5 * given, given)
    return replace(imaging, blur_px=tuple(np.sqrt(less).tolist()))


def _core_of(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import minimum_filter

    return minimum_filter(inside, 5)
