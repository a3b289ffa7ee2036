"""What imaging and segmenting did to each quantity of a phase, and how well that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..imaging.edges import edge_blur
from ..segmentation.thresholds import phase_grey
from .phase_quantities import phase_figures
from .reimaging import (
    MODEL_SMOOTHINGS_PX,
    Imaging,
    centred_greys,
    noise_correlation_px,
    reimage_phase,
)

_BLOCK_VOXELS = 1_600_000  # of the part that is imaged once more: seconds, not minutes
_BLUR_SHARE = 0.15  # of a correction, 95 %: it goes with the square of a blur known to 5 %


@dataclass(frozen=True)
class Bias:
    """Ratio of true to measured for one quantity.

    Attributes
    ----------
    ratio : float
        The measured value times this is free of the bias.
    uncertainty : float
        95 % half-width of `ratio`.
    """

    ratio: float
    uncertainty: float


def estimate_imaging(
    image: NDArray, *, thresholds: tuple[float, ...], mask: NDArray[np.bool_] | None = None
) -> Imaging | None:
    """Estimate grey values, noise and blur of an image from itself.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; large images are sampled.
    thresholds : tuple of float
        Between the phases [grey value].
    mask : ndarray of bool, optional

    Returns
    -------
    Imaging or None
        None when a phase is missing or no edge is found: nothing can be said then.
    """
    grey = phase_grey(image, thresholds=thresholds, mask=mask)
    blurs = []
    for low, high in zip(grey.means, grey.means[1:], strict=False):
        if not high > low:
            return None
        blurs.append(edge_blur(image, low=low, high=high))
    best = max(blurs, key=lambda blur: blur.edges)
    if not np.isfinite(best.sigma_px):
        return None
    block = representative_block(image.shape)
    part = np.asarray(image[block], dtype=np.float32)
    inside = (part > grey.means[0] - 4 * grey.sigmas[0]) & (part < thresholds[0])
    return Imaging(
        greys=centred_greys(grey.means, thresholds),
        noises=grey.sigmas,
        blur_px=best.sigma_axes_px,
        noise_correlation_px=noise_correlation_px(part, _core_of(inside)),
    )


def estimate_bias(
    labels: NDArray[np.uint8],
    *,
    label: int,
    imaging: Imaging,
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    spacing_um: tuple[float, ...],
    connectivity: int,
    seed: int,
) -> dict[str, Bias]:
    """Estimate the bias of every quantity of one phase by imaging a model of it once more.

    Two models with differently smooth surfaces are used. The ratio is that of the first; its
    uncertainty combines their difference and 15 % of the correction, the share that a blur
    known to 5 % leaves open (with a margin for curvature).

    Returns
    -------
    dict of str to Bias
        By the keys of `QUANTITIES`.
    """
    ratios: list[dict[str, float]] = []
    for smoothing in MODEL_SMOOTHINGS_PX:
        found = reimage_phase(
            labels, label=label, imaging=imaging, segmenter=segmenter, smoothing_px=smoothing,
            seed=seed,
        )  # fmt: skip
        true, seen = (
            phase_figures(phase, spacing_um=spacing_um, connectivity=connectivity).values
            for phase in (found.model, found.segmented)
        )
        ratios.append({key: _ratio(true[key], seen[key]) for key in true})
    first, second = ratios
    return {
        key: Bias(
            ratio=first[key],
            uncertainty=float(
                np.hypot(first[key] - second[key], _BLUR_SHARE * abs(first[key] - 1))
            ),
        )
        for key in first
    }


def representative_block(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return the central part of an image that is imaged once more, the whole when it is small.

    Examples
    --------
    >>> representative_block((50, 50, 50))
    (slice(0, 50, None), slice(0, 50, None), slice(0, 50, None))
    """
    sizes = np.array(shape)
    edge = _fitting_edge(shape)
    widths = np.minimum(sizes, edge)
    starts = (sizes - widths) // 2
    return tuple(slice(int(a), int(a + w)) for a, w in zip(starts, widths, strict=True))


def _fitting_edge(shape: tuple[int, ...]) -> int:
    """Edge of the largest box, no axis longer than the edge, within the number of voxels."""
    edge = max(shape)
    while np.prod(np.minimum(shape, edge), dtype=float) > _BLOCK_VOXELS:
        edge = int(edge * 0.97)
    return edge


def _core_of(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import minimum_filter

    return minimum_filter(inside, 5)


def _ratio(true: float, seen: float) -> float:
    if not (np.isfinite(true) and np.isfinite(seen)) or seen <= 0 or true <= 0:
        return float("nan")
    return true / seen
