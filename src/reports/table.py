"""Rows with a caption: numbers right-aligned with equal decimals, sortable in the report."""

from __future__ import annotations

import math
import re
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import pandas as pd

from .item import Item, finite
from .markup import Markup, joined, safe

ROWS_SHOWN = 500
_SIGNIFICANT = 4
_SENTENCE = 22  # letters: longer cells would become towers of single words

_PROGRAM_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)+")
_UNITS = {
    "nm": "nm",
    "um": "µm",
    "um2": "µm²",
    "um3": "µm³",
    "mm": "mm",
    "deg": "°",
    "px": "px",
    "s": "s",
    "mb": "MB",
    "percent": "%",
}

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
        return [[_plain(value) for value in row] for row in flat]

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
    writers = [_column_writer([row[i] for row in shown]) for i in range(len(columns))]
    looks = [_look([row[i] for row in shown]) for i in range(len(columns))]
    head = joined(
        Markup('<th scope="col"{}>{}</th>').format(look, safe(header(column)))
        for column, look in zip(columns, looks, strict=True)
    )
    body = joined(_row_html(row, writers, looks) for row in shown)
    cut = (
        Markup('<p class="sb-note">The first {} of {} rows.</p>').format(len(shown), len(rows))
        if len(rows) > len(shown)
        else Markup("")
    )
    return _TABLE.format("sb-sortable" if sortable else "", safe(caption), head, body, cut)


def header(column: str) -> str:
    """Write a column's name as people write it, its unit in brackets.

    Examples
    --------
    >>> header("surface_um2"), header("moving_x_um"), header("Name & place")
    ('surface [µm²]', 'moving x [µm]', 'Name & place')
    """
    if not _PROGRAM_NAME.fullmatch(column):
        return column
    words, _, last = column.rpartition("_")
    if words and last in _UNITS:
        return f"{words.replace('_', ' ')} [{_UNITS[last]}]"
    return column.replace("_", " ")


def _row_html(row: list[Any], writers: list[Any], looks: list[Markup]) -> Markup:
    cells = (
        Markup("<td{}{}>{}</td>").format(look, _sort_value(value), safe(write(value)))
        for value, write, look in zip(row, writers, looks, strict=True)
    )
    return Markup("<tr>{}</tr>").format(joined(cells))


def _look(values: list[Any]) -> Markup:
    """Numbers stand to the right; sentences get room."""
    if _is_numeric(values):
        return Markup(' class="sb-number"')
    long = any(isinstance(value, str) and len(value) > _SENTENCE for value in values)
    return Markup(' class="sb-words"') if long else Markup("")


def _sort_value(value: Any) -> Markup:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Markup("")
    return Markup(' data-value="{}"').format(repr(value))


def _is_numeric(values: list[Any]) -> bool:
    kinds = {type(value) for value in values if value is not None}
    return bool(kinds) and kinds <= {int, float}


def _column_writer(values: list[Any]) -> Any:
    """Choose how a column is written, so that its decimal points stand below each other."""
    numbers = [v for v in values if isinstance(v, float) and v != 0]
    if not _is_numeric(values) or not numbers:
        return _write
    largest, smallest = max(map(abs, numbers)), min(map(abs, numbers))
    if largest >= 1e7 or smallest < 1e-4:
        return lambda value: _number(value, f".{_SIGNIFICANT - 1}e")
    decimals = _decimals([abs(number) for number in numbers])
    return lambda value: _number(value, f".{decimals}f")


def _number(value: float | None, layout: str) -> str:
    return "–" if value is None else f"{value:{layout}}".replace("-", "−")


def _decimals(sizes: list[float]) -> int:
    """Show 4 digits of the middle value and 2 of the smallest, but none that no value has."""
    middle = sorted(sizes)[len(sizes) // 2]
    wanted = max(
        _SIGNIFICANT - 1 - math.floor(math.log10(middle)), 1 - math.floor(math.log10(min(sizes)))
    )
    present = max(len(f"{size:.12f}".rstrip("0").partition(".")[2]) for size in sizes)
    return max(0, min(wanted, present))


def _write(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _plain(value: Any) -> Any:
    """Return a cell as a JSON value; NaN, NaT and NA become None."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float):
        return finite(value)
    if value is pd.NaT or value is pd.NA:
        return None
    return value.isoformat(sep=" ", timespec="seconds") if hasattr(value, "hour") else str(value)
