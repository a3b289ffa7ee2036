from __future__ import annotations

import pandas as pd
import pytest

from scalebridge.reports.items import KeyNumber, Table, Text
from scalebridge.reports.page import render_report
from scalebridge.reports.pdf import write_pdf

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser(chromium):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


@pytest.fixture
def report(executed, tmp_path):
    rows = pd.DataFrame({"phase": ["pore", EVIL, None], "volume_um3": [10.0, 9.0, 200.5]})
    items = [
        KeyNumber("a", EVIL, 1.0, unit="µm", uncertainty=0.1),
        Text(EVIL),
        Table(rows, "Objects."),
    ]
    path = tmp_path / "report.html"
    truth = {"a": {"value": 1.0, "unit": "µm"}}
    html = render_report([executed(items, title=EVIL)], title=EVIL, truth=truth)
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture
def page(browser, report):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.seen, page.told = [], []
    page.on("request", lambda request: page.seen.append(request.url))
    page.on("console", lambda message: page.told.append(message.text))
    page.on("dialog", lambda dialog: (page.told.append("dialog"), dialog.dismiss()))
    page.goto(report.as_uri())
    yield page
    page.close()


def column(page, number):
    return page.locator(f".chapter .sb-sortable tbody td:nth-child({number})").all_inner_texts()


def test_opening_the_page_asks_for_nothing_else_and_names_stay_text(page, report):
    assert page.seen == [report.as_uri()]
    assert page.told == []
    assert page.locator("img").count() == 0
    assert page.locator("h1").inner_text() == EVIL


def test_tables_sort_by_value_with_gaps_last(page):
    volumes = page.get_by_role("button", name="volume [µm³]")
    volumes.click()
    assert column(page, 2) == ["9.0", "10.0", "200.5"]
    volumes.click()
    assert column(page, 2) == ["200.5", "10.0", "9.0"]
    phases = page.get_by_role("button", name="phase")
    for _ in range(2):
        phases.click()
        assert column(page, 1)[-1] == "–"


def test_a_script_that_is_not_ours_is_refused_by_the_page_itself(page):
    ran = page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.intruder = true";
          document.body.append(script);
          return window.intruder === true;
        }"""
    )
    assert ran is False
    assert any("Content Security Policy" in text for text in page.told)


def test_a_narrow_window_does_not_scroll_sideways(page):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_report_prints_to_pdf(browser, report, tmp_path):
    write_pdf(report, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")
