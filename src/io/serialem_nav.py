"""Positions for SerialEM's navigator, as a ``.nav`` text file of AdocVersion 2.00."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import pandas as pd

_NEEDED = ("label", "x_um", "y_um", "z_um")
_LABEL = re.compile(r"[A-Za-z0-9_-]+")
_BREAKS = re.compile(r"[\r\n=]+")


def write_nav(items: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write stage positions as points of a SerialEM navigator.

    Parameters
    ----------
    items : DataFrame
        ``label``, ``x_um``, ``y_um``, ``z_um`` as the stage reads them [um], and perhaps ``note``
        and ``color`` (SerialEM's number, 0 to 5).
    path : str or path
        ``*.nav``.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        No item, a missing column, a position that is not known, a label that readers of the format
        lose (anything but letters, digits, - and _) or that is there twice.

    References
    ----------
    SerialEM, "The navigator file": https://bio3d.colorado.edu/SerialEM/hlp/html/about_nav_file.htm

    Examples
    --------
    >>> import tempfile
    >>> one = pd.DataFrame({"label": ["pit"], "x_um": [1.5], "y_um": [-2.0], "z_um": [0.0]})
    >>> file = write_nav(one, tempfile.mkdtemp() + "/targets.nav")
    >>> file.read_text().splitlines()[2:5]
    ['[Item = pit]', 'Color = 0', 'StageXYZ = 1.5 -2 0']
    """
    file = Path(path)
    if file.suffix != ".nav":
        raise ValueError(f"a navigator file needs a name that ends in .nav, got {file.name}")
    refuse_unknown(items, _NEEDED, who="a navigator file")
    labels = [str(label) for label in items["label"]]
    wrong = [label for label in labels if not _LABEL.fullmatch(label)]
    if wrong:
        raise ValueError(
            f"labels need letters, digits, - and _ only, got {', '.join(map(repr, wrong))}: other "
            "names are lost by readers of the format; put the full name into the column note"
        )
    if len(set(labels)) < len(labels):
        raise ValueError(f"labels need to be different, got {', '.join(labels)}")
    rows = items.to_dict("records")
    lines = ["AdocVersion = 2.00", ""]
    for row in rows:
        lines += [*_item({str(key): value for key, value in row.items()}), ""]
    file.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return file


def refuse_unknown(items: pd.DataFrame, needed: tuple[str, ...], *, who: str) -> None:
    """Refuse tables without rows or columns, and numbers that are not known.

    Raises
    ------
    ValueError
    """
    missing = [name for name in needed if name not in items]
    if missing:
        got = ", ".join(map(str, items)) or "none"
        raise ValueError(f"{who} needs columns {', '.join(needed)}, got {got}")
    if not len(items):
        raise ValueError(f"{who} needs at least one item, got none")
    for row in items.to_dict("records"):
        for name in needed[1:]:
            value = row[name]
            if not (isinstance(value, int | float) and math.isfinite(value)):
                raise ValueError(
                    f"{who} needs a known {name} for {row[needed[0]]}, got {value!r}: an unknown "
                    "number is never written; fill it in or leave the item out"
                )


def _item(row: dict[str, object]) -> list[str]:
    x, y, z = (f"{row[name]:.9g}" for name in _NEEDED[1:])
    note = _BREAKS.sub(" ", str(row.get("note", "") or "")).strip()
    return [
        f"[Item = {row['label']}]",
        f"Color = {int(str(row.get('color', 0)))}",
        f"StageXYZ = {x} {y} {z}",
        "NumPts = 1",
        "Regis = 1",
        "Type = 0",
        *([f"Note = {note}"] if note else []),
        f"PtsX = {x}",
        f"PtsY = {y}",
    ]
