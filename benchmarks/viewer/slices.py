"""From the event on a slider to the new slice's pixels: ours, and four peers."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .lab import notebook
from .specimens import BITS, FIELD

FIRST = 8 * 32 + 4  # the slice that is shown first
_EDGE = 3 * FIELD / 512 / 2
MIDDLE = (0.5 - _EDGE, 0.5 - _EDGE, 0.5 + _EDGE, 0.5 + _EDGE)
UPRIGHT_DOWN = (0.5 - _EDGE, 0.5 + _EDGE, 0.5 + _EDGE, 0.5 - _EDGE)

_LOAD = "import numpy as np, ipywidgets as widgets\nvolume = np.load({volume!r})\n"
_SLIDER = "slider = widgets.IntSlider({first}, 0, 511)\n"
# A number typed beside an ipywidgets slider, and Enter.
_TYPE = """
const number = document.querySelector(".widget-readout");
number.textContent = String(slice);
const enter = { key: "Enter", keyCode: 13, which: 13, bubbles: true };
number.dispatchEvent(new KeyboardEvent("keydown", enter));
"""


@dataclass(frozen=True)
class Viewer:
    """What is timed alike.

    Attributes
    ----------
    name : str
    package : str
        Whose version is printed.
    load, show : str
        Cells: imports and data, and what is timed. ``{volume!r}``, ``{nifti!r}``,
        ``{workspace!r}`` and ``{first}`` are filled in.
    selector : str
        Of the canvas or picture.
    turn : str
        JavaScript that goes to ``slice``, where ``before`` is the one that is shown.
    box : tuple of 4 float
        Where the number stands in the picture: left, top, right, bottom as shares; swapped where
        the picture is mirrored.
    bits : tuple of 2 int
        How many of the nine must be right for new pixels, and for exact ones.
    near : int
        How many slices an event goes on; 0 where it goes anywhere.
    style : str
        CSS that gives it 300 px.
    """

    name: str
    package: str
    load: str
    show: str
    selector: str
    turn: str
    box: tuple[float, float, float, float] = MIDDLE
    bits: tuple[int, int] = (BITS, BITS)
    near: int = 0
    style: str = ""


# A pixel of 300 is 1.7 voxels: the patch is read where two slices are one, the copy has eight.
OURS = Viewer(
    name="scalebridge",
    package="scalebridge",
    load="from scalebridge import SliceExplorer, Workspace\nws = Workspace.open({workspace!r})\n",
    show="explorer = SliceExplorer(ws, 'volume', crosshair=False, aspect=1.0, width_um=512.0)\n"
    "explorer.cursor_um = {{**explorer.cursor_um, 'z_um': {first} + 0.5}}\n"
    "explorer",
    selector=".sb-plane canvas",
    turn="""
const slider = document.querySelector(".sb-slice");
slider.value = String(Math.round(((slice + 1) / 512) * 1000));
slider.dispatchEvent(new Event("input", { bubbles: true }));
""",
    bits=(6, 8),
    style=".sb-side { display: none !important } .sb-planes { width: 300px !important }",
)
# Shift and a notch of the wheel go a 250th of the view's width: two slices.
_WIDE = 500
STEPS = replace(
    OURS,
    name="scalebridge, next slice",
    show=OURS.show.replace("width_um=512.0", f"width_um={_WIDE}.0"),
    turn="""
document.querySelector(".sb-plane canvas").dispatchEvent(new WheelEvent("wheel",
  { deltaY: slice > before ? -100 : 100, shiftKey: true, bubbles: true, cancelable: true }));
