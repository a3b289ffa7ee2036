from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scalebridge.widgets.annotate import (
    Marks,
    draw_crosshair,
    draw_scale_bar,
    ellipse_points,
    scale_bar_length,
    shortened,
    text_width,
)
from scalebridge.widgets.page import compose_page, panel_width
from scalebridge.widgets.picture import draw_orientation
from scalebridge.widgets.plane import axis_plane


@pytest.mark.parametrize("width_um", [0.03, 1.0, 7.3, 4999.0])
@pytest.mark.parametrize("width_px", [300, 900])
def test_scale_bar_is_as_many_pixels_long_as_it_says(width_um: float, width_px: int) -> None:
    marks = Marks(width_px, 200)
    pixel_um = width_um / width_px
    length_um = draw_scale_bar(marks, pixel_um=pixel_um)
    picture = np.asarray(marks.over(Image.new("RGB", (width_px, 200), (40, 40, 40))))
    row = picture[200 - 14 - 2].astype(float).mean(axis=1)
    assert (row > 200).sum() == pytest.approx(length_um / pixel_um, abs=1.5)
    assert 0.09 * width_um <= length_um <= 0.2501 * width_um


@pytest.mark.parametrize(("width_um", "length_um"), [(1.0, 0.2), (8.0, 2.0), (4000.0, 1000.0)])
def test_scale_bar_lengths_are_round(width_um: float, length_um: float) -> None:
    assert scale_bar_length(width_um) == pytest.approx(length_um)


def test_crosshair_leaves_its_centre_free() -> None:
    marks = Marks(100, 80)
    draw_crosshair(marks, (50, 40), gap_px=12)
    picture = np.asarray(marks.over(Image.new("RGB", (100, 80), (90, 90, 90)))).astype(int)
    changed = np.abs(picture - 90).sum(axis=2) > 30
    assert not changed[32:48, 42:58].any()
    assert changed[:, 49:51].any()
    assert changed[39:41, :].any()


def test_ellipse_has_the_radii_of_its_covariance() -> None:
    turn = np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    covariance = turn @ np.diag([9.0, 1.0]) @ turn.T
    radii = np.linalg.norm(ellipse_points((5, 6), covariance, 4.0) - (5, 6), axis=1)
    assert radii.max() == pytest.approx(6.0, rel=1e-3)
    assert radii.min() == pytest.approx(2.0, rel=1e-2)


def test_a_title_that_is_wider_than_its_panel_is_wrapped_not_cut() -> None:
    plane = axis_plane("xy", centre_um=(0, 0, 0), width_um=9, height_um=9)
    titles = ("fibsem_block_3 in xrm_survey_before", "an_image_of_one_very_long_name_without_gaps")
    for title in titles:
        marks = Marks(200, 120)
        draw_orientation(marks, plane, size=12, title=title)
        picture = np.asarray(marks.over(Image.new("RGB", (200, 120)))).max(axis=2)
        assert picture[:, 192:].max() < 60  # nothing runs over the right edge


def test_long_words_are_shortened_to_the_width() -> None:
    text = shortened("a_very_long_name_" * 20, 12, 150)
    assert text.endswith("…")
    assert text_width(text, 12) <= 150


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_has_the_width_that_was_asked_for(theme: str) -> None:
    panel = Image.new("RGB", (panel_width(640, panels=1, legend=False), 100))
    page = compose_page([panel], width_px=640, caption=["word " * 200], theme=theme)
    assert page.width == 640
    assert page.height > 200


def test_page_that_is_too_narrow_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 200"):
        panel_width(50, panels=1, legend=False)
