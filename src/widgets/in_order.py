"""What a person does in a view is heard in the order in which it was done.

Every control talks to the kernel on a comm of its own. JupyterLab 4.4 and later address all of them
to one thread of the kernel, beside that of the cells. ipykernel 7.4 sends the messages of a comm
to the thread that last spoke on it instead, so that a button that was made by a cell is heard by
one thread and the picture beside it by another: "add pair" overtakes the click that it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_ROUTE = "_reply_subshell_for"  # ipykernel 7.4; others have none and leave messages as they come


def in_order(view: Any) -> Any:
    """Have all controls of a view, and those that it gets later, heard where the browser says.

    Parameters
    ----------
    view : ipywidgets.Widget

    Returns
    -------
    ipywidgets.Widget
        The same.
    """
    for part in _parts(view):
        if hasattr(part.comm, _ROUTE):
            setattr(part.comm, _ROUTE, _as_sent)
        if part.has_trait("children"):
            part.observe(_with_children, "children")
    return view


def _as_sent(_: Any, subshell: str | None) -> str | None:
    return subshell


def _with_children(change: Any) -> None:
    for child in change["new"]:
        in_order(child)


def _parts(view: Any) -> Iterator[Any]:
    yield view
    for child in getattr(view, "children", ()):
        yield from _parts(child)
