"""Files of a work folder: what is finished is not counted again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd


def written(file: Path, text: str) -> None:
    """Write a file at once, so that one that is there is whole."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)


def kept(file: Path, count: Callable[[], Any]) -> Any:
    """Read what was counted, or count and write it: plain JSON types."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        written(file, json.dumps(count(), indent=1))
    return json.loads(file.read_text(encoding="utf-8"))


def kept_table(file: Path, count: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """As `kept`, of a table; numbers keep all their digits."""
    return pd.DataFrame(kept(file, lambda: _records(count())))


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return list(json.loads(table.to_json(orient="records", double_precision=15)))
