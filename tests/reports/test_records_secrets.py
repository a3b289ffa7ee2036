"""The password of a group's database reaches the kernel, and nothing that a run leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from scalebridge import Workspace
from scalebridge.cli import app
from scalebridge.reports import run_workspaces
from scalebridge.reports.redaction import Secrets, redacted

TALK = """\
import os, logging
print(os.environ["SCALEBRIDGE_RECORDS"], ws.records.engine, ws, vars(ws.records))
logging.getLogger().error("records at %s", os.environ["SCALEBRIDGE_RECORDS"])
url = ws.records.engine.url
display(Text(f"the password is {url.password}"))
url, url.password, url.render_as_string(hide_password=False)
"""
DECIDE = "ws.notes.add(text='reached'); record_measurements(ws, [])"
FAIL = """\
from sqlalchemy import create_engine
%xmode Verbose
Workspace.open(workspace, records=url.set(password="wr0ng-" + url.password))
"""


@pytest.fixture
def shared(postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCALEBRIDGE_RECORDS", postgres.address)
    place = tmp_path / "specimen"
    with Workspace.create(place, records=postgres.address) as ws:
        ws.notes.add(text="polished")
    return place


def left_behind(*folders: Path) -> Iterator[tuple[Path, str]]:
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        yield path, path.read_bytes().decode("utf-8", "replace")


def spellings(password: str) -> set[str]:
    return {password.split("/")[0], password[-8:]}


def test_a_headless_run_on_postgresql_leaves_its_password_nowhere(
    shared, postgres, write_template, tmp_path
):
    path = write_template("10_talk", TALK, DECIDE, FAIL)
    batch = run_workspaces([shared], output=tmp_path / "out", templates=[path])
    failure = batch.specimens[0].results[0].failure
    assert failure is not None
    assert failure.name == "WorkspaceError"
    assert "password authentication failed" in failure.message
    with Workspace.open(shared) as ws:
        (run,) = ws.runs
        table = str(ws.history().to_dict()) + repr(run)
    notebook = (tmp_path / "out" / "specimen" / "10_talk.ipynb").read_text()
    assert "postgresql+psycopg://" in notebook
    for hidden in spellings(postgres.password):
        assert hidden not in table
        for file, told in left_behind(tmp_path / "out", shared):
            assert hidden not in told, f"{hidden} in {file}"


def test_a_wrong_password_is_told_without_it_by_every_command(
    shared, postgres, write_template, tmp_path, monkeypatch
):
    wrong = "hunter2-" + postgres.password[::-1]
    address = postgres.address.replace(quote(postgres.password, safe=""), quote(wrong, safe=""))
    monkeypatch.setenv("SCALEBRIDGE_RECORDS", address)
    path = write_template("10_talk")
    out = str(tmp_path / "out")
    for words in (
        ["info", str(shared)],
        ["run", str(shared), "--template", str(path), "--output", out],
        ["report", str(shared), "--output", f"{out}/r.html"],
        ["migrate", str(shared), "--to", "sqlite"],
    ):
        said = CliRunner().invoke(app, words)
        assert said.exit_code != 0
        told = said.output + repr(said.exception) + str(said.exception)
        assert "authentication failed" in told, words
        for hidden in spellings(wrong):
            assert hidden not in told
    for hidden in spellings(wrong):
        assert not any(hidden in told for _, told in left_behind(tmp_path / "out", shared))


def test_the_password_of_the_records_is_hidden_wherever_it_is_printed(monkeypatch):
    monkeypatch.setenv("SCALEBRIDGE_RECORDS", "postgresql://ada:love%20lace@db/scale")
    monkeypatch.setenv("PGPASSWORD", "babbage-1")
    for text in ("it is love lace", "it is love%20lace", "{'password': 'love lace'}", "babbage-1"):
        for hidden in (redacted(text), Secrets().hide(text), Secrets.among({}).blot(text)):
            assert "lace" not in hidden
            assert "babbage" not in hidden
