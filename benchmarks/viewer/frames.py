"""The drawing alone: the panel's painter, waiting for every frame's pixels."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).resolve().parents[2] / "src/widgets/js"
SITE = "http://127.0.0.1:9/"  # nothing is there: the browser is handed the files
LAYERS, PLANES, PIXELS = (1, 2, 4, 8), (1, 3), (150, 300, 600)
EDGE = 96  # of each layer's volume: near the most that a coarse copy has
DRAW = Path(__file__).with_name("frames.js").read_text()


@dataclass(frozen=True)
class Drawing:
    """Times of frames [ms]."""

    layers: int
    planes: int
    pixels: int
    frame_ms: tuple[float, ...]


def drawings(frames: int, *, browser: Any, folder: Path) -> Iterator[Drawing]:
    """Draw so many frames of each number of layers, planes and pixels a side."""
    given = _scene(folder)
    page = browser.new_page()

    def answer(route: Any) -> None:
        path = SOURCES / route.request.url.removeprefix(SITE)
        if path.suffix == ".js":
            route.fulfill(path=path, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route(f"{SITE}**", answer)
    page.goto(SITE)
    for count in LAYERS:
        for planes in PLANES:
            for pixels in PIXELS:
                case = {"count": count, "planes": planes, "pixels": pixels, "frames": frames}
                times = page.evaluate(DRAW, {**given, **case})
                yield Drawing(count, planes, pixels, tuple(times))
    page.close()


def _scene(folder: Path) -> dict[str, Any]:
    """What the painter is given: half-transparent layers, seen on oblique planes."""
    from scalebridge import SliceExplorer, Workspace
    from scalebridge.widgets.coarse import coarse_copy, map_tables
    from scalebridge.widgets.drawn import drawn_layer
    from scalebridge.widgets.looks import view_of

    with Workspace.open(folder / "specimen") as ws:
        names = [f"layer{k}" for k in range(max(LAYERS))]
        explorer = SliceExplorer(ws, names, frame=names[0], aspect=1.0, linked=True)
        for k, layer in enumerate(explorer.layers):
            layer.opacity = 1.0 if k == 0 else 0.5
        explorer.cut_through(
            *[
                dict(x_um=x * EDGE, y_um=y * EDGE, z_um=z * EDGE)
                for x, y, z in ((0.5, 0.5, 0.5), (0.9, 0.6, 0.7), (0.4, 0.9, 0.6))
            ]
        )
        explorer.width_um = 0.8 * EDGE
        pairs = [
            (item, coarse_copy(item, time=0)) for item in explorer.world.placed(explorer.layers)
        ]
        drawn = [drawn_layer(explorer, item, coarse) for item, coarse in pairs]
        tables = map_tables() | dict(one.table for one in drawn)
        volumes = [
            {"key": c.key, "shape": list(c.shape), "channels": c.channels, "smooth": c.smooth,
             "bytes": _text(c.data)} for _, c in pairs
        ]  # fmt: skip
        return {
            "site": SITE,
            "layers": [one.spec for one in drawn],
            "tables": {name: _text(table) for name, table in tables.items()},
            "volumes": volumes,
            "views": [view_of(plane) for plane in explorer.planes(aspect=1.0)],
        }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
