"""What a tilt does to lengths is known from the angle alone."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.imaging.phantom import Session
from scalebridge.analysis.registration.stack import plane_geometry, slice_geometry
from scalebridge.errors import Uncalibrated


@pytest.mark.parametrize(("angle", "depth", "shift"), [(54, 0.809, 0.588), (52, 0.788, 0.616)])
def test_depth_is_foreshortened_by_the_sine_and_slices_shift_by_the_cosine(angle, depth, shift):
    seen = slice_geometry(angle, tilt_correction="not applied").inverse_apply(
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    )
    assert seen[0, 1] == pytest.approx(depth, abs=5e-4)
    assert seen[1, 1] == pytest.approx(-shift, abs=5e-4)
    np.testing.assert_allclose(seen[:, [0, 2]], [[0, 0], [1, 0]], atol=1e-12)


def test_a_corrected_stack_keeps_its_shear():
    cut = slice_geometry(54, tilt_correction="applied")
    assert cut.apply([[0.0, 1.0, 0.0]])[0, 1] == pytest.approx(1.0, abs=1e-12)
    shear = cut.apply([[1.0, 0.0, 0.0]])[0, 1]
    assert shear == pytest.approx(np.tan(np.radians(36)), abs=1e-12)
    assert cut.sigma_source == "exact"


def test_the_phantoms_stack_is_a_turned_block_once_its_geometry_is_applied():
    view = Session.begin(seed=3, scale="small").views["fibsem"]
    cut = slice_geometry(view.angle_deg, tilt_correction="not applied")
    turn = view.matrix @ np.linalg.inv(cut.matrix)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


def test_a_plane_at_70_degrees_shows_a_third_of_its_length():
    flat = plane_geometry(70, tilt_correction="not applied")
    assert 1 / flat.apply([[0.0, 1.0, 0.0]])[0, 1] == pytest.approx(np.cos(np.radians(70)))
    same = plane_geometry(70, tilt_correction="applied").apply([[0.0, 1.0, 2.0]])
    np.testing.assert_allclose(same, [[0.0, 1.0, 2.0]])


@pytest.mark.parametrize("geometry", [slice_geometry, plane_geometry])
def test_lengths_are_refused_while_nobody_has_said_whether_the_tilt_is_corrected(geometry):
    with pytest.raises(Uncalibrated, match="nobody has said whether its y pixel is corrected"):
        geometry(54, tilt_correction="unknown")
    with pytest.raises(ValueError, match="one of applied, not applied, unknown, got 'yes'"):
        geometry(54, tilt_correction="yes")


def test_angles_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match=r"angle_deg needs .* got 0"):
        slice_geometry(0, tilt_correction="applied")
    with pytest.raises(ValueError, match=r"tilt_deg needs .* got 90"):
        plane_geometry(90, tilt_correction="applied")
