"""Denoising says what it does to edges and to faint detail; one image alone is an estimate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.imaging import (
    denoise,
    denoising_cost,
    one_image_resolution,
    shell_correlation,
)
from scalebridge.analysis.imaging.denoising import METHODS
from scalebridge.analysis.quantification.sphere_scene import sphere_scene


@pytest.fixture(scope="module")
def balls():
    return sphere_scene(
        shape=(40, 48, 48), spacing_um=(1, 1, 1), radii_um=(8, 14), fraction=0.3, gap_um=6, seed=2
    )


@pytest.mark.parametrize("method", METHODS)
def test_noise_falls_and_the_edges_are_measured(balls, method) -> None:
    image = balls.image(blur_um=1.2, noise=12, seed=1)
    found = denoise(image, method=method)
    assert found.image.shape == image.shape
    assert found.image.dtype == np.float32
    assert found.noise == pytest.approx(12, rel=0.05)
    assert found.after["noise"] < 0.5 * found.before["noise"]
    assert found.before["edge_width_px"] == pytest.approx(2.563 * np.hypot(1.2, 0.29), rel=0.12)
    assert "px before" in found.warnings[0]
    assert 0.7 < found.removed_share < 1.2
    truth = balls.image(blur_um=1.2, noise=0, seed=1)
    assert np.std(found.image - truth) < 0.6 * 12
    table = found.table().set_index("quantity")
    assert table.loc["noise", "ratio"] < 0.5


def test_total_variation_takes_away_as_much_as_there_is_noise(balls) -> None:
    image = balls.image(blur_um=1.2, noise=12, seed=1)
    assert denoise(image, method="total variation").removed_share == pytest.approx(1, abs=0.05)


def test_too_much_and_unknown_edges_are_told() -> None:
    rng = np.random.default_rng(0)
    clouds = 20 * gaussian_filter(rng.standard_normal((128, 128)), 1)
    found = denoise(clouds + rng.normal(0, 1, clouds.shape), method="median")
    assert any("times the noise was taken away" in note for note in found.warnings)
    assert any("is not known" in note for note in found.warnings)
    lumps = gaussian_filter(rng.standard_normal((128, 128)), 0.8)
    assert any("correlates by" in note for note in denoise(lumps, method="median").warnings)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_left_of_faint_detail_is_that_of_the_truth(method) -> None:
    """The other half tells the share that the truth tells, which no user has."""
    rng = np.random.default_rng(0)
    truth = 40 * gaussian_filter(rng.standard_normal((192, 192)), 1.5)
    halves = [truth + rng.normal(0, 2.0, truth.shape) for _ in range(2)]
    cost = denoising_cost(*halves, method=method, spacing_um=(0.5, 0.5))
    kept = cost.kept.dropna()
    done = cost.denoised.image
    spectra = [np.fft.fft2(each - each.mean()) for each in (truth, done)]
    y, x = np.meshgrid(*(np.fft.fftfreq(192, 0.5),) * 2, indexing="ij")
    for low, high in ((0.05, 0.12), (0.12, 0.2), (0.2, 0.3)):
        ring = (np.hypot(y, x) > low) & (np.hypot(y, x) < high)
        shared = np.sum(spectra[1][ring] * np.conj(spectra[0][ring])).real
        true = shared / np.sum(np.abs(spectra[0][ring]) ** 2)
        found = kept.loc[kept["frequency_per_um"].between(low, high), "kept"].mean()
        assert found == pytest.approx(true, abs=0.08)
    words = " ".join(cost.warnings)
    assert "which is no resolution" in words
    assert "before" in words
    assert len(cost.table()) == 5


def test_a_filter_makes_denoised_halves_look_better_than_they_are() -> None:
    """Why halves are not to be denoised: noise of one scale becomes structure by itself or not,
    but what is left of the true detail is never more than there was."""
    rng = np.random.default_rng(2)
    truth = 40 * gaussian_filter(rng.standard_normal((160, 160)), 1.5)
    halves = [truth + rng.normal(0, 4, truth.shape) for _ in range(2)]
    cost = denoising_cost(*halves, method="median", spacing_um=(1, 1))
    assert np.isfinite(cost.before.half_bit.resolution_um)
    assert cost.half_kept_um > 2
    assert cost.kept["kept"].iloc[:3].mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "bilateral"}, "method needs one of .*'median'.* got 'bilateral'"),
        ({"noise": 0.0}, "above 0, got 0.0: nothing to remove"),
        ({"image": np.full((9, 9), np.inf)}, "got NaN or inf"),
    ],
)
def test_what_cannot_be_denoised_is_refused(change, message) -> None:
    given = {"image": np.eye(9), "method": "median"} | change
    with pytest.raises(ValueError, match=message):
        denoise(given.pop("image"), **given)


@pytest.mark.parametrize("noise", [0.003, 0.01, 0.03])
@pytest.mark.parametrize("shape", [(256, 256), (64, 64, 64)])
def test_one_image_estimates_what_two_halves_measure(shape, noise) -> None:
    rng = np.random.default_rng(0)
    truth = gaussian_filter(rng.standard_normal(shape), 1.5, mode="wrap")
    halves = [truth + noise * rng.standard_normal(shape) for _ in range(2)]
    spacing = (0.5,) * len(shape)
    told = shell_correlation(*halves, spacing_um=spacing).half_bit.resolution_um
    found = one_image_resolution(halves[0], spacing_um=spacing)
    assert 0.6 < found.decorrelation_um / told < 1.7
    assert found.flatness > 0.5
    assert not [note for note in found.notes if "falls on" in note]
    table = found.table()
    assert set(table["kind"]) == {"estimate from one image"}
    assert table["when_it_lies"].str.startswith("lies where").all()


def test_one_image_gives_the_width_of_its_edges(balls) -> None:
    found = one_image_resolution(balls.image(blur_um=1.5, noise=4, seed=0), spacing_um=(2, 2, 2))
    assert found.edge_width_um == pytest.approx(2 * 2.563 * np.hypot(1.5, 0.29), rel=0.1)
    assert 0 < found.edge_width_error_um < 1


def test_one_image_says_when_it_lies() -> None:
    rng = np.random.default_rng(0)
    truth = gaussian_filter(rng.standard_normal((200, 200)), 2)
    lumps = 0.3 * gaussian_filter(rng.standard_normal((200, 200)), 0.7)
    found = one_image_resolution(truth + lumps, spacing_um=(1, 1))
    assert any("noise is correlated" in note or "reaches it" in note for note in found.notes)
    only = one_image_resolution(rng.standard_normal((128, 128)), spacing_um=(1, 1))
    assert np.isnan(only.decorrelation_um)
    assert any("no cut-off" in note for note in only.notes)
    with pytest.raises(ValueError, match=r"32 voxels or more an axis, got \(20, 40\)"):
        one_image_resolution(np.eye(20, 40), spacing_um=(1, 1))
    with pytest.raises(ValueError, match="numbers that differ"):
        one_image_resolution(np.ones((40, 40)), spacing_um=(1, 1))
