"""One JupyterLab and one Chromium that draws with software, for every viewer alike."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROBE = Path(__file__).with_name("probe.js")
ALWAYS = [
    "--no-sandbox", "--no-first-run", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]  # fmt: skip
SOFTWARE = {  # the first that gives WebGL2 is taken
    "Mesa": ["--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist"],
    "SwiftShader": [
        "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    ],
}  # fmt: skip
RENDERER = """() => {
  const gl = document.createElement("canvas").getContext("webgl2");
  const known = gl?.getExtension("WEBGL_debug_renderer_info");
  return known ? gl.getParameter(known.UNMASKED_RENDERER_WEBGL) : "";
}"""
READY = """() => {
  const session = globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session;
  return session?.kernel?.status === "idle";
}"""
PYTHON = """async (code) => {
  const { kernel } = globalThis.jupyterapp.shell.currentWidget.sessionContext.session;
  const reply = await kernel.requestExecute({ code, store_history: false }).done;
  if (reply.content.status !== "ok") throw new Error(reply.content.evalue);
}"""


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """Run a JupyterLab with settings and kernels of its own; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
             "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip
    own = {name: str(folder / name.lower()) for name in homes}
    _compile()
    log = folder / "lab.log"
    with log.open("w") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
             f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
             "--ServerApp.disable_check_xsrf=True", "--LabApp.expose_app_in_browser=True"],
            cwd=folder, env={**os.environ, **own}, stdout=said, stderr=said,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if server.poll() is not None:
                raise SystemExit(f"JupyterLab ended: {log.read_text()[-2000:]}")
            try:
                _asked(f"{address}/api")
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


def _compile() -> None:
    """As pip does when it installs: the peers are compiled, and a working copy need not be."""
    import scalebridge

    for path in scalebridge.__path__:
        compileall.compile_dir(path, quiet=2, legacy=False)


def end_kernels(address: str) -> None:
    """Give their memory back before the next viewer."""
    for session in json.loads(_asked(f"{address}/api/sessions")):
        _asked(f"{address}/api/sessions/{session['id']}", "DELETE")


def _asked(address: str, method: str = "GET") -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=30) as got:
        answer: bytes = got.read()
        return answer


@contextmanager
def chromium() -> Iterator[tuple[Any, str]]:
    """Open a browser that draws with software; gives it and the name of what draws."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        for flags in SOFTWARE.values():
            browser = playwright.chromium.launch(executable_path=path, args=[*ALWAYS, *flags])
            page = browser.new_page()
            renderer = page.evaluate(RENDERER)
            page.close()
            if renderer:
                yield browser, f"{renderer} (Chromium {browser.version})"
                browser.close()
                return
            browser.close()
    raise SystemExit("no WebGL2 in Chromium: install libegl-mesa0 and libgl1-mesa-dri")


@contextmanager
def notebook(browser: Any, address: str, folder: Path, cells: Sequence[str]) -> Iterator[Any]:
    """Open a notebook whose first cell has run; gives the page."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    made = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    path = folder / f"viewer{len(list(folder.glob('*.ipynb')))}.ipynb"
    nbformat.write(made, path)
    context = browser.new_context(viewport={"width": 1300, "height": 1000})
    context.add_init_script(path=PROBE)
    page = context.new_page()
    page.set_default_timeout(120_000)
    try:
        page.goto(f"{address}/doc/tree/{path.name}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.wait_for_function(READY)
        page.evaluate("() => bench.run()")
        page.wait_for_function(READY)
        page.wait_for_timeout(1000)
        yield page
    finally:
        context.close()
        end_kernels(address)


def in_kernel(page: Any, code: str) -> None:
    """Run Python in the notebook's kernel, without a cell."""
    page.evaluate(PYTHON, code)
