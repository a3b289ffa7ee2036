"""What a surveyed surface looks like from a direction."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from scalebridge.analysis.registration.grey_image import GreyImage
from scalebridge.analysis.registration.surface import SurfaceView, render_surface
from scalebridge.analysis.registration.surface.likeness import Likeness, predicted

SPACING = (2.0, 2.0, 2.0)


def block(radius_um=0.0):
    """A block under z = 30 with, if asked, a ball half above its surface at (30, 60, 60)."""
    z, y, x = (np.arange(n) * 2.0 for n in (40, 60, 60))
    grey = np.clip((z[:, None, None] - 30) / 2 + 0.5, 0, 1) * np.ones((40, 60, 60))
    if radius_um:
        away = np.sqrt((z[:, None, None] - 30) ** 2 + (y[:, None] - 60) ** 2 + (x - 60) ** 2)
        grey = np.maximum(grey, np.clip((radius_um - away) / 2 + 0.5, 0, 1))
    return 100 * grey


def seen_from(tilt, *, radius_um=0.0, shape=(60, 60), smoothing=0.0, **changes):
    view = SurfaceView(tilt_deg=tilt, spacing_um=(1.5, 1.5), shape=shape, **changes)
    pose = view.nominal_pose([30, 60, 60])
    return render_surface(
        block(radius_um), level=50, spacing_um=SPACING, view=view, pose=pose, smoothing_px=smoothing
    )


@pytest.mark.parametrize("tilt", [0.0, 30.0, 52.0, -40.0])
def test_every_pixel_of_a_plane_lies_on_it_where_the_beam_meets_it(tilt):
    rendered = seen_from(tilt)
    places = rendered.position_um[rendered.hit]
    assert rendered.hit.mean() > 0.75
    np.testing.assert_allclose(places[:, 0], 30.0, atol=1e-6)
    back = rendered.pose.inverse_apply(places)
    np.testing.assert_allclose(
        back[:, 1:], rendered.view.pixels_um()[rendered.hit][:, 1:], atol=1e-9
    )
    np.testing.assert_allclose(back[:, 0], rendered.depth_um[rendered.hit], atol=1e-9)
    np.testing.assert_allclose(rendered.cosine[rendered.hit], np.cos(np.radians(tilt)), atol=1e-6)


def test_what_stands_out_moves_by_its_height_times_the_sine_of_the_tilt():
    rendered = seen_from(52, radius_um=20)
    rows, columns = np.nonzero(rendered.position_um[..., 0] < 27)
    away = np.linalg.norm(rendered.position_um[rows, columns] - [30, 60, 60], axis=1)
    assert np.median(np.abs(away - 20)) < 0.2
    from_top = np.linalg.norm(rendered.position_um - [10, 60, 60], axis=-1)
    row, column = np.unravel_index(np.nanargmin(from_top), from_top.shape)
    assert row * 1.5 == pytest.approx(29.5 * 1.5 - 20 * np.sin(np.radians(52)), abs=1.5)
    assert column * 1.5 == pytest.approx(29.5 * 1.5, abs=1.5)


def test_what_lies_behind_is_hidden():
    rendered = seen_from(60, radius_um=20)
    behind = np.array([[30.0, 38.0, 60.0]])  # in the shadow of the ball, seen along the beam
    place = rendered.pose.inverse_apply(behind)[:, 1:]
    shown = rendered.position_at(place)[0]
    assert np.linalg.norm(shown - [30, 60, 60]) == pytest.approx(20, abs=0.6)
    assert np.linalg.norm(shown - behind[0]) > 5


def test_a_pick_in_the_picture_becomes_a_place_on_the_surface():
    rendered = seen_from(30)
    place = rendered.position_at([[40.3, 51.7]])
    np.testing.assert_allclose(rendered.pose.inverse_apply(place)[:, 1:], [[40.3, 51.7]], atol=1e-9)
    assert place[0, 0] == pytest.approx(30, abs=1e-6)
    assert np.isnan(rendered.position_at([[-20.0, 4.0]])).all()


def test_doubling_the_voxel_doubles_every_length():
    view = SurfaceView(tilt_deg=40, spacing_um=(3, 3), shape=(60, 60))
    double = render_surface(
        block(20), level=50, spacing_um=(4, 4, 4), view=view,
        pose=view.nominal_pose([60, 120, 120]), smoothing_px=0,
    )  # fmt: skip
    np.testing.assert_allclose(double.position_um, 2 * seen_from(40, radius_um=20).position_um)


def test_smoothing_leaves_a_ball_about_as_large_as_it_is():
    rendered = seen_from(0, radius_um=20, smoothing=1.0)
    top = np.nanmin(rendered.position_um[..., 0])
    assert top == pytest.approx(10, abs=0.6)


def test_rays_that_begin_inside_the_specimen_show_nothing():
    view = SurfaceView(tilt_deg=0, spacing_um=(1.5, 1.5), shape=(60, 60))
    pose = view.nominal_pose([0, 60, 60])
    volume = np.full((20, 60, 60), 100.0)
    volume[:, :10] = 0
    rendered = render_surface(volume, level=50, spacing_um=SPACING, view=view, pose=pose)
    assert not rendered.hit.any()


def test_a_level_without_surface_is_refused():
    view = SurfaceView(tilt_deg=0, spacing_um=(1, 1), shape=(4, 4))
    with pytest.raises(ValueError, match="between outside and specimen, got 500 where the volume"):
        render_surface(
            block(), level=500, spacing_um=SPACING, view=view, pose=view.nominal_pose([0, 0, 0])
        )


def test_the_slope_of_the_likeness_is_that_of_its_differences():
    rendered = seen_from(40, radius_um=20, shape=(130, 110))  # all of it lies in the picture
    picture = predicted(rendered, np.nan_to_num(100 - 60 * rendered.relief, nan=20.0))
    likeness = Likeness(rendered, GreyImage(picture, (1.5, 1.5)))
    change = np.array([0.4, -0.3, 0.5, 0.01, -0.012, 0.02])
    _, slope = likeness._at(change)
    units = likeness._units()
    differences = []
    for step in 0.01 * np.diag(units):
        there, back = (likeness._at(change + sign * step)[0] for sign in (1, -1))
        differences.append((there - back) / 0.02)
    slope = slope * units
    np.testing.assert_allclose(differences, slope, atol=0.03 * np.abs(slope).max())


@pytest.mark.parametrize("times", [1.0, 3.4])
def test_a_bead_is_as_large_as_it_is_however_bright_it_is(times):
    radius, blur = 4.0, 0.75
    grid = np.stack(np.meshgrid(*[np.arange(0, 24, 0.5)] * 3, indexing="ij"), axis=-1)
    ball = np.linalg.norm(grid - 11.5, axis=-1) <= radius
    fine = ndimage.gaussian_filter(ball.astype(float), 2 * blur)
    volume = times * fine.reshape(24, 2, 24, 2, 24, 2).mean(axis=(1, 3, 5))
    view = SurfaceView(tilt_deg=0, spacing_um=(0.25, 0.25), shape=(97, 97))
    seen = render_surface(
        volume,
        level=0.5,
        spacing_um=(1, 1, 1),
        view=view,
        pose=view.nominal_pose([0, 11.25, 11.25]),
    )
    found = np.sqrt(seen.hit.sum() * 0.25**2 / np.pi)
    assert found == pytest.approx(radius, abs=0.25)  # 4.8 at the level of the light specimen
