"""What a person does in JupyterLab."""

from __future__ import annotations

import time


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
