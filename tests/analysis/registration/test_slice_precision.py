"""What is stated of a place is how far places stray, also where few parts of a picture tell it."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.distributions import student
from scalebridge.analysis.registration.plane.precision import covariance_of
from scalebridge.errors import Degenerate

REPEATS = 300


class Straight:
    """Pulls that are straight lines: the summit is where least squares puts it."""

    def __init__(self, told: np.ndarray, rng: np.random.Generator) -> None:
        """``told`` (parts, p): how much each part tells of each parameter."""
        self.units = np.ones(told.shape[1])
        self.own = np.einsum("bi,ij->bij", told, np.eye(told.shape[1]))
        noise = np.sqrt(told) * rng.standard_normal(told.shape)
        self.summit = noise.sum(axis=0) / told.sum(axis=0)
        self._pulls = noise - np.einsum("bij,j->bi", self.own, self.summit)

    def scores(self, steps: np.ndarray) -> tuple[None, np.ndarray]:
        return None, self._pulls - np.einsum("bij,j->bi", self.own, steps)


def covered(told: np.ndarray, *, left_out: bool) -> np.ndarray:
    rng, inside = np.random.default_rng(0), []
    for _ in range(REPEATS):
        climb = Straight(told, rng)
        covariance, nu = covariance_of(climb, left_out=left_out)
        far = student.ppf(0.975, nu) * np.sqrt(np.diag(covariance))
        inside.append(np.abs(climb.summit) < far)
    return np.mean(inside, axis=0)


def test_places_told_by_few_parts_are_covered_and_the_plain_scatter_covers_too_seldom():
    told = np.full((36, 3), 0.02)
    told[[3, 17], 0] = 1.0  # two features tell the first parameter
    told[[4, 20, 30], 1] = 1.0
    told[:, 2] = 1.0
    assert covered(told, left_out=True) == pytest.approx([0.95] * 3, abs=0.045)
    assert covered(told, left_out=False)[0] < 0.9


def test_equal_parts_give_their_number_of_degrees_of_freedom():
    found = [
        covariance_of(Straight(np.ones((60, 4)), np.random.default_rng(seed))) for seed in range(40)
    ]
    assert np.mean([nu for _, nu in found]) == pytest.approx(60, rel=0.15)
    variance = np.mean([np.diag(covariance) for covariance, _ in found])
    assert variance == pytest.approx(1 / 60, rel=0.1)


def test_a_parameter_that_nothing_tells_is_refused():
    told = np.ones((20, 2))
    told[:, 1] = 1e-9
    with pytest.raises(Degenerate, match="fall in every direction"):
        covariance_of(Straight(told, np.random.default_rng(0)))
    with pytest.raises(Degenerate, match="more parts of the picture than the 2 parameters"):
        covariance_of(Straight(np.ones((2, 2)), np.random.default_rng(0)))
