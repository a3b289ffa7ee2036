"""A JupyterLab of its own, and a browser that reaches nothing else."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request

import pytest


@pytest.fixture
def lab(notebooks, tmp_path):
    """Address of a JupyterLab with settings and kernels of its own."""
    pytest.importorskip("jupyterlab")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
             "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip
    own = {name: str(tmp_path / name.lower()) for name in homes}
    log = (tmp_path / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
         f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="],
        cwd=notebooks, env={**os.environ, **own}, stdout=log, stderr=log,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, tmp_path / "lab.log")
        yield address
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def _wait_for(address, server, log):
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail(f"JupyterLab ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not answer: {log.read_text()[-2000:]}")


@pytest.fixture
def browser(chromium):
    """A browser that draws with software."""
    sync_api = pytest.importorskip("playwright.sync_api")
    flags = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update",
             "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
             "--ignore-gpu-blocklist"]  # fmt: skip
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, lab, notebooks):
    page = browser.new_page(viewport={"width": 1300, "height": 5000})
    page.set_default_timeout(40_000)
    page.outside, page.volumes = [], []  # addresses asked for; coarse copies that came
    page.on("websocket", lambda socket: socket.on("framereceived", count_volumes))

    def count_volumes(frame):
        data = frame if isinstance(frame, bytes) else frame.encode()
        page.volumes += re.findall(rb'"kind": ?"volume", ?"key": ?"(\w+)"', data)

    def only_here(route):
        if not route.request.url.startswith((lab, "data:", "blob:")):
            page.outside.append(route.request.url)
            return route.abort()
        return route.continue_()

    page.route("**/*", only_here)
    (notebook,) = notebooks.glob("*.ipynb")
    page.goto(f"{lab}/doc/tree/{notebook.name}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    return page
