from __future__ import annotations

import numpy as np
import pytest

from scalebridge.widgets.plane import Plane, axes_through, axis_plane


def test_xy_plane_shows_x_to_the_right_and_y_downwards() -> None:
    plane = axis_plane("xy", centre_um=(5, 10, 20), width_um=8, height_um=4)
    points = plane.points(8, 4)
    assert points.shape == (4, 8, 3)
    np.testing.assert_allclose(points[0, 0], (5, 8.5, 16.5))
    np.testing.assert_allclose(points[-1, -1], (5, 11.5, 23.5))
    np.testing.assert_allclose(plane.normal, (1, 0, 0))


def test_pixel_centres_come_back_half_a_pixel_inside_the_canvas() -> None:
    across, down = axes_through((0, 0, 0), (1, 2, 3), (0, 1, 0))
    plane = Plane(centre_um=(1, 2, 3), across=across, down=down, width_um=30, height_um=20)
    canvas = plane.to_canvas(plane.points(15, 10).reshape(-1, 3), 15)
    rows, columns = np.indices((10, 15))
    np.testing.assert_allclose(canvas[:, 0], columns.ravel() + 0.5, atol=1e-9)
    np.testing.assert_allclose(canvas[:, 1], rows.ravel() + 0.5, atol=1e-9)


def test_plane_through_three_points_contains_them() -> None:
    corners = np.array([(0, 0, 0), (1, 2, 3), (-4, 1, 0)], float)
    across, down = axes_through(*corners)
    plane = Plane(centre_um=(0, 0, 0), across=across, down=down, width_um=1, height_um=1)
    np.testing.assert_allclose(plane.distance_um(corners), 0, atol=1e-12)


def test_parallel_plane_keeps_the_middle_of_the_screen() -> None:
    plane = axis_plane("xz", centre_um=(1, 2, 3), width_um=4, height_um=4).through((9, 7, 9))
    assert plane.centre_um == (1.0, 7.0, 3.0)


def test_covariance_is_seen_along_the_normal() -> None:
    plane = axis_plane("xz", centre_um=(0, 0, 0), width_um=1, height_um=1)
    np.testing.assert_allclose(plane.covariance_on(np.diag([4.0, 9.0, 16.0])), np.diag([16, 4]))


def test_points_on_a_line_make_no_plane() -> None:
    with pytest.raises(ValueError, match="three points that are not on a line"):
        axes_through((0, 0, 0), (1, 1, 1), (3, 3, 3))


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_plane_without_extent_is_refused(width: float) -> None:
    with pytest.raises(ValueError, match="width_um needs a positive length"):
        axis_plane("xy", centre_um=(0, 0, 0), width_um=width, height_um=1)


def test_skewed_axes_are_refused() -> None:
    with pytest.raises(ValueError, match="unit vectors"):
        Plane(centre_um=(0, 0, 0), across=(0, 0, 1), down=(0, 1, 1), width_um=1, height_um=1)
