"""What the page on records says is what they do."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "records.md"


def test_the_examples_of_the_page_give_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCALEBRIDGE_USER", "somebody")  # brought back afterwards
    text = "\n".join(
        "" if line.startswith("```") else line for line in PAGE.read_text("utf-8").splitlines()
    )
    test = doctest.DocTestParser().get_doctest(text, {}, "records", str(PAGE), 0)
    assert len(test.examples) > 12
    told: list[str] = []
    doctest.DocTestRunner().run(test, out=told.append)
    assert not told, "".join(told)
