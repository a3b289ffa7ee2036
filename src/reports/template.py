"""A template: a notebook with a parameters cell, by its name or as a file."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ..errors import ParameterError
from .parameters import Parameter, read_parameters

PACKAGE = "scalebridge.templates"
_NUMBERED = re.compile(r"\d{1,2}_\w+")
# Closer than this to a template's name, a folder that is not there is a slip of the pen.
_CLOSE = 0.75


@dataclass(frozen=True)
class Template:
    """A notebook that can be run.

    Attributes
    ----------
    name : str
        ``"10_survey"``; the stem of the file.
    notebook : nbformat.NotebookNode
    parameters : tuple of Parameter
    sha256 : str
        Of the file, so that a report says which text was run.
    folder : pathlib.Path or None
        Where a file of one's own lies; None for a template that comes with Scalebridge.
    """

    name: str
    notebook: NotebookNode
    parameters: tuple[Parameter, ...]
    sha256: str
    folder: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def defaults(self) -> dict[str, Any]:
        """The values of those that have one."""
        return {p.name: p.default for p in self.parameters if not p.required}


def shipped_templates() -> tuple[str, ...]:
    """List the names of the templates that come with Scalebridge, in their order."""
    entries = files(PACKAGE).iterdir()
    return tuple(sorted(entry.name[:-6] for entry in entries if entry.name.endswith(".ipynb")))


def told_apart(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell workspaces from templates among the words of a command line.

    A folder that exists is a workspace, whatever its name. A word that is neither, but looks like
    a template, is refused; any other is the workspace of a specimen that is not there.

    Returns
    -------
    workspaces, templates : list of str

    Raises
    ------
    ParameterError
        With the template that may have been meant.
    """
    templates = [word for word in words if not Path(word).is_dir() and _names_template(word)]
    return [word for word in words if word not in templates], templates


def _names_template(word: str) -> bool:
    known = _by_any_name()
    if word.endswith(".ipynb") or word in known:
        return True
    if Path(word).name != word:  # a path is no slip of the pen
        return False
    if _NUMBERED.fullmatch(word) or difflib.get_close_matches(word, known, n=1, cutoff=_CLOSE):
        raise _unknown(word)
    return False


def load_template(name: str | Path) -> Template:
    """Load a template that comes with Scalebridge, or any notebook file.

    Parameters
    ----------
    name : str or pathlib.Path
        ``"10_survey"``, ``"survey"``, or a path that ends with ``.ipynb``.

    Raises
    ------
    ParameterError
        There is no such template, it is no notebook, or its parameters cell cannot be read.
    """
    text = str(name)
    if text.endswith(".ipynb"):
        folder = Path(text).resolve().parent
        return replace(_parsed(_file_bytes(Path(text)), Path(text).stem), folder=folder)
    known = _by_any_name()
    if text not in known:
        raise _unknown(text)
    full_name = known[text]
    return _parsed((files(PACKAGE) / f"{full_name}.ipynb").read_bytes(), full_name)


def _unknown(text: str) -> ParameterError:
    known = _by_any_name()
    near = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {known[near[0]]!r}? " if near else ""
    return ParameterError(
        f"there is no template {text!r}, nor a folder of that name: {hint}there are "
        f"{', '.join(shipped_templates())}, or give the path of an .ipynb file"
    )


def _by_any_name() -> dict[str, str]:
    """Map ``10_survey`` and ``survey`` to ``10_survey``."""
    shipped = shipped_templates()
    return {name.partition("_")[2]: name for name in shipped} | {name: name for name in shipped}


def _file_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ParameterError(f"the template {path} cannot be read: {error.strerror}") from error


def _parsed(content: bytes, name: str) -> Template:
    try:
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise ParameterError(f"{name} is no Jupyter notebook: {error}") from error
    parameters = read_parameters(notebook, name=name)
    return Template(name, notebook, parameters, hashlib.sha256(content).hexdigest())
