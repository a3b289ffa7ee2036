"""The executed notebook, as it may be kept and passed on: without the run's secrets."""

from __future__ import annotations

import ast
from typing import Any

from nbformat import NotebookNode
from nbformat.notebooknode import from_dict

from .parameters import lines_of
from .redaction import Secrets, is_secret, uncoloured

#: The template's own tag, and that of the cell that papermill writes behind it.
_ASSIGNING = {"parameters", "injected-parameters"}
_TEXT = ("text/", "application/json", "application/vnd.", "application/javascript", "image/svg")


def without_secrets(notebook: NotebookNode, secrets: Secrets) -> NotebookNode:
    """Take secrets out of a notebook's code, outputs and metadata, in place.

    What a cell prints, and its traceback, lose all that looks like a secret. What it displays
    and its code lose the secrets that are known and the logins in URLs: a number or a variable
    that happens to be called so is no secret.

    Parameters
    ----------
    notebook : NotebookNode
    secrets : Secrets

    Returns
    -------
    NotebookNode
        The same one.
    """
    notebook["metadata"] = _metadata(notebook.metadata, secrets)
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", ()))
        code = _without_values(cell.source) if tags & _ASSIGNING else cell.source
        cell["source"] = secrets.blot(code)
        for output in cell.get("outputs", ()):
            _clean(output, secrets)
    return notebook


def _metadata(metadata: NotebookNode, secrets: Secrets) -> Any:
    kept: Any = from_dict(secrets.blot(metadata))
    papermill = kept.get("papermill", {})
    for name in (
        "input_path",
        "output_path",
    ):  # the whole template again, and a folder that is gone
        papermill.pop(name, None)
    if parameters := papermill.get("parameters"):
        papermill["parameters"] = from_dict(secrets.told(parameters))
    return kept


def _clean(output: NotebookNode, secrets: Secrets) -> None:
    for field in ("text", "evalue"):
        if field in output:
            output[field] = secrets.hide(output[field])
    if "traceback" in output:
        output["traceback"] = [_hidden(line, secrets) for line in output["traceback"]]
    data = output.get("data", {})
    for kind in [kind for kind in data if kind.startswith(_TEXT)]:
        data[kind] = from_dict(secrets.blot(data[kind]))


def _hidden(line: str, secrets: Secrets) -> str:
    """Hide secrets in a traceback, whose colours go only where there was something to hide."""
    hidden = secrets.hide(line)
    return line if hidden == uncoloured(line) else hidden


def _without_values(source: str) -> str:
    """Blank the lines of a parameters cell that give a secret name its value."""
    lines = lines_of(source)
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or _is_nothing(node.value):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and is_secret(target.id):
            first, last = node.lineno - 1, node.end_lineno or node.lineno
            node.value = ast.Constant("•••")
            start = lines[first].encode()[: node.col_offset].decode()
            lines[first:last] = [start + ast.unparse(node), *[""] * (last - first - 1)]
    return "\n".join(lines)


def _is_nothing(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)
