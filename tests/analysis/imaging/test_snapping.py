"""A rough click finds the feature beside it, between the voxels, or is told that there is none."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.imaging.snapping import snap

SPACING = (1.0, 0.5, 0.5)
SHAPE = (24, 40, 40)


def places(shape=SHAPE, spacing=SPACING):
    return np.stack(np.indices(shape), axis=-1) * spacing


def spot(centre, *, deviation=1.5, height=100.0, shape=SHAPE, spacing=SPACING):
    square = np.sum((places(shape, spacing) - centre) ** 2, axis=-1)
    return height * np.exp(-square / (2 * deviation**2))


@pytest.mark.parametrize(
    ("kind", "sign"), [("maximum", 1), ("minimum", -1), ("blob", 1), ("blob", -1)]
)
def test_spots_are_found_to_a_tenth_of_a_voxel_whatever_their_tone(kind, sign):
    rng = np.random.default_rng(0)
    for _ in range(6):
        centre = rng.uniform((9, 8, 8), (14, 12, 12))
        start = centre + rng.uniform(-1, 1, 3)
        found = snap(50 + sign * spot(centre), SPACING, start, kind=kind, reach_um=3.0)
        assert found.found
        assert np.all(np.abs(found.position_um - centre) < 0.1 * np.array(SPACING))
        assert found.moved_um == pytest.approx(np.linalg.norm(found.position_um - start))


@pytest.mark.parametrize("kind", ["maximum", "blob"])
def test_noise_moves_a_spot_by_a_fraction_of_a_voxel(kind):
    rng = np.random.default_rng(1)
    centre = np.array([11.3, 9.6, 10.2])
    errors = []
    for _ in range(10):
        image = spot(centre) + rng.normal(0, 10, SHAPE)
        found = snap(image, SPACING, centre + np.array([0.6, -0.7, 0.8]), kind=kind, reach_um=3.0)
        assert 5 < found.quality < 200
        errors.append((found.position_um - centre) / SPACING)
    assert np.sqrt(np.mean(np.square(errors))) < 0.35


def test_how_far_a_spot_stands_out_is_written_as_people_write_it():
    centre = np.array([11.3, 9.6, 10.2])
    image = spot(centre, height=5000.0) + np.random.default_rng(1).normal(0, 10, SHAPE)
    found = snap(image, SPACING, centre, kind="maximum", reach_um=3.0)
    assert found.quality > 100
    assert "e+" not in found.words


def test_an_edge_is_found_where_the_grey_values_cross_the_middle():
    normal = np.array([0.0, 0.8, 0.6])
    for offset in (10.0, 10.2, 10.37):
        height = (places() @ normal - offset) / 0.5
        image = 200 / (1 + np.exp(-3 * height))
        start = normal * offset + [12.0, 1.1, 1.2] - normal * (normal @ [12.0, 1.1, 1.2])
        found = snap(image, SPACING, start + 1.1 * normal, kind="edge", reach_um=3.0)
        assert found.found
        assert abs(found.position_um @ normal - offset) < 0.1 * 0.5
        assert found.moved_um < 1.6  # along the edge it stays


def test_a_picture_has_features_too_and_its_origin_counts():
    centre = np.array([7.2, 5.3])
    image = spot(centre, shape=(30, 30), spacing=(0.5, 0.5))
    for kind in ("maximum", "blob"):
        found = snap(
            image, (0.5, 0.5), centre + 0.7 + 100, kind=kind, reach_um=2.0, origin_um=(100, 100)
        )
        np.testing.assert_allclose(found.position_um, centre + 100, atol=0.03)


def test_a_blob_says_how_wide_it_is():
    found = snap(spot((12, 10, 10)), SPACING, (12, 10, 9.5), kind="blob", reach_um=4.0)
    width = float(found.words.split("about ")[1].split()[0])
    assert width == pytest.approx(2.355 * 1.5, rel=0.2)
    assert found.words.startswith("bright blob")


@pytest.mark.parametrize("kind", ["maximum", "minimum", "edge", "blob"])
def test_noise_alone_is_nothing_and_is_said_in_words(kind):
    rng = np.random.default_rng(2)
    found = [
        snap(rng.normal(100, 10, SHAPE), SPACING, (12, 10, 10), kind=kind, reach_um=2.0)
        for _ in range(20)
    ]
    assert sum(one.found for one in found) <= 1
    missed = next(one for one in found if not one.found)
    assert missed.words.startswith(f"no {kind} within 2 µm")
    assert (missed.position_um.tolist(), missed.moved_um) == ([12, 10, 10], 0.0)


def test_a_slope_has_no_maximum_and_a_flat_image_has_nothing():
    slope = places()[..., 2]
    found = snap(slope, SPACING, (12, 10, 10), kind="maximum", reach_um=3.0)
    assert "still rise" in found.words
    flat = snap(np.full(SHAPE, 7), SPACING, (12, 10, 10), kind="blob", reach_um=3.0)
    assert "are equal" in flat.words


def test_a_brighter_spot_beyond_the_reach_is_left_alone():
    image = spot((12, 10, 10), deviation=0.8) + spot((12, 10, 16), deviation=0.8, height=900)
    found = snap(image, SPACING, (12, 10, 10.6), kind="maximum", reach_um=2.0)
    np.testing.assert_allclose(found.position_um, (12, 10, 10), atol=0.1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "corner"}, "kind needs one of maximum, minimum, edge, blob, got 'corner'"),
        ({"reach_um": 0.1}, "reach_um needs a voxel"),
        ({"start_um": (12, 10, 99)}, "is outside: point at the image first"),
        ({"spacing_um": (1.0, 1.0)}, "spacing_um needs 3 positive values"),
    ],
)
def test_what_cannot_be_is_refused_in_words(given, said):
    asked = {"spacing_um": SPACING, "start_um": (12, 10, 10), "kind": "blob", "reach_um": 2.0}
    with pytest.raises(ValueError, match=said):
        snap(spot((12, 10, 10)), **{**asked, **given})


def test_steps_of_whole_grey_values_are_no_features():
    ramp = np.rint(40 + 0.05 * places()[..., 2] + spot((12, 10, 10), height=0.4)).astype(np.uint8)
    assert np.ptp(ramp) == 1
    for kind in ("maximum", "blob", "edge"):
        found = snap(ramp, SPACING, (12, 10, 9), kind=kind, reach_um=3.0)
        assert not found.found
        assert "one step of the grey values" in found.words or "still rise" in found.words
