"""Classes learned from scribbles: the voxels that were painted, and forests grown on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .corrections import Corrections
from .forest import grown_forest
from .pixel_classes import PixelClassifier
from .pixel_features import PixelFeatures, pixel_features
from .scribbles import ScribbledVoxels, scribbled_voxels

_TRAINED_AT_ONCE = {2: 512, 3: 64}  # edge of the boxes in which scribbles are looked up [px]


def train_pixel_classes(
    source: Any,
    scribbles: Corrections,
    *,
    features: PixelFeatures | None = None,
    trees: int = 100,
    max_depth: int | None = 16,
    seed: int = 0,
    threads: int | None = None,
) -> PixelClassifier:
    """Learn classes from scribbles.

    Only the surroundings of the scribbles are read. The same scribbles and seed give the same
    classifier, to the bit.

    Parameters
    ----------
    source : array_like, (z, y, x) or (y, x)
        Anything with `shape` that gives a box when sliced.
    scribbles : Corrections
        Strokes on the grid of the image, their labels the classes (0 to 255).
    features : PixelFeatures, optional
        `PixelFeatures.usual` unless told.
    trees, max_depth, seed
        Of the forest.
    threads : int, optional
        Threads for the features; the forest is grown on one.

    Returns
    -------
    PixelClassifier

    Raises
    ------
    ValueError
        Fewer than two classes were scribbled inside the image.

    Examples
    --------
    >>> from scalebridge.analysis.segmentation import Stroke, classify_box
    >>> image = np.zeros((20, 40)); image[:, 20:] = 9.0
    >>> strokes = [Stroke(tool="brush", label=k, points_um=((0, 4, x), (0, 15, x)), radius_um=2)
    ...     for k, x in ((1, 8), (2, 31))]
    >>> drawn = Corrections(tuple(strokes), (1, 1), (0, 0))
    >>> found = classify_box(image, train_pixel_classes(image, drawn))
    >>> found.labels[10, [0, 19, 20, 39]].tolist()
    [1, 1, 2, 2]
    """
    features = PixelFeatures.usual(scribbles.spacing_um) if features is None else features
    learned = learned_voxels(source, scribbles, features=features, threads=threads)
    forest = grown_forest(
        learned.values, learned.voxels.labels, trees=trees, max_depth=max_depth, seed=seed
    )
    spacing = checked_spacing(scribbles.spacing_um, len(source.shape))
    return PixelClassifier(features, spacing, forest, learned.fill, int(seed))


@dataclass(frozen=True)
class LearnedVoxels:
    """Scribbled voxels, their features (features, n), and the grey value that stood for NaN."""

    voxels: ScribbledVoxels
    values: NDArray[np.float32]
    fill: float


def learned_voxels(
    source: Any, scribbles: Corrections, *, features: PixelFeatures, threads: int | None = None
) -> LearnedVoxels:
    """Compute features where an image was scribbled on, box by box."""
    shape = tuple(int(n) for n in source.shape)
    voxels = scribbled_voxels(scribbles, shape=shape)
    if len(np.unique(voxels.labels)) < 2:
        raise ValueError(
            "scribbles need two classes inside the image, got "
            f"{np.unique(voxels.labels).tolist()}: scribble on another one"
        )
    edge = _TRAINED_AT_ONCE[len(shape)]
    boxes = voxels.places // edge
    order = np.lexsort(boxes.T[::-1])
    cuts = np.flatnonzero(np.any(np.diff(boxes[order], axis=0), axis=1)) + 1
    groups = np.split(order, cuts)
    grey = np.concatenate([_grey(source, voxels.places[group]) for group in groups])
    fill = float(np.mean(grey[np.isfinite(grey)], dtype=np.float64)) if len(grey) else 0.0
    values = np.empty((len(features.names(len(shape))), len(voxels)), np.float32)
    for group in groups:
        places = voxels.places[group]
        box, inner = _bounds(places)
        found = pixel_features(
            source, features, spacing_um=scribbles.spacing_um, box=box, fill=fill, threads=threads
        )
        everywhere: tuple[Any, ...] = (slice(None), *inner)
        values[:, group] = found[everywhere]
    return LearnedVoxels(voxels, values, fill)


def _bounds(places: NDArray[np.int64]) -> tuple[tuple[slice, ...], tuple[NDArray, ...]]:
    low, high = places.min(axis=0), places.max(axis=0) + 1
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True)), tuple(
        (places - low).T
    )


def _grey(source: Any, places: NDArray[np.int64]) -> NDArray[np.float64]:
    box, inner = _bounds(places)
    grey = np.asarray(source[box])[inner].astype(float)
    return np.where(np.isfinite(grey), grey, np.nan)


def variants(
    source: Any,
    scribbles: Corrections,
    classifier: PixelClassifier,
    *,
    count: int = 12,
    trees: int = 100,
    max_depth: int | None = 16,
    seed: int = 0,
    threads: int | None = None,
) -> tuple[PixelClassifier, ...]:
    """Train again with scribbles drawn with replacement, class by class.

    What the segmentations by these differ by is what it would owe to other scribbles of the same
    kind (`quantification.measure_classes` counts it). Places that nobody scribbled on, or
    scribbles that are wrong, are not in it.

    Parameters
    ----------
    source, scribbles, trees, max_depth, threads
        As `train_pixel_classes`.
    classifier : PixelClassifier
        Trained on them.
    count : int
    seed : int

    Raises
    ------
    ValueError
        A class has fewer than three scribbles: too few to say what others would do.
    """
    learned = learned_voxels(source, scribbles, features=classifier.features, threads=threads)
    strokes = _strokes_by_class(learned.voxels)
    few = [k for k, numbers in strokes.items() if len(numbers) < 3]
    if few:
        raise ValueError(
            f"scribbles need three strokes a class to know what others would do, class {few[0]} "
            f"has {len(strokes[few[0]])}: add short ones elsewhere"
        )
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        which = np.concatenate([
            np.flatnonzero((learned.voxels.strokes == number) & (learned.voxels.labels == label))
            for label, numbers in strokes.items()
            for number in rng.choice(numbers, len(numbers))
        ])  # fmt: skip
        own = int(rng.integers(2**31))
        forest = grown_forest(
            np.ascontiguousarray(learned.values[:, which]), learned.voxels.labels[which],
            trees=trees, max_depth=max_depth, seed=own,
        )  # fmt: skip
        made.append(replace(classifier, forest=forest, seed=own))
    return tuple(made)


def _strokes_by_class(voxels: ScribbledVoxels) -> dict[int, NDArray[np.int64]]:
    return {
        int(label): np.unique(voxels.strokes[voxels.labels == label])
        for label in np.unique(voxels.labels)
    }
