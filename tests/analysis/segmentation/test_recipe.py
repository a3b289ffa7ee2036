"""A recipe says everything, and what cannot be is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from scalebridge.analysis.segmentation import SegmentationRecipe, segment

sys.path.insert(0, str(Path(__file__).parent))
from random_blobs import RECIPES, random_blobs, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_what_json_keeps_is_the_same_recipe(name) -> None:
    made = recipe(3, **RECIPES[name])
    kept = json.loads(json.dumps(made.parameters()))
    said = {k: getattr(made, k) for k in ("method", "smoothing_px", "min_size_px")}
    assert SegmentationRecipe.from_parameters(kept, thresholds=[95, 122], **said) == made


def test_a_plain_recipe_is_the_keywords_of_before() -> None:
    image = random_blobs(3, 1)
    given = {"smoothing_px": 0.7, "min_size_px": 12, "fill_holes": True}
    made = SegmentationRecipe((95.0, 122.0), **given)
    np.testing.assert_array_equal(
        segment(image, recipe=made), segment(image, thresholds=(95, 122), **given)
    )
    assert made.parameters() == {"fill_holes": True}


def test_thresholds_given_beside_a_recipe_replace_its_own() -> None:
    image, made = random_blobs(2, 2), recipe(2, opening_radius=1.0)
    moved = segment(image, recipe=made, thresholds=(90, 120))
    np.testing.assert_array_equal(moved, segment(image, recipe=made.with_thresholds((90, 120))))
    assert (moved != segment(image, recipe=made)).any()


def test_twice_the_voxels_make_the_same_shape_in_micrometres() -> None:
    """A length in µm means the same at every voxel size."""
    coarse = np.zeros((40, 40), np.uint8)
    coarse[8:32, 8:32] = 200
    coarse[18:22, 32:] = 200  # a bridge of 4 px
    fine = coarse.repeat(2, 0).repeat(2, 1)
    made = SegmentationRecipe((100.0,), opening_radius=3.0, length_unit="um")
    for image, size in ((coarse, 1.0), (fine, 0.5)):
        labels = segment(image, recipe=made, spacing_um=(size, size))
        assert not labels[:, int(36 / size)].any()
        assert labels[int(20 / size), int(20 / size)] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "magic"}, "method needs one of thresholds, hysteresis, local, got 'magic'"),
        ({"method": "local"}, "window needs more than 0 px for method local"),
        ({"window_shape": "box"}, "window_shape needs one of mean, gaussian"),
        ({"length_unit": "mm"}, "length_unit needs one of px, um"),
        ({"opening_radius": -1.0}, "opening_radius needs 0 or more"),
        ({"closing_radius": float("nan")}, "closing_radius needs 0 or more"),
        ({"seed_rise": -2.0}, r"seed_rise needs 0 or more \[grey value\]"),
        ({"split_depth": "deep"}, "split_depth needs a number"),
        ({"split_phase": 3}, "split_phase needs a class from 0 to 2, got 3"),
        ({"min_size_px": 1.5}, "min_size_px needs a count of 0 or more"),
        ({"connectivity": 7}, "connectivity needs 6, 18 or 26"),
        ({"fill_holes": "yes"}, "fill_holes needs true or false"),
        ({"smoothing_px": -1.0}, "smoothing_px needs finite values of 0 or more"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options, words) -> None:
    with pytest.raises(ValueError, match=words):
        SegmentationRecipe((95.0, 122.0), **options)


def test_a_name_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match=r"got erosion_radius: a newer program"):
        SegmentationRecipe.from_parameters({"erosion_radius": 2}, thresholds=[90])


def test_a_recipe_and_its_keywords_are_not_both_taken() -> None:
    with pytest.raises(ValueError, match="got both"):
        segment(random_blobs(2, 1), recipe=recipe(2), smoothing_px=1.0)


def test_a_connectivity_for_volumes_is_refused_for_pictures() -> None:
    with pytest.raises(ValueError, match="connectivity needs 4 or 8 for 2 axes, got 26"):
        segment(random_blobs(2, 1), recipe=recipe(2, connectivity=26))
