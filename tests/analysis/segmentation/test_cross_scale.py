"""A coarse threshold by a fine image: the known one is found, its error covers other places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.segmentation import (
    agreement,
    averaged_onto,
    calibrate_threshold,
    joint_histogram,
)

COARSE, FINE = (4.0, 4.0, 4.0), (1.0, 1.0, 1.0)


def pair(seed: int, size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """A fine mask, and the coarse image of it: blurred, four times larger voxels, noisy."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=(size,) * 3).astype(np.float32), 3, mode="wrap")
    mask = field > 0.3 * field.std()
    grey = gaussian_filter(mask.astype(np.float32), 2, mode="wrap")
    n = size // 4
    grey = grey.reshape(n, 4, n, 4, n, 4).mean(axis=(1, 3, 5))
    return mask, 50 + 100 * (grey + rng.normal(scale=0.04, size=grey.shape))


def placed(corner: float = 0.0, moved=(0.0, 0.0, 0.0)) -> np.ndarray:
    """From the centre of the first coarse voxel to that of the first fine one of a cut-out."""
    matrix = np.eye(4)
    matrix[:3, 3] = 1.5 - corner + np.asarray(moved)
    return matrix


def calibrated(coarse, mask, matrix, **options):
    return calibrate_threshold(
        coarse, mask, coarse_spacing_um=COARSE, fine_spacing_um=FINE, coarse_to_fine=matrix,
        **options,
    )  # fmt: skip


def test_a_fine_mask_is_averaged_over_coarse_voxels_exactly():
    mask, _ = pair(0)
    found = averaged_onto(
        mask, shape=(24, 24, 24), coarse_spacing_um=COARSE, fine_spacing_um=FINE,
        coarse_to_fine=placed(),
    )  # fmt: skip
    expected = mask.reshape(24, 4, 24, 4, 24, 4).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(found, expected, atol=1e-7)
    cut = averaged_onto(
        mask[10:60, 10:60, 10:60], shape=(24, 24, 24), coarse_spacing_um=COARSE,
        fine_spacing_um=FINE, coarse_to_fine=placed(10),
    )  # fmt: skip
    known = np.isfinite(cut)
    assert known.sum() == 12**3  # voxels 3 to 14 lie wholly between 10 and 60
    np.testing.assert_allclose(cut[known], expected[known], atol=1e-7)


def test_a_turned_fine_image_covers_the_same_places():
    mask, _ = pair(1)
    turned = np.ascontiguousarray(mask.transpose(0, 2, 1)[:, ::-1])  # y' = 95 - x, x' = y
    matrix = np.array([[1, 0, 0, 1.5], [0, 0, -1, 95 - 1.5], [0, 1, 0, 1.5], [0, 0, 0, 1]])
    options: dict[str, Any] = {
        "shape": (24,) * 3,
        "coarse_spacing_um": COARSE,
        "fine_spacing_um": FINE,
    }
    np.testing.assert_allclose(
        averaged_onto(turned, coarse_to_fine=matrix, **options),
        averaged_onto(mask, coarse_to_fine=placed(), **options),
        atol=1e-7,
    )


def test_by_fraction_the_phase_has_the_volume_of_the_fine_image():
    mask, coarse = pair(2)
    found = calibrated(coarse, mask, placed())
    assert found.fine_fraction == pytest.approx(mask.mean(), abs=1e-6)
    assert found.coarse_fraction == pytest.approx(mask.mean(), abs=2e-3)
    dark = calibrated(coarse, ~mask, placed(), bright=False)
    assert dark.threshold == pytest.approx(found.threshold, abs=0.3)


def test_by_agreement_no_other_threshold_misplaces_less():
    mask, coarse = pair(3)
    share = mask.reshape(24, 4, 24, 4, 24, 4).mean(axis=(1, 3, 5))
    found = calibrated(coarse, mask, placed(), by="agreement")
    levels = np.linspace(60, 140, 81)
    misplaced = [np.abs((coarse >= level) - share).mean() for level in levels]
    assert found.misplaced <= min(misplaced) + 1e-9
    by_volume = calibrated(coarse, mask, placed())
    assert by_volume.misplaced >= found.misplaced


