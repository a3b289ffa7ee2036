"""X-ray and SBEM of one larva: five landmarks on a line, and two neuropils that disagree."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebridge.reports import render_report

from .conftest import Walk, Walker

XRAY, SBEM = "xray neuropil", "sbem neuropil"


@pytest.fixture(scope="module")
def larva(data: Path, walk: Walker) -> Walk:
    return walk("02_platynereis", data=str(data / "platynereis_xray_sbem"))


def test_the_grids_of_one_instrument_differ_and_the_reader_is_told(larva: Walk) -> None:
    assert "sbem mask has 286 slices" in larva.said("finding")
    assert "sbem neuropil has 285 slices of 1.0007 µm" in larva.said("finding")


def test_a_model_with_few_parameters_is_chosen_and_affine_is_refused_in_words(larva: Walk) -> None:
    models = larva.table("models").set_index("model")
    assert models["verdict"].drop("thin-plate").to_dict() == {
        "rigid": "possible",
        "similarity": "chosen",
        "affine": "refused",
    }
    assert models.loc["affine", "fre_um"] < models.loc["similarity", "fre_um"]  # the trap
    assert "affine is refused: with it, the others miss their worst landmark by 48 µm" in (
        larva.said("finding")
    )
    (accepted,) = larva.ws.transforms
    assert (accepted.status, accepted.transform["model"]) == ("accepted", "similarity")


def test_leave_one_out_is_shown_as_the_scale_of_error(larva: Walk) -> None:
    loo = larva.measured(f"registration.{XRAY}_to_{SBEM}.loo_um")
    assert loo.value == pytest.approx(9.69, abs=0.01)
    assert "leave-one-out error: 9.7 (" in larva.said("key_number")


def test_distance_maps_of_the_neuropils_are_cross_checked_and_no_more_is_said_than_is_known(
    larva: Walk,
) -> None:
    left_out = larva.table("cross-check")
    before, after = ((left_out[c] ** 2).mean() ** 0.5 for c in ("landmarks_um", "distance_maps_um"))
    assert before == pytest.approx(9.69, abs=0.01)
    assert after == pytest.approx(7.7, abs=0.5)
    assert left_out["distance_maps_um"].max() < left_out["landmarks_um"].max()
    said = larva.said("finding")
    assert "a landmark that took no part is missed by 9.7 µm from the other landmarks" in said
    assert "so few landmarks cannot tell this from chance" in said
    assert "after the distance maps, which never looked at it" in said


def test_the_direction_of_the_landmarks_is_right(larva: Walk) -> None:
    points, _, _ = larva.ws.landmark_arrays("xray", "sbem")
    mapped = larva.ws.locate(points, from_="xray", to="sbem", order="zyx").points_um
    sbem = larva.ws.images[SBEM]
    assert (mapped > -10).all()
    assert (mapped < [count + 10 for count in sbem.shape]).all()


def test_the_target_is_located_with_a_region_and_a_margin(larva: Walk) -> None:
    position = larva.table("position").iloc[0]
    assert 5 < position["margin_um"] < 15
    assert min(position[f"{axis}_pm95_um"] for axis in "xyz") > 4
    assert "3 F(3, 8)" in larva.said("figure")
    for axis in "xyz":
        record = larva.measured(f"targeting.inmost.sbem.{axis}_um")
        assert record.lower < position[f"{axis}_um"] < record.upper


def test_the_target_lies_in_the_neuropil_of_the_other_instrument_within_its_margin(
    larva: Walk,
) -> None:
    position = larva.table("position").iloc[0]
    sbem = larva.ws.images[SBEM]
    z, y, x = (round(position[f"{a}_um"] / s) for a, s in zip("zyx", sbem.spacing_um, strict=True))
    near = sbem.array()[z - 8 : z + 9, y - 8 : y + 9, x - 8 : x + 9]
    assert (near > 127).mean() > 0.3


def test_the_disagreement_of_the_two_neuropils_is_a_finding(larva: Walk) -> None:
    cuts = larva.table("cutoffs").set_index("cutoff")
    assert cuts.loc[1, "xray_voxels"] == cuts.loc[255, "xray_voxels"] == 52_238
    assert cuts.loc[1, "sbem_voxels"] == 150_740
    assert cuts.loc[128, "sbem_voxels"] == 116_761
    volumes = larva.table("volumes").set_index(["object", "in"])["volume_um3"]
    assert volumes[XRAY, "the fixed frame"] == pytest.approx(65_600, rel=0.02)
    said = larva.said("finding")
    assert "The two neuropils are not the same object: 52,238 µm³" in said
    assert "(150,846 µm³ if every voxel that is not zero counts)" in said
    assert "could not exceed 0.72 (0.61)" in said


def test_the_neuropil_is_measured_whole(larva: Walk) -> None:
    start = f"quantification.{SBEM}.neuropil"
    volume = larva.measured(f"{start}.volume_um3")
    assert volume.unit == "µm³"
    assert volume.value == pytest.approx(116_761 * 1.0007017543859649)
    assert 0 < volume.uncertainty < 0.05 * volume.value
    assert larva.measured(f"{start}.surface_um2").unit == "µm²"


def test_its_report_holds_the_finding_and_the_numbers(larva: Walk) -> None:
    page = render_report([larva.notebook], larva.ws)
    assert "The two neuropils are not the same object" in page
    assert "leave-one-out error" in page
