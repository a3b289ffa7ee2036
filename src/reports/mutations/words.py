"""Lengths and ``name = value`` lines, read without the readers' own functions."""

from __future__ import annotations

import re
from collections.abc import Iterable

_METRES = {"m": 1e6, "mm": 1e3, "cm": 1e4, "nm": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "pm": 1e-6,
           "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "millimeter": 1e3, "nanometer": 1e-3,
           "meter": 1e6, "Å": 1e-4, "å": 1e-4, "angstrom": 1e-4, "km": 1e9, "dm": 1e5,
           "inch": 25400.0, "in": 25400.0, "\\u00b5m": 1.0, "fm": 1e-9}  # fmt: skip


def metres(unit: str) -> float | None:
    """How many micrometres a unit has; None if it is none."""
    word = unit.strip().strip("\0")
    return _METRES.get(word, _METRES.get(word.lower()))


def pairs(text: str, pattern: str = r"\s*([^=:\n]+?)\s*[=:]\s*(.*?)\s*") -> dict[str, str]:
    """Read lines of name and value; the first of a name counts."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if pair := re.fullmatch(pattern, line):
            found.setdefault(pair.group(1).strip(), pair.group(2).strip())
    return found


def numbers(text: str) -> tuple[float, ...]:
    """Read every number of a line."""
    return tuple(float(one) for one in re.findall(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", text))


def lengths_um(found: Iterable[tuple[str, str]]) -> list[float]:
    """Take pairs of number and unit as lengths [µm]; what is none is left out."""
    known = ((float(number), metres(unit)) for number, unit in found)
    return [number * scale for number, scale in known if scale is not None]
