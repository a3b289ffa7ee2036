"""Run a walk-through for real, with this interpreter, and read back what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode

from scalebridge import Workspace
from scalebridge.reports import run_template
from scalebridge.reports.items import Item, item_from_bundle

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@dataclass(frozen=True)
class Walk:
    """A walk-through that was run to its end."""

    ws: Workspace
    notebook: NotebookNode
    items: tuple[Item, ...]

    def said(self, kind: str) -> str:
        """Everything that items of one kind say."""
        return "\n".join(str(item) for item in self.items if item.kind == kind)

    def table(self, name: str) -> Any:
        """The table of that name."""
        (found,) = (i for i in self.items if i.kind == "table" and i.name == name)
        return found.data

    def measured(self, key: str) -> Any:
        """The record of that key."""
        (found,) = (record for record in self.ws.measurements if record.key == key)
        return found


def items_of(notebook: NotebookNode) -> tuple[Item, ...]:
    bundles = [
        output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    return tuple(item for data in bundles if (item := item_from_bundle(data)) is not None)


def walked(name: str, folder: Path, **parameters: Any) -> Walk:
    """Run a notebook on a new workspace in a folder."""
    place = folder / "specimen"
    if not place.exists():
        Workspace.create(place, name="a specimen").close()
    run = run_template(
        NOTEBOOKS / f"{name}.ipynb", place, output=folder / "report", parameters=parameters
    )
    assert run.status == "finished", run.failure
    return Walk(Workspace.open(place), run.notebook, items_of(run.notebook))


Walker = Callable[..., Walk]


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walker]:
    """Give the walk-through of a name; each is run once for all tests."""
    walks: dict[str, Walk] = {}

    def once(name: str, **parameters: Any) -> Walk:
        if name not in walks:
            walks[name] = walked(name, tmp_path_factory.mktemp(name), **parameters)
        return walks[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCALEBRIDGE_USER", "tester")  # who picked what counts: every run has one
        yield once
    for one in walks.values():
        one.ws.close()
