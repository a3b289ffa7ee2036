"""A dry pack has no water, and real water stays, within the error that is said."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from scalebridge.analysis.segmentation import three_phases

sys.path.insert(0, str(Path(__file__).parent))
from three_phase_phantoms import (
    AIR,
    SOLID,
    WATER,
    clusters_of_water,
    finney_pack,
    imaged,
    random_pack,
    rings_of_water,
    saturation_of,
)

GREYS, BLUR, ONE = (AIR, WATER, SOLID), 1.5, (1.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def pack():
    return random_pack(64, 10.0, solid=0.3, seed=1)


def parted(solid, water, seed=0):
    image = imaged(solid, water, blur_px=BLUR, noise=0.05, seed=seed)
    return image, three_phases(image, greys=GREYS, blur_um=BLUR, spacing_um=ONE)


def by_thresholds(image) -> float:
    water = (image > (AIR + WATER) / 2) & (image < (WATER + SOLID) / 2)
    return float(water.sum() / (image < (WATER + SOLID) / 2).sum())


def test_a_dry_pack_has_no_water_where_thresholds_invent_a_quarter(pack, reference):
    image, found = parted(pack, np.zeros_like(pack))
    assert by_thresholds(image) > 0.2
    what = "water in a dry pack of 10 voxels a radius"
    reference(what, found.saturation, 0, abs=0.001, source="the phantom")
    assert found.uncertainty < 0.005
    assert np.mean(found.labels == 2) == pytest.approx(pack.mean(), abs=0.03)


def test_a_dry_pack_of_measured_centres_has_no_water(data, reference):
    solid = finney_pack(data, 10.0, 72)
    what = "solid share of Finney's pack, 10 voxels a radius, a cube of 72"
    reference(what, solid.mean(), 0.639, abs=0.02, source="Finney 1970")
    image, found = parted(solid, np.zeros_like(solid))
    assert by_thresholds(image) > 0.5
    reference("water in Finney's pack", found.saturation, 0, abs=0.005, source="the phantom")
    assert found.warnings  # its throats are as narrow as the blur


@pytest.mark.parametrize(("saturation", "seed"), [(0.05, 2), (0.2, 3)])
def test_water_that_is_there_is_kept_within_the_error_that_is_said(pack, saturation, seed):
    water = clusters_of_water(pack, saturation, width=7, seed=seed)
    _, found = parted(pack, water, seed)
    assert saturation_of(pack, water) == pytest.approx(saturation, abs=1e-3)
    assert abs(found.saturation - saturation) < found.uncertainty < saturation / 3


def test_what_is_thinner_than_the_blur_is_said_to_be_uncounted(pack):
    water = rings_of_water(pack, 4.0)
    _, found = parted(pack, water)
    missed = saturation_of(pack, water) - found.saturation
    assert missed > 0.02
    assert found.could_hide > 0.5 * missed
    assert "not counted" in found.warnings[0]


def test_voxels_that_are_not_cubes_and_a_mask_change_nothing_of_it(pack):
    water = clusters_of_water(pack, 0.1, width=8, seed=5)
    image = imaged(pack, water, blur_px=BLUR, noise=0.03)
    cut = image[::2]  # every second slice: the blur stays, the voxel is taller
    found = three_phases(cut, greys=GREYS, blur_um=BLUR, spacing_um=(2, 1, 1))
    whole = three_phases(image, greys=GREYS, blur_um=BLUR, spacing_um=ONE)
    assert found.saturation == pytest.approx(whole.saturation, abs=0.02)
    mask = np.zeros(image.shape, bool)
    mask[:32] = True
    half = three_phases(image, greys=GREYS, blur_um=BLUR, spacing_um=ONE, mask=mask)
    pore, wet = (half.labels[:32] != 2).sum(), (half.labels[:32] == 1).sum()
    assert half.saturation == pytest.approx(wet / pore, abs=1e-12)


def test_grey_values_that_are_not_known_widen_the_error(pack):
    water = clusters_of_water(pack, 0.1, width=8, seed=5)
    image = imaged(pack, water, blur_px=BLUR, noise=0.03)
    known, guessed = (
        three_phases(image, greys=GREYS, blur_um=BLUR, spacing_um=ONE, grey_uncertainty=u)
        for u in (0.0, 0.03)
    )
    assert known.parts["grey"] == 0
    assert guessed.parts["grey"] > 0.001
    assert guessed.uncertainty > known.uncertainty


def test_bad_values_are_refused():
    image = np.zeros((8, 8))
    with pytest.raises(ValueError, match="three increasing values"):
        three_phases(image, greys=(0, 1, 0.5), blur_um=1, spacing_um=(1, 1))
    with pytest.raises(ValueError, match="more than 0 µm, got 0"):
        three_phases(image, greys=(0, 0.5, 1), blur_um=0, spacing_um=(1, 1))
