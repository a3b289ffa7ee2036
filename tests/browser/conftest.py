"""A JupyterLab of its own, and a browser that reaches nothing else."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from jupyter import jupyter
from opening import browser_of, only


@pytest.fixture
def lab(notebooks, tmp_path):
    """Address of a JupyterLab with settings and kernels of its own."""
    with jupyter(notebooks, tmp_path) as address:
        yield address


@pytest.fixture
def browser(chromium):
    """A browser that draws with software."""
    with browser_of(chromium) as browser:
        yield browser


@pytest.fixture
def page(browser, lab, notebooks):
    page = only(browser.new_page(viewport={"width": 1300, "height": 5000}), lab)
    page.volumes = []  # coarse copies that came

    def count_volumes(frame):
        data = frame if isinstance(frame, bytes) else frame.encode()
        page.volumes += re.findall(rb'"kind": ?"volume", ?"key": ?"(\w+)"', data)

    page.on("websocket", lambda socket: socket.on("framereceived", count_volumes))
    (notebook,) = notebooks.glob("*.ipynb")
    page.goto(f"{lab}/doc/tree/{notebook.name}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    return page
