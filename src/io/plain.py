"""Instrument metadata as plain JSON types, so that it can be kept beside the image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

_LONGEST_TEXT = 200_000
_LONGEST_LIST = 4_096


def plain(value: Any, *, depth: int = 12) -> Any:
    """Turn a metadata value into dict, list, str, int, float, bool or None.

    Text and lists beyond a few thousand entries are cut, and say so: they are pixel data or
    tables in disguise. NaN and infinities become text, because JSON has no word for them.

    Examples
    --------
    >>> plain({"a": (1, float("nan")), 2: b"ETD"})
    {'a': [1, 'nan'], '2': 'ETD'}
    """
    if value is None or (isinstance(value, (bool, int)) and not isinstance(value, Enum)):
        return value
    if depth == 0:
        return "... (nested too deeply)"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (str, bytes)):
        return _text(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth=depth - 1) for key, item in value.items()}
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(
            np.asarray(value)[..., :_LONGEST_LIST].tolist() if value.ndim else value.item()
        )
    if isinstance(value, (list, tuple, set, frozenset)):
        return _items(list(value), depth)
    return _text(str(value))


def _text(value: str | bytes) -> str:
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value
    text = text.replace("\x00", "").encode("utf-8", errors="replace").decode("utf-8")
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + " ... (cut)"


def _items(values: list[Any], depth: int) -> list[Any]:
    kept = [plain(item, depth=depth - 1) for item in values[:_LONGEST_LIST]]
    left = len(values) - len(kept)
    return kept + ([f"... ({left} more)"] if left else [])
