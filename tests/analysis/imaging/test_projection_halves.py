"""Odd and even projections: a phantom of known rays, and the tooth that was measured."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.imaging import (
    attenuation,
    back_project,
    projection_halves,
    shell_correlation,
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
    rng = np.random.default_rng(0)
    angles = np.arange(360) * 0.5
    rays = disc_rays(angles, columns=160, centre=80, radius=40, at=(5, 3))
    noisy = rays + rng.normal(0, 0.5, rays.shape)
    halves = projection_halves(noisy, angles_deg=angles, centre_px=80)
    assert halves.projections == (180, 180)
    found = shell_correlation(halves.first, halves.second, spacing_um=(1, 1))
    curve = found.curve
    assert curve["correlation"][curve["period_um"] > 12].min() > 0.8
    assert abs(curve["correlation"][curve["period_um"] < 2.5].mean()) < 0.1
    less = projection_halves(rays + rng.normal(0, 2.0, rays.shape), angles_deg=angles, centre_px=80)
    worse = shell_correlation(less.first, less.second, spacing_um=(1, 1))
    assert worse.half_bit.resolution_um > found.half_bit.resolution_um


@pytest.fixture(scope="module")
def tooth(data):
    import h5py

    with h5py.File(data / "tomopy_tooth_projections" / "tooth.h5") as file:
        scan = {name: file[f"exchange/{name}"][:] for name in ("data", "data_dark", "data_white")}
        scan["theta"] = file["exchange/theta"][:]
    return scan


def test_the_tooth_is_resolved_to_six_pixels(tooth) -> None:
    halves = projection_halves(
        tooth["data"][:, 0], angles_deg=tooth["theta"], centre_px=296,
        flats=tooth["data_white"][:, 0], darks=tooth["data_dark"][:, 0],
    )  # fmt: skip
    found = shell_correlation(halves.first, halves.second, spacing_um=(1, 1))
    assert found.half_bit.resolution_um == pytest.approx(6.1, abs=0.3)
