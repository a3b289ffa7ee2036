"""A Jupyter server with settings and kernels of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

HOMES = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
         "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip


@contextmanager
def jupyter(folder, home, *, program="jupyterlab"):
    """Start JupyterLab or Notebook on a folder; gives its address.

    Parameters
    ----------
    folder : pathlib.Path
        Of the notebooks.
    home : pathlib.Path
        For settings and the log.
    program : {"jupyterlab", "notebook"}
    """
    pytest.importorskip(program)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {name: str(home / name.lower()) for name in HOMES}
    path = home / f"{program}.log"
    with path.open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", program, "--no-browser", "--allow-root", "--ip=127.0.0.1",
             f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
             "--ServerApp.disable_check_xsrf=True"],
            cwd=folder, env={**os.environ, **own, "SCALEBRIDGE_USER": "tester"}, stdout=log,
            stderr=log,
        )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address, server, path)
            yield address
        finally:
            server.terminate()  # it ends its kernels
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(address, server, log):
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail(f"Jupyter ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"Jupyter did not answer: {log.read_text()[-2000:]}")


def end_kernels(address):
    """End every kernel of a server."""
    with urllib.request.urlopen(f"{address}/api/kernels", timeout=10) as answer:
        running = [one["id"] for one in json.load(answer)]
    for one in running:
        ending = urllib.request.Request(f"{address}/api/kernels/{one}", method="DELETE")
        urllib.request.urlopen(ending, timeout=20).close()


def write_notebook(folder, name, cells):
    """Write a notebook of code cells."""
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    nbformat.write(notebook, folder / f"{name}.ipynb")


def kernels():
    """Kernel processes that this test has started and that still run."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            if "ipykernel_launcher" in " ".join(process.cmdline()):
                found.append(process)
    return found
