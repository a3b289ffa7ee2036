"""What a person does in JupyterLab."""

from __future__ import annotations

import time


def run_all(page):
    """Run every cell and wait for the last one."""
    page.locator(".jp-NotebookPanel-toolbar, .jp-Toolbar").get_by_text("Python 3").first.wait_for()
    prompts = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt")

    def begun():  # a kernel that is not connected yet drops the cells it is given
        choose_run_all(page)
        return until(lambda: _any_began(prompts.all_inner_texts()), page, seconds=4)

    for _ in range(12):
        if begun():
            break
    assert until(lambda: _all_ran(prompts.all_inner_texts()), page, seconds=90), page.locator(
        "body"
    ).inner_text()


def choose_run_all(page):
    """Choose it in the menu."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()


def _any_began(prompts):
    return any("*" in text or any(c.isdigit() for c in text) for text in prompts)


def _all_ran(prompts):
    return bool(prompts) and all(any(c.isdigit() for c in text) for text in prompts)


def until(condition, page, *, seconds=40):
    """Wait until something holds; whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(100)
    return True  # what held once may not hold when asked again


def panels_of(page):
    """What each panel says of itself, for a failure that has to be understood from its words."""
    return page.locator(".sb-plane canvas").evaluate_all(
        """all => all.map((canvas) => ({
          ...canvas.dataset, seen: Boolean(canvas.offsetParent),
          classes: canvas.parentElement.className,
          badge: canvas.closest(".sb-stage")?.querySelector(".sb-badge")?.textContent,
        }))"""
    )