def test_a_sharp_large_structure_has_its_threshold_half_way_by_both():
    mask = np.zeros((96, 96, 96), bool)
    mask[:, :, 48:] = True
    grey = gaussian_filter(mask.astype(np.float32), 4, mode="nearest")
    coarse = 50 + 100 * grey.reshape(24, 4, 24, 4, 24, 4).mean(axis=(1, 3, 5))
    coarse += np.random.default_rng(0).normal(scale=1, size=coarse.shape)
    for by in ("fraction", "agreement"):
        found = calibrated(coarse, mask, placed(), by=by)
        step = np.diff(np.unique(coarse.mean(axis=(0, 1)).round())).max()
        assert abs(found.threshold - 100) < step / 2
        assert found.misplaced < 0.001


def coverage(by: str, seeds: range, moved_um: float = 1.0) -> float:
    """How often the 95 % interval holds what the whole volume says, fine image a part of it."""
    inside = 0
    for seed in seeds:
        rng = np.random.default_rng([seed, 1])
        mask, coarse = pair(seed)
        truth = calibrated(coarse, mask, placed(), by=by, resamples=2).threshold
        fine, shift = mask[20:76, 20:76, 20:76], rng.normal(scale=moved_um, size=3)
        draws = [placed(20, shift + rng.normal(scale=moved_um, size=3)) for _ in range(8)]
        found = calibrated(coarse, fine, placed(20, shift), by=by, draws=draws, resamples=60)
        assert found.parts["registration"] > 0
        inside += abs(found.threshold - truth) < 1.96 * found.uncertainty
    return inside / len(seeds)


@pytest.mark.parametrize("by", ["fraction", "agreement"])
def test_the_interval_holds_the_threshold_of_the_whole_volume(by):
    assert coverage(by, range(8)) >= 6 / 8  # of 8, 95 % and three standard deviations of a count


def test_what_says_nothing_is_refused():
    mask, coarse = pair(4)
    with pytest.raises(ValueError, match=r"need to overlap by 64 coarse voxels or more, got 0"):
        calibrated(coarse, mask, placed(1000))
    with pytest.raises(ValueError, match="some of the phase and something else"):
        calibrated(coarse, np.ones_like(mask), placed())
    few = calibrated(coarse[:6, :6, :6], mask, placed(), blocks=1)
    assert np.isnan(few.uncertainty)
    assert "not known" in few.warnings[0]


def test_dice_and_jaccard_of_shifted_boxes_are_those_by_hand():
    a, b = np.zeros((20, 20), int), np.zeros((20, 20), int)
    a[2:12, 2:12], b[2:12, 7:17] = 4, 4  # half of each in the other
    found = agreement(a, b)
    row = found.table.set_index("label").loc[4]
    assert (row["dice"], row["jaccard"]) == (0.5, pytest.approx(1 / 3))
    assert (row["share_a"], row["share_b"]) == (0.25, 0.25)
    assert found.confusion.loc[4, 0] == 50
    assert found.same == 0.75
    half = agreement(a, b, mask=np.indices(a.shape)[1] < 7, labels=[4, 9])
    assert half.table["dice"].iloc[0] == 0
    assert np.isnan(half.table["dice"].iloc[1])


def test_two_modalities_of_one_thing_share_information_and_strangers_none():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 200_000))
    rho = 0.8
    found = joint_histogram(one, rho * one + np.sqrt(1 - rho**2) * other)
    assert found.correlation == pytest.approx(rho, abs=0.005)
    # of two normal variables, -ln(1 - rho²) / 2; bins take some, and add bins² / (2 n)
    assert found.mutual_information == pytest.approx(-np.log(1 - rho**2) / 2, rel=0.03)
    assert joint_histogram(one, other).mutual_information < 64**2 / (2 * len(one)) * 1.2
    one[:5] = np.nan
    assert joint_histogram(one, other).counts.sum() == len(one) - 5
