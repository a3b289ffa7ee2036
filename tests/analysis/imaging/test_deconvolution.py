"""Richardson and Lucy: light is kept, nothing is negative, and it ends near the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.imaging import gaussian_psf, richardson_lucy
from scalebridge.analysis.imaging.lucy_steps import LucySteps
from scalebridge.analysis.imaging.noise_misfit import poisson_misfit

PSF = gaussian_psf(2.0, spacing_um=(1, 1))


def scene(shape=(128, 128), *, counts=200.0, seed=0):
    """Discs and a bar, dark around: all light falls into the image."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    truth = np.zeros(shape)
    for cy, cx, r in ((40, 45, 12), (85, 80, 18), (40, 92, 6)):
        truth[np.hypot(y - cy, x - cx) < r] = counts
    truth[95:99, 25:55] = counts
    return truth, rng


def test_light_is_kept_and_nothing_is_negative(reference) -> None:
    truth, rng = scene()
    seen = rng.poisson(gaussian_filter(truth, 2, truncate=6)).astype(float)
    found = richardson_lucy(seen, psf=PSF, counts_per_grey=1)
    assert found.stopped == "discrepancy"
    assert found.image.min() >= 0
    what, kept = "light after Richardson-Lucy over light before", found.image.sum() / seen.sum()
    reference(what, kept, 1, abs=1e-3, source="theory")
    assert abs(found.light_error) < 1e-3
    assert found.discrepancy[0] > found.discrepancy[-2] > 1 >= found.discrepancy[-1]
    assert np.all(np.diff(found.discrepancy) < 0)
    longer = richardson_lucy(seen, psf=PSF, counts_per_grey=1, iterations=100)
    assert longer.noise_gain > 1.5 * found.noise_gain > 0
    assert longer.table()["stopped"].item() == "given"
    assert len(found.discrepancy) == found.iterations + 1


def truth_of(kind, counts):
    rng = np.random.default_rng(1)
    if kind == "discs":
        return scene(counts=counts)[0]
    field = gaussian_filter(rng.standard_normal((128, 128)), 4 if kind == "pores" else 3)
    if kind == "pores":
        return counts * (0.2 + 0.8 * (field > 0.03))
    return counts * np.exp(field / field.std())


def errors_of_steps(seen, truth, most):
    """Error of every step against the truth, which no user has."""
    steps = LucySteps(seen, PSF, 0.0, 4096)
    estimate, errors = steps.start(), []
    for _ in range(most):
        errors.append(np.sqrt(np.mean((steps.inner(estimate) - truth) ** 2)))
        estimate = steps.step(estimate, lambda seen, model: (0.0, 1.0))[0]
    return np.array(errors)


@pytest.mark.parametrize("counts", [20.0, 200.0])
@pytest.mark.parametrize(("kind", "early"), [("discs", 1.12), ("pores", 1.08), ("clouds", 1.45)])
def test_it_ends_near_the_step_that_is_nearest_to_the_truth(kind, early, counts) -> None:
    truth = truth_of(kind, counts)
    seen = np.random.default_rng(2).poisson(gaussian_filter(truth, 2, truncate=6))
    errors = errors_of_steps(seen.astype(np.float32), truth, 60)
    for stop, worst in (("discrepancy", early), ("held-out", 1.06)):
        found = richardson_lucy(seen, psf=PSF, counts_per_grey=1, stop=stop)
        assert found.stopped == stop
        own = np.sqrt(np.mean((found.image - truth) ** 2))
        assert own < worst * errors.min()
    untouched = np.sqrt(np.mean((seen - truth) ** 2))
    assert errors.min() < 0.85 * untouched


def test_gaussian_noise_has_its_held_out_half_too() -> None:
    truth = truth_of("clouds", 100.0)
    rng = np.random.default_rng(3)
    seen = (gaussian_filter(truth, 2, truncate=6) + rng.normal(0, 8, truth.shape)).astype("f4")
    found = richardson_lucy(seen, psf=PSF, noise=8, stop="held-out")
    errors = [
        np.sqrt(np.mean((richardson_lucy(seen, psf=PSF, iterations=n).image - truth) ** 2))
        for n in (2, 4, 8, 12, 18, 26, 40, 60, 90, 140)
    ]
    own = np.sqrt(np.mean((found.image - truth) ** 2))
    assert own < 1.06 * min(errors)
    again = richardson_lucy(seen, psf=PSF, noise=8, stop="held-out")
    assert np.array_equal(again.image, found.image)


def test_gaussian_noise_ends_it_too_and_may_fall_below_zero() -> None:
    truth, rng = scene()
    seen = gaussian_filter(truth, 2, truncate=6) + rng.normal(0, 5, truth.shape)
    assert seen.min() < 0
    found = richardson_lucy(seen, psf=PSF, noise=5)
    assert found.stopped == "discrepancy"
    assert found.image.min() >= 0
    assert found.image.sum() == pytest.approx(seen.sum(), rel=1e-3)
    before, after = (np.sqrt(np.mean((i - truth) ** 2)) for i in (seen, found.image))
    assert after < before


def test_two_points_nearer_than_rayleigh_are_parted() -> None:
    """0.8 of Rayleigh's distance, which is 2.9 standard deviations of the Gaussian."""
    sigma = 3.0
    apart = 0.8 * 2.9 * sigma
    y, x = np.indices((64, 64))
    light = sum(
        np.exp(-((y - 32) ** 2 + (x - 31.5 - side * apart / 2) ** 2) / (2 * sigma**2))
        for side in (-1, 1)
    )
    seen = np.random.default_rng(1).poisson(400 * light + 1)  # SNR 20 at the top
    found = richardson_lucy(
        seen, psf=gaussian_psf(sigma, spacing_um=(1, 1)), counts_per_grey=1, background=1,
        iterations=100,
    )  # fmt: skip
    line = found.image[31:34].sum(axis=0)
    left, right = line[24:31].max(), line[33:41].max()
    assert line[30:34].min() < 0.5 * min(left, right)
    places = 24 + np.argmax(line[24:31]), 33 + np.argmax(line[33:41])
    assert abs(places[1] - places[0] - apart) < 1.5


