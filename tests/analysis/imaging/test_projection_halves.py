"""Odd and even projections: a phantom of known rays, and the tooth that was measured."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_closing, binary_fill_holes, gaussian_filter

from scalebridge.analysis.imaging import (
    attenuation,
    back_project,
    denoising_cost,
    projection_halves,
    ring_strength,
    shell_correlation,
    soft_mask,
)


def disc_rays(angles_deg, *, columns, centre, radius, at=(0.0, 0.0)):
    """Rays through a disc of attenuation 1 in closed form: twice the half chord."""
    turns = np.deg2rad(angles_deg)[:, None]
    column = np.arange(columns)[None] - centre
    # the axis is pixel n // 2; at angle 0 a column is an x, as scikit-image has it
    middle = at[1] * np.cos(turns) - at[0] * np.sin(turns)
    return 2 * np.sqrt(np.maximum(0, radius**2 - (column - middle) ** 2))


@pytest.mark.parametrize("centre", [64, 57, 60.5])
@pytest.mark.parametrize("span", [180, 360])
def test_a_disc_comes_back_in_its_place_with_its_attenuation(centre, span) -> None:
    angles = np.arange(240) * span / 240
    rays = disc_rays(angles, columns=129, centre=centre, radius=20, at=(9.0, -6.0))
    found = back_project(rays, angles_deg=angles, centre_px=centre)
    assert found.shape == (129, 129)
    y, x = np.indices(found.shape) - 64.0
    distance = np.hypot(y - 9, x + 6)
    assert found[distance < 16].mean() == pytest.approx(1, abs=0.01)
    assert abs(found[(distance > 24) & (np.hypot(y, x) < 55)].mean()) < 0.01
    weights = np.where(distance < 30, found, 0)
    centroid = [(weights * axis).sum() / weights.sum() for axis in (y, x)]
    assert centroid == pytest.approx([9, -6], abs=0.05)


def test_counts_become_attenuation_and_dark_columns_are_refused() -> None:
    counts = np.full((4, 3), 110.0)
    found = attenuation(counts, flats=np.full((2, 3), 210.0), darks=np.full((2, 3), 10.0))
    assert found == pytest.approx(np.log(2), rel=1e-6)
    with pytest.raises(ValueError, match="above darks everywhere, got -10"):
        attenuation(counts, flats=np.zeros((2, 3)), darks=np.full((2, 3), 10.0))
    with pytest.raises(ValueError, match=r"images of \(3,\) pixels, got \(5,\)"):
        attenuation(counts, flats=np.ones((2, 5)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"angles_deg": np.arange(40) * np.pi / 40}, "got 3.14.* degrees: convert radians"),
        ({"angles_deg": np.arange(40) * 3.0}, "half a turn or a whole one, got 12"),
        ({"centre_px": 99}, "a column of 0 to 31, got 99"),
        ({"filter_name": "none"}, "filter_name needs one of"),
    ],
)
def test_a_geometry_that_cannot_be_is_refused(change, message) -> None:
    given = {"angles_deg": np.arange(40) * 4.5, "centre_px": 16} | change
    with pytest.raises(ValueError, match=message):
        projection_halves(np.ones((40, 32)), **given)


def test_one_flat_field_cannot_be_parted() -> None:
    with pytest.raises(ValueError, match="flats needs two images or more, got 1"):
        projection_halves(
            np.ones((40, 32)), angles_deg=np.arange(40) * 4.5, centre_px=16, flats=np.ones((1, 32))
        )


def test_halves_of_noisy_rays_share_the_disc_and_not_the_noise() -> None:
    angles = np.arange(360) * 0.5
    rays = disc_rays(angles, columns=160, centre=80, radius=40, at=(5, 3))
    periods = []
    for noise in (3.0, 10.0):
        noisy = rays + np.random.default_rng(0).normal(0, noise, rays.shape)
        halves = projection_halves(noisy, angles_deg=angles, centre_px=80)
        assert halves.projections == (180, 180)
        found = shell_correlation(halves.first, halves.second, spacing_um=(1, 1))
        curve = found.curve
        assert curve["correlation"][curve["period_um"] > 30].min() > 0.8
        assert abs(curve["correlation"][curve["period_um"] < 2.5].mean()) < 0.12
        periods.append(found.half_bit.resolution_um)
    assert periods[1] > 1.3 * periods[0]


@pytest.fixture(scope="module")
def tooth(data):
    import h5py

    with h5py.File(data / "tomopy_tooth_projections" / "tooth.h5") as file:
        scan = {name: file[f"exchange/{name}"][:] for name in ("data", "data_dark", "data_white")}
        scan["theta"] = file["exchange/theta"][:]
    return scan


@pytest.fixture(scope="module")
def tooth_halves(tooth):
    return projection_halves(
        tooth["data"][:, 0], angles_deg=tooth["theta"], centre_px=296,
        flats=tooth["data_white"][:, 0], darks=tooth["data_dark"][:, 0],
    )  # fmt: skip


def test_the_tooth_is_resolved_to_six_pixels(tooth_halves, reference) -> None:
    """Half-bit at ring 105 of 320, with a window that is a cosine from border to border."""
    first, second = tooth_halves.first, tooth_halves.second
    found = shell_correlation(first, second, spacing_um=(1, 1), soft_edge=0.5)
    what, ours = "half-bit resolution of the tooth, in pixels", found.half_bit.resolution_um
    reference(what, ours, 640 / 105, abs=0.15, source="the tooth's halves, by hand")
    assert found.half_bit.resolution_um < found.one_bit.resolution_um < 7.5


def test_streaks_beside_the_tooth_contradict_each_other_and_a_mask_leaves_them_out(
    tooth_halves,
) -> None:
    first, second = tooth_halves.first, tooth_halves.second
    assert tooth_halves.projections == (91, 90)
    whole = shell_correlation(first, second, spacing_um=(1, 1))
    assert whole.half_bit.resolution_um > 9
    assert any("they contradict each other" in note for note in whole.notes)
    mean = gaussian_filter(first + second, 2)
    inside = binary_fill_holes(binary_closing(mean > 0.3 * mean.max(), iterations=12))
    mask = soft_mask(inside, edge_px=16)
    masked = shell_correlation(first, second, spacing_um=(1, 1), mask=mask)
    assert 4 < masked.half_bit.resolution_um < 5.5
    assert not any("contradict" in note for note in masked.notes)


def test_denoised_halves_of_the_tooth_claim_what_is_not_there(tooth_halves) -> None:
    middle = (slice(200, 480),) * 2
    halves = tooth_halves.first[middle], tooth_halves.second[middle]
    cost = denoising_cost(*halves, method="median", spacing_um=(1, 1))
    assert cost.before.half_bit.resolution_um == pytest.approx(5.4, abs=0.2)
    assert cost.after.half_bit.resolution_um < 3
    assert "is no resolution" in " ".join(cost.warnings)


def test_the_tooth_has_the_rings_that_one_sees(tooth) -> None:
    rays = attenuation(
        tooth["data"][:, 0], flats=tooth["data_white"][:, 0], darks=tooth["data_dark"][:, 0]
    )
    whole = back_project(rays, angles_deg=tooth["theta"], centre_px=296)
    assert ring_strength(whole, centre_px=(320, 320)).significance > 5
    assert not ring_strength(whole, centre_px=(290, 340)).told
