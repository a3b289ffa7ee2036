"""Candidates of the coupon: ranked by what is valued, and more of the same."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.guides import candidates

from .coupons import write

RADII_UM = [6, 6, 7, 6, 7, 14, 6, 7, 7]


@pytest.fixture
def disks(coupon):
    """A picture of nine disks in a matrix, beside air; the sixth is a large one."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:240, :320].astype(float)
    picture = np.where(x > 60, 1000.0, 200.0)
    for k, radius in enumerate(RADII_UM):
        middle = 40 + 80 * (k // 3), 110 + 80 * (k % 3)
        picture[np.hypot(y - middle[0], x - middle[1]) < radius] = 3000
    noisy = np.rint(picture + 40 * rng.standard_normal(picture.shape)).astype(np.uint16)
    write(coupon, "disks", noisy, 1.0, modality="SEM")
    return coupon


def test_what_is_valued_comes_first(disks):
    large = candidates(disks, "disks", values={"size": 1})
    assert len(large.table) == len(RADII_UM)
    assert large.table["diameter_um"][0] == pytest.approx(28, rel=0.05)
    assert "ranked by size" in large.caption
    assert large.table["why"][0] == "size: better than 8 of 9"
    first = large.table.iloc[0]
    assert (first["y_um"], first["x_um"]) == pytest.approx((120, 270), abs=0.5)
    typical = candidates(disks, "disks", values={"representativeness": 1}).table
    assert typical["diameter_um"].iloc[-1] == pytest.approx(28, rel=0.05)


def test_what_is_most_like_one_is_the_next_in_size_and_brightness(disks):
    found = candidates(disks, "disks")
    assert "ranked by size, contrast and isolation" in found.caption
    first = int(found.table["candidate"][0])
    others = found.like(first)
    assert first not in set(others["candidate"])
    assert others["distance"].is_monotonic_increasing
    assert (others["like"] == first).all()
    assert len(others) == len(RADII_UM) - 1
    small = int(found.table["candidate"][found.table["diameter_um"].idxmin()])
    assert found.like(small)["diameter_um"].iloc[-1] == pytest.approx(28, rel=0.05)
    with pytest.raises(ValueError, match="example needs labels of the table"):
        found.like(10_000)


def test_what_a_picture_of_candidates_cannot_tell_is_not_valued(disks):
    with pytest.raises(ValueError, match="risk is needed to value risk"):
        candidates(disks, "disks", values={"risk": 1.0})
