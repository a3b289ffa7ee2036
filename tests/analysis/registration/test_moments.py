"""A specimen that was mounted anew, turned by any angle, is found from its outline."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from scalebridge.analysis.registration import GreyImage, register, starts_by_moments
from scalebridge.errors import Degenerate


def block():
    """A crooked block with an inside of its own."""
    grey = np.zeros((48, 64, 80))
    grey[14:34, 12:50, 14:26] = 1.0
    grey[14:24, 12:22, 26:66] = 1.0
    inside = 1 + 0.3 * gaussian_filter(np.random.default_rng(0).normal(size=grey.shape), 2) * 8
    return gaussian_filter(grey, 0.8) * inside.clip(0.4, 2)


@pytest.mark.parametrize("seed", range(3))
def test_a_volume_turned_by_any_angle_begins_near_and_ends_right(seed):
    grey, rng = block(), np.random.default_rng(seed)
    turn = Rotation.random(random_state=seed).as_matrix()
    middle = np.array([24.0, 31, 36])
    side = np.stack(np.indices((90, 90, 90)), axis=-1).reshape(-1, 3) - 44.5
    there = side @ turn.T + middle
    seen = map_coordinates(grey, there.T, order=1).reshape(90, 90, 90)
    moving = GreyImage(np.sqrt(seen) + 0.03 * rng.normal(size=seen.shape), [1, 1, 1])
    fixed = GreyImage(grey + 0.03 * rng.normal(size=grey.shape), [1, 1, 1])
    starts = starts_by_moments(fixed, moving)
    assert len(starts) == 4
    apart = Rotation.from_matrix(starts[0].matrix @ turn.T).magnitude()
    assert np.degrees(apart) < 5
    found = register(fixed, moving, start=starts[0], reach_deg=8, uncertainty=None).transform
    places = rng.uniform(25, 65, (20, 3))
    off = found.apply(places) - ((places - 44.5) @ turn.T + middle)
    assert np.linalg.norm(off, axis=1).max() < 0.3


def test_what_is_round_or_not_there_is_refused():
    y, x = np.indices((40, 40)) - 19.5
    ball = GreyImage(1.0 * (np.hypot(y, x) < 10), [1, 1])
    with pytest.raises(Degenerate, match="as wide along two of its axes"):
        starts_by_moments(ball, ball)
    with pytest.raises(Degenerate, match="no specimen is seen above a grey value of 5"):
        starts_by_moments(ball, ball, levels=[5, 5])
    with pytest.raises(ValueError, match="like dimensions, got 2-D in 3-D"):
        starts_by_moments(GreyImage(block(), [1, 1, 1]), ball)
