from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.errors import DecisionNeeded, NotFound
from scalebridge.guides import segmentations_to_measure


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "specimen") as workspace:
        grey = np.arange(64, dtype="u1").reshape(8, 8)
        for name in ("xrm", "fibsem"):
            workspace.images.write(
                name,
                shape=grey.shape,
                dtype=grey.dtype,
                axes="yx",
                blocks=[((slice(0, 8), slice(0, 8)), grey)],
                spacing_um=(1.0, 1.0),
                spacing_source="made",
            )
        for name, accepted in (("xrm_pores", True), ("fibsem_pores", False)):
            workspace.segmentations.add(
                name=name, image=name.split("_")[0], thresholds=[20.0], accepted=accepted
            )
        yield workspace


def test_an_image_that_is_not_there_is_named_with_those_that_are(ws):
    for thresholds in (None, [20.0]):
        with pytest.raises(NotFound, match="no record 'xrn'; it has: xrm, fibsem"):
            segmentations_to_measure(ws, image="xrn", thresholds=thresholds)


def test_an_image_without_a_decision_is_told_from_those_with_one(ws):
    with pytest.raises(DecisionNeeded, match="segmentation of fibsem; there are xrm_pores"):
        segmentations_to_measure(ws, image="fibsem")
    assert [s.name for s in segmentations_to_measure(ws, image="xrm")] == ["xrm_pores"]
    assert [s.name for s in segmentations_to_measure(ws)] == ["xrm_pores"]
