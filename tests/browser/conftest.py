"""One JupyterLab for all, and a browser that reaches nothing else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from jupyter import end_kernels, jupyter
from opening import browser_of, only


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    """Address of a JupyterLab on the folder of all tests' folders."""
    root = tmp_path_factory.getbasetemp()
    with jupyter(root, tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture
def lab(server):
    """The same with no kernel of another test."""
    yield server
    end_kernels(server)


@pytest.fixture
def browser(chromium):
    """A browser that draws with software."""
    with browser_of(chromium) as browser:
        yield browser


@pytest.fixture
def page(browser, lab, notebooks, tmp_path_factory):
    page = only(browser.new_page(viewport={"width": 1300, "height": 5000}), lab)
    page.volumes = []  # coarse copies that came

    def count_volumes(frame):
        data = frame if isinstance(frame, bytes) else frame.encode()
        page.volumes += re.findall(rb'"kind": ?"volume", ?"key": ?"(\w+)"', data)

    page.on("websocket", lambda socket: socket.on("framereceived", count_volumes))
    (notebook,) = notebooks.glob("*.ipynb")
    path = notebook.relative_to(tmp_path_factory.getbasetemp())
    page.goto(f"{lab}/doc/tree/{path.as_posix()}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    return page
