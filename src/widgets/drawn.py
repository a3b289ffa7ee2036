"""What the browser draws: layers with their colours and sharp patches, handles to drag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .coarse import Coarse, color_table, map_tables, patch_of
from .colors import hex_of, rgb
from .layers import AUTO
from .plane import Plane, Triple
from .scene import Placed


@dataclass(frozen=True)
class Handle:
    """Something on the planes that a person can drag.

    Attributes
    ----------
    key : str
        What is told when it was dragged.
    at_um : tuple of 3 float
        z, y, x [µm].
    color : str
    along : tuple of 3 float, optional
        A direction z, y, x to and fro which it may be moved; anywhere on the plane without.
    """

    key: str
    at_um: Triple
    color: str = "#E69F00"
    along: Triple | None = None


@dataclass(frozen=True)
class Drawn:
    """One layer of a panel.

    Attributes
    ----------
    spec : dict
        How the browser draws it, see `Layer` in `panel.js`.
    table : tuple of str and bytes
        Its colours, and what they are known by.
    patch : callable
        Gives what a plane shows in so many pixels, right and down; None where the coarse copy is
        as fine.
    slow : bool
        Whether a patch takes its time: fetched from elsewhere, or sampled on many planes.
    """

    spec: dict[str, Any]
    table: tuple[str, bytes]
    patch: Callable[[Plane, int, int], bytes | None]
    slow: bool = False


def drawn_layer(explorer: Any, item: Placed, coarse: Coarse) -> Drawn:
    """How a layer of an explorer is drawn from its coarse copy."""
    layer = item.layer
    low, high = (0.0, 255.0) if layer.mode == "rgb" else item.limits(explorer.time)
    coding = coarse.coding
    table = ("grey", map_tables()["grey"]) if layer.mode == "rgb" else color_table(layer)
    spec = {
        "key": f"{coarse.key} {slab_mark(explorer)}",
        "volume": coarse.key,
        "name": layer.name,
        "mode": layer.mode,
        "grid": coarse.grid if item.placement.matrix is not None else None,
        "wide": coding.wide,
        "holes": coding.holes,
        "limits": [coding.coded(low), coding.coded(high)],
        "thresholds": [],
        "table": table[0],
        "opacity": layer.opacity,
        "blending": layer.blending,
        "visible": layer.visible,
        "widths_um": list(layer.widths_um),
        "image": layer.image,
        "color_map": layer.color_map,
        "coding": [coding.offset, coding.gain],
        "auto": layer.limits == AUTO,
        "histogram": coarse.histogram if layer.mode == "image" else None,
        "phases": [{"name": p["name"], "color": hex_of(rgb(p["color"]))} for p in layer.phases],
    }

    how = explorer.rendering()  # as the key says, whatever changes until it is asked

    def patch(plane: Plane, width: int, height: int) -> bytes | None:
        return patch_of(item, coarse, plane, width_px=width, height_px=height, how=how)

    return Drawn(spec, table, patch, slow=_takes_time(explorer, item))


def _takes_time(explorer: Any, item: Placed) -> bool:
    """Whether a patch is fetched from elsewhere, or sampled on many planes."""
    return explorer.slab_um > 0 or getattr(item.levels[0].array, "far", False)


def slab_mark(explorer: Any) -> str:
    """What patches of a thick slab are known by; empty for a thin one."""
    return f"{explorer.slab} {explorer.slab_um:g}" if explorer.slab_um > 0 else ""
