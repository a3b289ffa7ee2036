"""What imaging and segmenting did to each quantity of a phase, and how well that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .imaged_blocks import imaged_blocks
from .level_set import level_set_area
from .phase_quantities import QUANTITIES, phase_figures
from .reimaging import MODEL_SMOOTHINGS_PX, Reimaged, phase_shapes, reimage
from .rendering import Imaging

_THINNEST = 8  # voxels, below which a part shows no shapes
# 95 % of what a correction leaves, as a share of it, found on blurred, noisy spheres of 4 to 12 px
# radius (tests/analysis/quantification)
_SHARE_OF_SURFACE = 0.05
_SHARE_OF_REST = 0.2
_LEVEL_STEP = 0.05  # of a smoothed shape: about a tenth of a voxel
SURFACES = ("specific_surface", "surface_per_phase")
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


def estimate_bias(
    labels: NDArray[np.uint8],
    *,
    label: int,
    imaging: Imaging,
    segmenter: Callable[[NDArray], NDArray[np.uint8]],
    spacing_um: tuple[float, ...],
    connectivity: int,
    seed: int,
    image: NDArray | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> dict[str, Bias]:
    """Estimate the bias of every quantity of one phase by imaging a model of it once more.

    Two models with differently smooth surfaces are used. The ratio is the middle of both; its
    uncertainty combines their difference with the share of a correction that was found to remain
    on spheres of known size: 5 % of it for surfaces, 20 % for the rest. Of a large image, blocks
    are imaged; how they differ from each other adds to the uncertainty.

    Parameters
    ----------
    labels : ndarray of uint8
        The segmentation.
    label : int
        The phase.
    imaging : Imaging
    segmenter : callable
        The segmentation that made `labels`.
    spacing_um : tuple of float
        Voxel size along each axis [µm].
    connectivity : int
        Of objects: 26 or 6, in 2D 8 or 4.
    seed : int
        Of the noise.
    image : ndarray, optional
        Grey values, see `phase_shapes`.
    mask : ndarray of bool, optional
        Where the specimen is: blocks that are mostly outside are left out.

    Returns
    -------
    dict of str to Bias
        By the keys of `QUANTITIES`; empty where the phase is nowhere or everywhere.
    """
    blocks = imaged_blocks(labels.shape, mask)
    models: list[list[_ModelFigures]] = []
    moved: list[tuple[_Moved, _Moved]] = []
    for number, block in enumerate(blocks):
        part = block.of(labels)
        if min(part.shape) < _THINNEST:
            continue
        grey = None if image is None else block.of(image)
        shapes = phase_shapes(part, label=label, imaging=imaging, image=grey)
        models.append([])
        for smoothing in MODEL_SMOOTHINGS_PX[labels.ndim]:
            found = reimage(
                shapes, imaging=imaging, segmenter=segmenter, smoothing_px=smoothing,
                seed=(seed, number),
            )  # fmt: skip
            inner = found[block.inner]
            models[-1].append(_figures_of(inner, spacing_um, connectivity))
            if len(models[-1]) == 1 and labels.ndim == 3:
                moved.append(_moved_surfaces(inner, spacing_um))
    whole = blocks[0].without_halo(labels).shape == labels.shape
    biases = {}
    for quantity in QUANTITIES if models else ():
        key = quantity.key
        ratios, errors = zip(
            *(_pooled([model[k] for model in models], key, whole) for k in range(2)), strict=True
        )
        bias = _bias_of(key, *ratios, ndim=labels.ndim, between=errors[0])
        growth = _growth(moved, key) if key in SURFACES else None
        biases[key] = replace(bias, per_volume=growth)
    return biases


@dataclass(frozen=True)
class _ModelFigures:
    """What is true of a model, and what its image shows."""

    true: dict[str, float]
    seen: dict[str, float]


@dataclass(frozen=True)
class _Moved:
    """Volume and area of a model with its level moved a little."""

    voxels: int
    area: float  # in voxel volumes per µm


def _figures_of(found: Reimaged, spacing_um: tuple[float, ...], connectivity: int) -> _ModelFigures:
    true, seen = (
        phase_figures(phase, spacing_um=spacing_um, connectivity=connectivity).values
        for phase in (found.soft > 0, found.segmented)
    )
    true |= _between_voxels(found, spacing_um)
    return _ModelFigures(true, seen)


def _pooled(models: list[_ModelFigures], key: str, whole: bool) -> tuple[float, float]:
    """Return true over measured in all blocks, and its 95 % half-width from their differences.

    The error of a ratio of sums by leaving out one block at a time. It is not made smaller by the
    share of the image that was seen: cutting blocks out of it makes errors of its own.
    """
    from scipy.stats import t

    pairs = np.array([(model.true[key], model.seen[key]) for model in models])
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    ratio = _ratio(*pairs.sum(axis=0)) if len(pairs) else float("nan")
    if whole or not np.isfinite(ratio):
        return ratio, 0.0
    count = len(pairs)
    without = [_ratio(*others) for others in pairs.sum(axis=0) - pairs]
    if count < 2 or not np.all(np.isfinite(without)):
        return ratio, abs(ratio - 1)  # one block alone does not say how far others differ
    variance = (count - 1) / count * float(np.sum((np.array(without) - ratio) ** 2))
    return ratio, float(t.ppf(0.975, count - 1) * np.sqrt(variance))


def _bias_of(key: str, first: float, second: float, *, ndim: int, between: float) -> Bias:
    """Put the ratios of both models together: their middle, and how far they differ.

    The less smooth one still knows of the grid and of the noise, the other has lost more of the
    shape; which of them is nearer depends on shapes and noise.
    """
    ratio = (first + second) / 2
    left = _SHARE_OF_SURFACE if key in SURFACES else _SHARE_OF_REST
    shares = (first - second, left * (ratio - 1), _least(key, ndim), between)
    return Bias(ratio=ratio, uncertainty=float(np.linalg.norm(shares)))


def _least(key: str, ndim: int) -> float:
    if ndim == 3:
        return 0.0
    return _LEAST_2D_SURFACE if key in SURFACES else _LEAST_2D


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


def _moved_surfaces(found: Reimaged, spacing_um: tuple[float, ...]) -> tuple[_Moved, _Moved]:
    """Return a model with its level moved up, and down."""
    up, down = (
        _Moved(
            int(np.count_nonzero(found.soft > level)),
            level_set_area(found.soft, level=level, spacing_um=spacing_um) * found.soft.size,
        )
        for level in (_LEVEL_STEP, -_LEVEL_STEP)
    )
    return up, down


def _growth(moved: list[tuple[_Moved, _Moved]], key: str) -> float | None:
    """Relative change of a model's surface with its volume, as its level moves a little.

    The surface of the segmentation changes more: it counts what noise lifts over the threshold.
    """
    up, down = (
        (sum(pair[k].voxels for pair in moved), sum(pair[k].area for pair in moved))
        for k in range(2)
    )
    if not (up[0] > 0 and up[1] > 0 and down[1] > 0 and down[0] > up[0]):
        return None
    slope = float(np.log(down[1] / up[1]) / np.log(down[0] / up[0]))
    return slope if key == "specific_surface" else slope - 1


def _ratio(true: float, seen: float) -> float:
    if not (np.isfinite(true) and np.isfinite(seen)) or seen <= 0 or true <= 0:
        return float("nan")
    return true / seen
