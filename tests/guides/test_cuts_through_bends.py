"""A target through a bend in the instrument's frame: position, depth, margin, or a refusal."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import DisplacementField, fit_spline
from scalebridge.errors import CovarianceUnavailable
from scalebridge.guides import plan_cut, record_verdicts, register_pair

from .coupons import SURVEY, TARGET_UM, depth_um

SIGMA_UM = 0.3


def bow(points):
    """Truth: the bench holds the specimen bent by up to 1.5 um."""
    y, x = points[..., 1] / 90, points[..., 2] / 90
    return points + 1.5 * np.stack([np.sin(3 * x), np.cos(3 * y), np.sin(3 * y)], axis=-1)


def field(**error):
    places = np.stack(np.meshgrid(*[np.arange(0, 91, 6.0)] * 3, indexing="ij"), axis=-1)
    return DisplacementField(bow(places) - places, spacing_um=[6, 6, 6], **error)


def spline():
    rng = np.random.default_rng(3)
    marks = rng.uniform(0, 85, (60, 3))
    return fit_spline(marks, bow(marks) + 0.1 * rng.normal(size=marks.shape)).transform


def on_bench(ws, bend):
    """Put a bench behind the survey, which it shows bent."""
    record_verdicts([register_pair(ws, "zoom", SURVEY)], accept=True)
    ws.frames.add(name="bench")
    ws.transforms.add(
        name="survey_to_bench", from_frame=ws.images[SURVEY].frame, to_frame="bench",
        transform=bend.to_dict(), status="accepted", method="made",
    )  # fmt: skip
    return plan_cut(ws, "pit", to="bench", surface=ws.segmentations["metal"])


@pytest.mark.parametrize("kind", ["displacement field", "thin-plate map"])
def test_a_target_on_a_bent_bench_has_position_depth_and_cut(coupon: Workspace, kind):
    known = {"sigma_um": SIGMA_UM, "correlation_um": 40.0}
    plan = on_bench(coupon, field(**known) if kind == "displacement field" else spline())
    *places, depth = plan.measurements
    for measured, truth in zip(places, bow(TARGET_UM)[::-1], strict=True):
        assert measured.interval95[0] < truth < measured.interval95[1]
        assert measured.uncertainty > 0
    assert depth.key == "targeting.pit.depth_um"
    assert depth.value == pytest.approx(depth_um(TARGET_UM), abs=1.0)  # the bow turns it a little
    assert 0 < depth.uncertainty < 3
    assert plan.region.stated
    assert 0 < plan.plan.margin_um < 5
    assert plan.contained is not None
    assert plan.contained.probability == pytest.approx(0.9, abs=0.03)
    assert any("survey_to_bench is taken as straight" in note for note in plan.notes)


def test_a_bench_whose_bend_states_no_error_gets_no_cut_and_is_told_why(coupon: Workspace):
    with pytest.raises(CovarianceUnavailable, match=r"survey_to_bench: .* without an error"):
        on_bench(coupon, field())
