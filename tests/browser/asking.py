"""A notebook of widgets with a last cell in which Python is asked what a person's gestures did."""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import count

import numpy as np
from driving import panels_of, run_all, until
from jupyter import end_kernels, write_notebook
from opening import browser_of, only


@contextmanager
def opened(specimen, cells, folders, server, chromium):
    """The page of a notebook on a specimen, every cell run.

    Parameters
    ----------
    specimen : pathlib.Path
    cells : list of str
        What stands between the one that opens the workspace and the one to ask in.
    folders : pytest.TempPathFactory
    server : str
        Address of a JupyterLab on the folder of all these folders.
    chromium : str
    """
    folder = folders.mktemp("notebooks")
    start = f"import json\nfrom scalebridge import *\nws = Workspace.open({str(specimen)!r})"
    write_notebook(folder, "asking", [start, *cells, "'to ask in'"])
    place = folder.relative_to(folders.getbasetemp()).as_posix()
    with browser_of(chromium) as browser:
        page = only(browser.new_page(viewport={"width": 1300, "height": 4000}), server)
        page.goto(f"{server}/doc/tree/{place}/asking.ipynb")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        run_all(page)
        page.asked = count(1)
        yield page
        assert page.errors == page.outside == []
    end_kernels(server)


NAMES = ("z_um", "y_um", "x_um")


def named(place):
    return dict(zip(NAMES, map(float, place), strict=True))


def placed(position):
    return np.array([position[name] for name in NAMES])


def settle(page, canvas):
    page.wait_for_timeout(250)
    assert until(lambda: canvas.get_attribute("data-sharp") == "true", page), panels_of(page)


def view(canvas):
    return json.loads(canvas.get_attribute("data-view"))


def pixel_um(canvas):
    return view(canvas)["width_um"] / canvas.evaluate("canvas => canvas.clientWidth")


def python(page, asked):
    """What Python says to an expression, after everything that was done before."""
    page.mouse.move(2, 2)  # out of the panel, as one who goes there
    cell, number = page.locator(".jp-CodeCell").last, next(page.asked)
    cell.locator(".cm-content").fill(f"print('answer {number}:', json.dumps({asked}), ';')")
    page.keyboard.press("Control+Enter")
    start = f"answer {number}: "
    output = cell.locator(".jp-OutputArea-output")

    def said():
        return "".join(output.all_inner_texts())

    assert until(lambda: start in said(), page), said()
    return json.loads(said().split(start)[1].rpartition(";")[0])


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def click(canvas, u, v):
    """Click there; where that is."""
    box, seen = canvas.bounding_box(), view(canvas)
    at = {"x": round(u * box["width"]), "y": round(v * box["height"])}
    canvas.click(position=at)
    right = (at["x"] / box["width"] - 0.5) * seen["width_um"]
    below = (at["y"] / box["height"] - 0.5) * seen["width_um"] * seen["aspect"]
    across, down = np.array(seen["across"]), np.array(seen["down"])
    return np.array(seen["centre_um"]) + right * across + below * down
