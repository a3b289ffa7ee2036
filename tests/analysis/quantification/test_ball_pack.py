"""Balls that touch, packed at random: no overlap to speak of, contacts as in real packings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scalebridge.analysis.quantification import Medium
from scalebridge.analysis.quantification.audit import FinePhantom, audit
from scalebridge.analysis.quantification.ball_pack import BallPack, surface_of_distances
from scalebridge.analysis.quantification.rendering import Imaging


def drawn(pack: BallPack, n: int = 72, seed: int = 0) -> np.ndarray:
    return pack.field(shape=(n,) * 3, spacing_um=(0.5,) * 3, rng=np.random.default_rng(seed))


def test_the_surface_of_distances_to_a_ball_is_that_of_the_ball() -> None:
    at = np.stack(np.indices((50,) * 3), axis=-1) * 0.5 - 12.3
    inside = 10.0 - np.linalg.norm(at, axis=-1)
    for level, radius in ((0.0, 10.0), (4.0, 6.0)):
        found = surface_of_distances(inside, level=level, step_um=0.5)
        assert found == pytest.approx(4 * math.pi * radius**2 / 25**3, rel=0.02)


def test_packed_balls_touch_and_keep_most_of_their_surface() -> None:
    """Without contacts a share of 0.6 in balls has 3 x 0.6 / R; overlaps take little of it."""
    field = drawn(BallPack(4.0))
    level = float(np.quantile(field, 0.4))
    found = surface_of_distances(field, level=level, step_um=0.5)
    assert 0.9 < found * 4.0 / (3 * 0.6) < 1.0
    from scipy.ndimage import label

    balls = round(0.62 * 36**3 / (4 / 3 * math.pi * 4.0**3))
    touching, apart = (label(field > level + inner)[1] for inner in (0.0, 0.8))
    assert touching < 0.2 * balls
    assert apart > 0.9 * balls


def test_what_is_around_the_balls_is_the_other_phase_and_a_seed_gives_the_same_bits() -> None:
    balls, around = drawn(BallPack(5.0)), drawn(BallPack(5.0, are_phase=False))
    np.testing.assert_array_equal(balls, -around)
    assert np.any(drawn(BallPack(5.0), seed=1) != balls)


def test_an_audit_on_grains_draws_them_and_knows_their_crevices() -> None:
    imaging = Imaging((150.0, 50.0), (3.0, 3.0), (1.04,) * 3, 0.0)
    seen: list[FinePhantom] = []

    def truth(fine: FinePhantom) -> dict[str, float]:
        seen.append(fine)
        return {"volume_fraction": float(fine.phase.mean())}

    found = audit(
        lambda grey: {"volume_fraction": float(np.mean(grey < 100))},
        like=Medium(0.38, 0.23, 2.0), grains=BallPack(8.0, are_phase=False), imaging=imaging,
        spacing_um=(1.0,) * 3, shape=(32,) * 3, truth=truth, phantoms=2,
    )  # fmt: skip
    assert all(fine.of_distances for fine in seen)
    # overlaps of the few balls in so small a box take the rest
    assert seen[0].specific_surface == pytest.approx(3 * 0.62 / 8.0, rel=0.08)
    assert abs(found["volume_fraction"].bias) < 0.1