""",
    box=tuple(0.5 + (side - 0.5) * 512 / _WIDE for side in MIDDLE),
    near=2,
)
PEERS = (
    Viewer(
        name="ipywidgets, PNG",
        package="ipywidgets",
        load=_LOAD + "import io\nfrom PIL import Image",
        show="def png(k):\n"
        "    file = io.BytesIO()\n"
        "    Image.fromarray(volume[k]).resize((300, 300), Image.BILINEAR).save(file, 'PNG')\n"
        "    return file.getvalue()\n"
        + _SLIDER
        + "picture = widgets.Image(value=png({first}), width=300, height=300)\n"
        "slider.observe(lambda c: setattr(picture, 'value', png(c['new'])), 'value')\n"
        "widgets.VBox([slider, picture])",
        selector=".jp-OutputArea img",
        turn=_TYPE,
    ),
    Viewer(
        name="ipympl",
        package="ipympl",
        load=_LOAD + "%matplotlib widget\nimport matplotlib.pyplot as plt",
        show=_SLIDER + "with plt.ioff():\n"
        "    figure = plt.figure(figsize=(3, 3), dpi=100)\n"
        "axes = figure.add_axes([0, 0, 1, 1])\n"
        "axes.set_axis_off()\n"
        "shown = axes.imshow(volume[{first}], cmap='gray', vmin=0, vmax=255)\n"
        "def turn(c):\n"
        "    shown.set_data(volume[c['new']])\n"
        "    figure.canvas.draw_idle()\n"
        "slider.observe(turn, 'value')\n"
        "widgets.VBox([slider, figure.canvas])",
        selector=".jupyter-matplotlib-canvas-div canvas, .jupyter-matplotlib canvas",
        turn=_TYPE,
    ),
    Viewer(
        name="stackview",
        package="stackview",
        load=_LOAD + "import stackview",
        show="stackview.slice(volume, slice_number={first}, zoom_factor=300 / 512,"
        " display_min=0, display_max=255)",
        selector=".jp-OutputArea canvas",
        turn=_TYPE,
    ),
    Viewer(
        name="ipyniivue",
        package="ipyniivue",
        load="import ipywidgets as widgets\nfrom ipyniivue import NiiVue, SliceType",
        show="viewer = NiiVue(height=300, slice_type=SliceType.AXIAL, crosshair_width=0,"
        " is_colorbar=False,"
        " is_orientation_text_visible=False)\n"
        "viewer.scene.crosshair_pos = [0.5, 0.5, ({first} + 0.5) / 512]\n"
        "viewer.load_volumes([dict(path={nifti!r}, cal_min=0, cal_max=255)])\n"
        "viewer",
        selector=".jp-OutputArea canvas",
        turn="""
const canvas = document.querySelector(".jp-OutputArea canvas");
const { left, top, width, height } = canvas.getBoundingClientRect();
const [clientX, clientY] = [left + width / 2, top + height / 2];
const there = { clientX, clientY, bubbles: true, cancelable: true };
canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: slice > before ? 100 : -100, ...there }));
""",
        near=1,
        style=".jp-OutputArea-output { flex: none !important; width: 300px !important }",
        box=UPRIGHT_DOWN,
    ),
)


@dataclass(frozen=True)
class Turned:
    """What was found: times [ms] until pixels that are right to eight slices, and to one."""

    name: str
    version: str
    first_ms: tuple[float, float]
    first_bytes: int
    near_ms: tuple[float, ...]
    exact_ms: tuple[float, ...]
    step_bytes: float


def turned(
    viewer: Viewer, slices: Sequence[int], *, browser: Any, address: str, folder: Path
) -> Turned:
    """Show the volume, then go through slices."""
    cells = [viewer.load, viewer.show]
    filled = [_filled(cell, folder) for cell in cells]
    with notebook(browser, address, folder, filled) as page:
        page.add_style_tag(content=viewer.style or "none {}")
        given = {**asdict(viewer), "slice": FIRST}
        first = page.evaluate("([one, k]) => bench.first(one, k)", [given, FIRST])
        if None in first["times"]:
            page.screenshot(path=folder / f"{viewer.package}.png")
            raise SystemExit(f"{viewer.name} never showed its first slice")
        if viewer.near:
            slices = [FIRST + viewer.near * (1 + i) for i in range(len(slices))]
        page.wait_for_timeout(1500)
        steps = page.evaluate("([one, ks]) => bench.steps(one, ks)", [given, list(slices)])
    if any(None in pair for pair in steps["times"]):
        raise SystemExit(f"{viewer.name} did not show every slice: {steps['times']}")
    near, exact = zip(*steps["times"], strict=True)
    version = importlib.metadata.version(viewer.package)
    return Turned(
        viewer.name, version, tuple(first["times"]), first["bytes"], near, exact,
        steps["bytes"] / len(slices),
    )  # fmt: skip


def _filled(cell: str, folder: Path) -> str:
    return cell.format(
        volume=str(folder / "volume.npy"), nifti=str(folder / "volume.nii"),
        workspace=str(folder / "specimen"), first=FIRST,
    )  # fmt: skip
