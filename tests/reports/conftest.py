from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
import pytest

from scalebridge import Workspace

PARAMETERS = """\
workspace: str  # folder of the specimen
as_of: int | None = None  # state to replay
size_um: float | None = None  # size that somebody decided [µm]
"""

OPENING = """\
from scalebridge import Workspace
from scalebridge.reports.items import *
from scalebridge.reports.recording import record_measurements
from scalebridge.errors import DecisionNeeded
ws = Workspace.open(workspace, as_of=as_of)
"""


def template(
    path: Path, *cells: str, title: str = "A template", parameters: str = PARAMETERS
) -> Path:
    """Write a throw-away template."""
    tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(f"# {title}"),
            tagged,
            *(nbformat.v4.new_code_cell(cell) for cell in (OPENING, *cells)),
        ]
    )
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def write_template(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, *cells: str, **options: str) -> Path:
        return template(tmp_path / f"{name}.ipynb", *cells, **options)

    return write


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    place = tmp_path / "specimen"
    with Workspace.create(place) as ws:
        ws.notes.add(text="polished")
    return place


def measurement_cell(value: str = "0.25") -> str:
    return f"""\
from types import SimpleNamespace
porosity = SimpleNamespace(
    key="porosity", value={value}, uncertainty=0.01, interval95=(0.24, 0.26), unit="1",
    convention="voxel counting", parts={{}}, checks=(Check("phases sum to 1", True),),
)
display(KeyNumber.of(porosity, label="Porosity"))
record_measurements(ws, [porosity])
"""


@pytest.fixture
def measure() -> Callable[..., str]:
    return measurement_cell


def executed(items: Sequence[object], *, title: str = "A template", **run: object):
    """Build an executed notebook around items, as the kernel would have written it."""
    outputs = [
        nbformat.v4.new_output("display_data", data=item._repr_mimebundle_())  # type: ignore[attr-defined]
        for item in items
    ]
    cell = nbformat.v4.new_code_cell("...", outputs=outputs)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"# {title}"), cell])
    if run:
        notebook.metadata["scalebridge"] = run
    return notebook


@pytest.fixture(name="executed")
def executed_fixture() -> Callable[..., object]:
    return executed
