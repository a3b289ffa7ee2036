from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scalebridge.errors import ReadError
from scalebridge.io import read_bigwarp, write_bigwarp

LINES = (
    '"Pt-0","true","297.5787400201193","109.44425932190408","82.04744749848706",'
    '"206.12314685655818","143.6080611875288","45.352926843766284"\n'
    '"Pt, ""one""","false","1.0E-4","-2.5","3.0","4.0","5.0","Infinity"\n'
)


def test_x_comes_first_and_moving_before_fixed(tmp_path):
    (tmp_path / "a.csv").write_text(LINES)
    table = read_bigwarp(tmp_path / "a.csv")
    first = table.iloc[0]
    assert first["name"] == "Pt-0"
    assert bool(first["active"])
    assert (first["moving_x_um"], first["moving_z_um"]) == (297.5787400201193, 82.04744749848706)
    assert (first["fixed_x_um"], first["fixed_z_um"]) == (206.12314685655818, 45.352926843766284)


def test_a_point_that_was_not_placed_is_nan(tmp_path):
    (tmp_path / "a.csv").write_text(LINES)
    second = read_bigwarp(tmp_path / "a.csv").iloc[1]
    assert second["name"] == 'Pt, "one"'
    assert not second["active"]
    assert np.isnan(second[["fixed_x_um", "fixed_y_um", "fixed_z_um"]].to_numpy(float)).all()
    assert second["moving_x_um"] == 1e-4


def test_a_pair_with_one_point_only_never_counts(tmp_path):
    (tmp_path / "a.csv").write_text('"Pt-0","true","1","2","3","Infinity","Infinity","Infinity"\n')
    table = read_bigwarp(tmp_path / "a.csv")
    assert table["active"].tolist() == [False]
    write_bigwarp(table, tmp_path / "b.csv")
    pd.testing.assert_frame_equal(read_bigwarp(tmp_path / "b.csv"), table)


def test_a_pair_that_does_not_count_may_lack_a_place(tmp_path):
    (tmp_path / "a.csv").write_text(LINES.splitlines()[0] + "\n")
    table = read_bigwarp(tmp_path / "a.csv").astype(object).assign(active=False, moving_y_um=None)
    write_bigwarp(table, tmp_path / "b.csv")
    assert np.isnan(read_bigwarp(tmp_path / "b.csv")["moving_y_um"]).tolist() == [True]


@pytest.mark.parametrize("value", [np.nan, np.inf, None])
def test_an_active_pair_without_a_place_is_not_written(tmp_path, value):
    (tmp_path / "a.csv").write_text(LINES.splitlines()[0] + "\n")
    table = read_bigwarp(tmp_path / "a.csv").assign(moving_y_um=value)
    with pytest.raises(ValueError, match="Pt-0 has not: place it in both images"):
        write_bigwarp(table, tmp_path / "b.csv")
    assert not (tmp_path / "b.csv").exists()


def test_what_is_written_is_read_again_to_the_bit(tmp_path):
    rng = np.random.default_rng(0)
    columns = [f"{kind}_{axis}_um" for kind in ("moving", "fixed") for axis in "xyz"]
    table = pd.DataFrame(rng.normal(0, 1e3, (50, 6)), columns=columns)
    table.insert(0, "active", rng.random(50) > 0.3)
    table.insert(0, "name", [f'µ "{i}", a' for i in range(50)])
    write_bigwarp(table, tmp_path / "a.csv")
    pd.testing.assert_frame_equal(
        read_bigwarp(tmp_path / "a.csv"), table, check_exact=True, check_dtype=False
    )
    write_bigwarp(read_bigwarp(tmp_path / "a.csv"), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_everything_is_quoted_as_bigwarp_does(tmp_path):
    (tmp_path / "a.csv").write_text(LINES.splitlines()[0] + "\n")
    write_bigwarp(read_bigwarp(tmp_path / "a.csv"), tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == LINES.splitlines()[0] + "\n"


def test_flat_files_lie_in_the_plane_z_zero(tmp_path):
    (tmp_path / "a.csv").write_text('"Pt-0","true","1.0","2.0","3.0","4.0"\n')
    row = read_bigwarp(tmp_path / "a.csv").iloc[0]
    assert row[["moving_x_um", "moving_y_um", "moving_z_um"]].tolist() == [1, 2, 0]
    assert row[["fixed_x_um", "fixed_y_um", "fixed_z_um"]].tolist() == [3, 4, 0]


@pytest.mark.parametrize(("line", "words"), [
    ("name,active,mx,my,mz,fx,fy,fz", "line 2 .* expected|got 'active'"),
    ('"a","true","1","2","3"', "8 .* cells in line 2"),
    ('"a","true","1","2","3,0","4","5","6"', r"got '3,0'"),
])  # fmt: skip
def test_a_line_that_is_none_is_named(tmp_path, line, words):
    (tmp_path / "a.csv").write_text(LINES.splitlines()[0] + "\n" + line + "\n")
    with pytest.raises(ReadError, match=words):
        read_bigwarp(tmp_path / "a.csv")


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(ValueError, match="fixed_z_um"):
        write_bigwarp(pd.DataFrame({"name": ["a"]}), tmp_path / "a.csv")
