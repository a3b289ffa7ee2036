"""A bundle made on SQLite opens on PostgreSQL with every measurement equal, and goes back."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from scalebridge.errors import WorkspaceError
from scalebridge.workspace import Workspace, examine, read_bundle, write_bundle

from .test_bundle import everything, fill

pytest.importorskip("scalebridge.reports.reliability.postgres")


def test_a_bundle_goes_to_postgresql_and_back_with_every_measurement_equal(postgres, tmp_path):
    with Workspace.create(tmp_path / "specimen") as ws:
        fill(ws)
        ws.measurements.add(key="µ\u2028🔬", value=5e-324, unit="µm", parts={"a": -0.0})
        ws.calibrate("xrm", spacing_um=(1.5, 1.25, 1.1), source="ruler")
        write_bundle(ws, tmp_path / "a.zip")
        with read_bundle(tmp_path / "a.zip", tmp_path / "pg", records=postgres.address) as there:
            assert there.measurements.table().equals(ws.measurements.table())
            assert everything(there) == everything(ws)
            assert there.history().equals(ws.history())
            for image in ws.images:
                assert np.array_equal(there.images[image.name].array(), image.array())
            write_bundle(there, tmp_path / "b.zip")
            there.notes.add(text="goes on")
            assert there.state == ws.state + 1
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert examine(tmp_path / "pg", records=postgres.address).sound
    with read_bundle(tmp_path / "b.zip", tmp_path / "back") as back:
        assert everything(back) == everything(Workspace.open(tmp_path / "specimen"))


def test_a_workspace_that_the_database_knows_is_read_as_a_copy_only(postgres, tmp_path):
    with Workspace.create(tmp_path / "specimen") as ws:
        ws.notes.add(text="a")
        write_bundle(ws, tmp_path / "a.zip")
    address = postgres.address
    read_bundle(tmp_path / "a.zip", tmp_path / "one", records=address).close()
    with pytest.raises(WorkspaceError, match="--as-copy") as refused:
        read_bundle(tmp_path / "a.zip", tmp_path / "two", records=address)
    assert postgres.password not in str(refused.value)
    with read_bundle(tmp_path / "a.zip", tmp_path / "two", records=address, as_copy=True) as copy:
        assert len(copy.notes) == 1


def test_a_database_that_does_not_answer_is_told_without_its_password(postgres, tmp_path):
    with Workspace.create(tmp_path / "specimen") as ws:
        write_bundle(ws, tmp_path / "a.zip")
    closed = postgres.address.replace(f":{postgres.port}/", ":1/")
    with pytest.raises(WorkspaceError, match="records could not be written") as refused:
        read_bundle(tmp_path / "a.zip", tmp_path / "copy", records=closed)
    told = f"{refused.value} {refused.value.__cause__} {refused.value.__context__}"
    assert postgres.password not in told
    assert not (tmp_path / "copy").exists()
    shutil.rmtree(tmp_path / "specimen")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
