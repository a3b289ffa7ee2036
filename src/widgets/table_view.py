"""A table whose rows a person selects and switches on and off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Dict, List, TraitError, Unicode, validate

from ..plots.theme import STATUS, STATUS_SIGN
from .views import cell_html, table_html

_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, kw_only=True)
class TableColumn:
    """A column.

    Attributes
    ----------
    key : str
        Of its cells.
    title : str
        As people read it, with its unit.
    align : {"left", "right"}
        Numbers stand right, with equal decimals.
    tip : str
        What it means; shown where the pointer rests.
    """

    key: str
    title: str
    align: str = "left"
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A row.

    Attributes
    ----------
    id : str
        What a person's click names.
    cells : mapping of str to str
        Text by column.
    state : {"", "information", "attention", "refused"}
        Its colour and sign.
    word : str
        What the state means here.
    used : bool or None
        Whether it is switched on; None where it cannot be switched.
    """

    id: str
    cells: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    word: str = ""
    used: bool | None = None


class TableView(anywidget.AnyWidget):
    """A table in the browser; without one it is read as `html`.

    Parameters
    ----------
    columns : sequence of TableColumn
    checks : str
        Title of the column with a box a row; empty for none.
    empty : str
        What stands there without rows.
    label : str
        What the table is, for those who cannot see it.
    on_toggle : callable, optional
        Called with a row's id and whether it is to be used. The box changes once the rows do.
    on_select : callable, optional
        Called with a row's id.
    guard : callable, optional
        Wraps both, so that a refusal is said in words.
    """

    _esm = _STATIC / "table.js"
    _css = _STATIC / "table.css"

    columns: Any = List(help="Key, title, align and tip of each column.").tag(sync=True)
    rows: Any = List(help="Id, cells, state, word and used of each row.").tag(sync=True)
    selected = Unicode("", help="Id of the row that is looked at.").tag(sync=True)
    checks = Unicode("", help="Title of the column with a box a row.").tag(sync=True)
    empty = Unicode("Nothing yet.", help="What stands there without rows.").tag(sync=True)
    label = Unicode("", help="What the table is, for those who cannot see it.").tag(sync=True)
    signs = Dict(STATUS_SIGN, help="Sign of each state.").tag(sync=True)

    def __init__(
        self,
        columns: Sequence[TableColumn],
        *,
        checks: str = "",
        empty: str = "Nothing yet.",
        label: str = "",
        on_toggle: Callable[[str, bool], Any] | None = None,
        on_select: Callable[[str], Any] | None = None,
        guard: Callable[[Callable[[], Any]], Callable[..., None]] | None = None,
    ) -> None:
        listed = [asdict(column) for column in columns]
        super().__init__(columns=listed, checks=checks, empty=empty, label=label)
        self._toggle, self._select = on_toggle, on_select
        self._guard = guard or (lambda action: lambda: action())
        self.on_msg(lambda _, content, buffers: self._guard(lambda: self._hear(content))())

    @validate("rows")
    def _check_rows(self, proposal: Any) -> list[dict[str, Any]]:
        rows = [dict(row) for row in proposal["value"]]
        ids = [row["id"] for row in rows]
        if len(set(ids)) != len(ids):
            raise TraitError(f"each row needs an id of its own, got {', '.join(ids)}")
        for row in rows:
            if row["state"] and row["state"] not in STATUS:
                raise TraitError(
                    f"state needs one of {', '.join(STATUS)} or nothing, got {row['state']!r}"
                )
        return rows

    def show_columns(self, columns: Sequence[TableColumn]) -> None:
        """Show these columns."""
        self.columns = [asdict(column) for column in columns]

    def show(self, rows: Sequence[TableRow], *, selected: str = "") -> None:
        """Show these rows; what is the same already is not sent again."""
        with self.hold_sync():
            self.rows = [asdict(row) for row in rows]
            self.selected = selected if any(row.id == selected for row in rows) else ""

    def html(self) -> str:
        """The same table as HTML without a script, for a report; escaped."""
        if not self.rows:
            return table_html("", "", empty=self.empty)
        head = cell_html("th", "", right=False)
        if self.checks:
            head += cell_html("th", self.checks, right=False)
        head += "".join(
            cell_html("th", c["title"], right=c["align"] == "right") for c in self.columns
        )
        return table_html(head, "".join(map(self._row_html, self.rows)))

    def _row_html(self, row: Mapping[str, Any]) -> str:
        state = row["state"]
        sign = escape(STATUS_SIGN.get(state, ""))
        color = STATUS.get(state, "inherit")
        mark = (
            f'<td style="color:{color};font-weight:700" title="{escape(row["word"])}">{sign}</td>'
        )
        used = {True: "yes", False: "no", None: ""}[row["used"]]
        check = cell_html("td", used, right=False) if self.checks else ""
        cells = "".join(
            cell_html("td", row["cells"].get(c["key"], ""), right=c["align"] == "right")
            for c in self.columns
        )
        return f"<tr>{mark}{check}{cells}</tr>"

    def _hear(self, content: Mapping[str, Any]) -> Any:
        kind, row = content.get("kind"), str(content.get("row", ""))
        if row not in {one["id"] for one in self.rows}:
            raise ValueError(f"there is no row {row!r} any more: look again")
        if kind == "select":
            self.selected = row
            return self._select(row) if self._select else None
        if kind == "toggle":
            return self._toggle(row, bool(content["used"])) if self._toggle else None
        raise ValueError(f"a table hears select or toggle, got {kind!r}")
