"""Scribbles become classes: right on made images, whatever the blocks, to the bit again."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from scalebridge.analysis.quantification import measure_classes
from scalebridge.analysis.segmentation import (
    Corrections,
    PixelClassifier,
    PixelFeatures,
    Stroke,
    agreement,
    classify_blocks,
    classify_box,
    scribbled_voxels,
    train_pixel_classes,
    variants,
)
from scalebridge.errors import SegmentationCancelled

sys.path.insert(0, str(Path(__file__).parent))
from scribbled import scribbles_on, textured

SPACING = {3: (1.0, 0.5, 0.5), 2: (0.5, 0.25)}
SHAPE = {3: (24, 40, 48), 2: (120, 140)}


def trained(ndim: int, trees: int = 30) -> tuple[np.ndarray, np.ndarray, PixelClassifier]:
    image, truth = textured(SHAPE[ndim])
    scribbles = scribbles_on(truth, SPACING[ndim])
    return image, truth, train_pixel_classes(image, scribbles, trees=trees)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_labels_do_not_depend_on_blocks_or_threads_and_a_plane_is_a_part_of_them(ndim):
    image, _, classifier = trained(ndim)
    image[3, 5] = np.nan
    whole = classify_box(image, classifier, threads=1)
    assert np.all(whole.labels[3, 5] == 0)
    margin = np.empty(image.shape, np.float32)
    blocks = {2: (37, 51), 3: (11, 17, 48)}[ndim]
    labels = classify_blocks(image, classifier, block=blocks, threads=3, margin_out=margin)
    np.testing.assert_array_equal(labels, whole.labels)
    np.testing.assert_array_equal(margin, whole.margin)
    for axis in range(ndim):
        box = [slice(0, n) for n in image.shape]
        box[axis] = slice(7, 8)
        plane = classify_box(image, classifier, box=box)
        np.testing.assert_array_equal(plane.labels, whole.labels[tuple(box)])
        np.testing.assert_array_equal(plane.probabilities, whole.probabilities[(slice(None), *box)])


def test_textures_of_equal_mean_are_told_apart():
    image, truth, classifier = trained(2)
    found = agreement(classify_box(image, classifier).labels, truth)
    assert image[truth == 1].mean() == pytest.approx(image[truth == 3].mean(), abs=1)
    assert found.same > 0.85
    assert found.table["dice"].min() > 0.8


def test_saved_scribbles_and_seed_give_the_same_forest_and_labels_to_the_bit():
    image, truth = textured(SHAPE[3])
    scribbles = scribbles_on(truth, SPACING[3])
    told = json.loads(json.dumps([stroke.to_dict() for stroke in scribbles.strokes]))
    features = json.loads(json.dumps(PixelFeatures((0.5, 1.0)).parameters()))
    found = []
    for strokes, threads in ((scribbles.strokes, 1), (map(Stroke.from_dict, told), 3)):
        drawn = Corrections(tuple(strokes), scribbles.spacing_um, scribbles.origin_um)
        classifier = train_pixel_classes(
            image, drawn, features=PixelFeatures.from_parameters(features), trees=8, seed=11,
            threads=threads,
        )  # fmt: skip
        file = io.BytesIO()
        classifier.save(file)
        file.seek(0)
        found.append((classifier, classify_box(image, PixelClassifier.load(file))))
    (one, first), (two, second) = found
    for name, array in one.forest.arrays().items():
        np.testing.assert_array_equal(array, two.forest.arrays()[name])
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)


def test_later_scribbles_hold_and_those_without_label_take_earlier_ones_away():
    def across(label, y):
        return Stroke(tool="brush", label=label, points_um=((0, y, 0), (0, y, 9)), radius_um=0.4)

    along = Stroke(tool="brush", label=2, points_um=((0, 0, 4), (0, 9, 4)), radius_um=0.4)
    drawn = Corrections((across(1, 2), across(1, 5), along, across(None, 5)), (1, 1), (0, 0))
    found = scribbled_voxels(drawn, shape=(10, 10))
    labels = np.zeros((10, 10), int)
    labels[tuple(found.places.T)] = found.labels
    assert labels[2].tolist() == [1, 1, 1, 1, 2, 1, 1, 1, 1, 1]
    assert not labels[5].any()
    assert found.strokes[found.labels == 2].tolist() == [2] * 9


def test_what_cannot_be_learned_is_refused():
    image = np.zeros((10, 10))
    one = Stroke(tool="brush", label=1, points_um=((0, 5, 5),), radius_um=2.0)
    with pytest.raises(ValueError, match=r"two classes inside the image, got \[1\]"):
        train_pixel_classes(image, Corrections((one,), (1, 1), (0, 0)))
    fill = Stroke(tool="fill", label=1, points_um=((0, 5, 5),), radius_um=2.0)
    with pytest.raises(ValueError, match="got a fill"):
        scribbled_voxels(Corrections((fill,), (1, 1), (0, 0)), shape=(10, 10))


def test_a_classification_that_is_cancelled_says_how_far_it_came():
    image, _, classifier = trained(2, trees=2)
    seen = []
    with pytest.raises(SegmentationCancelled, match="after 2800 of 16800 voxels"):
        classify_blocks(
            image, classifier, block=(20, 140), cancelled=lambda: True,
            progress=lambda done, total: seen.append((done, total)),
        )  # fmt: skip
    assert seen == [(2800, 16800)]


def scatter(seeds: range, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Share of class 2 by scribbles of each seed, and the standard deviation each one expects."""
    image, truth = textured((90, 100), seed=3)
    features = PixelFeatures((0.5, 1.0), kinds=("gaussian", "gradient"))
    shares, expected = [], []
    for seed in seeds:
        drawn = scribbles_on(truth, SPACING[2], a_class=5, seed=seed)
        classifier = train_pixel_classes(image, drawn, features=features, trees=10, seed=seed)
        others = variants(image, drawn, classifier, count=count, trees=10, seed=seed)
        labels, *rest = (classify_box(image, c, threads=1).labels for c in (classifier, *others))
        found = measure_classes(
            labels, rest, spacing_um=SPACING[2], names={2: "bright"}, strokes_a_class=5
        )["bright.volume_fraction"]
        assert set(found.parts) == {"classes", "voxels", "spacing"}
        shares.append(found.value)
        expected.append(found.parts["classes"])
    return np.array(shares), np.array(expected)


