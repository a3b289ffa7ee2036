"""A trained classifier of voxels: kept in a file, shown on a plane, applied to any size."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError, SegmentationCancelled
from ..spacing import checked_spacing
from ..threads import thread_count
from .forest import ARRAYS, Forest, read_arrays
from .pixel_features import PixelFeatures, pixel_features
from .tiles import tiles

_BLOCK = {2: (512, 1024), 3: (32, 128, 256)}  # long along x: less of it is halo


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


@dataclass(frozen=True, eq=False)
class Classified:
    """An image seen through a classifier: a box of it is classified when it is sliced.

    Attributes
    ----------
    source : array_like, (z, y, x) or (y, x)
    classifier : PixelClassifier
    threads : int, optional
        Threads; one a core unless told.

    Examples
    --------
    >>> from scalebridge.analysis.segmentation import Corrections, Stroke, train_pixel_classes
    >>> image = np.zeros((20, 40)); image[:, 20:] = 9.0
    >>> strokes = [Stroke(tool="brush", label=k, points_um=((0, 4, x), (0, 15, x)), radius_um=2)
    ...     for k, x in ((0, 8), (1, 31))]
    >>> drawn = Corrections(tuple(strokes), (1, 1), (0, 0))
    >>> Classified(image, train_pixel_classes(image, drawn))[10:11, 18:22].tolist()
    [[0, 0, 1, 1]]
    """

    source: Any
    classifier: PixelClassifier
    threads: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the image."""
        return tuple(int(n) for n in self.source.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Of the class numbers."""
        return np.dtype(np.uint8)

    def __getitem__(self, box: Any) -> NDArray[np.uint8]:
        given = box if isinstance(box, tuple) else (box,)
        if not all(isinstance(part, slice) and part.step in (None, 1) for part in given):
            raise TypeError(f"a classified image needs slices without steps, got {box!r}")
        whole = (*given, *(slice(None),) * (self.ndim - len(given)))
        return classify_box(self.source, self.classifier, box=whole, threads=self.threads).labels


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
