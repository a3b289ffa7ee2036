"""Whether rows are records: each by itself, and all of them as one history."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from .checking import checked_fields
from .schema import KINDS

ACTIONS = ("add", "edit", "rename", "tag", "remove", "restore", "take back")
Row = Mapping[str, Any]


def row_problem(row: Row) -> str:
    """Say in words why a row is no valid record; nothing if it is one.

    Parameters
    ----------
    row : mapping
        By name of column.
    """
    if row["kind"] not in KINDS:
        return f"expected a kind of record that is known, got {row['kind']!r}"
    if row["action"] not in ACTIONS:
        return f"expected an action of {', '.join(ACTIONS)}, got {row['action']!r}"
    for column, least in (("version", 1), ("state", 1), ("part", 0)):
        value = row[column]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            return f"expected {column} to be a whole number from {least}, got {value!r}"
    for column in ("id", "who", "software", "edit_id"):
        if not isinstance(row[column], str) or not row[column]:
            return f"expected text as {column}, got {row[column]!r}"
    return _time_problem(row["at"]) or _text_problem(row)


def _time_problem(text: Any) -> str:
    try:
        when = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return f"expected a time in UTC, got {text!r}"
    return "" if when.tzinfo is not None else f"expected a time with its zone, got {text!r}"


def _text_problem(row: Row) -> str:
    try:
        tags, fields = _parsed(row["tags"]), _parsed(row["body"])
    except (TypeError, ValueError, RecursionError) as error:
        return f"expected JSON as tags and body, got other text ({error})"
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return f"expected a list of words as tags, got {row['tags']!r}"
    if not isinstance(fields, dict):
        return f"expected fields by name, got {type(fields).__name__}"
    if row["name"] is None and KINDS[row["kind"]].needs_name:
        return "expected a name, got none"
    try:
        checked_fields(row["kind"], fields)
    except (TypeError, ValueError, RecursionError) as error:
        return f"expected fields of {row['kind']}: {error}"
    return ""


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def history_problems(rows: Iterable[Row], *, state: int, part: bool) -> Iterator[tuple[str, str]]:
    """Find what no sequence of commits could have left.

    Parameters
    ----------
    rows : iterable of mapping
    state : int
        The workspace's own number of its last commit.
    part : bool
        Only some records came with a bundle: states may be missing, versions may not.

    Yields
    ------
    tuple of str
        What it is about, and what is wrong in words.
    """
    versions: dict[str, list[Row]] = defaultdict(list)
    parts: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        versions[row["id"]].append(row)
        parts[row["state"]].append(row["part"])
    for identity, found in versions.items():
        words = _sequence_problem(sorted(found, key=lambda row: row["version"]))
        if words:
            yield f"{found[0]['kind']} {found[-1]['name'] or identity}", words
    if parts and max(parts) > state:
        yield "the state", f"expected rows up to state {state}, got some of {max(parts)}"
    if part:
        return
    missing = sorted(set(range(1, state + 1)) - set(parts))
    if missing:
        yield (
            "the states",
            f"expected rows of every state up to {state}, got none of {_some(missing)}",
        )
    for number, found_parts in sorted(parts.items()):
        if sorted(found_parts) != list(range(len(found_parts))):
            yield f"state {number}", f"expected its rows from 0 on, got {sorted(found_parts)}"


def _sequence_problem(found: list[Row]) -> str:
    numbers = [row["version"] for row in found]
    if numbers != list(range(1, len(numbers) + 1)):
        return f"expected versions 1 to {max(numbers)}, got {_some(numbers)}"
    if len({row["kind"] for row in found}) > 1:
        return f"expected one kind, got {sorted({row['kind'] for row in found})}"
    order = [(row["state"], row["part"]) for row in found]
    if order != sorted(set(order)):
        return "expected later versions in later states, got them in another order"
    return ""


def _some(numbers: list[int], most: int = 8) -> str:
    shown = ", ".join(map(str, numbers[:most]))
    return shown + (f" ... ({len(numbers)} in all)" if len(numbers) > most else "")
