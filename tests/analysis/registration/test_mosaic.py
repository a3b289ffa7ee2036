"""Tiles cut from one scene with errors of the stage go back where they were cut."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.registration.mosaic import stitch
from scalebridge.errors import Degenerate


def cut(seed, *, grid=3, size=120, step=80, error=3):
    """Tiles of a scene whose stage errs by whole pixels, with noise and uneven light."""
    rng = np.random.default_rng(seed)
    side = step * (grid - 1) + size + 20
    scene = gaussian_filter(rng.normal(size=(side, side)), 2)
    scene /= scene.std()
    light = 1 + 0.06 * np.linspace(-1, 1, size)[None, :]
    tiles, truth, nominal = [], [], []
    for row in range(grid):
        for column in range(grid):
            place = np.array([10 + step * row, 10 + step * column])
            true = place + rng.integers(-error, error + 1, 2)
            tile = scene[true[0] : true[0] + size, true[1] : true[1] + size]
            tiles.append(tile * light + 0.1 * rng.normal(size=(size, size)))
            truth.append(true)
            nominal.append(place)
    return np.array(tiles), np.array(truth, float), np.array(nominal, float)


def test_tiles_go_back_and_errors_hold():
    inside = []
    for seed in range(3):
        tiles, truth, nominal = cut(seed)
        found = stitch(tiles, nominal_um=nominal * 0.5, spacing_um=(0.5, 0.5))
        off = found.position_um / 0.5 - truth
        off -= off.mean(axis=0)
        assert np.abs(off).max() < 0.1
        inside.append(np.abs(off) < 1.96 * found.sigma_um / 0.5)
        assert found.dof > 0
        assert found.p > 1e-4
    assert np.mean(inside) > 0.85


def test_a_tile_that_was_moved_opens_the_loops():
    tiles, _, nominal = cut(1)
    tiles[4] = np.vstack([tiles[4][:60], np.roll(tiles[4][60:], 2, axis=1)])
    found = stitch(tiles, nominal_um=nominal, spacing_um=(1, 1))
    assert found.p < 0.01
    assert "LOOPS DO NOT CLOSE" in found.statement


def test_tiles_in_a_row_make_no_loop_and_islands_are_refused():
    tiles, _, nominal = cut(2)
    row = stitch(tiles[:3], nominal_um=nominal[:3], spacing_um=(1, 1))
    assert row.dof == 0
    assert "no loop" in row.statement
    with pytest.raises(Degenerate, match="in one piece"):
        stitch(tiles[[0, 2]], nominal_um=nominal[[0, 2]], spacing_um=(1, 1))
    with pytest.raises(ValueError, match="nominal_um"):
        stitch(tiles, nominal_um=nominal[:2], spacing_um=(1, 1))
