"""The exact patch of a view at rest: the round trip to the kernel, and the sampling alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .lab import in_kernel, notebook

SIDE_PX = 600
STYLE = ".sb-side { display: none !important } .sb-planes { width: 600px !important }"
PLANES = {
    "xy": "explorer.orientation = 'xy'",
    "xz": "explorer.orientation = 'xz'",
    "oblique": "explorer.orientation = 'xy'; explorer.cut_through("
    "*[dict(x_um=x * edge, y_um=y * edge, z_um=z * edge) for x, y, z in"
    " ((.5, .5, .5), (.9, .6, .7), (.4, .9, .6))])",
}
START = """
from scalebridge import SliceExplorer, Workspace
ws = Workspace.open({folder!r})
edge = {edge}
explorer = SliceExplorer(ws, 'large', crosshair=False, aspect=1.0, width_um={width})
explorer.cursor_um = dict(x_um=edge / 2, y_um=edge / 2, z_um=edge / 2)
"""


@dataclass(frozen=True)
class Patches:
    """Times [ms] of one plane.

    Attributes
    ----------
    plane : str
    answered_ms : tuple of float
        From the question to the kernel's last answer; empty without a browser.
    drawn_ms : tuple of float
        From the question to the patch on the canvas, or sampling alone.
    """

    plane: str
    answered_ms: tuple[float, ...]
    drawn_ms: tuple[float, ...]


def round_trips(
    count: int, *, edge: int, browser: Any, address: str, folder: Path
) -> list[Patches]:
    """Move the slider to random places and wait for the patch."""
    width = float(min(SIDE_PX, edge))
    start = START.format(folder=str(folder / "specimen"), edge=edge, width=width)
    found = []
    with notebook(browser, address, folder, [start, "explorer"]) as page:
        page.add_style_tag(content=STYLE)
        page.evaluate("() => bench.run()")
        page.wait_for_function("document.querySelector('.sb-plane canvas')?.dataset.sharp==='true'")
        for seed, (name, code) in enumerate(PLANES.items()):
            in_kernel(page, code)
            page.wait_for_timeout(2000)
            places = np.random.default_rng(seed).integers(350, 650, count).tolist()
            got = page.evaluate("places => bench.patches(places)", places)
            if got["size"] != [SIDE_PX, SIDE_PX] or any(None in pair for pair in got["times"]):
                raise SystemExit(f"no patches of {SIDE_PX} px on {name}: {got}")
            answered, drawn = zip(*got["times"], strict=True)
            found.append(Patches(name, answered, drawn))
    return found


def sampled(count: int, *, edge: int, folder: Path) -> list[Patches]:
    """Sample the same patches in this process."""
    from scalebridge.widgets.coarse import coarse_copy
    from scalebridge.widgets.drawn import drawn_layer

    names: dict[str, Any] = {}
    width = float(min(SIDE_PX, edge))
    exec(START.format(folder=str(folder / "specimen"), edge=edge, width=width), names)
    explorer, found = names["explorer"], []
    (item,) = explorer.world.placed(explorer.layers)
    layer = drawn_layer(explorer, item, coarse_copy(item, time=0))
    for seed, (name, code) in enumerate(PLANES.items()):
        exec(code, names)
        times = []
        for place in np.random.default_rng(seed).integers(350, 650, count) / 1000 * edge:
            explorer.cursor_um = dict.fromkeys(("x_um", "y_um", "z_um"), float(place))
            began = time.perf_counter()
            pixels = layer.patch(explorer.planes(aspect=1.0)[0], SIDE_PX, SIDE_PX)
            times.append(1000 * (time.perf_counter() - began))
            assert pixels is not None
        found.append(Patches(name, (), tuple(times)))
    names["ws"].close()
    return found
