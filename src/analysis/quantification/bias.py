"""What imaging and segmenting did to each quantity of a phase, and how well that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..imaging.edges import edge_blur
from ..segmentation.phase_cores import phase_grey
from .level_set import level_set_area
from .phase_quantities import phase_figures
from .reimaging import (
    MODEL_SMOOTHINGS_PX,
    Imaging,
    Reimaged,
    centred_greys,
    noise_correlation_px,
    reimage_phase,
)

_BLOCK_VOXELS = 1_600_000  # of the part that is imaged once more: seconds, not minutes
# 95 % of what a correction leaves, as a share of it, found on blurred, noisy spheres of 3 to 18 px
# radius (tests/analysis/quantification): volumes by radius, the rest also by what blur has joined
_SHARE_OF_VOLUME = (0.02, 2.0)  # constant, and over the squared radius [px]
_SHARE_OF_SURFACE = 0.08
_SHARE_OF_REST = 0.2
_LEVEL_STEP = 0.05  # of a smoothed shape: about a tenth of a voxel
_SURFACES = ("specific_surface", "surface_per_phase")
# in 2D roughness by noise and loss of curvature cancel, so that the correction of a length says
# little: least relative half-widths, found on discs of 8 to 20 px radius
_LEAST_2D, _LEAST_2D_SURFACE = 0.002, 0.006


@dataclass(frozen=True)
class Bias:
    """Ratio of true to measured for one quantity.

    Attributes
    ----------
    ratio : float
        The measured value times this is free of the bias.
    uncertainty : float
        95 % half-width of `ratio`.
    per_volume : float, optional
        Relative change of the quantity for a relative change of the volume by 1, where all
        surfaces move as a threshold moves them.
    """

    ratio: float
    uncertainty: float
    per_volume: float | None = None


def estimate_imaging(
    image: NDArray,
    labels: NDArray[np.uint8],
    *,
    thresholds: tuple[float, ...],
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    mask: NDArray[np.bool_] | None = None,
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
    thresholds : tuple of float
        Between the phases [grey value].
    segmenter : callable
        The segmentation that made `labels`.
    mask : ndarray of bool, optional

    Returns
    -------
    Imaging or None
        None when a phase is missing or no edge is found: nothing can be said then.
    """
    grey = phase_grey(image, thresholds=thresholds, mask=mask)
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
    block = representative_block(image.shape)
    part = np.asarray(image[block], dtype=np.float32)
    dark = _core_of((part > grey.means[0] - 4 * grey.sigmas[0]) & (part < thresholds[0]))
    first = Imaging(
        greys=grey.means,
        noises=grey.sigmas,
        blur_px=blur.sigma_axes_px,
        noise_correlation_px=noise_correlation_px(part, dark),
    )
    centred = replace(first, greys=centred_greys(grey.means, thresholds))
    label = pairs.index(pair) + 1
    return _without_blur_of_shapes(centred, labels[block], label, segmenter, part)


def _without_blur_of_shapes(
    imaging: Imaging,
    labels: NDArray[np.uint8],
    label: int,
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    image: NDArray,
) -> Imaging:
    if not 0 < np.count_nonzero(labels == label) < labels.size:
        return imaging
    found = reimage_phase(
        labels, label=label, imaging=imaging, segmenter=segmenter,
        smoothing_px=MODEL_SMOOTHINGS_PX[labels.ndim][0], seed=0, image=image,
    )  # fmt: skip
    seen = edge_blur(found.grey, low=imaging.greys[label - 1], high=imaging.greys[label])
    if not np.isfinite(seen.sigma_px):
        return imaging
    given, again = np.square(imaging.blur_px), np.square(seen.sigma_axes_px)
    less = np.clip(2 * given - again, 0.5 * given, given)
    return replace(imaging, blur_px=tuple(np.sqrt(less).tolist()))


