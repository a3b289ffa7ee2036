"""What one field of view says about the material, against many others of the same one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.quantification import field_scatter, measure, sampling_uncertainty

AVERAGES = (
    "volume_fraction", "specific_surface", "surface_per_phase", "mean_chord_x", "euler_density",
    "local_thickness_mean", "path_ratio_x",
)  # fmt: skip
ONE = (1.0, 1.0, 1.0)


def field_of_view(seed: int, side: int = 48) -> np.ndarray:
    """One of the fields of a material whose phase fills 0.5 of it."""
    noise = np.random.default_rng(seed).standard_normal((side + 24,) * 3)
    return gaussian_filter(noise, 2.5)[12:-12, 12:-12, 12:-12] > 0


@pytest.mark.parametrize("fields", [16, pytest.param(160, marks=pytest.mark.full)])
def test_the_half_width_for_the_material_holds_the_mean_of_many_fields(fields) -> None:
    parts = ("phases", "chords", "euler", "local_thickness", "paths")
    rows = [
        {
            key: (m.value, m.sampling)
            for m in measure(field_of_view(seed), spacing_um=ONE, what=parts, phase=1, threads=1)
            if (key := m.key.split(".")[1]) in AVERAGES
        }
        for seed in range(fields)
    ]
    held = []
    for key in AVERAGES:
        values, halves = np.array([row[key] for row in rows]).T
        held.append(np.abs(values - values.mean()) <= halves * np.sqrt(1 + 1 / fields))
        assert np.median(halves) < 5 * values.std()
    assert np.mean(held) >= 0.88
    assert np.min(np.mean(held, axis=1)) >= 0.8


def test_bottlenecks_and_totals_say_nothing_of_other_fields() -> None:
    found = measure(field_of_view(0), spacing_um=ONE, what=("connectivity", "skeleton"), phase=1)
    assert all(m.sampling is None and np.isnan(m.for_material) for m in found)


def test_a_trend_through_the_image_shows_in_the_half_width() -> None:
    rng = np.random.default_rng(0)
    level, trend = np.full((64, 1, 1), 0.3), np.linspace(0.1, 0.5, 64)[:, None, None]
    even, uneven = (
        sampling_uncertainty(rng.random((64, 64, 64)) < share, spacing_um=ONE)["volume_fraction"]
        for share in (level, trend)
    )
    assert uneven > 10 * even


def test_blocks_outside_the_mask_and_images_too_small_have_no_say() -> None:
    labels = field_of_view(1)
    mask = np.zeros(labels.shape, bool)
    mask[:, :24] = True
    seen = []

    def values(part, inside):
        seen.append(inside.all())
        return {"share": part.mean()}

    found = field_scatter(labels, values, mask=mask)
    assert len(found.values["share"]) == len(seen) == 4
    assert all(seen)
    assert found.voxels == 24**3
    assert found.half_width("colour", 1e6) is None
    assert field_scatter(labels[:24], lambda part, _: {"share": part.mean()}) is not None
    assert field_scatter(labels[:24, :24], lambda part, _: {"share": part.mean()}) is None


def test_what_is_not_finite_in_one_block_is_not_known() -> None:
    labels = field_of_view(2)
    labels[:24, :24, :24] = False
    found = field_scatter(
        labels, lambda part, _: {"a": part.mean(), "b": 1 / (part.any() or np.nan)}
    )
    assert set(found.values) == {"a"}


def test_what_is_the_same_in_every_block_is_no_proof_and_masks_are_checked() -> None:
    nothing = np.zeros((32, 32, 32), bool)
    assert sampling_uncertainty(nothing, spacing_um=ONE) == {}
    labels, mask = field_of_view(3), np.ones((48, 48, 48), np.uint8)
    with pytest.raises((TypeError, ValueError), match="mask"):
        sampling_uncertainty(labels, spacing_um=ONE, mask=mask[:-1])


def test_a_rare_interface_that_blocks_lack_has_the_widest_half_width() -> None:
    labels = np.zeros((48, 48, 48), int)
    labels[:, :24] = 1
    labels[4:12, 4:12, 4:12] = 2
    found = measure(labels, spacing_um=ONE, what=["interfaces"], names=("a", "b", "c"))
    rare = found["b and c.interface_density"]
    assert rare.sampling > rare.value
