"""Local thickness against its definition, voxel by voxel, and on bodies of known thickness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.quantification import local_thickness


def by_definition(phase: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Try every centre for every voxel."""
    scale = np.array(spacing) ** 2
    own, other = np.argwhere(phase), np.argwhere(~phase)
    radii = (((own[:, None] - other[None]) ** 2) * scale).sum(-1).min(1)
    apart = (((own[:, None] - own[None]) ** 2) * scale).sum(-1)
    largest = np.where(apart < radii * (1 - 1e-12), radii, 0).max(1)
    found = np.zeros(phase.shape)
    found[phase] = 2 * np.sqrt(largest)
    return found


def blobs(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 1.5) > -0.03


@pytest.mark.parametrize(
    "spacing", [(1, 1, 1), (2, 1, 1), (0.65, 0.4, 0.4), (1.234, 0.777, 0.9), (5, 1, 1)]
)
@pytest.mark.parametrize("shape", [(12, 13, 14), (36, 33), (3, 18, 18), (7, 6, 66)])
def test_thickness_is_that_of_its_definition_in_every_voxel(shape, spacing) -> None:
    phase = blobs(shape, 4)
    spacing = spacing[-len(shape) :]
    found = local_thickness(phase, spacing_um=spacing)
    np.testing.assert_allclose(found, by_definition(phase, spacing), rtol=3e-6)


def test_a_slab_of_12_voxels_is_12_thick_within_1(reference) -> None:
    slab = np.zeros((20, 40, 40), bool)
    slab[4:16] = True
    found = local_thickness(slab, spacing_um=(1, 1, 1))
    assert np.all(np.abs(found[slab] - 12) <= 1)
    what = "local thickness of a slab of 12 voxels"
    reference(what, found[slab].mean(), 12, abs=1, source="definition")
    assert np.all(found[~slab] == 0)


def test_a_sphere_of_radius_20_is_40_thick_within_1(reference) -> None:
    z, y, x = np.ogrid[-23:24, -23:24, -23:24]
    sphere = z**2 + y**2 + x**2 <= 20**2
    found = local_thickness(sphere, spacing_um=(1, 1, 1))[sphere]
    what = "local thickness of a sphere of 20 voxels, mean"
    reference(what, found.mean(), 40, abs=1, source="definition")
    flat = local_thickness(sphere[1::2], spacing_um=(2, 1, 1))[sphere[1::2]]
    assert np.mean(flat) == pytest.approx(40, abs=1)


def test_threads_axes_and_spacing_do_not_change_the_bits() -> None:
    phase = blobs((40, 50, 90), 5)
    one = local_thickness(phase, spacing_um=(3, 2, 1), threads=1)
    assert np.array_equal(one, local_thickness(phase, spacing_um=(3, 2, 1), threads=3))
    turned = local_thickness(phase.transpose(2, 0, 1), spacing_um=(1, 3, 2))
    assert np.array_equal(one.transpose(2, 0, 1), turned)
    assert np.array_equal(2 * one, local_thickness(phase, spacing_um=(6, 4, 2)))


def test_a_border_that_is_a_wall_makes_the_phase_end_there() -> None:
    phase = np.ones((10, 40, 40), bool)
    with pytest.raises(ValueError, match="phase needs voxels outside it, got none"):
        local_thickness(phase, spacing_um=(1, 1, 1))
    assert local_thickness(phase, spacing_um=(1, 1, 1), border="wall").max() == 10


def test_a_mask_parts_nothing_and_adds_nothing() -> None:
    slab = np.zeros((20, 30), bool)
    slab[4:16] = True
    mask = np.ones_like(slab)
    mask[:, :10] = False
    found = local_thickness(slab, spacing_um=(1, 1), mask=mask)
    assert np.all(found[:, :10] == 0)
    assert np.all(found[4:16, 10:] == 12)
