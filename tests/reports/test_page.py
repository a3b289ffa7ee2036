from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scalebridge import Workspace
from scalebridge.reports.items import Check, Figure, Finding, KeyNumber, Method, Table, Text
from scalebridge.reports.page import render_report

EVIL = "<img src=x onerror=alert(1)>"
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["script"] and len(self.scripts) < self.tags.count("script"):
            self.scripts.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, key, value in self.attributes if key == name]


def picture() -> Image.Image:
    return Image.fromarray(np.zeros((20, 30), "u1"))


def evil_notebook(executed):
    items = [
        KeyNumber("k", EVIL, 1.0, unit=EVIL, uncertainty=0.1, note=EVIL),
        Figure(picture(), EVIL, name=EVIL),
        Table(pd.DataFrame({EVIL: [EVIL]}), EVIL),
        Method(EVIL, [(EVIL, "10.1109/42.736021")]),
        Check(EVIL, False, EVIL),
        Text(EVIL, heading=EVIL),
        Finding(EVIL),
    ]
    notebook = executed(
        items,
        title=EVIL,
        template=EVIL,
        workspace=EVIL,
        parameters={EVIL: EVIL},
        versions={EVIL: EVIL, "scalebridge": EVIL},
        status="failed",
        ended=EVIL,
        failure={"name": EVIL, "message": EVIL, "cell": 2, "source": EVIL},
    )
    foreign = {"text/html": f"<script>alert(2)</script>{EVIL}", "text/plain": "plain"}
    notebook.cells.append(
        nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=foreign)])
    )
    return notebook


@pytest.fixture
def evil_workspace(tmp_path):
    with Workspace.create(tmp_path / "w", name=EVIL) as ws:
        ws.images.write(
            EVIL,
            shape=(4, 4),
            dtype="u1",
            axes="yx",
            blocks=[((slice(None), slice(None)), np.zeros((4, 4), "u1"))],
            spacing_um=(1.0, 1.0),
            spacing_source=EVIL,
        )
        yield ws


def test_names_from_data_stand_as_text_everywhere(executed, evil_workspace, monkeypatch):
    monkeypatch.setenv("SCALEBRIDGE_USER", EVIL)
    html = render_report([evil_notebook(executed)], evil_workspace)
    assert html.count(ESCAPED) > 30
    page = Page(html)
    assert page.tags.count("img") == 1
    assert "x" not in page.values("src")
    assert "alert(2)" not in html


def test_the_page_loads_nothing_and_runs_only_its_own_script(executed, evil_workspace):
    page = Page(render_report([evil_notebook(executed)], evil_workspace))
    assert all(value.startswith("data:image/png;base64,") for value in page.values("src"))
    assert all(value.startswith(("#", "https://doi.org/10.")) for value in page.values("href"))
    assert not {"link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    (script,) = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(v for v in page.values("content") if v.startswith("default-src"))
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert "innerHTML" not in script


def test_every_inner_link_leads_somewhere(executed):
    html = render_report(
        [executed([KeyNumber("k", "K", 1.0, unit="1"), Method("How.", [("A", "10.1000/a")])])]
    )
    page = Page(html)
    targets = [value[1:] for value in page.values("href") if value.startswith("#")]
    assert targets
    assert set(targets) <= set(page.values("id"))


def test_the_same_notebooks_give_the_same_bytes(executed, evil_workspace):
    notebook = evil_notebook(executed)
    first = render_report([notebook], evil_workspace)
    assert first == render_report([notebook], evil_workspace)
    first.encode("utf-8")


def test_truth_stands_beside_the_number_with_the_verdict_of_its_interval(executed):
    items = [
        KeyNumber("a", "A", 1.0, unit="µm", uncertainty=0.1),
        KeyNumber("b", "B", 1.0, unit="µm", uncertainty=0.1),
        KeyNumber("c", "C", 1.0, unit="µm"),
    ]
    truth = {
        key: {"value": value, "unit": "µm"}
        for key, value in zip("abc", (1.05, 1.2, 1.0), strict=True)
    }
    html = render_report([executed(items)], truth=truth)
    assert html.count('class="inside"') == 1
    assert html.count('class="outside"') == 1
    assert html.count("no interval") == 1
    assert "The interval holds the truth for 1 of 2 numbers;" in html
    with pytest.raises(ValueError, match="the truth of 'a' needs the unit of its key number, 'µm'"):
        render_report([executed(items)], truth={"a": {"value": 1.0, "unit": "nm"}})


def test_a_key_given_twice_stands_once_with_its_later_value(executed):
    html = render_report(
        [
            executed([KeyNumber("a", "Earlier", 1.0, unit="1")]),
            executed([KeyNumber("a", "Later", 2.0, unit="1")]),
        ]
    )
    assert "Later" in html
    assert "Earlier" not in html


def test_a_failed_run_is_marked_and_its_numbers_are_left_out(executed):
    good = executed([KeyNumber("a", "Good number", 1.0, unit="1")])
    bad = executed(
        [KeyNumber("b", "Half number", 2.0, unit="1"), Text("Seen before it stopped.")],
        template="20_fit",
        status="failed",
        failure={"name": "ValueError", "message": "no fit", "cell": 5, "source": "fit()"},
    )
    html = render_report([good, bad], title="Specimen")
    assert "<title>FAILED: Specimen</title>" in html
    assert "20_fit, cell 5" in html
    assert "Good number" in html
    assert "Half number" not in html
    assert "Seen before it stopped." in html


def test_a_notebook_that_failed_by_hand_is_marked_too(executed):
    notebook = executed([])
    error = nbformat.v4.new_output(
        "error", ename="ValueError", evalue="postgresql://ada:geheim@db/x", traceback=[]
    )
    notebook.cells.append(nbformat.v4.new_code_cell("token = 'abc123'", outputs=[error]))
    html = render_report([notebook], title="S")
    assert "FAILED" in html
    assert "geheim" not in html
    assert "abc123" not in html


def test_checks_are_counted_and_those_that_did_not_pass_stand_on_top(executed):
    verdicts = {"one": True, "two": True, "three": None, "four": False}
    html = render_report([executed([Check(name, passed) for name, passed in verdicts.items()])])
    strip = html[html.index('class="strip"') : html.index("<nav>")]
    assert "<b>2</b> passed" in strip
    assert "<b>1</b> warning<" in strip
    assert "<b>1</b> failed" in strip
    assert strip.index("<b>four</b>") < strip.index("<b>three</b>")
    assert "<b>one</b>" not in strip


def test_methods_that_cite_the_same_source_share_its_number(executed):
    first, second = ("A 1998", "10.1000/a"), ("B 2000", "10.1000/B")
    html = render_report(
        [
            executed([Method("One.", [first])], title="First"),
            executed([Method("Two.", [second, ("A again", "10.1000/A")])], title="Second"),
        ]
    )
    assert html.count('id="ref-') == 2
    two = html[html.index("Two.") :]
    assert two.index('href="#ref-1"') < two.index('href="#ref-2"')


def test_a_damaged_item_appears_as_a_finding(executed):
    notebook = executed([Text("fine")])
    data = {"application/vnd.scalebridge.item+json": {"kind": "unheard of"}}
    notebook.cells[1].outputs.append(nbformat.v4.new_output("display_data", data=data))
    assert "run the notebook again" in render_report([notebook])


def test_a_report_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one executed notebook, got none"):
        render_report([])
