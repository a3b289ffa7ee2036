"""Correlations of two halves against closed forms: signal and noise of known spectra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq

from scalebridge.analysis.imaging import bit_threshold, shell_correlation, soft_mask
from scalebridge.analysis.imaging.frequency_shells import frequency_shells
from scalebridge.analysis.imaging.soft_windows import independent_share, soft_edges


def halves_of(shape, *, blur_um, noise, seed, spacing_um=None, periodic=True):
    """Two halves of a Gaussian field: their signal-to-noise ratio has a closed form."""
    rng = np.random.default_rng(seed)
    spacing = spacing_um or (1.0,) * len(shape)
    white = np.fft.rfftn(rng.standard_normal(shape))
    grids = [np.fft.fftfreq(n, s) for n, s in zip(shape[:-1], spacing[:-1], strict=True)]
    grids.append(np.fft.rfftfreq(shape[-1], spacing[-1]))
    squares = sum(f**2 for f in np.meshgrid(*grids, indexing="ij"))
    field = np.fft.irfftn(
        white * np.exp(-2 * (np.pi * blur_um) ** 2 * squares), shape, range(len(shape))
    )
    return [field + noise * rng.standard_normal(shape) for _ in range(2)]


def signal_to_noise(frequency, *, blur_um, noise):
    return np.exp(-((2 * np.pi * blur_um * frequency) ** 2)) / noise**2


def true_period(curve, name, **known):
    """Where S / (1 + S) meets the criterion, between shells too."""

    def excess(f):
        s = signal_to_noise(f, **known)
        return s / (1 + s) - np.interp(f, curve["frequency_per_um"], curve[name])

    low, high = curve["frequency_per_um"].iloc[[1, -1]]
    return 1 / brentq(excess, low, high)


def test_thresholds_are_those_of_half_a_bit_and_of_one(reference) -> None:
    for bits, value in ((0.5, 0.3067), (1, 0.4517)):
        what = f"threshold of the shell correlation, {bits} bit, 100 voxels"
        source = "van Heel & Schatz 2005"
        reference(what, bit_threshold(100, bits=bits), value, abs=1e-4, source=source)
    assert bit_threshold(1, bits=0.5) == pytest.approx(1)
    n = np.array([1.0, 50.0, 1e9])
    assert np.all(np.diff(bit_threshold(n, bits=0.5)) < 0)
    with pytest.raises(ValueError, match="bits needs a number above 0, got 0"):
        bit_threshold(10, bits=0)
    with pytest.raises(ValueError, match="voxels needs counts above 0, got 0"):
        bit_threshold(0, bits=1)


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((192, 192), (1, 1)), ((151, 210), (1, 1)), ((48, 48, 48), (1, 1, 1)),
     ((33, 60, 51), (1, 1, 1)), ((24, 60, 64), (2.0, 1.0, 1.0))],
)  # fmt: skip
def test_the_correlation_of_a_shell_expects_s_over_1_plus_s(shape, spacing) -> None:
    known = {"blur_um": 0.8, "noise": 0.3}
    scores = []
    for seed in range(4):
        first, second = halves_of(shape, seed=seed, spacing_um=spacing, **known)
        curve = shell_correlation(first, second, spacing_um=spacing).curve
        s = signal_to_noise(curve["frequency_per_um"].to_numpy(), **known)
        error = curve["correlation"] - s / (1 + s)
        scores.append(error * np.sqrt(curve["independent_voxels"]))
    told = np.concatenate(scores)
    assert np.mean(np.abs(told) < 2) > 0.95
    assert abs(told.mean()) < 0.2


@pytest.mark.parametrize("soft_edge", [0.0, 0.125, 0.5])
def test_noise_alone_scatters_as_the_independent_voxels_say(soft_edge) -> None:
    scores = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        pair = rng.standard_normal((2, 96, 96))
        found = shell_correlation(*pair, spacing_um=(1, 1), soft_edge=soft_edge)
        curve = found.curve.iloc[4:]
        scores.append(curve["correlation"] * np.sqrt(curve["independent_voxels"]))
        assert "none" in found.half_bit.said
        assert np.isnan(found.half_bit.resolution_um)
        assert found.signal_to_noise < 0.05
    spread = np.concatenate(scores).std()
    # under a window one shell alone holds more than its share of independent voxels
    assert 0.7 < spread < 1.08
    if soft_edge == 0:
        assert spread == pytest.approx(1, abs=0.08)


CASES = [
    ((256, 256), (1, 1), 1.5, 0.1),
    ((181, 240), (0.5, 0.5), 1.0, 0.2),
    ((64, 64, 64), (1, 1, 1), 1.2, 0.15),
    ((40, 80, 75), (2.0, 1.0, 1.0), 1.6, 0.1),
]


@pytest.mark.parametrize(("shape", "spacing", "blur", "noise"), CASES)
def test_the_resolution_is_where_signal_and_noise_put_it(shape, spacing, blur, noise) -> None:
    known = {"blur_um": blur, "noise": noise}
    first, second = halves_of(shape, seed=3, spacing_um=spacing, **known)
    found = shell_correlation(first, second, spacing_um=spacing)
    for name, resolution in (("half_bit", found.half_bit), ("one_bit", found.one_bit)):
        true = true_period(found.curve, name, **known)
        assert resolution.resolution_um == pytest.approx(true, rel=0.05)
        assert abs(resolution.resolution_um - true) < 3.5 * resolution.error_um
        assert resolution.lower_um < resolution.resolution_um < resolution.upper_um
    assert found.one_bit.resolution_um > found.half_bit.resolution_um
    table = found.table().set_index("criterion")
    assert table.loc["half-bit", "resolution_um"] == found.half_bit.resolution_um


KNOWN = [((128, 128), 1.5, 0.1), ((96, 130), 1.0, 0.3), ((32, 36, 33), 1.2, 0.2)]


def covered(shape, blur, noise, seeds):
    """Share of the intervals that hold the true period."""
    known, inside = {"blur_um": blur, "noise": noise}, []
    for seed in range(seeds):
        first, second = halves_of(shape, seed=seed, **known)
        found = shell_correlation(first, second, spacing_um=(1.0,) * len(shape))
        true = true_period(found.curve, "half_bit", **known)
        inside.append(found.half_bit.lower_um < true < found.half_bit.upper_um)
    return np.mean(inside)


@pytest.mark.parametrize(("shape", "blur", "noise"), KNOWN)
def test_the_interval_of_a_resolution_covers_it_as_often_as_it_says(shape, blur, noise) -> None:
    assert covered(shape, blur, noise, 40) > 0.85


@pytest.mark.full
@pytest.mark.parametrize(("shape", "blur", "noise"), KNOWN)
def test_the_interval_covers_400_times(shape, blur, noise) -> None:
    assert covered(shape, blur, noise, 400) > 0.90


def test_a_shell_is_a_sphere_in_micrometres_and_says_when_it_is_not_full() -> None:
    shells = frequency_shells((20, 30, 30), (3.0, 1.0, 1.0))
    assert shells.nyquist_per_um == pytest.approx((1 / 6, 0.5, 0.5))
    assert shells.frequency_per_um[shells.full].max() <= 1 / 6 + 1e-9
    first, second = halves_of((20, 48, 48), seed=1, spacing_um=(3, 1, 1), blur_um=0.9, noise=0.1)
    found = shell_correlation(first, second, spacing_um=(3, 1, 1))
    assert "only across the coarse axis" in found.half_bit.said
    assert any("beyond the Nyquist frequency of the coarsest axis" in n for n in found.notes)
    assert found.nyquist_um == 6


def test_twice_the_voxel_size_is_twice_the_period_and_turned_axes_give_the_same() -> None:
    first, second = halves_of((24, 32, 40), seed=5, blur_um=1.0, noise=0.2)
    one = shell_correlation(first, second, spacing_um=(1, 1, 1)).half_bit
    two = shell_correlation(first, second, spacing_um=(2, 2, 2)).half_bit
    assert two.resolution_um == pytest.approx(2 * one.resolution_um, rel=1e-9)
    turned = [half.transpose(2, 0, 1) for half in (first, second)]
    assert shell_correlation(*turned, spacing_um=(1, 1, 1)).half_bit.resolution_um == (
        pytest.approx(one.resolution_um, rel=1e-4)
    )
    grey = shell_correlation(3 * first + 40, 7 * second - 5, spacing_um=(1, 1, 1)).half_bit
    assert grey.resolution_um == pytest.approx(one.resolution_um, rel=1e-4)


def test_where_voxels_are_too_coarse_it_says_so_in_words() -> None:
    first, second = halves_of((128, 128), seed=2, blur_um=0.2, noise=0.3)
    found = shell_correlation(first, second, spacing_um=(1, 1))
    assert np.isnan(found.half_bit.resolution_um)
    assert found.half_bit.said.startswith("better than Nyquist: ")
    first, second = halves_of((128, 128), seed=2, blur_um=0.55, noise=0.45)
    found = shell_correlation(first, second, spacing_um=(1, 1))
    assert 2 < found.half_bit.resolution_um < 3
    assert "do not claim better than 3 µm" in found.half_bit.said


def test_signal_over_noise_is_that_of_the_variances() -> None:
    first, second = halves_of((512, 512), seed=2, blur_um=0.5, noise=0.4)
    true = np.var(first - (first - second) / 2) / 0.16 - 0.5
    found = shell_correlation(first, second, spacing_um=(1, 1)).signal_to_noise
    assert found == pytest.approx(true, rel=0.06)


def test_one_image_twice_is_refused_whatever_filter_it_went_through() -> None:
    first, _ = halves_of((64, 64), seed=2, blur_um=1, noise=0.1)
    with pytest.raises(ValueError, match="got the same phases in every shell"):
        shell_correlation(first, first.copy(), spacing_um=(1, 1))
    smooth = gaussian_filter(first, (0.8, 0.4))
    with pytest.raises(ValueError, match="copied or filtered"):
        shell_correlation(first, 4 * smooth + 7, spacing_um=(1, 1))


def test_noise_that_both_halves_share_is_told_near_the_nyquist_frequency() -> None:
    rng = np.random.default_rng(4)
    first, second = halves_of((200, 200), seed=4, blur_um=2, noise=0.1)
    assert not shell_correlation(first, second, spacing_um=(1, 1)).notes
    both = 0.05 * rng.standard_normal(first.shape)
    found = shell_correlation(first + both, second + both, spacing_um=(1, 1))
    assert any("still correlate by 0.2" in note for note in found.notes)


def test_halves_beside_each_other_are_to_be_registered_first() -> None:
    first, second = halves_of((96, 100), seed=4, blur_um=2, noise=0.02)
    found = shell_correlation(first, np.roll(second, (3, -2), (0, 1)), spacing_um=(1, 1))
    assert any("lies (3, -2) voxels (y, x) beside" in note for note in found.notes)


def test_a_hard_mask_correlates_noise_and_random_phases_take_that_off() -> None:
    rng = np.random.default_rng(0)
    y, x = np.indices((160, 160)) - 79.5
    disc = np.hypot(y, x) < 40
    coarse = 2000 * gaussian_filter(rng.standard_normal(disc.shape), 5)
    halves = [coarse + 10 * rng.standard_normal(disc.shape) for _ in range(2)]
    hard, soft = (
        shell_correlation(*halves, spacing_um=(1, 1), mask=mask)
        for mask in (disc.astype(float), soft_mask(disc, edge_px=12))
    )
    end = hard.curve["period_um"].between(2, 6)
    assert hard.curve["masked"][end].mean() > 0.3  # there is nothing but noise
    assert soft.curve["masked"][end].mean() < 0.05
    for found in (hard, soft):
        assert abs(found.curve["correlation"][end].mean()) < 0.15
    assert any("the mask alone makes a correlation" in note for note in hard.notes)
    bare = shell_correlation(*halves, spacing_um=(1, 1)).half_bit.resolution_um
    for found in (hard, soft):
        assert found.half_bit.resolution_um == pytest.approx(bare, rel=0.25)


def test_halves_that_were_cut_out_alike_share_the_cut() -> None:
    rng = np.random.default_rng(0)
    disc = np.hypot(*(np.indices((160, 160)) - 79.5)) < 40
    halves = [np.where(disc, 100 + 6 * rng.standard_normal(disc.shape), 0) for _ in range(2)]
    found = shell_correlation(*halves, spacing_um=(1, 1))
    assert any("a hard mask" in note for note in found.notes)
    cut = shell_correlation(*halves, spacing_um=(1, 1), mask=disc.astype(float))
    assert "none" in cut.half_bit.said


def test_windows_and_masks_are_what_they_say() -> None:
    assert soft_edges((7, 9), 0).min() == 1
    assert independent_share(soft_edges((64, 64), 0)) == 1
    with pytest.raises(ValueError, match=r"share of 0 to 0\.5"):
        soft_edges((7,), 0.6)
    inside = np.zeros((20, 20), bool)
    inside[5:15, 5:15] = True
    soft = soft_mask(inside, edge_px=3)
    assert soft[inside].min() == 1
    assert soft[0].max() == 0
    with pytest.raises(TypeError, match="truth values, got float64"):
        soft_mask(np.ones((4, 4)))
    with pytest.raises(ValueError, match="voxel inside, got none"):
        soft_mask(np.zeros((4, 4), bool))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"second": np.ones((32, 33))}, r"one shape, got \(32, 32\) and \(32, 33\)"),
        ({"second": np.ones((32, 32))}, r"second needs structure, got 1.0 everywhere"),
        ({"first": np.full((32, 32), np.nan)}, "first needs numbers, got NaN"),
        ({"second_spacing_um": (1, 1.1)}, r"one voxel size, got \(1.0, 1.0\) and \(1.0, 1.1\)"),
        ({"mask": np.ones((3, 3))}, r"the halves' shape \(32, 32\), got \(3, 3\)"),
        ({"mask": np.full((32, 32), 2.0)}, "weights of 0 to 1, got 2.0"),
        ({"spacing_um": (1, 0)}, "finite, positive values"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(change, message) -> None:
    first, second = np.random.default_rng(0).standard_normal((2, 32, 32))
    given = {"first": first, "second": second, "spacing_um": (1, 1)} | change
    first, second = given.pop("first"), given.pop("second")
    with pytest.raises(ValueError, match=message):
        shell_correlation(first, second, **given)


def test_a_stack_of_a_few_planes_is_refused() -> None:
    thin = np.random.default_rng(0).standard_normal((2, 8, 32, 32))
    with pytest.raises(ValueError, match=r"16 voxels or more along every axis, got \(8, 32, 32\)"):
        shell_correlation(*thin, spacing_um=(1, 1, 1))
