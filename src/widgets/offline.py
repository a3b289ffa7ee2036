"""A view that needs no kernel: everything that its page draws from, as plain JSON."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .coarse import Coarse, coarse_copy
from .live import LivePanel
from .looks import looks_at
from .scene import Placed

# About what 2 to 4 MB of a page hold for a few images.
MOST_VOXELS = 500_000
MOST_MOMENTS = 24  # of a series; of a longer one as many, evenly
_BAR = ("planes", "view", "time", "linked", "cube", "layers", "tools", "picture")
_TRAITS = (
    "look", "planes", "layers", "marks", "annotations", "handles", "compare", "split", "slab",
    "title", "unit", "crosshair", "turns", "flat", "reach", "bounds_um", "alt", "maps", "classes",
    "time", "times",
)  # fmt: skip


def offline_view(explorer: Any, *, most_voxels: int = MOST_VOXELS) -> dict[str, Any] | None:
    """Everything that a page without a kernel draws an explorer from.

    Each image comes as a coarse copy, grey values in 256 steps; sharper than that it is only where
    a kernel can be asked.

    Parameters
    ----------
    explorer : SliceExplorer
    most_voxels : int
        Of each image, all its time points together.

    Returns
    -------
    dict or None
        None where a layer that is shown bends: only Python can place it, and a still shows it.
        ``traits`` as of `LivePanel`, ``tables`` and ``volumes`` in base64 (volumes zipped before),
        ``looks``: bookmarks by name, ``moments``: the layers at each time point. Plain JSON types.
    """
    placed = explorer.world.placed(explorer.layers)
    if any(item.layer.visible and item.placement.matrix is None for item in placed):
        return None
    moments = kept_moments(explorer.world.time_count, explorer.time)
    panel = LivePanel(
        explorer,
        guard=_unguarded,
        bar=(*_BAR, "bookmarks") if explorer.bookmarks() else _BAR,
        coarse=partial(_copy, most_voxels=most_voxels, most_moments=len(moments)),
    )
    try:
        traits = {name: getattr(panel, name) for name in (*_TRAITS, "bar", "bookmarks")}
        if len(moments) > 1:
            traits["times"] = [traits["times"][number] for number in moments]
            traits["time"] = moments.index(explorer.time)
        layers, volumes = _over_time(panel, explorer, moments)
        return {
            "traits": {**traits, "offline": True, "history": {}},
            "tables": {name: _text(table) for name, table in panel.tables.items()},
            "volumes": volumes,
            "looks": {record.name: looks_at(explorer, record) for record in explorer.bookmarks()},
            "moments": layers,
        }
    finally:
        panel.close()


def kept_moments(count: int, now: int) -> list[int]:
    """Time points that a page keeps: at most `MOST_MOMENTS`, evenly, the ends and the present.

    Examples
    --------
    >>> kept_moments(3, 1)
    [0, 1, 2]
    >>> kept = kept_moments(500, 5)
    >>> len(kept), kept[0], 5 in kept, kept[-1]
    (24, 0, True, 499)
    """
    if count <= MOST_MOMENTS:
        return list(range(count))
    steps = np.linspace(0, count - 1, MOST_MOMENTS).round().astype(int)
    if now not in steps:
        steps[1 + np.abs(steps[1:-1] - now).argmin()] = now
    return [int(step) for step in steps]


def _over_time(
    panel: LivePanel, explorer: Any, moments: Sequence[int]
) -> tuple[list[list[dict[str, Any]]], dict[str, Any]]:
    """The layers at each time point, and the copies that they are drawn from."""
    layers: list[list[dict[str, Any]]] = []
    volumes: dict[str, Any] = {}
    now = explorer.time
    with explorer.hold_trait_notifications():  # nobody sees it move
        try:
            for number in moments:
                explorer.time = number
                layers.append([one.spec for one in panel.drawn()])
                volumes |= {copy.key: _packed(copy) for copy in panel.copies()}
        finally:
            explorer.time = now
    return layers, volumes


def _copy(item: Placed, *, time: int, most_voxels: int, most_moments: int) -> Coarse:
    """A copy as fine as all the time points of its image leave room for."""
    share = most_voxels // min(item.time_count, most_moments)
    return coarse_copy(item, time=time, most_voxels=share, narrow=True)


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
