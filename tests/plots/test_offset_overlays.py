"""Pictures of offsets: one view, its fiducials, the ellipse of each."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import Offset
from scalebridge.plots import offset_overlay, still


def offset(name, start, *, nu=9.0, view="FIB"):
    start, target = np.array(start, float), np.array([62.0, 31.0])
    covariance = np.array([[4.0, 1.2], [1.2, 2.0]])
    return Offset(view, name, start, target - start, covariance, nu, 9 * np.eye(2))


TWO = [offset("cross 1", [20, 50]), offset("cross 2", [95, 60])]


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_the_picture_is_drawn_under_the_offsets(ground):
    image = np.random.default_rng(0).normal(100, 20, (120, 140))
    bare = still(offset_overlay(TWO, ground=ground))
    over = still(offset_overlay(TWO, image=image, spacing_um=1.0, ground=ground))
    assert bare[:8] == over[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(over) > len(bare)


def test_labels_say_the_way_and_the_ellipse_or_that_there_is_too_little_to_say():
    said = str(offset_overlay([TWO[0], offset("cross 2", [95, 60], nu=2.0)]).Labels.I.data)
    assert "cross 1: +42 µm, −19 µm ± " in said
    assert "cross 2: −33 µm, −29 µm; too few to say" in said


def test_the_picture_fills_the_panel_from_rim_to_rim():
    level = [offset("left", [20, 30]), offset("right", [95, 33])]  # a strip, so the panel is taller
    drawn = offset_overlay(level, image=np.eye(200), spacing_um=1.0)
    seen = drawn.Image.I
    low, high = sorted(drawn.opts.get("plot").kwargs["ylim"])
    rows = seen.dimension_values(1, expanded=False)
    assert rows.min() <= low + 1.0
    assert rows.max() >= high - 1.0


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="offsets of one view, got none"):
        offset_overlay([])
    with pytest.raises(ValueError, match="offsets of one view"):
        offset_overlay([*TWO, offset("cross 1", [20, 50], view="SEM")])
    with pytest.raises(ValueError, match="spacing_um needs the picture's pixel"):
        offset_overlay(TWO, image=np.zeros((5, 5)))
    with pytest.raises(ValueError, match="lies elsewhere"):
        offset_overlay(TWO, image=np.zeros((5, 5)), spacing_um=1.0, origin_um=[900, 900])
