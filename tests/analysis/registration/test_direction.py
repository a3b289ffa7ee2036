"""The direction of a transform, told by what lies in what."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import AffineTransform, judge_direction

from .constellations import turn

ZOOM = np.array([[0, 0, 0], [60, 80, 100]], dtype=float)
SURVEY = np.array([[0, 0, 0], [400, 900, 900]], dtype=float)


def pose(seed):
    return AffineTransform.exact(
        0.98 * turn(seed), offset_um=[200, 450, 500], centre_um=[30, 40, 50]
    )


def inverted(transform):
    back = np.linalg.inv(transform.matrix)
    return AffineTransform.exact(back, offset_um=transform.centre_um, centre_um=transform.offset_um)


def test_a_zoom_scan_lies_in_its_survey_and_mostly_in_one_direction_only():
    right = [judge_direction(pose(seed), ZOOM, SURVEY) for seed in range(20)]
    assert {found.share_inside for found in right} == {1.0}
    told = [found.backwards for found in right]
    assert True not in told
    assert told.count(False) >= 15
    wrong = [judge_direction(inverted(pose(seed)), ZOOM, SURVEY) for seed in range(20)]
    assert [found.backwards for found in wrong] == [told_so is False or None for told_so in told]
    assert all(found.share_if_inverted == pytest.approx(1.0) for found in wrong)
    said = [found.statement for found in wrong if found.backwards]
    assert all("it seems to run the other way" in words for words in said)


def test_it_does_not_matter_which_of_the_two_images_is_called_moving():
    away = judge_direction(inverted(pose(3)), SURVEY, ZOOM)
    assert (away.share_inside, away.backwards) == (1.0, False)


def test_two_scans_of_the_same_place_do_not_tell_the_direction():
    still = judge_direction(AffineTransform.exact(), SURVEY, SURVEY)
    assert still.backwards is None
    assert "does not tell" in still.statement


def test_a_picture_in_a_volume_is_asked_for_depth_only_where_there_is_some():
    flat = np.array([[0, 0], [50, 50]], dtype=float)
    tilted = AffineTransform.exact(turn(2), offset_um=[200, 450, 500])
    assert judge_direction(tilted, flat, SURVEY).share_inside == 1.0


def test_images_that_share_nothing_are_said_to_be_wrong():
    far = judge_direction(AffineTransform.exact(offset_um=[9e3, 0, 0]), ZOOM, SURVEY)
    assert far.share_inside == 0
    assert "do not overlap" in far.statement
