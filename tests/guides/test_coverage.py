"""Fields of view on one map: what covers what, by geometry alone."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.guides import coverage
from scalebridge.guides.coverage import field_points

from .coupons import write


@pytest.fixture
def nested(tmp_path):
    """A block of 40 um, a cube of 10 um in its middle, a picture that half covers its top."""
    with Workspace.create(tmp_path / "nested") as ws:
        write(ws, "block", np.zeros((20, 20, 20), np.uint8), 2.0, origin_um=(1, 1, 1))
        write(ws, "cube", np.zeros((10, 10, 10), np.uint8), 1.0, origin_um=(0.5, 0.5, 0.5))
        write(ws, "top", np.zeros((20, 40), np.uint8), 1.0, origin_um=(0.5, 0.5))
        ws.images.write(
            "unknown", shape=(4, 4), dtype=np.dtype("u1"), axes="yx", spacing_um=None,
            spacing_source="", blocks=[((slice(0, 4), slice(0, 4)), np.zeros((4, 4), np.uint8))],
        )  # fmt: skip
        write(ws, "alone", np.zeros((4, 4, 4), np.uint8), 1.0)
        for name, shift in (("cube", (15, 15, 15)), ("top", (5, 0, 20))):
            ws.transforms.add(
                name=f"{name}_to_block", from_frame=name, to_frame="block", status="accepted",
                method="known", transform=AffineTransform.exact(offset_um=shift).to_dict(),
            )  # fmt: skip
        yield ws


def test_fields_of_view_end_at_the_edges_of_voxels(nested):
    corners = field_points(nested.images["block"], grid=2)
    np.testing.assert_allclose((corners.min(axis=0), corners.max(axis=0)), [[0] * 3, [40] * 3])
    flat = field_points(nested.images["top"], grid=2)
    assert set(flat[:, 0]) == {0.0}
    np.testing.assert_allclose(np.ptp(flat, axis=0), [0, 20, 40])


def test_images_are_placed_on_the_map_and_the_rest_says_why_not(nested):
    found = coverage(nested, reference="block")
    assert set(found.corners_um) == {"block", "cube", "top"}
    cube = found.corners_um["cube"]
    np.testing.assert_allclose((cube.min(axis=0), cube.max(axis=0)), [[15] * 3, [25] * 3])
    assert "voxel size" in found.apart["unknown"] or "uncalibrated" in found.apart["unknown"]
    assert "no accepted transforms connect alone to block" in found.apart["alone"]


def test_shares_inside_follow_from_the_boxes(nested):
    rows = coverage(nested, reference="block").nesting.set_index(["image", "covers"])
    share = rows["share_inside"].to_dict()
    assert share["block", "cube"] == 1.0
    assert share["block", "top"] == pytest.approx(0.5, abs=0.04)  # fifteen points along an axis
    assert ("cube", "block") not in share or share["cube", "block"] < 0.1
    # from above the picture covers x 20-40 and y 0-20 of the cube's 15-25
    assert share["top", "cube"] == pytest.approx(0.25, abs=0.04)
