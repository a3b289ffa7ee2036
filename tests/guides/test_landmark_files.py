"""Landmarks from BigWarp's files: right sides, right units, and nothing written twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.errors import Uncalibrated
from scalebridge.guides import import_landmarks

ROWS = """\
"a","true","10.0","20.0","30.0","1.0","2.0","3.0"
"b","false","80.0","70.0","60.0","8.0","7.0","6.0"
"c","true","40.0","40.0","40.0","Infinity","Infinity","Infinity"
"""


def put(ws: Workspace, name: str, *, spacing_um: float | None) -> None:
    spacing = None if spacing_um is None else (spacing_um,) * 3
    grid = np.zeros((10, 10, 10), np.uint8)
    ws.images.write(
        name,
        shape=grid.shape,
        dtype="uint8",
        axes="zyx",
        blocks=[((slice(None),) * 3, grid)],
        spacing_um=spacing,
        spacing_source="made" if spacing else None,
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "specimen") as made:
        put(made, "coarse", spacing_um=10.0)
        put(made, "fine", spacing_um=1.0)
        put(made, "bare", spacing_um=None)
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "landmarks.csv"
    path.write_text(ROWS)
    return path


def test_pairs_come_in_by_name_with_their_places_and_switches(ws: Workspace, file: Path) -> None:
    a, b = import_landmarks(ws, file, moving="coarse", fixed="fine")
    assert a.moving == {"z_um": 30.0, "y_um": 20.0, "x_um": 10.0}
    assert a.fixed == {"z_um": 3.0, "y_um": 2.0, "x_um": 1.0}
    assert (a.name, a.active, b.active) == ("a", True, False)
    assert a.note == "from landmarks.csv"
    assert len(ws.landmark_arrays("coarse", "fine").moving_um) == 1


def test_a_file_brought_in_again_writes_nothing(ws: Workspace, file: Path) -> None:
    first = import_landmarks(ws, file, moving="coarse", fixed="fine")
    state = ws.state
    again = import_landmarks(ws, file, moving="coarse", fixed="fine")
    assert [(r.id, r.version) for r in again] == [(r.id, r.version) for r in first]
    assert ws.state == state


def test_swapped_sides_are_refused_and_nothing_is_written(ws: Workspace, file: Path) -> None:
    with pytest.raises(ValueError, match="a lies at x, y, z = 10, 20, 30 µm, outside fine"):
        import_landmarks(ws, file, moving="fine", fixed="coarse")
    assert len(ws.landmarks) == 0


def test_a_pair_that_somebody_moved_is_not_overwritten(ws: Workspace, file: Path) -> None:
    import_landmarks(ws, file, moving="coarse", fixed="fine")
    ws.landmarks.edit("a", version=1, moving={"z_um": 31.0, "y_um": 20.0, "x_um": 10.0})
    with pytest.raises(ValueError, match=r"landmark a of the file lies at .* but tester has it at"):
        import_landmarks(ws, file, moving="coarse", fixed="fine")


def test_an_image_without_a_voxel_size_takes_no_landmarks(ws: Workspace, file: Path) -> None:
    with pytest.raises(Uncalibrated, match="'bare' has no voxel size"):
        import_landmarks(ws, file, moving="coarse", fixed="bare")
