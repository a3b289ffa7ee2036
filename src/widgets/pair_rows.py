"""The pairs as rows of a table: what each leaves over, how surprising it is, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import plain, significant, written
from .pair_records import CONFIRMED, predicted_side
from .table_view import TableColumn, TableRow

if TYPE_CHECKING:
    import pandas as pd

_SURPRISING = 0.05
_CONTRADICTED = 0.001
_DOMINATES = 0.7  # as the fit's own warning
EMPTY = "No pair yet: click the same spot on both sides and press 'add pair'."

COLUMNS = (
    TableColumn(key="name", title="pair", tip="Click: both views show it. Arrow keys: the next."),
    TableColumn(
        key="residual_um", title="residual [µm]", align="right",
        tip="Distance from where the fit puts it. Small residuals do not mean a good fit.",
    ),
    TableColumn(
        key="loo_um", title="leave-one-out [µm]", align="right",
        tip="Distance from where the others alone put it.",
    ),
    TableColumn(
        key="leverage", title="leverage", align="right",
        tip="How much of its own place it determines, 0 to 1: near 1 nothing checks it.",
    ),
    TableColumn(
        key="surprise_p", title="surprise p", align="right",
        tip="How often the worst of so many honest pairs stands out as much as this one. "
        "Small: look whether it is the same spot in both images.",
    ),
    TableColumn(key="word", title="look here", tip="What to do about it."),
    TableColumn(key="who", title="picked by", tip="Who put it where it is."),
    TableColumn(key="placed_by", title="how", tip="By hand, snapped, found, or only predicted."),
    TableColumn(key="note", title="note"),
)  # fmt: skip


def pair_columns(table: pd.DataFrame) -> tuple[TableColumn, ...]:
    """The columns that say something of these pairs."""
    spare = {
        "note": not table["note"].astype(bool).any(),
        "placed_by": set(table["placed_by"]) <= {"person"},
    }
    return tuple(column for column in COLUMNS if not spare.get(column.key, False))


def pair_rows(picker: Any) -> list[TableRow]:
    """One row a pair of a picker."""
    table, records = picker.table(), picker.records()
    text = {
        name: written([plain(value) for value in significant(table[name])])
        for name in ("residual_um", "loo_um", "leverage")
    }
    text["surprise_p"] = [chance_words(p) for p in table["surprise_p"]]
    mean = float(np.nanmean(table["leverage"])) if table["leverage"].notna().any() else np.nan
    rows = []
    for number, (record, row) in enumerate(zip(records, table.to_dict("records"), strict=True)):
        state, word = judged(record, row, mean_leverage=mean)
        cells = {name: str(row[name]) for name in ("name", "who", "placed_by", "note")}
        cells |= {name: values[number] for name, values in text.items()} | {"word": word}
        rows.append(
            TableRow(id=record.name, cells=cells, state=state, word=word, used=bool(record.active))
        )
    return rows


def judged(record: Any, row: Any, *, mean_leverage: float) -> tuple[str, str]:
    """Colour of state and words of one pair; both empty where nothing stands out."""
    if side := predicted_side(record):
        return "information", f"only expected in the {side} image: move or confirm it"
    chance = row["surprise_p"]
    if not record.active:
        agrees = np.isfinite(chance) and chance >= _SURPRISING
        return "", "not used" + (", though it agrees with the others" if agrees else "")
    if chance < _CONTRADICTED:
        return "refused", "the others contradict it: the same spot in both images?"
    if chance < _SURPRISING:
        return "attention", "stands out: the same spot in both images?"
    if row["leverage"] > _DOMINATES and row["leverage"] > 1.5 * mean_leverage:
        return "attention", "nothing checks it: add a pair near it"
    if record.placed_by == CONFIRMED:
        return "information", "stands where it was expected: it moves nothing"
    return "", ""


def chance_words(chance: float) -> str:
    """A probability with the digits that matter.

    Examples
    --------
    >>> chance_words(0.8127), chance_words(0.0123), chance_words(2e-6), chance_words(float("nan"))
    ('0.81', '0.012', '< 0.001', '–')
    """
    if not np.isfinite(chance):
        return "–"
    if chance < _CONTRADICTED:
        return f"< {_CONTRADICTED:g}"
    return f"{chance:.2f}" if chance >= 0.1 else f"{chance:.3f}"
