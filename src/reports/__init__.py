"""Run templates headless, collect what they show, and render one self-contained page.

The order of the files::

    markup <- item <- key_number, figure, table, prose <- items     what a notebook shows
    kernel, parameters, template <- run <- batch                    how templates are run
    collect, provenance <- page                                     what the report says
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "KeyNumber": ".items",
    "Figure": ".items",
    "Table": ".items",
    "Method": ".items",
    "Citation": ".items",
    "Check": ".items",
    "Text": ".items",
    "Finding": ".items",
    "Parameter": ".parameters",
    "read_parameters": ".parameters",
    "record_measurements": ".recording",
    "record_together": ".recording",
    "RunResult": ".run",
    "run_template": ".run",
    "Batch": ".batch",
    "run_workspaces": ".batch",
    "render_report": ".page",
    "render_sheet": ".sheet",
    "write_sheet": ".sheet",
}

__all__ = [
    "Batch",
    "Check",
    "Citation",
    "Figure",
    "Finding",
    "KeyNumber",
    "Method",
    "Parameter",
    "RunResult",
    "Table",
    "Text",
    "read_parameters",
    "record_measurements",
    "record_together",
    "render_report",
    "render_sheet",
    "run_template",
    "run_workspaces",
    "write_sheet",
]

if TYPE_CHECKING:
    from .batch import Batch, run_workspaces
    from .items import Check, Citation, Figure, Finding, KeyNumber, Method, Table, Text
    from .page import render_report
    from .parameters import Parameter, read_parameters
    from .recording import record_measurements, record_together
    from .run import RunResult, run_template
    from .sheet import render_sheet, write_sheet


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'scalebridge.reports' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOMES)