def test_a_border_through_bright_matter_makes_no_stripes() -> None:
    rng = np.random.default_rng(0)
    whole = gaussian_filter(rng.standard_normal((160, 160)), 5)
    truth = 300 * (whole > 0)
    seen = rng.poisson(gaussian_filter(truth.astype(float), 2))[30:130, 30:130]
    found = richardson_lucy(seen, psf=PSF, counts_per_grey=1)
    rest = (found.image - truth[30:130, 30:130]) ** 2
    rim = np.ones(rest.shape, bool)
    rim[6:-6, 6:-6] = False
    assert np.sqrt(rest[rim].mean()) < 1.3 * np.sqrt(rest[~rim].mean())


def test_blocks_give_what_the_whole_gives() -> None:
    truth, rng = scene()
    seen = rng.poisson(gaussian_filter(truth, 2))
    whole = richardson_lucy(seen, psf=PSF, counts_per_grey=1)
    parts = richardson_lucy(seen, psf=PSF, counts_per_grey=1, block_px=37)
    assert parts.iterations == whole.iterations
    assert np.abs(parts.image - whole.image).max() < 1e-3 * whole.image.max()
    volume = rng.poisson(gaussian_filter(np.where(rng.random((24, 30, 26)) > 0.98, 2e3, 0), 1))
    psf = gaussian_psf(1.0, spacing_um=(1, 1, 1))
    whole = richardson_lucy(volume, psf=psf, counts_per_grey=1, most=15)
    parts = richardson_lucy(volume, psf=psf, counts_per_grey=1, most=15, block_px=13)
    assert parts.image == pytest.approx(whole.image, abs=1e-3 * float(whole.image.max()))


def test_it_says_how_far_it_is_and_stops_when_told() -> None:
    truth, rng = scene()
    seen = rng.poisson(gaussian_filter(truth, 2))
    steps: list[tuple[int, int]] = []
    found = richardson_lucy(
        seen, psf=PSF, counts_per_grey=1, progress=lambda *at: steps.append(at),
        cancelled=lambda: len(steps) >= 4,
    )  # fmt: skip
    assert found.stopped == "cancelled"
    assert found.iterations == 4
    assert steps == [(n, 200) for n in (1, 2, 3, 4)]
    assert found.image.sum() == pytest.approx(seen.sum(), rel=0.02)


def test_a_point_spread_that_does_not_fit_is_told() -> None:
    truth, rng = scene(counts=2000)
    seen = rng.poisson(gaussian_filter(truth, 2))
    wide = gaussian_psf(4.0, spacing_um=(1, 1))
    found = richardson_lucy(seen, psf=wide, counts_per_grey=1, most=60)
    assert found.stopped in ("most", "stalled")
    assert "point-spread function or the noise is another one" in found.notes[0]
    flat = rng.poisson(np.full((64, 64), 50.0))
    assert "hardly more than noise" in richardson_lucy(flat, psf=PSF, counts_per_grey=1).notes[0]


@pytest.mark.parametrize("mean", [0.05, 1.0, 7.0, 300.0])
def test_the_misfit_expects_what_counts_make(mean) -> None:
    counts = np.random.default_rng(0).poisson(mean, 200_000)
    misfit, expected = poisson_misfit(counts, np.full(counts.shape, mean), 1.0)
    assert misfit == pytest.approx(expected, rel=0.02)
    half = poisson_misfit(counts / 2, np.full(counts.shape, mean / 2), 2.0)
    assert half == pytest.approx((misfit, expected))


def test_a_point_spread_function_is_a_gaussian_averaged_over_voxels() -> None:
    psf = gaussian_psf((2.0, 1.0), spacing_um=(1.0, 0.5))
    assert psf.shape == (17, 17)
    assert psf.sum() == pytest.approx(1, abs=1e-6)
    offset = np.arange(17) - 8.0
    assert (psf.sum(axis=1) * offset**2).sum() == pytest.approx(4 + 1 / 12, rel=0.01)
    with pytest.raises(ValueError, match="one width above 0 µm, or one an axis, got -1"):
        gaussian_psf(-1, spacing_um=(1, 1))
    with pytest.raises(ValueError, match="up to 32 voxels, got 400"):
        gaussian_psf(2, spacing_um=(0.005, 0.005))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "either counts_per_grey or noise, got 0"),
        ({"noise": 1, "counts_per_grey": 1}, "either counts_per_grey or noise, got 2"),
        ({"noise": 1, "stop": "soon"}, "'discrepancy' or 'held-out', got 'soon'"),
        ({"noise": 0}, "a number above 0, got 0"),
        ({"iterations": 0}, "iterations needs 1 or more, got 0"),
        ({"noise": 1, "psf": np.ones((4, 4))}, r"odd sizes with the point in the middle, got \(4"),
        ({"noise": 1, "psf": -np.ones((3, 3))}, "values of 0 or more"),
        ({"counts_per_grey": 1, "image": -np.ones((9, 9))}, "counts of 0 or more, got -1"),
        ({"noise": 1, "image": np.full((9, 9), np.nan)}, "got NaN"),
    ],
)
def test_what_cannot_be_sharpened_is_refused(change, message) -> None:
    given = {"image": np.ones((9, 9)), "psf": np.ones((3, 3))} | change
    image = given.pop("image")
    with pytest.raises(ValueError, match=message):
        richardson_lucy(image, **given)
