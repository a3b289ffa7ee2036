"""Measured: an EBSD map, and the micrograph and strain map of the same region by image correlation.

EBSD was taken at 70 degrees: a small error of the tilt presses the map together along y.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter, median_filter

from scalebridge.analysis.registration import (
    AffineTransform,
    GreyImage,
    choose_model,
    fit_landmarks,
    register,
)
from scalebridge.errors import Degenerate

STEP_UM, PIXEL_UM = 0.12, 20 / 2048  # of EBSD; of the micrographs that were correlated
VECTOR_UM = 12 * PIXEL_UM
RECORD = np.dtype(
    [("phase", "u1"), ("euler", "<f4", 3), ("mad", "<f4"), ("bands", "u1", 4), ("index", "<f4")]
)
# x, y of points that somebody picked in both, in vectors and in map points
STRAIN = np.array([(36, 72), (279, 27), (162, 174), (60, 157)], float)[:, ::-1] * VECTOR_UM
EBSD = np.array([(68, 95), (308, 45), (191, 187), (89, 174)], float)[:, ::-1] * STEP_UM


@pytest.fixture(scope="module")
def region(data):
    folder = data / "defdap_ebsd_hrdic"
    euler = np.fromfile(folder / "testDataEBSD.crc", RECORD).reshape(243, 359)["euler"]
    # the second angle does not wrap; grains of one value have no slope, so their rims are smoothed
    grains = gaussian_filter(median_filter(euler[..., 1], 5), 1.0)
    speckled = np.asarray(Image.open(folder / "testDataPat.bmp").convert("L"), float)
    columns = np.loadtxt(folder / "testDataDIC.txt", skiprows=1)
    u, v = (columns[:, k].reshape(200, 300) for k in (2, 3))
    (uy, ux), (vy, vx) = (np.gradient(one, 12.0) for one in (u, v))
    shear = np.hypot((ux - vy) / 2, (uy + vx) / 2)
    return SimpleNamespace(
        ebsd=GreyImage(grains, [STEP_UM] * 2),
        micrograph=GreyImage(median_filter(speckled.clip(58, 140), 5), [VECTOR_UM] * 2),
        strain=GreyImage(gaussian_filter(shear, 1.0).clip(0, 0.04), [VECTOR_UM] * 2),
    )


def steps(transform):
    """Map points a vector, along y and x."""
    return np.diag(transform.matrix)[1:] * VECTOR_UM / STEP_UM


def apart(transform):
    """Distance of the picked points from where a map puts them [map points]."""
    return np.linalg.norm(transform.apply(STRAIN)[:, 1:] - EBSD, axis=1) / STEP_UM


def test_four_picked_points_show_how_the_map_is_pressed_together():
    fit = fit_landmarks(STRAIN, EBSD, model="affine")
    np.testing.assert_allclose(apart(fit.transform), [0.50, 0.24, 0.64, 0.89], atol=0.005)
    np.testing.assert_allclose(steps(fit.transform), [0.940, 0.988], atol=0.0005)
    np.testing.assert_allclose(fit.loo_um, [0.36, 0.75, 0.28, 0.20], atol=0.005)
    chosen = choose_model(STRAIN, EBSD)
    assert chosen.model == "affine"


def test_grains_in_the_micrograph_find_the_ebsd_map_without_the_points(region):
    found = register(region.ebsd, region.micrograph, model="affine")  # begun middle on middle
    # the points themselves are missed by 1.7 to 6.2 map points when they are left out
    assert apart(found.transform).max() < 4
    assert np.sqrt(np.mean(apart(found.transform) ** 2)) < 2.5
    y, x = steps(found.transform)
    assert y == pytest.approx(0.940, abs=0.02)
    assert x == pytest.approx(0.988, abs=0.01)
    assert y < 0.98 * x
    assert found.runner_up is None or found.runner_up.margin > 0.1


def test_begun_at_the_stated_geometry_it_ends_at_the_same_place(region):
    shrunk = np.diag([1.0, 0.97, 1.0])  # the micrograph is upright, the map pressed by some percent
    start = AffineTransform(
        "affine", shrunk, region.micrograph.centre_um, region.ebsd.centre_um, 2, 2
    )
    found = register(
        region.ebsd, region.micrograph, start=start, model="affine", reach_um=2, reach_deg=3
    )
    assert np.sqrt(np.mean(apart(found.transform) ** 2)) < 2.5
    # steps from grain to grain leave information ragged: its error is told or refused, in words
    ragged = any("does not fall off in every direction" in words for words in found.warnings)
    assert ragged == (found.transform.covariance is None)


def test_the_strain_itself_does_not_tell_the_place_and_is_refused(region):
    with pytest.raises(Degenerate, match="no place stands out"):
        register(region.ebsd, region.strain, model="affine", reach_um=2, reach_deg=3)
