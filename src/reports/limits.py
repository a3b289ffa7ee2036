"""Limits of a parameter's value, written in the bracket behind its line.

``# share of the volume [0 < value < 1]``, ``# thresholds [grey value, ascending]``: what a reader
is told there is also what is held to, before anything runs.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .annotations import Mismatch

_NUMBER = r"-?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER}) *(<=?) *value *(<=?) *({_NUMBER})")
_COMPARES = re.compile(r"\bvalue\b.*[<>=]|[<>=].*\bvalue\b")
_ASCENDING = "ascending"
_COMPARED = {"<": operator.lt, "<=": operator.le}


@dataclass(frozen=True)
class Limits:
    """What a value has to keep to; without any, everything is within.

    Attributes
    ----------
    range : str
        ``"0 < value < 1"``, of a number or of every number in a list; empty for any.
    ascending : bool
        Each number of a list is larger than the one before.
    """

    range: str = ""
    ascending: bool = False

    def check(self, value: Any) -> None:
        """Refuse a value beyond the limits; None is no value.

        Raises
        ------
        Mismatch
        """
        entries: Sequence[Any] = value if isinstance(value, list) else [value]
        numbers = [entry for entry in entries if isinstance(entry, int | float)]
        if self.range and not all(_is_within(number, self.range) for number in numbers):
            raise Mismatch(f"needs {self.range}, got {value}")
        if self.ascending and any(a >= b for a, b in pairwise(numbers)):
            raise Mismatch(f"needs ascending numbers, got {value}")


def read_bracket(text: str) -> tuple[str, Limits]:
    """Split what stands in the bracket into the unit and the limits.

    Raises
    ------
    Mismatch
        Something is compared with the value that is no range: nobody would hold to it.

    Examples
    --------
    >>> read_bracket("grey value, ascending")
    ('grey value', Limits(range='', ascending=True))
    """
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if _COMPARES.search(part) and not _RANGE.fullmatch(part):
            raise Mismatch(f"limits look like [0 < value <= 2.5], got [{part}]")
    ranges = [part for part in parts if _RANGE.fullmatch(part)]
    unit = ", ".join(part for part in parts if part not in (*ranges, _ASCENDING))
    return unit, Limits("".join(ranges[:1]), _ASCENDING in parts)


def _is_within(number: float, written: str) -> bool:
    match = _RANGE.fullmatch(written)
    assert match is not None
    low, first, second, high = match.groups()
    return bool(_COMPARED[first](float(low), number) and _COMPARED[second](number, float(high)))