def test_the_part_of_the_classes_is_what_other_scribbles_change():
    shares, half_widths = scatter(range(8), 5)
    from scipy.stats import t

    expected = np.sqrt(np.mean((half_widths / t.ppf(0.975, 4)) ** 2))
    # eight sets of scribbles know a standard deviation to 27 %
    assert 0.5 < expected / np.std(shares, ddof=1) < 2


def test_variants_need_three_strokes_a_class():
    image, truth = textured((60, 60))
    drawn = scribbles_on(truth, (1.0, 1.0), a_class=2)
    classifier = train_pixel_classes(image, drawn, trees=2)
    with pytest.raises(ValueError, match="three strokes a class"):
        variants(image, drawn, classifier)


def test_electrodes_of_the_battery_cell_are_those_that_its_authors_drew(data):
    """Scribbles on two strips of one slice, from its mask; judged on the rest of it."""
    folder = data / "battery_cell_xct"
    image = tifffile.imread(folder / "im_1.tif").astype(np.float32)
    mask = (tifffile.imread(folder / "mask_1.tif") > 0).astype(np.uint8) + 1
    rng = np.random.default_rng(0)
    strokes = []
    for label in (1, 2):
        places = np.argwhere(mask == label)
        places = places[(places[:, 0] % 192 < 12)]
        for y, x in places[rng.choice(len(places), 150, replace=False)]:
            strokes.append(Stroke(tool="brush", label=label, points_um=((0, y, x),), radius_um=0.5))
    drawn = Corrections(tuple(strokes), (1, 1), (0, 0))  # in pixels: nobody says how large they are
    classifier = train_pixel_classes(image, drawn, trees=40)
    labels = classify_box(image, classifier).labels
    away = np.broadcast_to((np.arange(len(image)) % 192 >= 40)[:, None], image.shape)
    trained_dice = agreement(labels, mask, mask=away).table["dice"].iloc[-1]
    from skimage.filters import threshold_otsu

    plain = (image > threshold_otsu(image)).astype(np.uint8) + 1
    plain_dice = agreement(plain, mask, mask=away).table["dice"].iloc[-1]
    assert trained_dice > 0.8
    assert trained_dice > plain_dice
