"""One text for one value: the JSON in which record bodies are kept.

NaN and infinity have no JSON and no meaning as a decision: they are refused in fields, where
``None`` says "not known". Only an instrument's own metadata may hold them, and keeps them as
words (``"NaN"``), so that nothing of the file is lost.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

import numpy as np


def plain(value: Any, *, name: str = "value", words_for_nan: bool = False) -> Any:
    """Reduce a value to JSON types.

    Parameters
    ----------
    value : object
        Numbers, text, dates, numpy scalars and arrays, and lists, tuples, sets and mappings of
        them.
    name : str
        How an error names the value.
    words_for_nan : bool
        Write NaN and infinity as text instead of refusing them.

    Returns
    -------
    None, bool, int, float, str, list or dict

    Raises
    ------
    ValueError
        For NaN and infinity.
    TypeError
        For anything that has no JSON.

    Examples
    --------
    >>> plain({"shape": (2, np.int64(3))})
    {'shape': [2, 3]}
    """
    if isinstance(value, str):
        return _plain_text(str(value), name=name, untouched=words_for_nan)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return _plain_text(value, name=name, untouched=words_for_nan)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _plain_float(value, name=name, words_for_nan=words_for_nan)
    return _plain_compound(value, name=name, words_for_nan=words_for_nan)


def _plain_text(text: str, *, name: str, untouched: bool) -> str:
    """Spell what no letter stands for, where an instrument wrote it; refuse it from people."""
    if untouched:
        return text.encode("utf-8", "backslashreplace").decode()
    refuse_half_letters(text, name=name)
    return text


def refuse_half_letters(text: str, *, name: str) -> None:
    """Refuse text that has no form in UTF-8, the only one that every database keeps."""
    if not is_unicode(text):
        raise ValueError(
            f"{name} needs whole letters, got half of one (a lone surrogate): {ascii(text)[:80]}. "
            "It was cut in two, or decoded with errors='surrogateescape'"
        )


def _plain_float(value: float, *, name: str, words_for_nan: bool) -> float | str:
    if math.isfinite(value):
        return value
    if words_for_nan:
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    raise ValueError(f"{name} needs a finite number, got {value}: leave it out or give None")


def _plain_compound(value: Any, *, name: str, words_for_nan: bool) -> Any:
    if isinstance(value, Mapping):
        return {
            _plain_text(str(key), name=name, untouched=words_for_nan): plain(
                item, name=f"{name}.{key}", words_for_nan=words_for_nan
            )
            for key, item in value.items()
        }
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return [
            plain(item, name=f"{name}[{i}]", words_for_nan=words_for_nan)
            for i, item in enumerate(value)
        ]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    if hasattr(value, "tolist"):  # a numpy-like scalar that is no np.generic
        return plain(value.tolist(), name=name, words_for_nan=words_for_nan)
    raise TypeError(f"{name} needs numbers, text, lists or dicts, got {type(value).__name__}")


def to_text(value: Any) -> str:
    """Write plain JSON types as the one text that stands for them.

    Raises
    ------
    ValueError
        For half a letter (a lone surrogate).

    Examples
    --------
    >>> to_text({"b": 1, "a": [1.5, None]})
    '{"a":[1.5,null],"b":1}'
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    refuse_half_letters(text, name="a record")
    return text


def is_unicode(text: str) -> bool:
    """Say whether a text has a form in UTF-8, the only one that every database keeps.

    Examples
    --------
    >>> is_unicode("µm 🔬"), is_unicode("\\ud83d")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def from_text(text: str) -> Any:
    """Read the text of :func:`to_text`."""
    return json.loads(text)
