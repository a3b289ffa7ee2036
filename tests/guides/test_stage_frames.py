"""Images on one stage need no fit."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.errors import Degenerate
from scalebridge.guides.registration import OnStage, join_by_stage, stage_transform

LIGHT = OnStage(y_um=-106155.134, x_um=4652.362, rows="along")
MAP = OnStage(y_um=-105970.3, x_um=4950.8, rows="along")


def test_the_raman_map_lies_inside_the_white_light_picture():
    """Positions as the two files of the Raman microscope state them; 480 x 752 pixels of light."""
    move = stage_transform(MAP, LIGHT, sigma_um=0.5)
    corners = move.apply([[0, 0], [19, 19]])[:, 1:]
    assert (corners > 0).all()
    assert (corners < [480 * 0.80014, 752 * 0.80638]).all()
    np.testing.assert_allclose(corners[0], [184.834, 298.438], atol=1e-9)
    np.testing.assert_allclose(move.covariance_at([[5, 5]])[0, 1:, 1:], 0.25 * np.eye(2))


def test_both_ways_give_the_same_places_whichever_way_the_pictures_run():
    turned = OnStage(y_um=10.0, x_um=20.0, rows="against", columns="against")
    move = stage_transform(turned, LIGHT, sigma_um=1)
    points = np.array([[3.0, 4.0], [-2, 9]])
    stage = np.array([10.0, 20.0]) - points
    expected = stage - [LIGHT.y_um, LIGHT.x_um]
    np.testing.assert_allclose(move.apply(points)[:, 1:], expected)
    back = stage_transform(LIGHT, turned, sigma_um=1)
    np.testing.assert_allclose(back.apply(move.apply(points))[:, 1:], points, atol=1e-6)


def test_answers_that_mirror_the_specimen_are_refused():
    with pytest.raises(Degenerate, match="mirrors the specimen"):
        stage_transform(OnStage(0, 0, rows="against"), LIGHT, sigma_um=1)
    with pytest.raises(ValueError, match="repeatability"):
        stage_transform(MAP, LIGHT, sigma_um=0)
    with pytest.raises(ValueError, match="along or against"):
        OnStage(0, 0, rows="up")


def test_the_record_is_proposed_and_says_where_it_comes_from(tmp_path):
    with Workspace.create(tmp_path / "specimen") as ws:
        for name in ("light", "spectra"):
            ws.images.write(
                name, shape=(4, 5), dtype=np.uint8, axes="yx", origin_um=(2.0, 3.0),
                blocks=[((slice(0, 4), slice(0, 5)), np.zeros((4, 5), np.uint8))],
                spacing_um=(1.0, 1.0), spacing_source="made for a test",
            )  # fmt: skip
        record = join_by_stage(
            ws, moving="spectra", fixed="light", moving_on_stage=MAP, fixed_on_stage=LIGHT,
            sigma_um=0.5,
        )  # fmt: skip
        assert record.fields["status"] == "proposed"
        assert record.fields["method"] == "stage positions, no fit"
        assert "stated by hand" in record.fields["note"]
        move = AffineTransform.from_dict(record.fields["transform"])
        # a first pixel lies at (2, 3) of its frame, in both: the stage's difference stays
        np.testing.assert_allclose(move.apply([[2, 3]])[0, 1:], [2 + 184.834, 3 + 298.438])
