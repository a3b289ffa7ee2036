"""Rows with a caption: numbers right-aligned with equal decimals, sortable in the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import pandas as pd

from ..columns import header, is_numeric, plain, written
from .item import Item
from .markup import Markup, joined, safe

ROWS_SHOWN = 500
_SENTENCE = 22  # letters: longer cells would become towers of single words

_TABLE = Markup(
    '<div class="sb-table"><table class="{}"><caption><span>{}</span></caption>'
    "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>{}"
)


@dataclass(frozen=True)
class Table(Item):
    """Rows with a caption.

    Parameters
    ----------
    data : pandas.DataFrame
        The rows; units stand in the column names. An index with a name becomes the first column.
    caption : str
        What the rows are.
    name : str, optional
        Short name.
    """

    data: pd.DataFrame
    caption: str
    _: KW_ONLY
    name: str = ""
    kind: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        if not isinstance(self.data, pd.DataFrame):
            raise TypeError(f"a table needs a DataFrame, got {type(self.data).__name__}")

    @property
    def columns(self) -> list[str]:
        """The headers, in order."""
        return [str(column) for column in self._flat.columns]

    @property
    def rows(self) -> list[list[Any]]:
        """The cells as plain JSON values."""
        flat = self._flat.astype(object).itertuples(index=False, name=None)
        return [[plain(value) for value in row] for row in flat]

    @property
    def _flat(self) -> pd.DataFrame:
        named = any(name is not None for name in self.data.index.names)
        return self.data.reset_index() if named else self.data

    def content(self) -> dict[str, Any]:
        """Return what it says as plain JSON types."""
        return {
            "name": self.name,
            "caption": self.caption,
            "columns": self.columns,
            "rows": self.rows,
        }

    def html(self) -> Markup:
        """Return its fragment for notebook and report."""
        return table_html(self.columns, self.rows, caption=self.caption)

    def __str__(self) -> str:
        return f"{self.caption}\n{self.data.to_string()}"


def table_html(
    columns: list[str], rows: list[list[Any]], *, caption: str, sortable: bool = True
) -> Markup:
    """Return a table of plain values, every text escaped.

    Parameters
    ----------
    columns : list of str
        Headers, with units.
    rows : list of list
        Plain JSON values. More than `ROWS_SHOWN` are cut, and the page says so.
    caption : str
        What the rows are.
    sortable : bool
        Whether the report's script lets people sort it.
    """
    shown = rows[:ROWS_SHOWN]
    by_column = [[row[i] for row in shown] for i in range(len(columns))]
    words = [written(values) for values in by_column]
    looks = [_look(values) for values in by_column]
    head = joined(
        Markup('<th scope="col"{}>{}</th>').format(look, safe(header(column)))
        for column, look in zip(columns, looks, strict=True)
    )
    body = joined(
        _row_html(row, [column[k] for column in words], looks) for k, row in enumerate(shown)
    )
    cut = (
        Markup('<p class="sb-note">The first {} of {} rows.</p>').format(len(shown), len(rows))
        if len(rows) > len(shown)
        else Markup("")
    )
    return _TABLE.format("sb-sortable" if sortable else "", safe(caption), head, body, cut)


def _row_html(row: list[Any], words: Sequence[str], looks: list[Markup]) -> Markup:
    cells = (
        Markup("<td{}{}>{}</td>").format(look, _sort_value(value), safe(word))
        for value, word, look in zip(row, words, looks, strict=True)
    )
    return Markup("<tr>{}</tr>").format(joined(cells))


def _look(values: list[Any]) -> Markup:
    """Numbers stand to the right; sentences get room."""
    if is_numeric(values):
        return Markup(' class="sb-number"')
    long = any(isinstance(value, str) and len(value) > _SENTENCE for value in values)
    return Markup(' class="sb-words"') if long else Markup("")


def _sort_value(value: Any) -> Markup:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Markup("")
    return Markup(' data-value="{}"').format(repr(value))
