"""Fluorescence onto an electron micrograph: the prediction holds against the published result."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Walk, Walker


@pytest.fixture(scope="module")
def section(data: Path, walk: Walker) -> Walk:
    return walk("03_clem", data=str(data / "embl_clem_2d"))


def test_both_images_are_calibrated_by_their_files(section: Walk) -> None:
    for name in ("em", "fluo_green"):
        assert section.ws.images[name].spacing_um == pytest.approx((0.10032, 0.10032), rel=1e-4)


def test_affine_is_chosen_and_the_others_are_refused(section: Walk) -> None:
    models = section.table("models").set_index("model")["verdict"].drop("thin-plate")
    assert models.to_dict() == {"rigid": "refused", "similarity": "refused", "affine": "chosen"}
    (accepted,) = section.ws.transforms
    assert (accepted.from_frame, accepted.to_frame) == ("fluo_green", "em")
    assert len(accepted.landmarks) == 18


def test_leave_one_out_predicts_the_error_against_the_published_alignment(section: Walk) -> None:
    start = "registration.fluo_green_to_em"
    predicted = section.measured(f"{start}.loo_um").value
    independent = section.measured(f"{start}.against_copy_um").value
    assert predicted == pytest.approx(0.118, abs=0.001)
    assert independent == pytest.approx(0.117, abs=0.002)
    assert "Leave-one-out predicted 0.118 µm" in section.said("finding")


def test_without_registration_the_error_is_several_times_larger(section: Walk) -> None:
    start = "registration.fluo_green_to_em"
    assert section.measured(f"{start}.unmoved_um").value > 0.6
    assert "the same without any registration" in section.said("key_number")
