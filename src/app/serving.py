"""The application's server: this machine's loopback address, and nothing from anywhere else."""

from __future__ import annotations

import errno
import signal
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import NotFound, ParameterError
from ..workspace import Workspace

ADDRESS = "127.0.0.1"
FIRST_PORT = 5006
_TRIED = 50


@dataclass(frozen=True)
class Application:
    """A server that answers once its loop runs.

    Attributes
    ----------
    server : bokeh.server.server.Server
    address : str
        Of the page, with the token that it needs.
    """

    server: Any
    address: str

    def run(self, *, answering: Callable[[], object] = lambda: None) -> None:
        """Answer until the keyboard or a scheduler ends it.

        Parameters
        ----------
        answering : callable
            Called once it answers, and can be ended.
        """
        loop = self.server.io_loop
        with suppress(ValueError):  # signals reach the main thread alone
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: loop.add_callback_from_signal(loop.stop))
        loop.add_callback(answering)
        with suppress(KeyboardInterrupt):
            loop.start()
        self.server.unlisten()
        self.server.stop()  # closes every window's page, and with it what runs there


def serve_app(
    workspace: Path,
    *,
    port: int | None = None,
    output: Path | None = None,
    browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the guided page of a workspace until it is stopped.

    Parameters
    ----------
    workspace : pathlib.Path
    port : int, optional
        By default the first free one from 5006.
    output : pathlib.Path, optional
        Folder for reports; ``<workspace>-report`` beside the workspace by default.
    browser : bool
        Open the page.
    say : callable
        Told the address.
    """
    application = application_of(workspace, port=port, output=output)

    def answering() -> None:
        say(f"Scalebridge shows {workspace} at\n  {application.address}\nCtrl-C ends it.")
        if browser:
            webbrowser.open(application.address)

    application.run(answering=answering)


def application_of(
    workspace: Path, *, port: int | None = None, output: Path | None = None
) -> Application:
    """Make the server of a workspace.

    Parameters
    ----------
    workspace, port, output
        As in `serve_app`.

    Raises
    ------
    ParameterError
        The port is taken.
    WorkspaceError
        The folder is no workspace.
    """
    folder = Path(workspace).resolve()
    with Workspace.open(folder):  # refused here, not in the browser
        pass
    reports = (output or folder.with_name(f"{folder.name}-report")).resolve()
    for _ in range(_TRIED):
        number = free_port(port)
        try:
            return _bound(folder, reports, number)
        except OSError as error:  # somebody took it since it was found free
            if error.errno != errno.EADDRINUSE:
                raise
    raise ParameterError(f"port {number} is taken again and again: give another with --port")


def _bound(folder: Path, reports: Path, number: int) -> Application:
    import panel as pn
    from bokeh.settings import settings

    from .access import Access
    from .front_end import PATTERN, stay_local
    from .page import GuidedPage

    stay_local()
    access = Access(port=number)
    origins = [f"{ADDRESS}:{number}", f"localhost:{number}"]
    settings.allowed_ws_origin = origins  # an environment variable would go before the argument

    def page() -> Any:
        made = GuidedPage(folder, output=reports)
        made.start()
        return made.template()

    server = pn.io.server.get_server(
        {"/": page},
        port=number,
        address=ADDRESS,
        websocket_origin=origins,
        auth_provider=access,
        sign_sessions=True,
        secret_key=access.token.encode(),
        title={"/": "Scalebridge"},
        extra_patterns=[PATTERN, (r"/report", _report_handler(folder, access))],
    )
    return Application(server, f"http://{ADDRESS}:{number}/?token={access.token}")


def free_port(wanted: int | None) -> int:
    """Return the port that is wanted, or the first free one.

    Raises
    ------
    ParameterError
        It is taken, or none is free.
    """
    import socket

    for number in [wanted] if wanted is not None else range(FIRST_PORT, FIRST_PORT + _TRIED):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((ADDRESS, number))
            except (OSError, OverflowError):
                continue
            return int(tried.getsockname()[1])
    if wanted is None:
        raise ParameterError(
            f"none of the ports {FIRST_PORT} to {FIRST_PORT + _TRIED - 1} is free: give another "
            "with --port"
        )
    raise ParameterError(f"port {wanted} is taken or not allowed: give another --port, or none")


def _report_handler(folder: Path, access: Any) -> Any:
    """Answer with the latest run of every template as one page."""
    from tornado.web import RequestHandler

    from ..reports import render_report
    from ..reports.latest import latest_notebooks

    class Report(RequestHandler):
        def get(self) -> None:
            access.check(self)
            self.set_header("Cache-Control", "no-store")
            try:
                with Workspace.open(folder) as ws:
                    self.write(render_report(latest_notebooks(ws), ws))
            except NotFound as error:
                self.set_status(404)
                self.set_header("Content-Type", "text/plain; charset=utf-8")
                self.write(str(error))

    return Report
