"""Fiducials are paired with half of them missing, at any scale, and not where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.reports.constellation_finds import half_missing_scene, pairing_table


def test_the_scene_is_what_it_says():
    scene = half_missing_scene(3, scale=2.0)
    assert len(scene.a) == len(scene.b) == 24
    a, b = scene.a[scene.truth[:, 0]], scene.b[scene.truth[:, 1]]
    apart = [np.linalg.norm(side[1:] - side[0], axis=1) for side in (a, b)]
    np.testing.assert_allclose(apart[1], 2 * apart[0], atol=10)


def test_half_of_the_fiducials_may_be_missing():
    table = pairing_table(range(3))
    assert table["found"].tolist()[:2] == [3, 3]
    assert table["found"].tolist()[2] >= 2  # two flat pictures: 36 of 40 at full count


def test_the_scale_may_be_unknown():
    for scale in (0.2, 4.7):
        table = pairing_table(range(2), scale=scale, any_scale=True, dimensions=[(3, 3)])
        assert table["found"].tolist() == [2]


@pytest.mark.parametrize("any_scale", [False, True])
def test_fiducials_that_have_nothing_in_common_are_refused(any_scale):
    table = pairing_table([0], shared=0, any_scale=any_scale, dimensions=[(3, 3)])
    assert table["refused"].tolist() == [1]
