"""Checks of the tables that plots are given."""

from __future__ import annotations

import pandas as pd


def need(table: pd.DataFrame, columns: tuple[str, ...], *, who: str) -> None:
    """Refuse a table without the columns that `who` draws, or without rows.

    Raises
    ------
    ValueError
        Names what is missing and what is there.
    """
    missing = [c for c in columns if c not in table]
    if missing:
        raise ValueError(
            f"{who} needs the columns {', '.join(columns)}, "
            f"got {', '.join(map(str, table.columns))} (missing: {', '.join(missing)})"
        )
    if not len(table):
        raise ValueError(f"{who} needs at least one row, got an empty table")
