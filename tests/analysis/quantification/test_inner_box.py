"""The largest box inside a mask, against every box there is and against shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scalebridge.analysis.quantification import largest_box_inside


def volume_of(box) -> int:
    return math.prod(side.stop - side.start for side in box)


def by_trying_all(mask: np.ndarray) -> int:
    sums = np.zeros(tuple(n + 1 for n in mask.shape), int)
    sums[1:, 1:, 1:] = mask.cumsum(0).cumsum(1).cumsum(2)
    best = 0
    nz, ny, nx = mask.shape
    for a in range(nz):
        for b in range(a + 1, nz + 1):
            layer = sums[b] - sums[a]
            for c in range(ny):
                for d in range(c + 1, ny + 1):
                    row = layer[d] - layer[c]
                    inside = row[None, :] - row[:, None]
                    size = (
                        (b - a) * (d - c) * (np.arange(nx + 1)[None] - np.arange(nx + 1)[:, None])
                    )
                    best = max(best, int(size[(inside == size) & (size > 0)].max(initial=0)))
    return best


@pytest.mark.parametrize("seed", range(4))
def test_no_box_is_larger(seed):
    mask = np.random.default_rng(seed).random((7, 6, 8)) < 0.8
    box = largest_box_inside(mask)
    assert mask[box].all()
    assert volume_of(box) == by_trying_all(mask)


@pytest.mark.parametrize("side", [41, 201])
def test_of_a_round_plug_it_is_the_square_in_the_circle_over_the_whole_length(side):
    y, x = np.indices((side, side)) - side // 2
    mask = np.broadcast_to(y**2 + x**2 <= (side / 2) ** 2, (30, side, side))
    box = largest_box_inside(mask)
    assert mask[box].all()
    assert (box[0].start, box[0].stop) == (0, 30)
    assert volume_of(box[1:]) == pytest.approx(side**2 / 2, rel=0.06)


def test_all_and_nothing_and_a_picture():
    assert largest_box_inside(np.ones((3, 4, 5), bool)) == (slice(0, 3), slice(0, 4), slice(0, 5))
    assert largest_box_inside(np.eye(130, dtype=bool)) == (slice(0, 1), slice(0, 1))
    with pytest.raises(ValueError, match="a voxel inside, got shape"):
        largest_box_inside(np.zeros((3, 3), bool))
