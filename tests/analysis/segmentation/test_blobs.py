"""Centres of marks whose place is known to a fraction of a voxel."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.quantification.sphere_scene import sphere_scene
from scalebridge.analysis.segmentation import find_blobs, refine_centre


@pytest.mark.parametrize(
    ("spacing", "noise"), [((1.0, 1.0, 1.0), 10), ((2.5, 1.0, 1.0), 15)], ids=["cubes", "flat"]
)
def test_marks_are_found_within_a_tenth_of_a_voxel_and_know_it(spacing, noise) -> None:
    errors, scaled, count = [], [], 0
    for seed in range(2):
        shape = tuple(round(80 / s) for s in spacing)
        scene = sphere_scene(
            shape=shape, spacing_um=spacing, radii_um=(3, 3), fraction=0.012, gap_um=8, seed=seed
        )
        found = find_blobs(
            scene.image(blur_um=1.0, noise=noise, seed=seed), spacing_um=spacing, diameter_um=6
        )
        found = found[~found["at_border"]]
        points = found[["z_um", "y_um", "x_um"]].to_numpy()
        sigmas = found[["sigma_z_um", "sigma_y_um", "sigma_x_um"]].to_numpy()
        low, high = scene.corner_um + 4, scene.corner_um + scene.size_um - 4
        whole = ((scene.centres_um > low) & (scene.centres_um < high)).all(axis=1)
        for centre in scene.centres_um[whole]:
            distance = np.linalg.norm(points - centre, axis=1)
            assert distance.min() < 1.0
            errors.append(points[distance.argmin()] - centre)
            scaled.append(errors[-1] / sigmas[distance.argmin()])
            count += 1
    assert count > 40
    rms = np.sqrt(np.mean(np.square(errors), axis=0))
    assert (rms < 0.1 * np.array(spacing) + 0.05).all()
    assert (np.sqrt(np.mean(np.square(scaled), axis=0)) > 0.5).all()
    assert (np.sqrt(np.mean(np.square(scaled), axis=0)) < 1.6).all()


def dots(centres, *, depth: float, noise: float) -> np.ndarray:
    y, x = np.meshgrid(np.arange(120) * 0.5, np.arange(160) * 0.5, indexing="ij")
    grey = np.full(y.shape, 200.0)
    for cy, cx in centres:
        grey -= depth * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * 1.2**2))
    return grey + np.random.default_rng(0).normal(0, noise, y.shape)


def test_dark_marks_of_an_image_are_found_in_its_own_coordinates() -> None:
    centres = np.array([(10.3, 20.7), (30.1, 60.2), (45.6, 12.4)])
    found = find_blobs(
        dots(centres, depth=80, noise=5), spacing_um=(0.5, 0.5), diameter_um=4, bright=False,
        origin_um=(1000.0, 2000.0),
    )  # fmt: skip
    points = np.sort(found[["y_um", "x_um"]].to_numpy() - (1000, 2000), axis=0)
    assert points == pytest.approx(np.sort(centres, axis=0), abs=0.15)
    assert (found["contrast"] < 0).all()


def test_a_click_beside_a_mark_snaps_to_its_centre() -> None:
    image = dots([(30.1, 40.4)], depth=80, noise=5)
    for guess in [(30.1, 40.4), (32.0, 40.0), (29.0, 42.5)]:
        found = refine_centre(image, guess, spacing_um=(0.5, 0.5), diameter_um=4)
        assert found.position_um == pytest.approx((30.1, 40.4), abs=0.15)
        assert found.moved_um == pytest.approx(np.hypot(guess[0] - 30.1, guess[1] - 40.4), abs=0.2)
        assert not found.at_border


def test_a_mark_cut_by_the_border_is_marked() -> None:
    image = dots([(30.0, 0.5)], depth=80, noise=1)
    assert refine_centre(image, (30, 1), spacing_um=(0.5, 0.5), diameter_um=4).at_border


def test_a_click_where_nothing_is_is_refused_in_words() -> None:
    image = dots([(10.0, 10.0)], depth=80, noise=5)
    with pytest.raises(ValueError, match=r"image needs a .* mark of 4 µm within one diameter"):
        refine_centre(image, (45, 60), spacing_um=(0.5, 0.5), diameter_um=4)
    with pytest.raises(ValueError, match="guess_um needs a point of the image"):
        refine_centre(image, (500, 60), spacing_um=(0.5, 0.5), diameter_um=4)


def test_noise_alone_gives_next_to_nothing() -> None:
    noise = np.random.default_rng(0).normal(0, 10, (48, 48, 48))
    assert len(find_blobs(noise, spacing_um=(1, 1, 1), diameter_um=6)) <= 1


def test_a_mark_smaller_than_a_voxel_is_refused() -> None:
    with pytest.raises(ValueError, match="diameter_um needs at least one voxel"):
        find_blobs(np.zeros((9, 9)), spacing_um=(1, 1), diameter_um=0.5)
