"""A template: a notebook with a parameters cell, by its name or as a file."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..errors import ParameterError
from .parameters import Parameter, read_parameters

PACKAGE = "scalebridge.templates"


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
    """

    name: str
    notebook: NotebookNode
    parameters: tuple[Parameter, ...]
    sha256: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its parameters."""
        return tuple(parameter.name for parameter in self.parameters)


def shipped_templates() -> tuple[str, ...]:
    """List the names of the templates that come with Scalebridge, in their order."""
    entries = files(PACKAGE).iterdir()
    return tuple(sorted(entry.name[:-6] for entry in entries if entry.name.endswith(".ipynb")))


def is_template_name(text: str) -> bool:
    """Say whether a word of the command line names a template rather than a workspace."""
    return text.endswith(".ipynb") or text in _by_any_name()


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
        return _parsed(_file_bytes(Path(text)), Path(text).stem)
    known = _by_any_name()
    if text not in known:
        near = difflib.get_close_matches(text, known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ParameterError(
            f"there is no template {text!r}: {hint}there are {', '.join(shipped_templates())}, "
            "or give the path of an .ipynb file"
        )
    full_name = known[text]
    return _parsed((files(PACKAGE) / f"{full_name}.ipynb").read_bytes(), full_name)


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
