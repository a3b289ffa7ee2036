"""A random forest as plain arrays: checked, stored without pickle, asked by a compiled loop."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ReadError
from ..threads import in_slabs

_MOST_BYTES = 2**30  # of a stored forest, unpacked
#: Arrays of a stored forest, and their types.
ARRAYS = {
    "roots": "i4",
    "feature": "i4",
    "threshold": "f4",
    "left": "i4",
    "share": "f8",
    "classes": "u1",
}
_AXES = {"share": 2}


@dataclass(frozen=True, eq=False)
class Forest:
    """Decision trees whose votes are averaged.

    Attributes
    ----------
    roots : ndarray of int32, (trees,)
        First node of each tree.
    feature : ndarray of int32, (nodes,)
    threshold : ndarray of float32, (nodes,)
        A voxel goes left where the feature is not above it; infinite in a leaf.
    left : ndarray of int32, (nodes,)
        Further on in the same tree, and the right one follows; a leaf is its own.
    share : ndarray of float64, (nodes, classes)
        Of each class among what fell into a leaf when it was grown.
    classes : ndarray of uint8, (classes,)
        Increasing.
    features : int
        How many a voxel has.

    Raises
    ------
    ReadError
        The arrays are no forest, in words.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    share: NDArray[np.float64]
    classes: NDArray[np.uint8]
    features: int

    def __post_init__(self) -> None:
        _check_types(self.arrays())
        _check_shapes(self)
        _check_ranges(self)
        _check_paths(self)

    def arrays(self) -> dict[str, NDArray]:
        """The arrays by name."""
        return {name: getattr(self, name) for name in ARRAYS}

    def probabilities(
        self, values: NDArray[np.float32], *, threads: int | None = None
    ) -> NDArray[np.float64]:
        """Return the share of each class among the votes, (n, classes), to scikit-learn's bits.

        Parameters
        ----------
        values : ndarray of float32, (features, n)
        threads : int, optional
            Threads; one a core unless told. The result does not depend on them.
        """
        from .forest_loops import vote

        if values.shape[0] != self.features or values.dtype != np.float32:
            raise ValueError(
                f"values needs {self.features} features of float32, got {values.shape[0]} of "
                f"{values.dtype}: compute those that the forest was grown with"
            )
        out = np.empty((values.shape[1], len(self.classes)))
        roots, feature, left = (a.view(np.uint32) for a in (self.roots, self.feature, self.left))
        if len(out):
            in_slabs(
                lambda a, b: vote(
                    values, roots, feature, self.threshold, left, self.share, out, a, b
                ),
                len(out),
                threads=threads,
            )
        return out


def grown_forest(
    values: NDArray[np.float32],
    labels: NDArray[np.uint8],
    *,
    trees: int = 100,
    max_depth: int | None = 16,
    seed: int = 0,
) -> Forest:
    """Grow a random forest by scikit-learn, classes weighted alike, on one thread.

    Parameters
    ----------
    values : ndarray of float32, (features, n)
    labels : ndarray of uint8, (n,)
        At least two classes.
    trees : int
    max_depth : int or None
        Steps to the deepest leaf.
    seed : int

    References
    ----------
    Breiman 2001, doi:10.1023/A:1010933404324.

    Examples
    --------
    >>> values = np.array([[0, 1, 2, 10, 11, 12]], np.float32)
    >>> forest = grown_forest(values, np.array([0, 0, 0, 4, 4, 4], np.uint8), trees=10)
    >>> forest.classes[forest.probabilities(values).argmax(axis=1)].tolist()
    [0, 0, 0, 4, 4, 4]
    """
    from sklearn.ensemble import RandomForestClassifier

    if len(np.unique(labels)) < 2:
        raise ValueError(
            f"labels needs two classes, got {np.unique(labels).tolist()}: scribble another one"
        )
    model = RandomForestClassifier(
        trees, max_depth=max_depth, class_weight="balanced", random_state=seed, n_jobs=1
    )
    return forest_of(model.fit(values.T, labels))


def forest_of(model: Any) -> Forest:
    """Take the trees out of a scikit-learn ``RandomForestClassifier`` that was fitted.

    Thresholds become the largest float32 that is not above them: float32 features fall on the same
    side.
    """
    trees = [estimator.tree_ for estimator in model.estimators_]
    begins = np.cumsum([0] + [tree.node_count for tree in trees[:-1]])
    feature, threshold, left, share = [], [], [], []
    for tree, begin in zip(trees, begins, strict=True):
        order = _by_levels(tree.children_left, tree.children_right)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        leaf = tree.children_left[order] < 0
        limit = np.where(leaf, np.inf, tree.threshold[order])
        feature.append(np.where(leaf, 0, tree.feature[order]))
        threshold.append(_float32_below(limit))
        left.append(begin + np.where(leaf, place[order], place[tree.children_left[order]]))
        share.append(tree.value[order, 0, :])
    return Forest(
        roots=begins.astype(np.int32),
        feature=np.concatenate(feature).astype(np.int32),
        threshold=np.concatenate(threshold),
        left=np.concatenate(left).astype(np.int32),
        share=np.ascontiguousarray(np.concatenate(share)),
        classes=np.asarray(model.classes_, np.uint8),
        features=int(model.n_features_in_),
    )


