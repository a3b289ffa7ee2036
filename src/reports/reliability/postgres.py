"""A PostgreSQL of one's own, for as long as a count or a test takes."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from ...errors import ScalebridgeError

#: Letters that an address has to spell otherwise, so that spelling is tried with every test.
_ODD = "/@ %:"
_DATABASE = "specimens"
_LOGIN = "scale"
_FOLDERS = Path("/usr/lib/postgresql")


class NoPostgres(ScalebridgeError):
    """PostgreSQL cannot be started on this machine."""


class PostgresServer:
    """A new cluster with one database: password login, fsync on, this machine only.

    Parameters
    ----------
    folder : pathlib.Path
        Empty; the login that runs the server must be able to reach it.

    Attributes
    ----------
    password : str
    port : int
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.password = secrets.token_hex(8) + _ODD
        self.port = _free_port()
        self._programs = find_programs()
        self._as = _login_prefix()
        self._data = folder / "data"

    @property
    def address(self) -> str:
        """What ``records=`` takes."""
        login = f"{_LOGIN}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{self.port}/{_DATABASE}"

    def make(self) -> None:
        """Make the cluster and start it, with an empty database."""
        self._data.mkdir()
        self._data.chmod(0o700)
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password + "\n", encoding="utf-8")
        if self._as:
            for path in (self.folder, self._data, secret):
                shutil.chown(path, "postgres", "postgres")
        self._run(
            "initdb",
            *("-D", str(self._data), "-U", _LOGIN, "--pwfile", str(secret), "--no-sync"),
            # letters in the order of a language, as most servers have them
            *("--auth=scram-sha-256", "-E", "UTF8", "--locale=C", *self._order()),
        )
        secret.unlink()
        self.start()
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=_LOGIN, password=self.password,
            dbname="postgres", autocommit=True,
        ) as connection:  # fmt: skip
            connection.execute(f"CREATE DATABASE {_DATABASE}")

    def _order(self) -> tuple[str, ...]:
        with_icu = b"locale-provider" in self._run("initdb", "--help").stdout
        return ("--locale-provider=icu", "--icu-locale=en-US") if with_icu else ()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c max_connections=200 "
            f"-c unix_socket_directories='' -c shared_buffers=32MB"
        )
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-w", "-o", options, "start")

    def restart(self, mode: Literal["fast", "immediate"]) -> None:
        """Restart it: ``fast`` ends every session, ``immediate`` is a crash with recovery."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-l", log, "-w", "-m", mode, "restart")

    def stop(self) -> None:
        """Stop it as a crash would, for nothing of it is kept."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def _run(self, program: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        # files, not pipes: the server inherits them and would keep a pipe open for good
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [*self._as, str(self._programs[program]), *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                check=False,
            )
            said.seek(0)
            done.stdout = said.read()
        if done.returncode:
            words_of_it = done.stdout.decode("utf-8", "replace").strip()[-600:]
            raise NoPostgres(f"{program} ended with {done.returncode}: {words_of_it}")
        return done


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL server with an empty database, and remove it afterwards.

    Raises
    ------
    NoPostgres
        It is not installed, or may not be started.
    """
    folder = Path(tempfile.mkdtemp(prefix="scalebridge-postgres-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        server = PostgresServer(folder)
        try:
            server.make()
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> dict[str, Path]:
    """Find initdb and pg_ctl of the newest PostgreSQL, on the path or where Debian puts them.

    Raises
    ------
    NoPostgres
    """
    versions = sorted(_FOLDERS.glob("[0-9]*/bin"), key=lambda place: float(place.parent.name))
    found = {}
    for name in ("initdb", "pg_ctl"):
        places = [Path(p) for p in [shutil.which(name)] if p is not None]
        places += [place / name for place in reversed(versions) if (place / name).exists()]
        if not places:
            raise NoPostgres(f"{name} was found neither on the path nor in {_FOLDERS}")
        found[name] = places[0]
    return found


def _login_prefix() -> tuple[str, ...]:
    """Return what lets another login run a program: the server refuses root."""
    if os.geteuid() != 0:
        return ()
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgres("root may not run PostgreSQL, and there is no login postgres") from None
    program = shutil.which("setpriv")
    if program is None:
        raise NoPostgres("root may not run PostgreSQL, and setpriv is not installed")
    return (program, "--reuid=postgres", "--regid=postgres", "--init-groups")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
