"""A contact sheet: many views side by side, each with its name and its own scale bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import Image

from ..plots.theme import Ground, ground_of
from .page import GAP_PX
from .picture import MarkDrawer, panel_picture

# Words on a panel are this share of its width high.
_TEXT_SHARE = 1 / 26


def slice_sheet(
    views: Mapping[str, Any],
    *,
    columns: int = 4,
    width_px: int = 2000,
    aspect: float | None = None,
    marks: Mapping[str, MarkDrawer] | None = None,
    theme: str | Ground = "light",
) -> Image.Image:
    """Draw several explorers on one sheet.

    Parameters
    ----------
    views : mapping of str to SliceExplorer
        What stands on each panel, and its view.
    columns : int
        Panels in a row.
    width_px : int
        Of the whole sheet.
    aspect : float, optional
        Height of every panel over its width; by default that of the tallest view.
    marks : mapping of str to callable, optional
        Draws further marks on the panel of that name, see `SliceExplorer.snapshot`.
    theme : {"light", "dark"}
        Ground of the page between the panels.

    Returns
    -------
    PIL.Image.Image

    Examples
    --------
    >>> views = {name: SliceExplorer(ws, [name]) for name in ("a", "b")}  # doctest: +SKIP
    >>> slice_sheet(views, columns=2)  # doctest: +SKIP
    """
    if not views:
        raise ValueError("a sheet needs a view, got none")
    columns = min(columns, len(views))
    width = (width_px - GAP_PX * (columns - 1)) // columns
    tall = aspect or max(view.aspect for view in views.values())
    drawers = marks or {}
    if unknown := [name for name in drawers if name not in views]:
        raise ValueError(f"marks needs names of views, {list(views)}, got {unknown}")
    panels = [_panel(n, view, width, tall, drawers.get(n)) for n, view in views.items()]
    height, rows = panels[0].height, -(-len(panels) // columns)
    size = (width_px, rows * height + (rows - 1) * GAP_PX)
    page = Image.new("RGB", size, ground_of(theme).paper)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        page.paste(panel, (column * (width + GAP_PX), row * (height + GAP_PX)))
    return page


def _panel(
    name: str, view: Any, width: int, aspect: float, marks: MarkDrawer | None
) -> Image.Image:
    return panel_picture(
        view.world.placed(view.layers),
        view.plane(aspect=aspect),
        width_px=width,
        size=max(11, round(width * _TEXT_SHARE)),
        how=view.rendering(),
        unit=view.world.unit,
        cursor_um=None,
        title=name,
        marks=marks,
    )
