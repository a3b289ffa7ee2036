"""A pipeline on phantoms: its bias is found where it has one, and none where it has none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from scalebridge.analysis.quantification import surface
from scalebridge.analysis.quantification.audit import AuditRow, FinePhantom, audit
from scalebridge.analysis.quantification.random_medium import Medium
from scalebridge.analysis.quantification.rendering import Imaging

SPACING = (1.0, 1.0, 1.0)
COARSE = Medium(0.4, 0.1, 7.0)


def imaging(blur_px: float = 0.6, noise: float = 2.0, ndim: int = 3) -> Imaging:
    return Imaging((50.0, 150.0), (noise, noise), (blur_px,) * ndim, 0.0)


def fraction_and_surface(grey, threshold=100.0, spacing_um=SPACING):
    phase = grey > threshold
    area = surface(phase, spacing_um=spacing_um).specific_um2_per_um3
    return {"volume_fraction": float(phase.mean()), "specific_surface": area}


def test_a_sound_pipeline_on_coarse_shapes_has_next_to_no_bias():
    found = audit(
        fraction_and_surface,
        like=COARSE,
        imaging=imaging(),
        spacing_um=SPACING,
        shape=(48, 48, 48),
        phantoms=3,
        finer=2,
    )
    assert abs(found["volume_fraction"].bias) < 0.005
    assert abs(found["specific_surface"].bias) < 0.03
    assert found.voxels_a_chord == pytest.approx(16)
    assert found.drawn.volume_fraction == pytest.approx(0.4, abs=1e-4)
    assert found.drawn.specific_surface == pytest.approx(0.1, rel=0.15)


def test_a_layer_that_a_pipeline_adds_is_found_as_its_bias():
    def generous(grey):
        phase = grey > 100
        return {"volume_fraction": float(binary_dilation(phase).mean())}

    found = audit(
        generous, like=COARSE, imaging=imaging(), spacing_um=SPACING, shape=(40,) * 3, phantoms=3
    )
    row = found["volume_fraction"]
    # a flat surface gains |n_x| + |n_y| + |n_z| voxels: 1.5 on average over directions
    largest = 1.5 * COARSE.specific_surface / COARSE.volume_fraction
    assert 0.5 * largest < row.bias < largest
    assert "% high" in row.words()


def test_noise_that_a_pipeline_does_not_remove_gives_surface_that_is_not_there():
    noisy = audit(
        fraction_and_surface,
        like=COARSE,
        imaging=imaging(noise=45.0),
        spacing_um=SPACING,
        shape=(40, 40, 40),
        phantoms=3,
    )
    assert noisy["specific_surface"].bias > 0.5
    assert noisy["specific_surface"].bias > 2 * noisy["specific_surface"].bias_uncertainty


def test_flat_voxels_and_pictures_are_audited_in_their_own_shape():
    flat = (2.0, 1.0, 1.0)
    found = audit(
        lambda grey: fraction_and_surface(grey, spacing_um=flat),
        like=Medium(0.4, 0.1, 7.0),
        imaging=imaging(),
        spacing_um=flat,
        shape=(20, 40, 40),
        phantoms=4,
        finer=2,
    )
    assert abs(found["specific_surface"].bias) < 0.05
    picture = audit(
        lambda grey: fraction_and_surface(grey, spacing_um=(0.5, 0.5)),
        like=Medium(0.4, 0.1, 7.0, 2),
        imaging=imaging(ndim=2),
        spacing_um=(0.5, 0.5),
        shape=(256, 256),
        phantoms=4,
    )
    assert abs(picture["specific_surface"].bias) < 0.03


def test_the_same_seed_gives_the_same_bits_and_another_gives_others():
    def run(seed):
        return audit(
            fraction_and_surface,
            like=Medium(0.4, 0.2, 4.0),
            imaging=imaging(),
            spacing_um=SPACING,
            shape=(24, 24, 24),
            phantoms=2,
            seed=seed,
        )

    first, again, other = run(3), run(3), run(4)
    assert first.rows == again.rows
    assert first.rows != other.rows


def test_a_truth_of_ones_own_is_compared_by_name_and_what_it_does_not_know_is_told():
    def known(fine: FinePhantom):
        return {"share": float(fine.phase.mean())}

    found = audit(
        lambda grey: {"share": float(np.mean(grey > 100)), "beauty": 1.0},
        like=Medium(0.4, 0.2, 4.0),
        imaging=imaging(),
        spacing_um=SPACING,
        shape=(24, 24, 24),
        truth=known,
        phantoms=2,
    )
    assert [row.quantity for row in found] == ["share"]
    assert found.only_measured == ("beauty",)
    assert "share" in found.words()
    assert "voxels a chord" in found.words()
    assert list(found.table()["phantoms"]) == [2]


def test_a_run_can_be_stopped_between_phantoms():
    done = []

    def stop(number, of):
        done.append((number, of))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(
            fraction_and_surface,
            like=Medium(0.4, 0.2, 4.0),
            imaging=imaging(),
            spacing_um=SPACING,
            shape=(16, 16, 16),
            progress=stop,
        )
    assert done == [(1, 6)]


def test_a_pipeline_that_gives_no_number_for_some_says_for_how_many():
    row = AuditRow("throats", (1.0, 1.0, 1.0), (1.1, np.nan, 1.1001))
    assert "1 of 3 gave no number" in row.words()
    assert row.bias == pytest.approx(0.10005)
    assert "nothing is known" in AuditRow("throats", (1.0,), (np.nan,)).words()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"phantoms": 1}, "phantoms needs to be 2 at least"),
        ({"finer": 1}, "finer needs to lie between 2 and 8"),
        ({"shape": (24, 24)}, "shape needs 3 numbers"),
        ({"imaging": imaging(ndim=2)}, "imaging needs two grey values and 3 blurs"),
        ({"truth": lambda fine: {"other": 1.0}}, "give a truth with the pipeline's names"),
    ],
)
def test_what_cannot_be_meant_is_refused(changed, words):
    asked = {
        "like": Medium(0.4, 0.2, 4.0),
        "imaging": imaging(),
        "spacing_um": SPACING,
        "shape": (16, 16, 16),
        "phantoms": 2,
    }
    with pytest.raises(ValueError, match=words):
        audit(fraction_and_surface, **(asked | changed))
