from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from scalebridge import SliceExplorer
from scalebridge.widgets import slice_sheet

sys.path.insert(0, str(Path(__file__).parent))
from specimens import beads


def test_marks_stand_on_the_panel_of_their_name_and_on_no_other(tmp_path: Path) -> None:
    with beads(tmp_path) as ws:
        views = {name: SliceExplorer(ws, [name]) for name in ("survey", "fine")}
        colour = (255, 0, 0, 255)

        def cross(marks, plane):
            marks.line([(0, 0), marks.size], color=colour, width=4)

        plain, marked = (
            np.asarray(slice_sheet(views, columns=2, width_px=600, marks=given)).astype(int)
            for given in (None, {"fine": cross})
        )
        differs = np.abs(marked - plain).max(axis=2) > 60
        assert not differs[:, :300].any()
        assert differs[:, 300:].any()
        with pytest.raises(ValueError, match=r"views, \['survey', 'fine'\], got \['fin'\]"):
            slice_sheet(views, marks={"fin": cross})
