"""A view that needs no kernel: everything that its page draws from, as plain JSON."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from functools import partial
from typing import Any

from .coarse import Coarse, coarse_copy
from .live import LivePanel
from .looks import looks_at

# About what 2 to 4 MB of a page hold for a few images.
MOST_VOXELS = 500_000
_BAR = ("planes", "view", "linked", "cube", "layers", "tools", "picture")
_TRAITS = (
    "look", "planes", "layers", "marks", "annotations", "handles", "compare", "split", "slab",
    "title", "unit", "crosshair", "turns", "flat", "reach", "bounds_um", "alt", "maps", "classes",
)  # fmt: skip


def offline_view(explorer: Any, *, most_voxels: int = MOST_VOXELS) -> dict[str, Any] | None:
    """Everything that a page without a kernel draws an explorer from.

    Each image comes as a coarse copy, grey values in 256 steps; sharper than that it is only where
    a kernel can be asked.

    Parameters
    ----------
    explorer : SliceExplorer
    most_voxels : int
        Of each image.

    Returns
    -------
    dict or None
        None where a layer that is shown bends: only Python can place it, and a still shows it.
        ``traits`` as of `LivePanel`, ``tables`` and ``volumes`` in base64 (volumes zipped before),
        ``looks``: bookmarks by name. Plain JSON types.
    """
    placed = explorer.world.placed(explorer.layers)
    if any(item.layer.visible and item.placement.matrix is None for item in placed):
        return None
    panel = LivePanel(
        explorer,
        guard=_unguarded,
        bar=(*_BAR, "bookmarks") if explorer.bookmarks() else _BAR,
        coarse=partial(coarse_copy, most_voxels=most_voxels, narrow=True),
    )
    try:
        traits = {name: getattr(panel, name) for name in (*_TRAITS, "bar", "bookmarks")}
        return {
            "traits": {**traits, "offline": True, "history": {}},
            "tables": {name: _text(table) for name, table in panel.tables.items()},
            "volumes": {copy.key: _packed(copy) for copy in panel.copies()},
            "looks": {record.name: looks_at(explorer, record) for record in explorer.bookmarks()},
        }
    finally:
        panel.close()


def _packed(copy: Coarse) -> dict[str, Any]:
    return {
        "shape": list(copy.shape),
        "channels": copy.channels,
        "smooth": copy.smooth,
        "zipped": _text(gzip.compress(copy.data, compresslevel=6, mtime=0)),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unguarded(action: Callable[[], Any]) -> Callable[..., None]:
    return lambda *_: action()
