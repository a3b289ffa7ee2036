"""Surface in crevices between grains: told where they touch, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scalebridge.analysis.quantification import Medium, measure_phases
from scalebridge.analysis.quantification.crevices import Crevices, crevices_between_grains
from scalebridge.analysis.quantification.random_medium import draw_field, field_for
from scalebridge.analysis.quantification.sphere_scene import SphereScene, sphere_scene

from ...finney import packed

CONTRAST, MIDDLE = 100, 100.0


def crevices(
    grey: NDArray, *, bright: bool = True, blur_px: float = 1.04, spacing: float = 1.0
) -> Crevices:
    return crevices_between_grains(
        grey, threshold=MIDDLE, blur_px=(blur_px,) * 3, smoothing_px=(0.0,) * 3,
        spacing_um=(spacing,) * 3, bright=bright,
    )  # fmt: skip


def pack(data: Path, radius_px: int, side: int, grown: float = 1.0) -> SphereScene:
    """A corner of Finney's pack, lengths in voxels; `grown` spheres overlap."""
    scene = packed(data, radius_px)
    step = scene.spacing_um[0]
    return SphereScene(
        scene.centres_um / step, grown * scene.radii_um / step, (side,) * 3, (1.0,) * 3
    )


def sponge(chord: float, side: int) -> NDArray:
    """A level cut of a random field, imaged with a blur of a voxel."""
    from scipy.ndimage import gaussian_filter, zoom

    medium = Medium(0.36, 4 * 0.36 / chord, chord / 2.8)
    field = draw_field(
        field_for(medium), shape=(2 * side,) * 3, spacing_um=(0.5,) * 3,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    phase = (field > np.quantile(field, 0.64)).astype(np.float32)
    shares = zoom(gaussian_filter(phase, 0.5), 0.5, order=1)
    noise = np.random.default_rng(1).normal(0, 8, shares.shape)
    return 50 + CONTRAST * gaussian_filter(shares, 1.0, mode="wrap") + noise


@pytest.mark.parametrize(("radius_px", "side", "blur"), [(8, 64, 1.0), (12, 80, 0.5)])
def test_the_surface_of_a_pack_of_spheres_that_touch_is_in_a_narrow_interval(
    data: Path, radius_px: int, side: int, blur: float
) -> None:
    scene = pack(data, radius_px, side)
    truth = scene.truth()["specific_surface"]
    measured = measure_phases(
        scene.image(blur_um=blur, noise=8, seed=0), thresholds=(MIDDLE,), threshold_uncertainty=1,
        spacing_um=scene.spacing_um, names=("pore", "grain"), phase="pore",
    )  # fmt: skip
    surface = measured["pore.specific_surface"]
    assert surface.as_segmented is not None
    assert surface.as_segmented < 0.93 * truth
    assert abs(surface.value - truth) <= min(surface.uncertainty, 0.05 * truth)
    assert surface.uncertainty < 0.11 * truth
    assert surface.parts["crevices"] > 0


def test_spheres_apart_and_what_is_around_them_have_no_crevices() -> None:
    scene = sphere_scene(
        shape=(72,) * 3, spacing_um=(1,) * 3, radii_um=(7, 12), fraction=0.2, gap_um=3, seed=1
    )
    grey = scene.image(blur_um=1.0, noise=8, seed=0)
    for bright in (True, False):
        found = crevices(grey, bright=bright)
        assert (found.hidden_per_um, found.uncertainty_per_um) == (0, 0)


def test_the_throats_of_a_sponge_are_no_contacts_of_grains() -> None:
    grey = sponge(12.0, 64)
    found = [crevices(grey, bright=bright) for bright in (True, False)]
    assert all(one.necks_per_um > 0.1 * one.surface_per_um for one in found)
    assert [one.hidden_per_um for one in found] == [0, 0]


def test_dark_grains_have_the_crevices_of_bright_ones_and_lengths_scale(data: Path) -> None:
    grey = pack(data, 8, 48).image(blur_um=1.0, noise=0, seed=0)
    bright, dark = crevices(grey), crevices(2 * MIDDLE - grey, bright=False)
    assert replace(dark, bright=True) == bright
    coarse = crevices(grey, spacing=2.0)
    assert coarse.hidden_per_um == pytest.approx(bright.hidden_per_um / 2)


def test_more_blur_hides_more_of_the_same_grains(data: Path) -> None:
    scene = pack(data, 12, 60)
    hidden = [
        crevices(scene.image(blur_um=blur, noise=0, seed=0), blur_px=blur + 0.04).hidden_per_um
        for blur in (0.7, 1.4)
    ]
    assert 1.5 < hidden[1] / hidden[0] < 2.1


def test_where_grains_cannot_be_told_from_a_sponge_half_is_taken_and_all_is_in_the_interval() -> (
    None
):
    told = Crevices(necks_per_um=0.02, growth_per_um=0.018, surface_per_um=0.2)
    wide = replace(told, surface_per_um=0.03)
    throats = replace(told, growth_per_um=0.005)
    assert (told.likely, wide.likely, throats.likely) == (1, 0.5, 0)
    assert wide.hidden_per_um - wide.uncertainty_per_um < 0
    assert told.hidden_per_um > 2 * told.uncertainty_per_um


def test_grains_that_the_segmentation_cuts_apart_are_not_parted_again(data: Path) -> None:
    from scalebridge.analysis.segmentation import SegmentationRecipe

    scene = pack(data, 8, 40)
    measured = measure_phases(
        scene.image(blur_um=1.0, noise=4, seed=0), thresholds=(MIDDLE,), threshold_uncertainty=1,
        spacing_um=scene.spacing_um, phase="class 1",
        recipe=SegmentationRecipe((MIDDLE,), split_depth=1.0),
    )  # fmt: skip
    assert "crevices" not in measured["class 1.specific_surface"].parts
