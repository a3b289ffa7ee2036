"""Rings and cupping of known strength, drawn in and made by the physics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.imaging import back_project, cupping, ring_strength


def specimen(shape=(256, 256), *, seed=0, noise=8.0):
    """Grains in a matrix, with noise."""
    rng = np.random.default_rng(seed)
    grains = gaussian_filter(rng.standard_normal(shape), 4) > 0.02
    return 100.0 * gaussian_filter(grains.astype(float), 1.2) + rng.normal(0, noise, shape)


def rings(shape, centre, *, amplitude, seed):
    """White rings, a voxel wide, with a root mean square of what `ring_strength` lets through."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape)
    distance = np.hypot(y - centre[0], x - centre[1])
    profile = rng.standard_normal(int(distance.max()) + 3)
    from scipy.ndimage import gaussian_filter1d

    profile -= gaussian_filter1d(profile, 3.0)
    profile *= amplitude / profile.std()
    return profile[np.rint(distance).astype(int)]


@pytest.mark.parametrize("centre", [(127.5, 127.5), (131.0, 120.0)])
@pytest.mark.parametrize("amplitude", [4.0, 12.0])
def test_rings_are_as_strong_as_they_were_drawn(centre, amplitude) -> None:
    image = specimen() + rings((256, 256), centre, amplitude=amplitude, seed=1)
    found = ring_strength(image, centre_px=centre)
    assert found.told
    assert found.amplitude == pytest.approx(amplitude, rel=0.2)
    assert abs(found.amplitude - amplitude) < 2.5 * found.error
    assert found.table()["said"].item() == "rings"


def test_without_rings_none_are_told() -> None:
    said = [ring_strength(specimen(seed=seed)).told for seed in range(20)]
    assert sum(said) <= 1
    volume = np.stack([specimen((128, 128), seed=s) for s in range(20)])
    found = ring_strength(volume)
    assert not found.told
    assert found.table()["said"].item() == "no rings beyond noise and specimen"


def test_rings_in_many_planes_are_found_though_each_hides_them() -> None:
    planes = [
        specimen((140, 140), seed=s, noise=20) + rings((140, 140), (70, 70), amplitude=3, seed=s)
        for s in range(16)
    ]
    found = ring_strength(np.stack(planes), centre_px=(70, 70))
    assert found.told
    assert found.amplitude == pytest.approx(3, rel=0.3)


def test_a_detector_column_that_is_wrong_makes_rings_and_a_good_one_none() -> None:
    rng = np.random.default_rng(0)
    angles = np.arange(180.0)
    columns = np.arange(160)[None] - 80.0
    turns = np.deg2rad(angles)[:, None]
    middle = 30 * np.cos(turns) + 12 * np.sin(turns)  # beside the axis: no rings of its own
    rays = 2 * np.sqrt(np.maximum(0, 35.0**2 - (columns - middle) ** 2))
    rays = rays + rng.normal(0, 0.3, rays.shape)
    good = back_project(rays, angles_deg=angles, centre_px=80)
    bad = back_project(rays + rng.normal(0, 0.3, 160), angles_deg=angles, centre_px=80)
    true = ring_strength(bad - good, centre_px=(80, 80)).amplitude
    found = ring_strength(bad, centre_px=(80, 80))
    assert found.told
    assert found.amplitude == pytest.approx(true, rel=0.4)
    assert not ring_strength(good, centre_px=(80, 80)).told


def test_a_centre_at_the_border_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"38 px to every border of \(64, 64\), got \(31.5, 31.5\)"
    ):
        ring_strength(np.zeros((64, 64)))
    with pytest.raises(ValueError, match="NaN"):
        ring_strength(np.full((128, 128), np.nan))


def cylinder(share, *, noise, seed, shape=(120, 120), radius=50):
    rng = np.random.default_rng(seed)
    y, x = np.indices(shape) - np.array(shape).reshape(2, 1, 1) / 2
    r = np.hypot(y, x) / radius
    grey = np.where(r < 1, 200 * (1 - share * (1 - r**2)), 0.0)
    return gaussian_filter(grey, 0.8) + rng.normal(0, noise, shape), r < 1


@pytest.mark.parametrize("share", [-0.1, 0.05, 0.3])
def test_cupping_is_the_share_that_was_drawn(share) -> None:
    image, disc = cylinder(share, noise=10, seed=0)
    found = cupping(image, material=disc, air=0, spacing_um=(2, 2))
    assert found.share == pytest.approx(share, abs=0.01)
    assert found.told
    assert found.table()["said"].item() == ("cupping" if share > 0 else "brighter in the middle")
    assert found.profile["depth_um"].max() == pytest.approx(100, abs=6)
    lifted = cupping(image + 50, material=disc, air=50, spacing_um=(2, 2))
    assert lifted.share == pytest.approx(found.share, rel=1e-6)


def test_an_even_material_has_no_cupping_and_the_error_holds() -> None:
    found = [cupping(*cylinder(0.0, noise=20, seed=s)[:1],
                     material=cylinder(0.0, noise=20, seed=s)[1], air=0, spacing_um=(1, 1))
             for s in range(40)]  # fmt: skip
    inside = [abs(each.share) < 1.96 * each.error for each in found]
    assert np.mean(inside) >= 0.8
    assert np.mean([each.told for each in found]) < 0.2


def test_a_specimen_with_holes_counts_its_depth_from_outside() -> None:
    image, disc = cylinder(0.2, noise=5, seed=1)
    holes = np.zeros_like(disc)
    holes[40:46, 55:61] = holes[60:68, 70:78] = True
    image[holes] = 0
    found = cupping(image, material=disc & ~holes, air=0, spacing_um=(1, 1))
    assert found.share == pytest.approx(0.2, abs=0.015)


def polychromatic(attenuations, weights, *, columns=161, radius=60):
    """The slice that two energies or one make of an even disc."""
    column = np.arange(columns) - columns // 2
    length = 2 * np.sqrt(np.maximum(0, radius**2 - column**2.0))
    beam = sum(w * np.exp(-mu * length) for mu, w in zip(attenuations, weights, strict=True))
    rays = np.repeat(-np.log(beam)[None], 180, axis=0)
    return back_project(rays, angles_deg=np.arange(180.0), centre_px=columns // 2)


def test_two_energies_harden_and_one_does_not() -> None:
    y, x = np.indices((161, 161)) - 80
    disc = np.hypot(y, x) < 60
    one = cupping(polychromatic([0.02], [1]), material=disc, air=0, spacing_um=(1, 1))
    two = cupping(polychromatic([0.01, 0.05], [0.5, 0.5]), material=disc, air=0, spacing_um=(1, 1))
    assert abs(one.share) < 0.01
    assert 0.1 < two.share < 0.8


def test_cupping_refuses_what_says_nothing() -> None:
    image, disc = cylinder(0.0, noise=1, seed=0)
    with pytest.raises(ValueError, match="500 voxels or more 3 px below its border, got 0"):
        cupping(image, material=disc & (np.indices(disc.shape)[0] < 16), air=0, spacing_um=(1, 1))
    with pytest.raises(ValueError, match=r"truth values of shape \(120, 120\), got float64"):
        cupping(image, material=image, air=0, spacing_um=(1, 1))
