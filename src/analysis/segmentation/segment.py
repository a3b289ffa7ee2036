"""From grey values to labels: part at thresholds, clean, cut what touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim
from .cleaning import fill_enclosed, merge_small
from .grey_classes import Step, checked_sigmas, class_step, shape_step
from .hysteresis import grown
from .recipe import SegmentationRecipe, checked_thresholds
from .splitting import cut_touching
from .tiles import map_tiles

__all__ = ["checked_thresholds", "segment"]

_SLAB_VOXELS = 2**24  # working copies stay near 64 MB of float32


def segment(
    image: NDArray,
    *,
    thresholds: Sequence[float] | None = None,
    smoothing_px: float | Sequence[float] = 0.0,
    min_size_px: int = 0,
    fill_holes: bool = False,
    recipe: SegmentationRecipe | None = None,
    spacing_um: Sequence[float] | None = None,
) -> NDArray[np.uint8]:
    """Label an image by grey-value thresholds, and clean the labels.

    A voxel whose value equals a threshold belongs to the upper class. `segment_blocks` makes the
    same labels of an image that does not fit into memory.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values; NaN is labelled 0.
    thresholds : sequence of float
        Increasing; n thresholds give the classes 0 to n. With a recipe, in place of its own.
    smoothing_px : float or sequence of float
        Standard deviation of a Gaussian applied first, for all axes or one an axis [px].
        It moves curved interfaces inwards by about sigma**2 / R.
    min_size_px : int
        Connected components (faces touching) of any class with fewer voxels are merged into the
        class that surrounds them most.
    fill_holes : bool
        Give components of class 0 that do not reach the border of the image to the class around
        them.
    recipe : SegmentationRecipe, optional
        All of this and more, in place of the keywords above.
    spacing_um : sequence of float, optional
        Voxel size along each axis, for a recipe with lengths in µm [µm].

    Returns
    -------
    ndarray of uint8
        Labels, in the shape of `image`.

    Raises
    ------
    ValueError
        Thresholds missing, not finite or not increasing; image neither 2D nor 3D; lengths in µm
        without a voxel size.

    Examples
    --------
    >>> import numpy as np
    >>> segment(np.array([[10, 90, 91], [200, 89, 90]]), thresholds=(90,))
    array([[0, 1, 1],
           [1, 0, 1]], dtype=uint8)
    """
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    if recipe is None:
        given = checked_thresholds(() if thresholds is None else thresholds)
        recipe = SegmentationRecipe(
            given,
            smoothing_px=checked_sigmas(smoothing_px, ndim),
            min_size_px=min_size_px,
            fill_holes=fill_holes,
        )
    else:
        _refuse_both(smoothing_px, min_size_px, fill_holes)
        recipe = recipe if thresholds is None else recipe.with_thresholds(thresholds)
    scale = recipe.scale(spacing_um, ndim)
    neighbours = recipe.neighbours(ndim)
    labels = _shaped(_classes(image, recipe, scale), recipe, scale)
    if recipe.min_size_px > 1:
        labels = merge_small(labels, min_size_px=recipe.min_size_px, connectivity=neighbours)
    if recipe.fill_holes:
        labels = fill_enclosed(labels)
    if recipe.split_depth:
        labels = cut_touching(
            labels, phase=recipe.cut_phase, depth_um=recipe.split_depth, spacing_um=scale
        )
    return labels


def coarser(recipe: SegmentationRecipe, factors: Sequence[float]) -> SegmentationRecipe:
    """Return a recipe for a coarser level of an image, with its lengths in voxels of the finest.

    Give the voxel size of that level as ``spacing_um``: the factors for lengths in voxels, µm else.

    Parameters
    ----------
    recipe : SegmentationRecipe
    factors : sequence of float
        Voxels of the finest level in one of the coarser, along each axis.
    """
    steps = np.asarray(factors, dtype=float)
    return replace(
        recipe,
        length_unit="um",
        smoothing_px=tuple(np.asarray(recipe.smoothing_px) / steps),
        min_size_px=round(recipe.min_size_px / float(np.prod(steps))),
    )


def _classes(
    image: NDArray, recipe: SegmentationRecipe, scale: tuple[float, ...]
) -> NDArray[np.uint8]:
    labels = _by_slabs(image, *class_step(recipe, scale))
    if recipe.method != "hysteresis":
        return labels
    seeds = _by_slabs(image, *class_step(recipe, scale, seeds=True))
    return grown(labels, seeds, connectivity=recipe.connectivity)


def _shaped(
    labels: NDArray[np.uint8], recipe: SegmentationRecipe, scale: tuple[float, ...]
) -> NDArray[np.uint8]:
    step, halo = shape_step(recipe, scale)
    return labels if step is None else _by_slabs(labels, step, halo)


def _by_slabs(image: NDArray, step: Step, halo: tuple[int, ...]) -> NDArray[np.uint8]:
    """Work slab by slab, with the halo that makes slabs agree with the whole."""
    labels = np.empty(image.shape, np.uint8)
    thick = max(1, _SLAB_VOXELS // max(1, image[0].size))
    map_tiles(step, image, labels, block=(thick, *image.shape[1:]), halo=halo)
    return labels


def _refuse_both(smoothing_px: float | Sequence[float], min_size_px: int, fill_holes: bool) -> None:
    if np.any(smoothing_px) or min_size_px or fill_holes:
        raise ValueError(
            "segment needs a recipe or smoothing_px, min_size_px and fill_holes, got both: "
            "say it in the recipe"
        )