def _by_levels(left: NDArray, right: NDArray) -> NDArray[np.int64]:
    """Number the nodes of a tree from the root down, so that siblings follow each other."""
    level, order = np.array([0]), [np.array([0])]
    while True:
        inner = level[left[level] >= 0]
        if not len(inner):
            return np.concatenate(order)
        level = np.stack([left[inner], right[inner]], axis=1).ravel()
        order.append(level)


def _float32_below(values: NDArray[np.float64]) -> NDArray[np.float32]:
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)


def read_arrays(file: Any, *, known: Mapping[str, str]) -> dict[str, NDArray]:
    """Read the arrays of an NPZ file that hold no objects.

    Parameters
    ----------
    file : path or file
    known : mapping of str to str
        Name and type of every array, as ``"f8"``.

    Raises
    ------
    ReadError
        It is no such file, damaged, larger than 1 GiB unpacked, or has other arrays.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_BYTES:
            raise ReadError(f"a classifier needs at most {_MOST_BYTES} bytes, got {size}")
        if hasattr(file, "seek"):
            file.seek(0)
        with np.load(file, allow_pickle=False) as stored:
            if set(stored.files) != set(known):
                missing, more = set(known) - set(stored.files), set(stored.files) - set(known)
                raise ReadError(
                    f"a classifier needs the arrays {', '.join(sorted(known))}; missing: "
                    f"{', '.join(sorted(missing)) or 'none'}, unknown: "
                    f"{', '.join(sorted(more)) or 'none'}"
                )
            return {name: stored[name] for name in known}
    except ReadError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError,
            MemoryError) as error:  # fmt: skip
        raise ReadError(
            f"the file is no stored classifier, or is damaged: {error}; train it again from the "
            "scribbles"
        ) from error
    except Exception as error:  # zlib.error has no base of its own
        if type(error).__name__ != "error":
            raise
        raise ReadError(f"the stored classifier is damaged: {error}; train it again") from error


def _check_types(arrays: Mapping[str, NDArray]) -> None:
    for name, kind in ARRAYS.items():
        array = arrays[name]
        if array.dtype != np.dtype(kind):
            raise ReadError(f"{name} of a forest needs {np.dtype(kind)}, got {array.dtype}")
        if array.ndim != _AXES.get(name, 1):
            raise ReadError(f"{name} of a forest needs {_AXES.get(name, 1)} axes, got {array.ndim}")


def _check_shapes(forest: Forest) -> None:
    trees, nodes, classes = len(forest.roots), len(forest.feature), len(forest.classes)
    needed = {
        "threshold": (nodes,),
        "left": (nodes,),
        "share": (nodes, classes),
    }
    for name, shape in needed.items():
        found = getattr(forest, name).shape
        if found != shape:
            raise ReadError(f"{name} of a forest needs shape {shape}, got {found}")
    if not (trees and nodes and classes):
        raise ReadError(
            f"a forest needs trees, nodes and classes, got {trees}, {nodes} and {classes}"
        )


def _check_ranges(forest: Forest) -> None:
    nodes = len(forest.feature)
    for name, most in (("roots", nodes), ("feature", forest.features), ("left", nodes)):
        values = getattr(forest, name)
        if values.min() < 0 or values.max() >= most:
            raise ReadError(
                f"{name} of a forest needs 0 to {most - 1}, got {values.min()} to {values.max()}"
            )
    leaf = forest.left == np.arange(nodes)
    if not (
        np.all(np.isfinite(forest.threshold[~leaf])) and np.all(forest.threshold[leaf] == np.inf)
    ):
        raise ReadError("threshold of a forest needs finite values, and infinity in the leaves")
    share = forest.share
    if not (np.all(share >= 0) and np.allclose(share.sum(axis=1), 1, atol=1e-6)):
        raise ReadError("share of a forest needs values of 0 or more that sum to 1 in every node")
    if np.any(np.diff(forest.classes.astype(int)) <= 0):
        raise ReadError(f"classes of a forest need to increase, got {forest.classes.tolist()}")


def _check_paths(forest: Forest) -> None:
    """Every step down leads further on in the same tree, so that every way ends."""
    nodes = len(forest.feature)
    if forest.roots[0] != 0 or np.any(np.diff(forest.roots) <= 0):
        raise ReadError(f"roots of a forest need to increase from 0, got {forest.roots[:5]}")
    own = np.arange(nodes)
    inner = own[forest.left != own]
    ends = np.append(forest.roots[1:], nodes)[
        np.searchsorted(forest.roots, inner, side="right") - 1
    ]
    if np.any(forest.left[inner] <= inner) or np.any(forest.left[inner] + 1 >= ends):
        raise ReadError("left of a forest needs to lie further on in the same tree")
