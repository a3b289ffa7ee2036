"""Pictures of sections are found in volumes where they were cut, or refused."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.distributions import f_distribution
from scalebridge.analysis.registration import AffineTransform
from scalebridge.analysis.registration.grey_image import GreyImage
from scalebridge.analysis.registration.plane import find_slice, virtual_slices
from scalebridge.errors import NoPlaceStandsOut, RegistrationCancelled
from scalebridge.reports.slice_finds import band_limited, cut, errors, moved_away, place, section

STARTS = int(os.environ.get("SCALEBRIDGE_STARTS", "2"))  # 40 in full
TURN = Rotation.from_rotvec(np.radians([20, 35, -25])).as_matrix()


@pytest.fixture(scope="module")
def small() -> tuple[GreyImage, GreyImage, AffineTransform]:
    return section(3, size=64, across=48)


def test_an_oblique_section_is_found_from_rough_starts() -> None:
    """Row 16: 0.5 voxel in the plane, 1 across it, 0.2 degree, in 95 % of starts."""
    good = 0
    chances: list[float] = []
    for seed in range(STARTS):
        picture, volume, at = section(seed)
        found = find_slice(picture, volume, start=moved_away(at, seed=seed), seed=seed)
        aside, along, _, turn = errors(found, at)
        good += aside <= 0.5 and along <= 1.0 and turn <= 0.2
        off = (found.transform.apply(at.centre_um[None]) - at.offset_um[None])[0]
        own = found.transform.covariance_at(at.centre_um[None])[0]
        square = off @ np.linalg.solve(own, off) / 3
        chances.append(f_distribution.sf(square, 3, found.transform.nu))
    assert good >= 0.95 * STARTS
    assert np.mean(np.array(chances) > 1e-3) >= 0.95


def test_a_section_is_found_from_nothing_but_its_scale(small) -> None:
    picture, volume, at = small
    found = find_slice(picture, volume)
    aside, along, _, turn = errors(found, at)
    assert aside < 0.5
    assert along < 1.0
    assert turn < 0.5
    assert found.runner_up.ratio < 0.5
    assert found.margin > 0.5


def test_a_picture_of_another_volume_is_refused_with_and_without_a_start(small) -> None:
    _, volume, at = small
    other = section(71, size=64, across=48)[0]
    for start in (None, at):
        with pytest.raises(NoPlaceStandsOut, match=r"no place stands out") as caught:
            find_slice(other, volume, start=start)
        assert caught.value.best.chance > 0.05


def test_a_picture_seen_from_behind_is_told_and_found_where_that_is_allowed(small) -> None:
    picture, volume, at = small
    flipped = GreyImage(picture.values[0, :, ::-1], [1, 1])
    with pytest.raises(NoPlaceStandsOut, match=r"turned over fits .* set mirror=True"):
        find_slice(flipped, volume, start=at)
    found = find_slice(flipped, volume, start=at, mirror=True)
    assert found.normal @ at.matrix[:, 0] < -0.99
    assert np.linalg.norm(found.point_um - at.offset_um) < 0.5


def test_contrast_may_be_inverted(small) -> None:
    picture, volume, at = small
    negative = GreyImage(-picture.values[0], [1, 1])
    aside, along, _, _ = errors(find_slice(negative, volume, start=moved_away(at, seed=1)), at)
    assert aside < 0.5
    assert along < 0.5


def test_voxels_need_not_be_cubes_and_pixels_may_be_finer() -> None:
    field = GreyImage(band_limited(96, length=8.0, seed=5), [1, 1, 1])
    at = place((120, 120), np.array([48.0, 46, 50]), TURN, pixel_um=0.5)
    picture = cut(field, at, (120, 120), pixel_um=0.5)
    flat = GreyImage(field.values[::2], [2, 1, 1])
    found = find_slice(picture, flat, start=moved_away(at, seed=2, shift_um=10))
    aside, along, _, turn = errors(found, at)
    assert aside < 0.5
    assert along < 0.5
    assert turn < 0.5


def test_the_scale_is_found_within_its_tolerance_and_kept_where_it_is_rigid(small) -> None:
    picture, volume, at = small
    wrong = GreyImage(picture.values[0], [1.01, 1.01])
    middle = at.centre_um * 1.01
    start = AffineTransform("similarity", at.matrix, middle, at.offset_um, 2, 3)
    found = find_slice(wrong, volume, start=start)
    assert found.transform.scale == pytest.approx(1 / 1.01, abs=0.004)
    assert abs(found.transform.scale * 1.01 - 1) < 4 * found.transform.scale_sigma
    rigid = find_slice(picture, volume, start=at, model="rigid")
    assert rigid.transform.scale == pytest.approx(1.0)


def test_a_bent_section_gives_back_its_bow() -> None:
    field = GreyImage(band_limited(96, length=4.0, seed=8), [1, 1, 1])
    at = place((72, 72), np.array([47.0, 46, 49]), TURN)
    bow = (1.5e-3, -1e-3, 0.5e-3)  # up to 2 voxels at the corners
    picture = cut(field, at, (72, 72), bow=bow)
    found = find_slice(picture, field, start=at, model="rigid", bowed=True)
    assert np.all(np.abs(found.bow - bow) < 4 * found.bow_sigma)
    assert np.all(found.bow_sigma < 1e-4)
    corner = at.apply([[1.5e-3 * 35.5**2 - 1e-3 * 35.5**2 + 0.5e-3 * 35.5**2, 71, 71]])
    assert np.linalg.norm(found.apply([[0.0, 71, 71]]) - corner) < 0.3
    flat = find_slice(picture, field, start=at, model="rigid")
    assert flat.score < found.score


def test_virtual_slices_are_the_planes_of_the_volume() -> None:
    grey = np.random.default_rng(0).normal(size=(9, 8, 7))
    flat = AffineTransform("rigid", np.eye(3), [0, 0, 0], [2.0, 0, 0], 2, 3)
    seen = virtual_slices(
        GreyImage(grey, [1, 1, 1]), flat, like=GreyImage(grey[0], [1, 1]), ahead_um=[0, 1, 20]
    )
    assert np.allclose(seen[:2], grey[2:4], atol=1e-5)
    assert np.isnan(seen[2]).all()


def test_the_same_seed_gives_the_same_bits(small) -> None:
    picture, volume, at = small
    first, second = (find_slice(picture, volume, start=at, seed=4) for _ in range(2))
    assert np.array_equal(first.transform.homogeneous, second.transform.homogeneous)
    assert np.array_equal(first.transform.covariance, second.transform.covariance)


def test_it_tells_how_far_it_is_and_stops_when_told(small) -> None:
    picture, volume, at = small
    told: list[float] = []
    find_slice(picture, volume, start=at, progress=lambda words, share: told.append(share))
    assert len(told) > 20
    assert 0 <= min(told) <= max(told) <= 1
    stop = threading.Event()
    stop.set()
    with pytest.raises(RegistrationCancelled, match="told to stop"):
        find_slice(picture, volume, start=at, cancel=stop)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"picture": np.zeros((4, 4, 4))}, "picture needs 2 axes"),
        ({"start": AffineTransform.exact()}, "start needs to map 2-D to 3-D"),
        ({"model": "b-spline"}, "model needs rigid, similarity or affine"),
    ],
)
def test_wrong_arguments_are_refused(small, changes, words) -> None:
    picture, volume, _ = small
    if "picture" in changes:
        picture = GreyImage(changes.pop("picture"), [1, 1, 1])
    with pytest.raises(ValueError, match=words):
        find_slice(picture, volume, **changes)


@pytest.mark.parametrize(
    ("file", "voxel_um", "tilt"),
    [("puma_fiberform/100_fiberform.tif", 1.3, 0.5), ("spam_snow_microct/snow.tif", 1.0, 0.3)],
)
def test_a_slab_of_a_real_volume_is_found(data: Path, file: str, voxel_um: float, tilt) -> None:
    """Resampled obliquely, blurred, re-contrasted, noisy."""
    import tifffile

    volume = GreyImage(tifffile.imread(data / file), [voxel_um] * 3)
    at = place((72, 72), np.array([48, 52, 50.0]) * voxel_um, TURN, pixel_um=voxel_um)
    picture = cut(volume, at, (72, 72), pixel_um=voxel_um, blur_px=0.7, seed=1)
    reach = 10 * voxel_um
    start = moved_away(at, seed=3, shift_um=reach, turn_deg=6)
    found = find_slice(picture, volume, start=start, reach_um=reach, reach_deg=6)
    aside, along, _, turn = errors(found, at)
    assert aside < 0.5 * voxel_um
    assert along < voxel_um
    assert turn < tilt
