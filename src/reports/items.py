"""The family of items, and how one is read back from the output of an executed notebook."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from .figure import Figure
from .item import ITEM_MIME, Item
from .key_number import KeyNumber
from .prose import Check, Citation, Finding, Method, Text
from .table import Table

__all__ = [
    "ITEM_MIME",
    "Check",
    "Citation",
    "Figure",
    "Finding",
    "Item",
    "KeyNumber",
    "Method",
    "Table",
    "Text",
    "item_from_bundle",
]


def item_from_bundle(data: Mapping[str, Any]) -> Item | None:
    """Read an item back from the data of a notebook's output.

    Parameters
    ----------
    data : mapping
        ``output["data"]`` of a ``display_data`` or ``execute_result`` output.

    Returns
    -------
    Item or None
        None where the output is no item.

    Raises
    ------
    ValueError
        The output claims to be an item and is none: an edited or damaged notebook.
    """
    content = data.get(ITEM_MIME)
    if content is None:
        return None
    try:
        return _READERS[content["kind"]](content, data)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"expected an item of Scalebridge ({', '.join(_READERS)}), got one that cannot be "
            f"read ({type(error).__name__}: {error}); run the notebook again"
        ) from error


def _read_key_number(content: Mapping[str, Any], _: Mapping[str, Any]) -> KeyNumber:
    return KeyNumber(
        content["key"],
        content["label"],
        content["value"],
        unit=content["unit"],
        uncertainty=content["uncertainty"],
        interval95=content["interval95"] and tuple(content["interval95"]),
        note=content["note"],
    )


def _read_figure(content: Mapping[str, Any], data: Mapping[str, Any]) -> Figure:
    png = base64.b64decode(data["image/png"])
    offline = content.get("offline")
    return Figure(
        png, content["caption"], name=content["name"], wide=content["wide"], offline=offline
    )


def _read_table(content: Mapping[str, Any], _: Mapping[str, Any]) -> Table:
    frame = pd.DataFrame(content["rows"], columns=content["columns"], dtype=object)
    return Table(frame, content["caption"], name=content["name"])


def _read_method(content: Mapping[str, Any], _: Mapping[str, Any]) -> Method:
    return Method(content["text"], [Citation(**source) for source in content["citations"]])


def _read_check(content: Mapping[str, Any], _: Mapping[str, Any]) -> Check:
    return Check(content["name"], content["passed"], content["detail"])


def _read_text(content: Mapping[str, Any], _: Mapping[str, Any]) -> Text:
    return Text(content["text"], heading=content["heading"])


def _read_finding(content: Mapping[str, Any], _: Mapping[str, Any]) -> Finding:
    return Finding(content["text"], level=content["level"])


_READERS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Item]] = {
    "key_number": _read_key_number,
    "figure": _read_figure,
    "table": _read_table,
    "method": _read_method,
    "check": _read_check,
    "text": _read_text,
    "finding": _read_finding,
}
