"""A zoom from 5 mm to 5 um through a nested specimen: frames, gaps between them, blank ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .lab import notebook

FROM_UM, TO_UM = 5000.0, 5.0
STYLE = ".sb-side { display: none !important } .sb-planes { width: 300px !important }"
START = """
from scalebridge import SliceExplorer, Workspace
ws = Workspace.open({folder!r})
explorer = SliceExplorer(ws, ["mosaic", "survey", "fibsem"], frame="mosaic", crosshair=False,
                         aspect=1.0)
explorer.cursor_um = dict(x_um=2560.0, y_um=2560.0, z_um=0.0)
explorer.centre_um = explorer.cursor_um
explorer.width_um = {width}
"""
ZOOM = Path(__file__).with_name("zoom.js").read_text()
# The view that the kernel answered last is the one at the end, to a notch of the wheel.
ARRIVED = """to => {
  const { view } = document.querySelector(".sb-plane canvas").dataset;
  return view && Math.abs(Math.log(JSON.parse(view).width_um / to)) < 0.3;
}"""


@dataclass(frozen=True)
class Zoom:
    """Gaps between frames [ms], and how many frames showed the ground instead of the specimen."""

    way: str
    gap_ms: tuple[float, ...]
    blank: int


def zooms(seconds: float, *, browser: Any, address: str, folder: Path, blank: float) -> list[Zoom]:
    """Zoom with two fingers and with the wheel."""
    found = []
    start = START.format(folder=str(folder / "specimen"), width=FROM_UM)
    for way in ("two fingers", "wheel"):
        with notebook(browser, address, folder, [start, "explorer"]) as page:
            page.add_style_tag(content=STYLE)
            page.evaluate("() => bench.run()")
            page.wait_for_function(
                "document.querySelector('.sb-plane canvas')?.dataset.sharp==='true'"
            )
            page.wait_for_timeout(3000)
            given = {"seconds": seconds, "from": FROM_UM, "to": TO_UM, "wheel": way == "wheel"}
            got = page.evaluate(ZOOM, given)
            page.wait_for_function(ARRIVED, arg=TO_UM)  # else it was another zoom
            count = sum(share > blank for share in got["blanks"])
            found.append(Zoom(way, tuple(got["gaps"]), count))
    return found
