"""Faces of a made cut: their distances lie in their intervals; `make validate` counts 200 faces."""

from __future__ import annotations

import json

from scalebridge.reports.face_finds import face_table, find_faces


def test_distances_of_faces_lie_in_their_intervals():
    rows = find_faces(4, distances_um=(26.0,))
    assert json.loads(json.dumps(rows)) == rows
    assert [row["found"] for row in rows] == [True]
    for row in rows:
        assert abs(row["error_um"]) < row["half95_um"] < 3.0
        assert abs(row["found_error_um"]) < row["found_half95_um"] < 3.0
        assert row["half95_um"] < row["found_half95_um"]


def test_faces_that_were_not_found_have_no_interval():
    held = {"error_um": 0.1, "half95_um": 0.2, "found_error_um": -0.4, "found_half95_um": 0.3}
    rows = [{"found": True, **held}, {"found": True, **held, "found_error_um": 0.1}]
    table = face_table([*rows, {"found": False}]).set_index("feature")
    assert table.loc["its true place", ["faces", "found", "inside"]].tolist() == [3, 2, 2]
    assert table.loc["where it was found", "inside"] == 1
