"""The audit of learned classes: the very classifier on phantoms that are seen as the image sees."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..analysis.imaging.edges import edge_blur
from ..analysis.quantification.phase_quantities import phase_figures
from ..analysis.quantification.rendering import Imaging, noise_correlation_px
from ..analysis.segmentation import PixelClassifier, SegmentationRecipe, classify_box, segment
from .central_block import central_block
from .class_shares import Varied

_SIDE = {2: 1024, 3: 128}  # of the block in which grey values, noise and blur are looked for
_CORE_ENOUGH = 200  # voxels
_APART = 2.0  # noises by which two classes differ, so that grey values tell them apart


def class_imaging(varied: Varied, labels: NDArray[np.uint8], label: int) -> Imaging | str:
    """Find how a class and what is around it are seen, or say why phantoms tell nothing of it.

    Parameters
    ----------
    varied : Varied
    labels : ndarray of uint8
        The whole segmentation.
    label : int

    Returns
    -------
    Imaging or str
        Of what is around, and of the class; in words why there is none.
    """
    block = central_block(labels.shape, most=_SIDE[labels.ndim])
    here = labels[block.slices]
    grey = np.asarray(varied.classified.source[block.slices]).astype(np.float32)
    around = _touching_most(here, label)
    if around is None:
        return "the class touches no other one in the middle of the image"
    known = np.isfinite(grey)
    cores = [_core_of((here == k) & known) for k in (around, label)]
    if min(np.count_nonzero(core) for core in cores) < _CORE_ENOUGH:
        return "a class is too thin to have an inside whose grey value could be told"
    greys = [float(np.mean(grey[core], dtype=np.float64)) for core in cores]
    noises = [float(np.std(grey[core], dtype=np.float64)) for core in cores]
    if abs(greys[1] - greys[0]) < _APART * max(noises):
        return (
            "the classes differ by texture and not by grey value: phantoms of uniform phases say "
            "nothing of them"
        )
    blur = edge_blur(grey, low=min(greys), high=max(greys))
    if not np.isfinite(blur.sigma_px):
        return "no edge was found whose blur could be told"
    reach = noise_correlation_px(grey, cores[0])
    return Imaging(tuple(greys), tuple(noises), blur.sigma_axes_px, reach)


def class_pipeline(
    grey: NDArray,
    *,
    classifier: PixelClassifier,
    recipe: SegmentationRecipe,
    label: int,
    quantities: tuple[str, ...],
    spacing: tuple[float, ...],
) -> Mapping[str, float]:
    """Classify a phantom, clean it, and measure a class as `trained_results` does."""
    found = segment(classify_box(grey, classifier).labels, recipe=recipe)
    joined = 26 if found.ndim == 3 else 8
    figures = phase_figures(found == label, spacing_um=spacing, connectivity=joined, mask=None)
    return {name: figures.values[name] for name in quantities}


def pipeline_of(
    varied: Varied,
    recipe: SegmentationRecipe,
    *,
    label: int,
    quantities: tuple[str, ...],
    spacing: tuple[float, ...],
) -> partial[Mapping[str, float]]:
    """Return how the image was classified and measured, for the audit's phantoms."""
    return partial(
        class_pipeline,
        classifier=varied.classified.classifier,
        recipe=recipe,
        label=label,
        quantities=quantities,
        spacing=spacing,
    )


def _touching_most(labels: NDArray[np.uint8], label: int) -> int | None:
    """The class with most faces of voxels against this one."""
    faces = np.zeros(256, np.int64)
    for axis in range(labels.ndim):
        low = np.moveaxis(labels, axis, 0)[:-1]
        high = np.moveaxis(labels, axis, 0)[1:]
        for one, other in ((low, high), (high, low)):
            faces += np.bincount(other[one == label], minlength=256)
    faces[label] = 0
    return int(np.argmax(faces)) if faces.any() else None


def _core_of(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import minimum_filter

    return np.asarray(minimum_filter(inside, 5))
