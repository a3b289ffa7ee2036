"""What one executed notebook has to say: its title, its items, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .failure import Failure
from .items import Check, Finding, Item, KeyNumber, item_from_bundle
from .redaction import redacted

_HEADING = re.compile(r"^#{1,2}\s+(?P<title>.+?)\s*#*\s*$", re.MULTILINE)
_Kind = TypeVar("_Kind", bound=Item)


@dataclass(frozen=True)
class Chapter:
    """One executed notebook, as the report sees it.

    Attributes
    ----------
    name : str
        Name of the template.
    title : str
        First heading of the notebook.
    items : tuple of Item
        What it displayed, in order.
    run : dict
        What the runner wrote about the run; empty for a notebook run by hand.
    failure : Failure or None
    """

    name: str
    title: str
    items: tuple[Item, ...]
    run: dict[str, Any] = field(default_factory=dict)
    failure: Failure | None = None

    def of_kind(self, kind: type[_Kind]) -> tuple[_Kind, ...]:
        """Return its items of one kind."""
        return tuple(item for item in self.items if isinstance(item, kind))

    @property
    def key_numbers(self) -> tuple[KeyNumber, ...]:
        """The numbers that stand: none where the notebook stopped half-way."""
        return () if self.failure else self.of_kind(KeyNumber)

    @property
    def checks(self) -> tuple[Check, ...]:
        """Its checks; also those that had passed before it stopped."""
        return self.of_kind(Check)


def read_chapter(notebook: Mapping[str, Any]) -> Chapter:
    """Collect the items of an executed notebook.

    Parameters
    ----------
    notebook : mapping
        nbformat 4. Outputs that are no items are left out, whatever they contain.

    Returns
    -------
    Chapter
        An item that cannot be read appears as a finding that says so.
    """
    run = dict(notebook["metadata"].get("scalebridge", {}))
    name = str(run.get("template", "notebook"))
    return Chapter(
        name=name,
        title=_title(notebook) or name,
        items=tuple(_items(notebook)),
        run=run,
        failure=_failure(notebook, run),
    )


def _title(notebook: Mapping[str, Any]) -> str:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and (match := _HEADING.search(_text(cell["source"]))):
            return match["title"]
    return ""


def _items(notebook: Mapping[str, Any]) -> Iterator[Item]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            try:
                item = item_from_bundle(output.get("data", {}))
            except ValueError as error:
                item = Finding(str(error), level="look")
            if item is not None:
                yield item


def _failure(notebook: Mapping[str, Any], run: Mapping[str, Any]) -> Failure | None:
    if run:
        return Failure(**run["failure"]) if run.get("failure") else None
    for index, cell in enumerate(notebook["cells"], start=1):
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                return Failure(
                    str(output["ename"]),
                    redacted(str(output["evalue"])),
                    cell=index,
                    source=redacted(_text(cell["source"])),
                )
    return None


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
