from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from scalebridge.widgets import sampling
from scalebridge.widgets.placement import placement_of
from scalebridge.widgets.plane import Plane, axes_through, axis_plane
from scalebridge.widgets.sampling import choose_level, sample

sys.path.insert(0, str(Path(__file__).parent))
from pyramids import ArrayLevel, centres, ramp_pyramid

OBLIQUE = axes_through((0, 0, 0), (1, 2, 3), (2, 0, -1))


def planes() -> list[Plane]:
    middle, size = (16.0, 1.0, 8.0), {"width_um": 5.0, "height_um": 4.0}
    aligned = [axis_plane(name, centre_um=middle, **size) for name in ("xy", "xz", "yz")]
    return [*aligned, Plane(centre_um=middle, across=OBLIQUE[0], down=OBLIQUE[1], **size)]


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("plane", planes(), ids=["xy", "xz", "yz", "oblique"])
def test_ramp_is_exact_on_every_plane_at_every_level(plane: Plane, level: int) -> None:
    levels, slope = ramp_pyramid()
    points = plane.points(50, 40)
    seen = sample(levels, points, level=level)
    assert seen.inside.all()
    np.testing.assert_allclose(seen.values, points @ slope + 7, atol=1e-9)


@pytest.mark.parametrize("plane", planes()[:3], ids=["xy", "xz", "yz"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_planes_along_the_axes_read_what_single_points_read(plane: Plane, dtype: type) -> None:
    values = np.random.default_rng(3).integers(0, 255, (14, 15, 16)).astype(dtype)
    level = ArrayLevel(values, (1, 1, 1), (1.3, 0.2, 0.7), (0.1, 0.0, -0.2))
    points = plane.points(40, 30)  # partly outside
    seen = sample([level], points)
    assert 0 < seen.inside.mean() < 1
    index = (points - level.origin_um) / level.spacing_um
    single = map_coordinates(values.astype(float), index.reshape(-1, 3).T, order=1, mode="nearest")
    expected = np.where(seen.inside, single.reshape(30, 40), 0)
    np.testing.assert_allclose(seen.values, expected, atol=1e-3)


def test_quartered_reading_gives_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    levels, _ = ramp_pyramid()
    points = planes()[3].points(90, 70)
    whole = sample(levels, points)
    monkeypatch.setattr(sampling, "MAX_BLOCK_VOXELS", 500)
    np.testing.assert_array_equal(sample(levels, points).values, whole.values)


class CountingArray:
    """Counts the voxels that are read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array, self.read = array, 0
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: tuple) -> np.ndarray:
        block = self.array[key]
        self.read += block.size
        return block


def test_axis_aligned_plane_reads_two_layers_of_voxels_at_most() -> None:
    counting = CountingArray(np.zeros((64, 64, 64), np.uint8))
    level = ArrayLevel(counting, (1, 1, 1), (1, 1, 1), (0, 0, 0))
    plane = axis_plane("xy", centre_um=(30.4, 31.5, 31.5), width_um=20, height_um=20)
    sample([level], plane.points(20, 20))
    assert counting.read <= 2 * 22 * 22


def test_outside_the_outer_faces_of_the_voxels_is_outside() -> None:
    level = ArrayLevel(np.ones((2, 2, 2)), (1, 1, 1), (1, 1, 1), (0, 0, 0))
    row = np.array([[(0.5, 0.5, x) for x in (-0.51, -0.49, 1.49, 1.51)]])
    seen = sample([level], row)
    assert seen.inside.tolist() == [[False, True, True, False]]
    assert seen.values.tolist() == [[0, 1, 1, 0]]


def test_labels_stay_whole_and_keep_their_type() -> None:
    labels = np.array([[[0, 70_000_001]]], np.uint32)
    level = ArrayLevel(labels, (1, 1, 1), (1, 1, 1), (0, 0, 0))
    seen = sample([level], np.array([[(0, 0, 0.45), (0, 0, 0.55)]]), nearest=True)
    assert seen.values.dtype == np.uint32
    assert seen.values.tolist() == [[0, 70_000_001]]


def test_two_dimensional_image_is_seen_within_its_slab_only() -> None:
    level = ArrayLevel(np.full((4, 4), 9, np.uint8), (1, 1), (1, 1), (0, 0))
    points = np.array([[(0.0, 1, 1), (0.9, 1, 1), (1.1, 1, 1)]])
    assert sample([level], points, slab_um=1.0).inside.tolist() == [[True, True, False]]
    assert sample([level], points).inside.all()


def test_channel_is_chosen_by_index_and_must_be() -> None:
    level = ArrayLevel(np.stack([np.zeros((3, 3)), np.ones((3, 3))]), (1, 1), (1, 1), (0, 0))
    points = np.zeros((1, 1, 3))
    assert sample([level], points, select=(1,)).values.tolist() == [[1]]
    with pytest.raises(ValueError, match="needs 1 indices before them"):
        sample([level], points)


@pytest.mark.parametrize(("pixel_um", "level"), [(0.02, 0), (0.1, 0), (0.2, 1), (0.4, 2), (3, 3)])
def test_level_is_the_one_nearest_to_the_screen_pixel(pixel_um: float, level: int) -> None:
    levels, _ = ramp_pyramid()
    steps = pixel_um * np.array([(0, 0, 1), (0, 1, 0)])
    assert choose_level(levels, steps) == level


def test_thick_slices_do_not_force_the_fine_axis_to_its_finest_level() -> None:
    spacings = [(5, 1, 1), (5, 2, 2), (5, 4, 4), (10, 8, 8)]
    levels = [ArrayLevel(np.zeros((4, 4, 4)), (1, 1, 1), s, (0, 0, 0)) for s in spacings]
    assert choose_level(levels, [(0, 0, 3), (3, 0, 0)]) == 2


def test_affine_way_is_recognised_and_a_bent_one_is_followed_point_by_point() -> None:
    turn = np.array([[0, 1, 0], [-2, 0, 0], [0, 0, 3.0]])
    straight = placement_of(lambda p: p @ turn.T + 5, centre_um=(1e4, 2e4, 3e4), reach_um=10)
    np.testing.assert_allclose(straight.matrix, turn, atol=1e-9)
    bent = placement_of(lambda p: p + 0.01 * p**2, centre_um=(0, 0, 0), reach_um=10)
    assert bent.matrix is None
    points = np.arange(12.0).reshape(2, 2, 3)
    np.testing.assert_allclose(bent.apply(points), points + 0.01 * points**2)


def test_voxel_centres_read_their_own_voxel() -> None:
    levels, _ = ramp_pyramid()
    for number, level in enumerate(levels):
        where = centres(level)[3, :, :]
        np.testing.assert_allclose(
            sample(levels, where, level=number).values, level.array[3], atol=1e-9
        )
