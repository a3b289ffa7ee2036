"""Classes learned from scribbles: train on a few voxels, preview a plane, apply to any size."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError, SegmentationCancelled
from ..spacing import checked_spacing
from ..threads import thread_count
from .corrections import Corrections
from .forest import ARRAYS, Forest, grown_forest, read_arrays
from .pixel_features import PixelFeatures, pixel_features
from .scribbles import ScribbledVoxels, scribbled_voxels
from .tiles import tiles

_BLOCK = {2: (512, 1024), 3: (32, 128, 256)}  # long along x: less of it is halo
_TRAINED_AT_ONCE = {2: 512, 3: 64}  # edge of the boxes in which scribbles are looked up [px]


@dataclass(frozen=True, eq=False)
class PixelClassifier:
    """A random forest on features of voxels, with all that it takes to apply it.

    Attributes
    ----------
    features : PixelFeatures
    spacing_um : tuple of float
        Voxel size of the image on which it was trained [µm]; applied to no other, for a blur of
        the microscope in voxels would be another one in µm.
    forest : Forest
    fill : float
        Stands for NaN and infinity in the features [grey value].
    seed : int
        Of the forest.
    """

    features: PixelFeatures
    spacing_um: tuple[float, ...]
    forest: Forest
    fill: float
    seed: int

    def save(self, file: Any) -> None:
        """Write plain arrays, without pickle, to a path or a file (NPZ)."""
        told = {
            "features": self.features.parameters(),
            "spacing_um": list(self.spacing_um),
            "fill": self.fill,
            "seed": self.seed,
            "feature_count": self.forest.features,
        }
        text = np.frombuffer(json.dumps(told).encode(), np.uint8)
        arrays: dict[str, Any] = {"about": text, **self.forest.arrays()}
        np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, file: Any) -> PixelClassifier:
        """Read what `save` wrote, and check all of it.

        Raises
        ------
        ReadError
            It is something else, or damaged: types, shapes, node numbers, ranges.
        """
        arrays = read_arrays(file, known={**ARRAYS, "about": "u1"})
        try:
            told = json.loads(arrays.pop("about").tobytes().decode())
            features = PixelFeatures.from_parameters(told["features"])
            spacing = checked_spacing(told["spacing_um"], len(told["spacing_um"]))
            fill, seed, count = float(told["fill"]), int(told["seed"]), int(told["feature_count"])
            names = features.names(len(spacing))
            if not np.isfinite(fill) or len(names) != count:
                raise ValueError(f"{len(names)} features, said to be {count}; fill {fill}")
        except (ValueError, KeyError, TypeError, AttributeError, UnicodeError) as error:
            raise ReadError(
                f"the description in a stored classifier is damaged: {error}; train it again"
            ) from error
        return cls(features, spacing, Forest(features=count, **arrays), fill, seed)


@dataclass(frozen=True)
class ClassifiedBox:
    """Classes of a box of an image.

    Attributes
    ----------
    labels : ndarray of uint8, (z, y, x) or (y, x)
    probabilities : ndarray of float32, (classes, z, y, x) or (classes, y, x)
        Share of the votes; how sure the forest is, not how often it is right.
    classes : tuple of int
    """

    labels: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    classes: tuple[int, ...]

    @property
    def margin(self) -> NDArray[np.float32]:
        """By how much the first class leads the second, 0 to 1."""
        return margins(self.probabilities)


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
    >>> from scalebridge.analysis.segmentation import Stroke
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


def classify_box(
    source: Any,
    classifier: PixelClassifier,
    *,
    box: Sequence[slice] | None = None,
    threads: int | None = None,
) -> ClassifiedBox:
    """Classify an image, or a box of it: one plane thick for a preview.

    Parameters
    ----------
    source : array_like, (z, y, x) or (y, x)
    classifier : PixelClassifier
    box : sequence of slice, optional
        Everything unless told; memory is about 150 bytes a voxel.
    threads : int, optional
        Threads; one a core unless told. The result does not depend on them.

    Returns
    -------
    ClassifiedBox
        The classes that scikit-learn would predict; 0 where the grey value is not finite.
    """
    return classified_by(source, (classifier,), box=box, threads=threads)[0]


def classified_by(
    source: Any,
    classifiers: Sequence[PixelClassifier],
    *,
    box: Sequence[slice] | None = None,
    threads: int | None = None,
) -> tuple[ClassifiedBox, ...]:
    """Classify by several classifiers of the same features, which are computed once."""
    ndim = len(source.shape)
    box = (slice(None),) * ndim if box is None else tuple(box)
    first = classifiers[0]
    _check_axes(first, ndim)
    values = pixel_features(
        source, first.features, spacing_um=first.spacing_um, box=box, fill=first.fill,
        threads=threads,
    )  # fmt: skip
    grey = np.asarray(source[box])
    bad = None if np.issubdtype(grey.dtype, np.integer) else ~np.isfinite(grey)
    found = []
    for classifier in classifiers:
        forest = classifier.forest
        shares = forest.probabilities(values.reshape(len(values), -1), threads=threads)
        labels = forest.classes[np.argmax(shares, axis=1)].reshape(values.shape[1:])
        if bad is not None:
            labels[bad] = 0
        probabilities = shares.T.reshape(len(forest.classes), *labels.shape).astype(np.float32)
        found.append(ClassifiedBox(labels, probabilities, tuple(map(int, forest.classes))))
    return tuple(found)


def classify_blocks(
    source: Any,
    classifier: PixelClassifier,
    *,
    block: Sequence[int] | None = None,
    threads: int | None = None,
    out: Any = None,
    margin_out: Any = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Any:
    """Classify an image of any size block by block, with the labels that the whole would have.

    Parameters
    ----------
    source : array_like, (z, y, x) or (y, x)
        Anything with `shape` that gives a box when sliced: numpy, zarr, dask, h5py.
    classifier : PixelClassifier
    block : sequence of int, optional
        Of the blocks [px]; the result does not depend on it.
    threads : int, optional
        Threads; one a core unless told. The result does not depend on them.
    out : array_like of uint8, optional
        Written block by block; a new array in memory unless given.
    margin_out : array_like of float32, optional
        Receives by how much the first class leads the second, 0 to 1.
    progress : callable, optional
        Called with the voxels done and the voxels to do after every block.
    cancelled : callable, optional
        Asked after every block; what is done stays in `out`.

    Returns
    -------
    array_like of uint8
        `out`, or a new array.

    Raises
    ------
    SegmentationCancelled
        `cancelled` said so.
    """
    shape = tuple(int(n) for n in source.shape)
    _check_axes(classifier, len(shape))
    threads = thread_count(threads)
    out = np.empty(shape, np.uint8) if out is None else out
    for given in (out, margin_out):
        if given is not None and tuple(given.shape) != shape:
            raise ValueError(f"out needs the image's shape {shape}, got {tuple(given.shape)}")
    size = _BLOCK[len(shape)] if block is None else tuple(int(n) for n in block)
    if len(size) != len(shape) or min(size) < 1:
        raise ValueError(f"block needs {len(shape)} sizes of 1 px or more, got {size}")
    none, done, total = (0,) * len(shape), 0, int(np.prod(shape, dtype=np.int64))
    for tile in tiles(shape, block=size, before=none, after=none):
        found = classify_box(source, classifier, box=tile.core, threads=threads)
        out[tile.core] = found.labels
        if margin_out is not None:
            margin_out[tile.core] = found.margin
        done += found.labels.size
        if progress is not None:
            progress(done, total)
        if cancelled is not None and cancelled():
            raise SegmentationCancelled(
                f"the classification was cancelled after {done} of {total} voxels: start it again"
            )
    return out


def margins(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """By how much the first of some classes leads the second, along the first axis.

    Examples
    --------
    >>> margins(np.array([[0.5], [0.25], [0.25]], np.float32)).tolist()
    [0.25]
    """
    if len(probabilities) == 1:
        return np.ones(probabilities.shape[1:], np.float32)
    two = np.partition(probabilities, -2, axis=0)[-2:]
    return np.asarray(two[1] - two[0], np.float32)


def _check_axes(classifier: PixelClassifier, ndim: int) -> None:
    if len(classifier.spacing_um) != ndim:
        raise ValueError(
            f"the classifier was trained on {len(classifier.spacing_um)} axes, the image has "
            f"{ndim}: train one on it"
        )