def estimate_bias(
    labels: NDArray[np.uint8],
    *,
    label: int,
    imaging: Imaging,
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    spacing_um: tuple[float, ...],
    connectivity: int,
    radius_px: float,
    seed: int,
    image: NDArray | None = None,
) -> dict[str, Bias]:
    """Estimate the bias of every quantity of one phase by imaging a model of it once more.

    Two models with differently smooth surfaces are used. The ratio is that of the first, for
    surfaces in 3D carried half-way to no smoothing; its uncertainty combines what the smoothing
    changes with the share of a correction that was found to
    remain on spheres of known size: 2 % + 2 / R² of it for volumes (R in voxels), 8 % for
    surfaces, 20 % for the rest.

    Returns
    -------
    dict of str to Bias
        By the keys of `QUANTITIES`.
    """
    ratios: list[dict[str, float]] = []
    growth: dict[str, float] = {}
    for smoothing in MODEL_SMOOTHINGS_PX[labels.ndim]:
        found = reimage_phase(
            labels, label=label, imaging=imaging, segmenter=segmenter, smoothing_px=smoothing,
            seed=seed, image=image,
        )  # fmt: skip
        true, seen = (
            phase_figures(phase, spacing_um=spacing_um, connectivity=connectivity).values
            for phase in (found.soft > 0, found.segmented)
        )
        true |= _between_voxels(found, spacing_um)
        ratios.append({key: _ratio(true[key], seen[key]) for key in true})
        growth = growth or _surface_per_volume(found, spacing_um)
    first, second = ratios
    found_biases = {
        key: _bias_of(key, first[key], second[key], ndim=labels.ndim, radius_px=radius_px)
        for key in first
    }
    return {key: replace(bias, per_volume=growth.get(key)) for key, bias in found_biases.items()}


def _bias_of(key: str, first: float, second: float, *, ndim: int, radius_px: float) -> Bias:
    """Put the ratios of both models together.

    Smoothing takes area off a surface in proportion to its square, so that the area without any
    follows from two smoothings, if all that they differ by is shape. If all is roughness that
    noise has left, nothing has to be added: the middle is taken, and half the way is left open.
    """
    change = first - second
    if key in _SURFACES and ndim == 3:
        low, high = MODEL_SMOOTHINGS_PX[ndim]
        change *= low**2 / (high**2 - low**2) / 2
        first += change
    shares = (change, _left_open(key, radius_px) * (first - 1), _least(key, ndim))
    return Bias(ratio=first, uncertainty=float(np.linalg.norm(shares)))


def _least(key: str, ndim: int) -> float:
    if ndim == 3:
        return 0.0
    return _LEAST_2D_SURFACE if key in _SURFACES else _LEAST_2D


def _between_voxels(found: Reimaged, spacing_um: tuple[float, ...]) -> dict[str, float]:
    """Volume and surface of a model from its level set, which knows where it lies in a voxel.

    The model cut into whole voxels would have flats along the grid, like the segmentation that
    it comes from.
    """
    surface = level_set_area(found.soft, level=0.0, spacing_um=spacing_um)
    return {
        "volume_fraction": found.fraction,
        "specific_surface": surface,
        "surface_per_phase": surface / found.fraction if found.fraction > 0 else float("nan"),
    }


def _surface_per_volume(found: Reimaged, spacing_um: tuple[float, ...]) -> dict[str, float]:
    """Relative change of a model's surface with its volume, as its level moves a little.

    The surface of the segmentation changes more: it counts what noise lifts over the threshold.
    """
    if found.soft.ndim != 3:
        return {}
    volumes, areas = zip(
        *(
            (
                np.count_nonzero(found.soft > level),
                level_set_area(found.soft, level=level, spacing_um=spacing_um),
            )
            for level in (_LEVEL_STEP, -_LEVEL_STEP)
        ),
        strict=True,
    )
    if not (min(volumes) > 0 and min(areas) > 0 and volumes[1] > volumes[0]):
        return {}
    slope = float(np.log(areas[1] / areas[0]) / np.log(volumes[1] / volumes[0]))
    return {"specific_surface": slope, "surface_per_phase": slope - 1}


def _left_open(key: str, radius_px: float) -> float:
    if key in _SURFACES:
        return _SHARE_OF_SURFACE
    constant, curved = _SHARE_OF_VOLUME
    return (
        min(0.5, constant + curved / radius_px**2) if key == "volume_fraction" else _SHARE_OF_REST
    )


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
