"""A tenth of the counts of records under faults; the full ones run in `make validate`."""

from __future__ import annotations

import os

import pytest

from scalebridge.reports.reliability import edits, migrations, records

FULL = bool(os.environ.get("SCALEBRIDGE_FULL"))
BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


def times(full: int) -> int:
    return full if FULL else full // 10


@pytest.fixture
def address(request, database) -> str | None:
    return None if database == "sqlite" else request.getfixturevalue("postgres").address


@BOTH
def test_no_kill_loses_or_halves_what_was_acknowledged(tmp_path, address, database):
    found = records.killed_writers(times(300), seed=1, folder=tmp_path, say=print, records=address)
    assert (found["count"], found["failures"]) == (times(300), 0), found["words"]


@BOTH
def test_eight_writers_lose_nothing_to_each_other(tmp_path, address, database):
    found = records.many_writers(times(500), seed=0, folder=tmp_path, say=print, records=address)
    assert (found["count"], found["failures"]) == (8 * times(500), 0), found["words"]


@BOTH
def test_no_edit_is_overwritten_in_silence(tmp_path, address, database):
    found = edits.conflicting_edits(
        times(1000), seed=2, folder=tmp_path, say=print, records=address
    )
    assert (found["count"], found["failures"]) == (times(1000), 0), found["words"]


def test_a_restart_of_the_database_loses_and_doubles_nothing(tmp_path, postgres):
    found = records.restarted_database(
        times(40), seed=3, folder=tmp_path, say=print, server=postgres
    )
    assert (found["count"], found["failures"]) == (times(40), 0), found["words"]


def test_a_migration_that_is_killed_leaves_everything_in_one_place(tmp_path, postgres):
    found = migrations.killed_migrations(
        times(100), seed=4, folder=tmp_path, say=print, records=postgres.address
    )
    assert (found["count"], found["failures"]) == (times(100), 0), found["words"]


def test_a_count_sees_what_is_lost_halved_and_doubled(tmp_path):
    """The counts above could not fail if this did not."""
    from scalebridge.workspace import Workspace

    told = tmp_path / "w.txt"
    told.write_text("+ w-1 2\n= w-1 2\n+ w-2 2\n= w-2 2\n+ w-3 1\n* w-3 1\n+ cut")
    with Workspace.create(tmp_path / "place") as ws:
        ws.notes.add(id="w", text="w")
        ws.notes.add(id="w-1-0", text="half")
    lost, half, under_way, done = records._missing(tmp_path / "place", None, [told])
    assert (lost, half, under_way, done) == (1, 1, 1, 2)
