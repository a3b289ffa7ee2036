"""A template's parameters, read from its source and never run.

papermill's own inspection reads the cell line by line: it drops ``x: float | None = None``, and an
unknown name is only logged. Here the cell is parsed, and what does not fit is refused before
anything runs. A name reaches the notebook as source code, so only declared names ever get there.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ParameterError
from .annotations import Annotation, Mismatch, fitted, parsed, read_annotation
from .limits import Limits, read_bracket
from .redaction import Secrets

TAG = "parameters"
_COMMENT = re.compile(r"#\s*(?P<meaning>.*?)\s*(?:\[(?P<unit>[^\]]*)\])?\s*$")


@dataclass(frozen=True)
class Parameter:
    """One line of a parameters cell.

    Attributes
    ----------
    name : str
    annotation : Annotation
        The declared type.
    default : object
        Meaningless where `required`.
    required : bool
        The line gives no default.
    meaning, unit : str
        The comment behind the line: ``# meaning [unit]``.
    limits : Limits
        From the same bracket: ``# meaning [unit, 0 < value < 1]``.
    """

    name: str
    annotation: Annotation
    default: Any
    required: bool
    meaning: str
    unit: str
    limits: Limits

    def __str__(self) -> str:
        default = "" if self.required else f" = {self.default!r}"
        return f"{self.name}: {self.annotation}{default}"


def read_parameters(
    notebook: Mapping[str, Any], *, name: str = "template"
) -> tuple[Parameter, ...]:
    """Read the parameters of a template.

    Parameters
    ----------
    notebook : mapping
        The notebook (nbformat 4); exactly one code cell is tagged ``parameters``.
    name : str
        What messages call the template.

    Returns
    -------
    tuple of Parameter
        In the order of their lines.

    Raises
    ------
    ParameterError
        There is no such cell, or a line of it is not ``name: type = default  # meaning [unit]``.
    """
    source = _parameters_source(notebook, name)
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(
            f"{name}: line {error.lineno} of the parameters cell is no Python: {error.msg}"
        ) from error
    lines = lines_of(source)
    parameters = [_read_line(node, lines, name) for node in body if not _is_preface(node)]
    _refuse_twice(parameters, name)
    return tuple(parameters)


def _parameters_source(notebook: Mapping[str, Any], name: str) -> str:
    cells = [c for c in notebook["cells"] if TAG in c.get("metadata", {}).get("tags", ())]
    if len(cells) != 1 or cells[0]["cell_type"] != "code":
        raise ParameterError(
            f"{name}: a template has one code cell tagged {TAG!r}, got {len(cells)} cells with it"
        )
    source = cells[0]["source"]
    return source if isinstance(source, str) else "".join(source)


def lines_of(source: str) -> list[str]:
    """Split code where Python counts a line; a form feed or U+2028 in a text ends none."""
    return re.split(r"\r\n|\r|\n", source)


def _is_preface(node: ast.stmt) -> bool:
    """A docstring, or the import that ``Literal`` needs."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "typing" and [name.name for name in node.names] == ["Literal"]
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _read_line(node: ast.stmt, lines: list[str], name: str) -> Parameter:
    where = f"{name}: line {node.lineno} of the parameters cell"
    comment = _comment(node, lines)
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        raise ParameterError(
            f"{where} needs `name: type = default  # meaning [unit]`, got `{ast.unparse(node)}`"
        )
    try:
        unit, limits = read_bracket(comment.get("unit") or "")
        annotation = read_annotation(node.annotation)
        default = None if node.value is None else fitted(_literal(node.value), annotation)
        limits.check(default)
    except Mismatch as error:
        raise ParameterError(f"{where}, {node.target.id}: {error}") from None
    return Parameter(
        node.target.id,
        annotation,
        default,
        required=node.value is None,
        meaning=comment.get("meaning") or "",
        unit=unit,
        limits=limits,
    )


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise Mismatch(
            f"the default needs to be a plain value, got `{ast.unparse(node)}`"
        ) from None


def _comment(node: ast.stmt, lines: list[str]) -> dict[str, str | None]:
    """Read the comment of a declaration, which a formatter may have moved inside parentheses."""
    text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    match = _COMMENT.search(comments[-1]) if comments else None
    return match.groupdict() if match else {}


def _refuse_twice(parameters: list[Parameter], name: str) -> None:
    names = [parameter.name for parameter in parameters]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ParameterError(f"{name}: a parameter is declared once, got twice: {', '.join(twice)}")


def checked_values(
    parameters: Iterable[Parameter], given: Mapping[str, Any], *, name: str = "template"
) -> dict[str, Any]:
    """Check the values that somebody gives against the declared parameters.

    Parameters
    ----------
    parameters : iterable of Parameter
        What the template declares.
    given : mapping of str to object
        Values by name. Texts of the class `FromText` are read as the declared type first.
    name : str
        What messages call the template.

    Returns
    -------
    dict
        The given values as their declared types; defaults are left to the template.

    Raises
    ------
    ParameterError
        A name is unknown (with the nearest that exists), a required one is missing, or a value
        does not fit.
    """
    declared = {parameter.name: parameter for parameter in parameters}
    for key in given:
        refuse_unknown(key, declared, name=name)
    missing = [str(p) for p in declared.values() if p.required and p.name not in given]
    if missing:
        raise ParameterError(f"{name} needs a value for {'; '.join(missing)}: give it with -p")
    return {key: _value(declared[key], value, name) for key, value in given.items()}


def refuse_unknown(key: str, declared: Iterable[str], *, name: str) -> None:
    """Refuse a parameter that is not declared, naming what exists."""
    known = list(declared)
    if key in known:
        return
    near = difflib.get_close_matches(str(key), known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ParameterError(
        f"{name}: there is no parameter {key!r}: {hint}there are {', '.join(known) or 'none'}"
    )


class FromText(str):
    """A value that came as text from a command line and waits for its declared type."""


def _value(parameter: Parameter, value: Any, name: str) -> Any:
    try:
        if isinstance(value, FromText):
            read = parsed(str(value), parameter.annotation)
        else:
            plain = value.as_posix() if isinstance(value, Path) else value
            read = fitted(plain, parameter.annotation)
        parameter.limits.check(read)
        return read
    except Mismatch as error:
        unit = f" [{parameter.unit}]" if parameter.unit else ""
        why = Secrets.among({parameter.name: value}).hide(str(error))
        raise ParameterError(f"{name}: parameter {parameter.name!r}{unit} {why}") from None


def split_assignment(text: str) -> tuple[str, FromText]:
    """Split ``name=value`` as it stands behind ``-p``.

    Examples
    --------
    >>> split_assignment("sigma_um=0.5")
    ('sigma_um', '0.5')
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise ParameterError(f"-p needs name=value with a Python name, got {text!r}")
    return name.strip(), FromText(value)
