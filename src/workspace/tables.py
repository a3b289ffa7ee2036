"""Records as tables: positions become columns that carry their unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .field_types import HalfSize, Position
from .record import Record
from .schema import Fields

if TYPE_CHECKING:
    import pandas as pd

_TAIL = ("tags", "who", "when", "version", "id")
#: Long or for machines; they stay on the record.
_HIDDEN = frozenset(
    {"metadata", "source", "fingerprints", "factors", "transform", "landmarks", "versions"}
)


def table_of(records: Sequence[Record], schema: type[Fields]) -> pd.DataFrame:
    """List records of one kind as a table.

    Parameters
    ----------
    records : sequence of Record
    schema : type of Fields

    Returns
    -------
    DataFrame
        ``name``, the fields (positions as ``x_um``, ``y_um``, ``z_um``, with the field's name in
        front where there are several), ``tags``, ``who``, ``when`` [UTC], ``version``, ``id``.
    """
    import pandas as pd

    columns: dict[str, list[Any]] = {"name": [record.name for record in records]}
    for field, kind in _shown(schema):
        values = [record.fields.get(field) for record in records]
        if kind is None:
            columns[field] = values
            continue
        for axis in ("x_um", "y_um", "z_um"):
            title = axis if field == "position" else f"{field}_{axis}"
            columns[title] = [None if value is None else value[axis] for value in values]
    columns["tags"] = [", ".join(record.tags) for record in records]
    for attribute in _TAIL[1:]:
        columns[attribute] = [getattr(record, attribute) for record in records]
    table = pd.DataFrame(columns)
    lengths = [title for title in table.columns if title.endswith("_um")]
    numeric = [title for title in lengths if not table[title].map(_is_list).any()]
    return table.astype(dict.fromkeys(numeric, float)) if len(table) else table


def _shown(schema: type[Fields]) -> list[tuple[str, type | None]]:
    shown: list[tuple[str, type | None]] = []
    for field, info in schema.model_fields.items():
        if field in _HIDDEN:
            continue
        types = (info.annotation, *getattr(info.annotation, "__args__", ()))
        kind = next((kind for kind in (Position, HalfSize) if kind in types), None)
        shown.append((field, kind))
    return shown


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def images_table(table: pd.DataFrame, *, problems: Mapping[str, str]) -> pd.DataFrame:
    """Spread the lengths of images over one column an axis, and say which are linked.

    Parameters
    ----------
    table : DataFrame
        Of :func:`table_of`.
    problems : mapping of str to str
        By id, why a linked image could not be read.

    Returns
    -------
    DataFrame
        ``spacing_x_um``, ``spacing_y_um``, ``spacing_z_um`` and so on; NaN where there is no such
        axis or no voxel size. ``linked_to`` and ``problem`` where there are linked images.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for title in table.columns:
        if title == "link":
            places = [(link or {}).get("address", "") for link in table[title]]
            if any(places):
                columns["linked_to"] = places
                columns["problem"] = [problems.get(identity, "") for identity in table["id"]]
            continue
        if title not in ("spacing_um", "nominal_spacing_um", "origin_um"):
            columns[title] = table[title]
            continue
        for axis in "xyz":
            rows = zip(table["axes"], table[title], strict=True)
            spread = [_along(axis, axes, lengths) for axes, lengths in rows]
            columns[title.replace("_um", f"_{axis}_um")] = spread
    return pd.DataFrame(columns)


def _along(axis: str, axes: str, values: Any) -> float:
    spatial = [letter for letter in axes if letter in "zyx"]
    return values[spatial.index(axis)] if _is_list(values) and axis in spatial else float("nan")
