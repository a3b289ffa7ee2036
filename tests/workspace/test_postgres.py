"""What only PostgreSQL can do to records: refuse a login, restart, end a session, go away."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from scalebridge.cli import app
from scalebridge.errors import MissingPackage, Unanswered, Unsaved, WorkspaceError
from scalebridge.workspace import Workspace, examine
from scalebridge.workspace import records as records_module
from scalebridge.workspace.engine import make_engine
from scalebridge.workspace.manifest import FORMAT, read_manifest
from scalebridge.workspace.records_address import read_address
from scalebridge.workspace.upgrades import upgrade


@pytest.fixture
def address(postgres, monkeypatch) -> str:
    monkeypatch.setenv("SCALEBRIDGE_RECORDS", postgres.address)
    return postgres.address


@pytest.fixture
def shared(folder, address):
    with Workspace.create(folder, records=address) as ws:
        yield ws


def session(postgres) -> psycopg.Connection:
    url = read_address(postgres.address)
    return psycopg.connect(
        host=url.host, port=url.port, user=url.username, password=url.password,
        dbname=url.database, autocommit=True,
    )  # fmt: skip


def end_sessions(postgres) -> None:
    with session(postgres) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'scalebridge'"
        )


def test_the_server_is_set_to_keep_what_was_committed(shared, postgres):
    with shared.records.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in (
                "fsync", "synchronous_commit", "lock_timeout", "application_name",
                "server_encoding", "transaction_isolation",
            )
        }  # fmt: skip
    assert found == {
        "fsync": "on",
        "synchronous_commit": "on",
        "lock_timeout": "30s",
        "application_name": "scalebridge",
        "server_encoding": "UTF8",
        "transaction_isolation": "read committed",
    }


def test_a_setting_that_would_lose_commits_is_set_right_and_a_stricter_one_stays(address):
    for given, wanted in {"off": "on", "remote_apply": "remote_apply"}.items():
        options = quote(f"-csynchronous_commit={given}", safe="")
        engine = make_engine(f"{address}?options={options}")
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == wanted
        engine.dispose()


def test_a_session_that_was_ended_is_begun_again(shared, postgres):
    shared.notes.add(text="a")
    end_sessions(postgres)
    assert len(shared.notes) == 1
    end_sessions(postgres)
    shared.notes.add(text="b")
    assert shared.state == 2


def test_a_transaction_whose_session_is_ended_writes_nothing_and_says_so(shared, postgres):
    def write() -> None:
        with shared.transaction():
            shared.notes.add(id="half", text="half")
            end_sessions(postgres)
            shared.notes.add(text="more")

    with pytest.raises(Unsaved, match="stand as they were"):
        write()
    assert len(shared.notes) == 0
    with shared.transaction():
        shared.notes.add(id="half", text="half")
    assert shared.state == 1


class Cut:
    """Ends the session at the commit: before it is made, or when it was made and not answered."""

    def __init__(self, ws: Workspace, *, made: bool, postgres: Any) -> None:
        self.made, self.postgres, self.cuts = made, postgres, 0
        dialect: Any = ws.records.engine.dialect
        self.commit = dialect.do_commit
        dialect.do_commit = self.cut

    def cut(self, connection: Any) -> None:
        self.cuts += 1
        if self.cuts > 1:
            self.commit(connection)
            return
        if self.made:
            self.commit(connection)
        end_sessions(self.postgres)
        connection.execute("SELECT 1")


@pytest.mark.parametrize("made", [True, False])
def test_a_commit_without_an_answer_is_looked_for(shared, postgres, made):
    done: list[str] = []
    cut = Cut(shared, made=made, postgres=postgres)

    def write() -> None:
        with shared.transaction():
            shared.notes.add(text="a")
            shared.notes.add(text="b")
            shared.records.after_commit(lambda: done.append("after"))

    if made:
        write()
    else:
        with pytest.raises(Unsaved, match="stand as they were"):
            write()
    assert cut.cuts >= 1
    assert (len(shared.notes), len(done)) == ((2, 1) if made else (0, 0))


def test_a_commit_that_nobody_can_tell_of_says_that(shared, postgres, monkeypatch):
    Cut(shared, made=True, postgres=postgres)
    monkeypatch.setattr(records_module, "PATIENCE_S", 0.3)

    def gone(*_: Any) -> Any:
        raise sa.exc.OperationalError("SELECT", {}, psycopg.OperationalError("gone"))

    with monkeypatch.context() as away:
        away.setattr(type(shared.records), "_connected_to_write", away_after_one(shared, gone))
        with pytest.raises(Unanswered, match=r"all of them are, or none.*same id and edit_id"):
            shared.notes.add(id="n", text="a")
    assert shared.notes.add(id="n", text="a").version == 1
    assert shared.state == 1


def away_after_one(ws: Workspace, gone: Any) -> Any:
    real, calls = type(ws.records)._connected_to_write, [0]

    def connect(records: Any) -> Any:
        calls[0] += 1
        return real(records) if calls[0] == 1 else gone()

    return connect


def test_a_writer_that_waits_too_long_is_told(shared, postgres):
    with session(postgres) as other, other.transaction():
        other.execute("SELECT 1 FROM scalebridge_workspaces WHERE id = %s FOR UPDATE", [shared.id])
        with shared.records.engine.connect() as connection:  # what the wait is set to
            connection.exec_driver_sql("SET lock_timeout TO '200ms'")
            connection.commit()
        with pytest.raises(Unsaved, match=r"lock timeout.*wait for it and try again"):
            shared.notes.add(text="a")
    shared.notes.add(text="a")
    assert shared.state == 1


def test_writers_in_many_processes_never_share_a_state(shared, folder):
    script = (
        "import sys\n"
        "from scalebridge.workspace import Workspace\n"
        "with Workspace.open(sys.argv[1]) as ws:\n"
        "    for i in range(10): ws.notes.add(text=sys.argv[2] + str(i))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(folder), str(number)])
        for number in range(2)
    ]
    assert [child.wait() for child in running] == [0, 0]
    assert sorted(shared.history()["state"]) == list(range(1, 21))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_forked_process_writes_over_a_connection_of_its_own(tmp_path, request, database):
    address = None if database == "sqlite" else request.getfixturevalue("postgres").address
    with Workspace.create(tmp_path / "forked", records=address) as ws:
        ws.notes.add(text="parent")
        child = forked(ws)
        child.join(30.0)
        assert child.exitcode == 0
        ws.notes.add(text="parent again")
        assert [note.text for note in ws.notes] == ["parent", "child", "parent again"]


def test_a_fork_inside_a_transaction_does_not_write_into_it(shared):
    with shared.transaction():
        shared.notes.add(text="parent")
        child = forked(shared)
        child.join(1.0)  # it waits in line
        assert child.is_alive()
        shared.notes.add(text="parent")
    child.join(30.0)
    assert child.exitcode == 0
    assert list(shared.history()["state"]) == [1, 1, 2]


def forked(ws: Workspace) -> Any:
    child = multiprocessing.get_context("fork").Process(target=_in_the_child, args=(ws,))
    child.start()
    return child


def _in_the_child(ws: Workspace) -> None:
    ws.notes.add(text="child")
    os._exit(0)


def test_two_make_their_workspaces_in_one_empty_database_at_once(postgres, tmp_path):
    with session(postgres) as admin:
        admin.execute("CREATE DATABASE fresh")
    address = postgres.address.replace("/specimens", "/fresh")
    troubles: list[BaseException] = []

    def create(number: int) -> None:
        try:
            Workspace.create(tmp_path / str(number), records=address).close()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles


def test_a_database_that_cannot_keep_every_letter_is_refused(postgres, tmp_path):
    with session(postgres) as admin:
        admin.execute(
            "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc"
            " TEMPLATE template0"
        )
    address = postgres.address.replace("/specimens", "/latin")
    with pytest.raises(WorkspaceError, match=r"encoding LATIN1.*--encoding=UTF8"):
        Workspace.create(tmp_path / "latin", records=address)
    assert not (tmp_path / "latin").exists()


# -- addresses and secrets ---------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_usual_spelling_of_the_address_is_taken(postgres, tmp_path, scheme):
    address = postgres.address.replace("postgresql:", f"{scheme}:")
    with Workspace.create(tmp_path / "w", records=f" {address}\n") as ws:
        ws.notes.add(text="a")
    with Workspace.open(tmp_path / "w", records=read_address(address)) as ws:
        assert len(ws.notes) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://ada:hunter2-secret@ss@db/scale",
        "postgresql://ada:hunter2-secret@db:port/scale",
        "hunter2-secret",
        "mysql://ada:hunter2-secret@db/scale",
        "postgresql+psycopg2://ada:hunter2-secret@db/scale",
        "postgresql://ada@db/scale?sslpassword=hunter2-secret",
        "sqlite+aiosqlite:///hunter2-secret.db",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"records|address of a database") as caught:
        Workspace.create(tmp_path / "w", records=wrong)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert not (tmp_path / "w").exists()


def told(error: BaseException) -> str:
    """All that a traceback with every local variable says."""
    lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    ours = [line for line in lines if __file__ not in line]  # the test itself knows the secret
    return "".join(ours) + repr(error) + str(error)


@pytest.mark.parametrize("fault", ["password", "database", "port", "host", "option"])
def test_no_secret_of_the_address_is_told_where_the_database_refuses(
    postgres, tmp_path, monkeypatch, fault
):
    url = read_address(postgres.address)
    secret = "hunter2-pässword/@%"
    wrong = {
        "password": url.set(password=secret),
        "database": url.set(database="nowhere"),
        "port": url.set(port=1),
        "host": url.set(host="127.0.0.1.invalid"),
        "option": url.update_query_dict({"sslmode": "verify-full"}),
    }[fault]
    address = wrong.render_as_string(hide_password=False)
    with Workspace.create(tmp_path / "w", records=postgres.address) as ws:
        text = (tmp_path / "w" / "workspace.toml").read_text()
        assert postgres.password not in text + repr(ws) + repr(ws.records.engine)
        assert postgres.password not in str(ws.records.engine.url) + repr(ws.records.engine.url)
    for refused in (
        lambda: Workspace.create(tmp_path / "new", records=address),
        lambda: Workspace.open(tmp_path / "w", records=address),
    ):
        with pytest.raises(WorkspaceError) as caught:
            refused()
        words = told(caught.value)
        for hidden in (secret, quote(secret, safe=""), postgres.password, repr(secret)[1:-1]):
            assert hidden not in words
    assert not (tmp_path / "new").exists()


def test_a_password_among_the_options_is_not_printed(postgres):
    url = read_address(postgres.address)
    secret = quote(postgres.password, safe="")
    bare = f"postgresql://{url.username}@{url.host}:{url.port}/{url.database}?password={secret}"
    engine = make_engine(bare)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    assert postgres.password not in repr(engine) + str(engine.url)
    assert secret not in repr(engine) + str(engine.url)


def test_an_error_in_a_statement_shows_no_value_of_a_record(shared, postgres):
    with session(postgres) as admin:
        admin.execute(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no more rows'; END $$"
        )
        admin.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON scalebridge_records FOR EACH ROW"
            f" WHEN (NEW.workspace = '{shared.id}') EXECUTE FUNCTION refuse()"
        )
        try:
            with pytest.raises(Unsaved, match="no more rows") as caught:
                shared.notes.add(text="".join(["priv", "ate"]))
        finally:
            admin.execute("DROP TRIGGER refuse ON scalebridge_records")
    assert "private" not in "".join(traceback.format_exception(caught.value))
    assert shared.state == 0


def test_records_that_the_database_may_only_read_are_not_half_written(shared, postgres, address):
    options = quote("-cdefault_transaction_read_only=on", safe="")
    with Workspace.open(shared.path, records=f"{address}?options={options}") as ws:
        assert len(ws.notes) == 0
        with pytest.raises(Unsaved, match="read-only transaction"):
            ws.notes.add(text="a")


def test_without_the_package_the_words_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPackage, match=r"scalebridge\[postgres\]"):
        make_engine("postgresql://ada@db/scale")


def test_a_workspace_in_a_database_opens_by_the_variable_or_says_what_it_needs(
    shared, address, monkeypatch
):
    assert Workspace.open(shared.path).state == 0
    monkeypatch.delenv("SCALEBRIDGE_RECORDS")
    with pytest.raises(WorkspaceError, match="set SCALEBRIDGE_RECORDS"):
        Workspace.open(shared.path)


def test_the_variable_says_nothing_of_a_workspace_with_records_in_its_folder(tmp_path, address):
    with Workspace.create(tmp_path / "own") as ws:
        ws.notes.add(text="a")
    with Workspace.open(tmp_path / "own") as ws:
        assert ws.records.engine.dialect.name == "sqlite"
    with pytest.raises(WorkspaceError, match="open it without records="):
        Workspace.open(tmp_path / "own", records=address)


def test_the_records_of_another_database_are_not_taken_for_these(shared, postgres):
    with session(postgres) as admin:
        admin.execute("CREATE DATABASE other")
    address = postgres.address.replace("/specimens", "/other")
    with pytest.raises(WorkspaceError, match=r"scalebridge_workspaces.*does not exist"):
        Workspace.open(shared.path, records=address)
    Workspace.create(shared.path.parent / "another", records=address).close()
    with pytest.raises(WorkspaceError, match="got those of another one"):
        Workspace.open(shared.path, records=address)


def test_a_database_that_is_away_is_an_error_within_seconds(shared):
    address = read_address("postgresql://ada:lovelace@127.0.0.1:1/scale")
    began = time.monotonic()
    with pytest.raises(WorkspaceError, match="cannot be read"):
        Workspace.open(Path(shared.path), records=address)
    assert time.monotonic() - began < 5


def test_an_older_format_in_a_database_is_left_alone(shared):
    with pytest.raises(WorkspaceError, match=r"does not upgrade them.*nothing was changed"):
        upgrade(shared.path, steps={FORMAT: lambda where: None}, to=FORMAT + 1)
    assert read_manifest(shared.path).format == FORMAT


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_more_threads_than_connections_are_told_so(tmp_path, request, database, monkeypatch):
    address = None if database == "sqlite" else request.getfixturevalue("postgres").address
    with Workspace.create(tmp_path / "w", records=address) as ws:
        pool: Any = ws.records.engine.pool
        monkeypatch.setattr(pool, "_timeout", 0.05)
        held = [ws.records.engine.connect() for _ in range(pool.size() + pool._max_overflow)]
        with pytest.raises(Unsaved, match="too many threads"):
            ws.notes.add(text="a")
        with pytest.raises(WorkspaceError, match="too many threads"):
            len(ws.notes)
        for connection in held:
            connection.close()
        ws.notes.add(text="a")


def test_a_server_without_a_place_for_one_more_is_told_so(postgres, tmp_path):
    with session(postgres) as admin:
        admin.execute("CREATE ROLE guest LOGIN PASSWORD 'guest-pass' CONNECTION LIMIT 0")
    url = read_address(postgres.address).set(username="guest", password="guest-pass")
    with pytest.raises(WorkspaceError, match="too many connections") as caught:
        Workspace.create(tmp_path / "w", records=url)
    assert "guest-pass" not in told(caught.value)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_doctor_warns_of_a_server_that_may_lose_what_it_acknowledged(shared, postgres, name):
    assert examine(shared.path).verdict() == "everything is as it was recorded"
    with session(postgres) as admin:
        admin.execute(f"ALTER SYSTEM SET {name} = off")
        admin.execute("SELECT pg_reload_conf()")
    try:
        time.sleep(0.5)
        shared.records.engine.dispose()
        found = examine(shared.path)
        assert found.sound
        assert found.verdict() == "everything is as it was recorded; 1 warning"
        [warning] = found.table().query("kind == 'warning'").itertuples()
        assert f"{name} is off: " in warning.found
        assert f"set {name} = on" in warning.to_do
        assert postgres.password not in str(found)
        said = CliRunner().invoke(app, ["doctor", str(shared.path)])
        assert said.exit_code == 0
        assert f"warning: records, PostgreSQL setting {name}: {name} is off" in said.output
    finally:
        with session(postgres) as admin:
            admin.execute(f"ALTER SYSTEM RESET {name}")
            admin.execute("SELECT pg_reload_conf()")
