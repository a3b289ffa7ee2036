"""A stored forest gives scikit-learn's classes, and a damaged one is refused in words."""

from __future__ import annotations

import io

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from scalebridge.analysis.segmentation import PixelClassifier, PixelFeatures
from scalebridge.analysis.segmentation import forest as forest_module
from scalebridge.analysis.segmentation.forest import Forest, forest_of, grown_forest
from scalebridge.errors import ReadError


def samples(seed: int, count: int, features: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, features)).astype(np.float32)
    values[: count // 3] = np.round(values[: count // 3], 1)  # ties with thresholds
    labels = 3 * (values[:, 0] + values[:, 1] ** 2 + rng.normal(size=count) / 2 > 1)
    return values, (labels + 5 * (values[:, 2] > 1)).astype(np.uint8)


@pytest.mark.parametrize("depth", [None, 4])
@pytest.mark.parametrize("weights", [None, "balanced"])
def test_our_loop_gives_the_classes_and_shares_of_scikit_learn(depth, weights):
    values, labels = samples(0, 600)
    model = RandomForestClassifier(
        40, max_depth=depth, class_weight=weights, random_state=3, n_jobs=1
    ).fit(values, labels)
    forest = forest_of(model)
    others = np.concatenate([samples(1, 5000)[0], values])
    for threads in (1, 3):
        shares = forest.probabilities(np.ascontiguousarray(others.T), threads=threads)
        np.testing.assert_array_equal(shares, model.predict_proba(others))
        predicted = forest.classes[np.argmax(shares, axis=1)]
        np.testing.assert_array_equal(predicted, model.predict(others))


def test_values_at_a_threshold_and_beside_it_go_where_scikit_learn_sends_them():
    values, labels = samples(2, 300, features=3)
    model = RandomForestClassifier(10, random_state=0, n_jobs=1).fit(values, labels)
    limits = np.concatenate([tree.tree_.threshold for tree in model.estimators_])
    near = limits.astype(np.float32)
    beside = np.concatenate([near, np.nextafter(near, np.float32(9)),
                             np.nextafter(near, np.float32(-9))])  # fmt: skip
    grid = np.stack([beside, np.roll(beside, 7), np.roll(beside, 31)])
    shares = forest_of(model).probabilities(grid)
    np.testing.assert_array_equal(shares, model.predict_proba(grid.T))


def test_the_same_seed_grows_the_same_forest_and_another_one_another():
    values, labels = samples(4, 400)
    one, again, other = (
        grown_forest(np.ascontiguousarray(values.T), labels, trees=9, seed=s) for s in (5, 5, 6)
    )
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, again.arrays()[name])
    assert one.threshold.tolist() != other.threshold.tolist()


def classifier() -> PixelClassifier:
    features = PixelFeatures((1.0,), kinds=("gaussian", "hessian"))
    values, labels = samples(6, 200, features=len(features.names(3)))
    forest = grown_forest(np.ascontiguousarray(values.T), labels, trees=5)
    return PixelClassifier(features, (2.0, 1.0, 1.0), forest, 0.5, 0)


def stored(**changed) -> io.BytesIO:
    """A stored classifier with some arrays changed, or left out by None."""
    file = io.BytesIO()
    classifier().save(file)
    file.seek(0)
    with np.load(file) as found:
        arrays = {name: found[name] for name in found.files}
    for name, change in changed.items():
        if change is None:
            del arrays[name]
        else:
            arrays[name] = change(arrays[name].copy()) if callable(change) else change
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    file.seek(0)
    return file


def put(index, value):
    def change(array):
        array[index] = value
        return array

    return change


def test_a_classifier_comes_back_to_the_bit(tmp_path):
    made = classifier()
    made.save(tmp_path / "classes.npz")
    found = PixelClassifier.load(tmp_path / "classes.npz")
    assert (found.features, found.spacing_um, found.fill, found.seed) == (
        made.features, made.spacing_um, made.fill, made.seed,
    )  # fmt: skip
    for name, array in made.forest.arrays().items():
        np.testing.assert_array_equal(found.forest.arrays()[name], array)


DAMAGES = {
    "a node beside the arrays": ({"left": put(0, 10**6)}, "left of a forest needs 0 to"),
    "a node before the arrays": ({"left": put(0, -3)}, "left of a forest needs 0 to"),
    "a way round": ({"left": lambda a: np.where(np.arange(len(a)) == 2, 1, a).astype("i4")},
                    "further on in the same tree"),
    "a feature beside": ({"feature": put(0, 99)}, "feature of a forest needs 0 to"),
    "a root inside a tree": ({"roots": put(0, 1)}, "roots of a forest need to increase from 0"),
    "another type": ({"threshold": lambda a: a.astype(float)}, "threshold of a forest needs fl"),
    "NaN": ({"threshold": put(0, np.nan)}, "finite values, and infinity in the leaves"),
    "another length": ({"share": lambda a: a[:-1]}, "share of a forest needs shape"),
    "more axes": ({"left": lambda a: a[:, None]}, "needs 1 axes, got 2"),
    "shares that are none": ({"share": lambda a: -a}, "sum to 1"),
    "classes out of order": ({"classes": lambda a: a[::-1]}, "classes of a forest need"),
    "no trees": ({"roots": lambda a: a[:0]}, "needs trees, nodes and classes"),
    "a missing array": ({"left": None}, "missing: left"),
    "an unknown array": ({"more": np.ones(3)}, "unknown: more"),
    "objects": ({"roots": np.array([{}], object)}, "no stored classifier, or is damaged"),
    "no description": ({"about": lambda a: a[:-4]}, "description in a stored classifier"),
    "a wrong description": ({"about": np.frombuffer(b'{"features": 3}', np.uint8)},
                            "description in a stored classifier"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_classifier_is_refused_in_words(name):
    changes, words = DAMAGES[name]
    with pytest.raises(ReadError, match=words):
        PixelClassifier.load(stored(**changes))


def test_bytes_that_were_changed_cut_or_swapped_never_get_further_than_a_read_error():
    whole = stored().getvalue()
    rng = np.random.default_rng(0)
    for _ in range(150):
        hurt = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.3 else whole)
        for place in rng.integers(0, len(hurt), 3):
            hurt[place] ^= int(rng.integers(1, 256))
        try:
            found = PixelClassifier.load(io.BytesIO(bytes(hurt)))
        except ReadError:
            continue
        assert isinstance(found.forest, Forest)


def test_a_file_that_unpacks_to_too_much_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(forest_module, "_MOST_BYTES", 1000)
    with pytest.raises(ReadError, match="at most 1000 bytes"):
        PixelClassifier.load(stored())
