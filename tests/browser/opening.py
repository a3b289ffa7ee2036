"""A Chromium that draws in software and reaches nothing but one server."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

QUIET = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
# For the canvases alone: pages that a GPU in software puts together cost a third more.
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
               "--disable-gpu-rasterization", "--disable-gpu-compositing"]  # fmt: skip
NO_GL = ["--disable-gpu", "--disable-software-rasterizer", "--disable-3d-apis"]


@contextmanager
def browser_of(chromium, *, flags=SOFTWARE_GL):
    """The browser of a test, closed at the end."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with (
        sync_api.sync_playwright() as playwright,
        launched(playwright.chromium, chromium, flags=flags) as browser,
    ):
        yield browser


@contextmanager
def launched(kind, chromium, *, flags):
    """A further browser beside one that runs."""
    browser = kind.launch(executable_path=chromium, args=[*QUIET, *flags])
    try:
        yield browser
    finally:
        browser.close()


def only(page, address):
    """Let a page reach one server alone; what else it asks for is noted in ``page.outside``."""
    page.outside, page.dialogs, page.errors = [], [], []

    def here(route):
        if not route.request.url.startswith((address, "data:", "blob:")):
            page.outside.append(route.request.url)
            return route.abort()
        return route.continue_()

    def shown(dialog):
        page.dialogs.append(dialog.message)
        dialog.dismiss()

    page.route("**/*", here)
    page.on("dialog", shown)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.set_default_timeout(40_000)
    return page
