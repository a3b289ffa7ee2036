"""The types that a template's parameter can have, and values that fit them.

The grammar is small on purpose: ``str``, ``int``, ``float``, ``bool``, ``None``,
``Literal["a", "b"]``, ``list[T]`` and ``X | Y``. Nothing is ever evaluated.
"""

from __future__ import annotations

import ast
import json
import math
from dataclasses import dataclass
from typing import Any

_PLAIN = ("str", "int", "float", "bool")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_NOTHING = ("none", "null", "")


class Mismatch(Exception):
    """A value does not fit a type; the caller knows whose value it was."""


@dataclass(frozen=True)
class Annotation:
    """One type: its name, the members of a list or union, the values of a literal."""

    name: str
    members: tuple[Annotation, ...] = ()
    values: tuple[Any, ...] = ()

    def __str__(self) -> str:
        if self.name == "union":
            return " | ".join(map(str, self.members))
        if self.name == "list":
            return f"list[{self.members[0]}]"
        if self.name == "literal":
            return " | ".join(map(repr, self.values))
        return self.name


def read_annotation(node: ast.expr) -> Annotation:
    """Read a type from its syntax.

    Raises
    ------
    Mismatch
        It is none of those that a parameter can have.
    """
    match node:
        case ast.Name(id=name) if name in _PLAIN:
            return Annotation(name)
        case ast.Constant(value=None):
            return Annotation("None")
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union(read_annotation(left), read_annotation(right))
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return Annotation("list", (read_annotation(inner),))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            return Annotation("literal", values=_literal_values(inner))
    raise Mismatch(
        "a parameter's type is str, int, float, bool, None, Literal[...], list[...] or a union "
        f"of these, got {ast.unparse(node)}"
    )


def _union(left: Annotation, right: Annotation) -> Annotation:
    members = [
        m for side in (left, right) for m in (side.members if side.name == "union" else (side,))
    ]
    return Annotation("union", tuple(members))


def _literal_values(node: ast.expr) -> tuple[Any, ...]:
    nodes = node.elts if isinstance(node, ast.Tuple) else [node]
    if not all(isinstance(n, ast.Constant) for n in nodes):
        raise Mismatch(f"Literal needs plain values, got {ast.unparse(node)}")
    return tuple(n.value for n in nodes if isinstance(n, ast.Constant))


def fitted(value: Any, annotation: Annotation) -> Any:
    """Return a Python value as the declared type.

    Whole numbers serve as float, tuples as list; nothing else is converted.

    Raises
    ------
    Mismatch
        The value is of another type.
    """
    match annotation.name:
        case "union":
            return _first_fit(value, annotation, fitted)
        case "list" if isinstance(value, list | tuple):
            return [fitted(entry, annotation.members[0]) for entry in value]
        case "literal" if any(value == v and type(value) is type(v) for v in annotation.values):
            return value
        case "None" if value is None:
            return None
        case "bool" if isinstance(value, bool):
            return value
        case "int" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "float" if isinstance(value, int | float) and not isinstance(value, bool):
            return _finite(float(value))
        case "str" if isinstance(value, str):
            return value
    raise Mismatch(f"needs {annotation}, got {type(value).__name__}: {value!r}")


def parsed(text: str, annotation: Annotation) -> Any:
    """Read a text from the command line as the declared type.

    Raises
    ------
    Mismatch
        The text cannot be read as that type.
    """
    match annotation.name:
        case "union":
            return _first_fit(text, _text_last(annotation), parsed)
        case "list":
            return [_parsed_entry(entry, annotation.members[0]) for entry in _entries(text)]
        case "literal":
            return _first_match(text, annotation)
        case "str":
            return text
        case "None" if text.strip().lower() in _NOTHING:
            return None
        case "bool" if text.strip().lower() in _TRUE + _FALSE:
            return text.strip().lower() in _TRUE
        case "int" | "float":
            return _parsed_number(text, annotation)
    raise Mismatch(f"needs {annotation}, got {text!r}")


def _parsed_number(text: str, annotation: Annotation) -> int | float:
    try:
        return int(text) if annotation.name == "int" else _finite(float(text))
    except ValueError:
        raise Mismatch(f"needs {annotation}, got {text!r}") from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Mismatch(f"needs a finite float, got {value}")
    return value


def _first_fit(value: Any, annotation: Annotation, reader: Any) -> Any:
    for member in annotation.members:
        try:
            return reader(value, member)
        except Mismatch:
            continue
    kind = "" if reader is parsed else f"{type(value).__name__}: "
    raise Mismatch(f"needs {annotation}, got {kind}{value!r}")


def _text_last(annotation: Annotation) -> Annotation:
    """``str`` takes any text, so the other members of a union are asked first."""
    members = sorted(annotation.members, key=lambda member: member.name == "str")
    return Annotation("union", tuple(members))


def _first_match(text: str, annotation: Annotation) -> Any:
    for value in annotation.values:
        if text == str(value):
            return value
    raise Mismatch(f"needs {annotation}, got {text!r}")


def _entries(text: str) -> list[Any]:
    """Split ``1, 2, 3``, or read a JSON list."""
    stripped = text.strip()
    if not stripped.startswith("["):
        return [entry.strip() for entry in stripped.split(",")] if stripped else []
    try:
        entries = json.loads(stripped)
    except json.JSONDecodeError as error:
        raise Mismatch(f"needs 1,2,3 or a JSON list, got {text!r} ({error})") from None
    return list(entries)


def _parsed_entry(entry: Any, annotation: Annotation) -> Any:
    """Entries of a JSON list already have a type; those of ``1,2,3`` are text."""
    if isinstance(entry, str) and annotation.name != "str":
        return parsed(entry, annotation)
    return fitted(entry, annotation)
