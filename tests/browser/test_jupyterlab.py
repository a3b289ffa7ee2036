"""A template in JupyterLab: it runs, its widget is drawn, and a click becomes a record."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.resources import files

import nbformat
import numpy as np
import pytest

from scalebridge import Workspace

SPACING_UM = 2.0
BALLS_UM = np.array([(20, 24, 24), (20, 60, 30), (28, 30, 62), (16, 64, 66), (30, 44, 46)])


@pytest.fixture
def specimen(tmp_path):
    """Dense balls in a lighter block, and the same block seen again from half its height."""
    folder = tmp_path / "specimen"
    with Workspace.create(folder) as ws:
        places = np.stack(np.indices((24, 44, 44)), axis=-1) * SPACING_UM
        inside = np.linalg.norm(places[..., None, :] - BALLS_UM, axis=-1).min(axis=-1) < 7
        rng = np.random.default_rng(0)
        grey = (90 + 100 * inside + rng.normal(0, 6, inside.shape)).clip(0, 255).astype(np.uint8)
        for name in ("before", "after"):
            ws.images.write(
                name, shape=grey.shape, dtype=grey.dtype, axes="zyx", modality="XRM",
                blocks=[(tuple(slice(0, n) for n in grey.shape), grey)],
                spacing_um=(SPACING_UM,) * 3, spacing_source="made for a test",
            )  # fmt: skip
        for number, (z, y, x) in enumerate(BALLS_UM[:4].tolist(), start=1):
            spot = {"z_um": z, "y_um": y, "x_um": x}
            moved = {**spot, "x_um": x + (0.2 if number % 2 else -0.2)}
            ws.landmarks.add(
                name=f"L{number}", moving_frame="after", fixed_frame="before",
                moving=moved, fixed=spot, placed_by="person",
            )  # fmt: skip
    return folder


@pytest.fixture
def notebooks(specimen, tmp_path):
    """The registration template as a person opens it, its workspace filled in."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    template = files("scalebridge.templates") / "20_registration.ipynb"
    notebook = nbformat.reads(template.read_text(encoding="utf-8"), 4)
    cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    cell.source = cell.source.replace('"specimen"', repr(str(specimen)))
    cell.source = cell.source.replace("accept: bool | None = None", "accept: bool | None = True")
    assert str(specimen) in cell.source
    assert "= True" in cell.source
    nbformat.write(notebook, folder / "registration.ipynb")
    return folder


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
def page(chromium, lab):
    sync_api = pytest.importorskip("playwright.sync_api")
    flags = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update"]  # fmt: skip
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1300, "height": 5000})
        page.set_default_timeout(40_000)
        page.outside = []

        def only_here(route):
            if not route.request.url.startswith((lab, "data:", "blob:")):
                page.outside.append(route.request.url)
                return route.abort()
            return route.continue_()

        page.route("**/*", only_here)
        page.goto(f"{lab}/doc/tree/registration.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        yield page
        browser.close()


def run_all(page):
    page.locator(".jp-NotebookPanel-toolbar, .jp-Toolbar").get_by_text("Python 3").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    prompts = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt")
    assert until(lambda: _all_ran(prompts.all_inner_texts()), page, seconds=90)


def _all_ran(prompts):
    return bool(prompts) and all(any(c.isdigit() for c in text) for text in prompts)


def until(condition, page, *, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        page.wait_for_timeout(100)
    return condition()


def landmarks(folder):
    with Workspace.open(folder) as ws:
        return {record.name: record for record in ws.landmarks}


def test_a_click_on_both_images_and_a_button_become_a_landmark(page, specimen):
    run_all(page)
    told = page.locator(".jp-Notebook").inner_text()
    assert "Error displaying widget" not in told
    assert "Traceback" not in told
    errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.count() == 0
    plots = page.locator(".bk-Figure")  # live, drawn by scripts from this machine
    assert plots.count() >= 2
    assert plots.first.bounding_box()["width"] > 200
    with Workspace.open(specimen) as ws:
        assert [record.status for record in ws.transforms] == ["accepted"]
    picture = page.locator("img.sb-screen")
    picture.wait_for()
    assert until(lambda: picture.evaluate("image => image.naturalWidth") > 600, page)
    box = picture.bounding_box()
    assert box["width"] > 400
    assert box["height"] > 150
    for share in (0.35, 0.85):  # the same place of the left and of the right image
        drawn = picture.get_attribute("src")
        picture.click(position={"x": share * box["width"], "y": 0.4 * box["height"]})
        assert until(lambda old=drawn: picture.get_attribute("src") != old, page)
    assert set(landmarks(specimen)) == {"L1", "L2", "L3", "L4"}
    page.get_by_role("button", name="add pair").click()
    assert until(lambda: len(landmarks(specimen)) == 5, page)
    (added,) = (mark for name, mark in landmarks(specimen).items() if name not in "L1 L2 L3 L4")
    assert added.who == "tester"
    assert added.placed_by == "person"
    for axis in ("x_um", "y_um"):  # both images were clicked at the same share of equal views
        assert added.moving[axis] == pytest.approx(added.fixed[axis], abs=2 * SPACING_UM)
        assert 0 < added.moving[axis] < 44 * SPACING_UM
    page.get_by_role("button", name="undo").first.click()
    assert until(lambda: len(landmarks(specimen)) == 4, page)
    assert page.outside == []
