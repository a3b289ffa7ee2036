"""A table of rows: what a person clicks is asked for, and shows once Python agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from traitlets import TraitError

import scalebridge.widgets.table_view
from scalebridge.plots.theme import STATUS
from scalebridge.widgets.table_view import TableColumn, TableRow, TableView
from scalebridge.widgets.views import Message

COLUMNS = (
    TableColumn(key="a", title="name"),
    TableColumn(key="b", title="size [µm]", align="right"),
)


def table(**given: Any) -> TableView:
    made = TableView(COLUMNS, checks="used", **given)
    made.show(
        [
            TableRow(id="one", cells={"a": "<b>one</b>", "b": "1.5"}, used=True),
            TableRow(id="two", cells={"a": "two"}, state="refused", word="wrong", used=False),
        ]
    )
    return made


def test_a_click_asks_and_the_box_changes_only_when_the_rows_do() -> None:
    asked: list[Any] = []
    made = table(on_toggle=lambda *given: asked.append(given), on_select=asked.append)
    made._handle_custom_msg({"kind": "toggle", "row": "two", "used": True}, [])
    made._handle_custom_msg({"kind": "select", "row": "two"}, [])
    assert asked == [("two", True), "two"]
    assert [row["used"] for row in made.rows] == [True, False]
    assert made.selected == "two"


def test_a_refusal_is_said_in_words() -> None:
    def refuse(*_: Any) -> None:
        raise ValueError("two cannot be used")

    message = Message()
    made = table(on_toggle=refuse, guard=message.guard)
    made._handle_custom_msg({"kind": "toggle", "row": "two", "used": True}, [])
    assert "two cannot be used" in message.widget.value
    made._handle_custom_msg({"kind": "select", "row": "gone"}, [])
    assert "there is no row" in message.widget.value
    made._handle_custom_msg({"kind": "erase", "row": "two"}, [])
    assert "a table hears select or toggle" in message.widget.value


def test_rows_need_ids_and_states_that_are_known() -> None:
    made = table()
    with pytest.raises(TraitError, match="an id of its own, got one, one"):
        made.show([TableRow(id="one"), TableRow(id="one")])
    with pytest.raises(TraitError, match=r"state needs one of information, .* got 'green'"):
        made.show([TableRow(id="one", state="green")])


def test_a_row_that_is_gone_is_not_selected() -> None:
    made = table()
    made.show([TableRow(id="one")], selected="two")
    assert made.selected == ""


def test_without_a_browser_it_is_a_plain_table_with_signs_and_escaped_text() -> None:
    html = table().html()
    assert "<script" not in html
    assert "&lt;b&gt;one&lt;/b&gt;" in html
    assert STATUS["refused"] in html
    assert "×" in html
    assert ">no<" in html
    empty = TableView(COLUMNS, empty="Nothing <picked>.")
    assert "Nothing &lt;picked&gt;." in empty.html()


def test_the_browser_has_the_same_colours_of_state() -> None:
    css = Path(scalebridge.widgets.table_view.__file__).parent / "static" / "table.css"
    text = css.read_text().lower()
    for state, color in STATUS.items():
        assert f"--sb-{state}, {color.lower()})" in text
