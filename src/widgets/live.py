"""A panel that the browser draws itself: coarse at once, sharp when the view rests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from traitlets import Bool, Bytes, Dict, List, Unicode

from .annotate import RecordedMarks
from .coarse import Coarse, coarse_copy, color_table, patch_of
from .picture import MarkDrawer, panel_picture
from .plane import Plane, check_axes
from .scene import Placed
from .state import by_name, quick_png_bytes
from .views import REFUSALS

HINT = (
    "Click: crosshair there. Drag: move. Alt + drag: turn the plane. Ctrl + wheel, two fingers, + "
    "and −: zoom. Shift + wheel, Page up, Page down: other slices. Arrows: crosshair. c: centre, "
    "f: full screen."
)
_STATIC = Path(__file__).parent / "static"
_SHEET_PX = 600  # until the browser has told how wide the panel is
_MOST_PX = 1200  # a patch of a larger screen is sampled coarser than its pixels


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
    """

    spec: dict[str, Any]
    table: tuple[str, bytes]
    patch: Callable[[Plane, int, int], bytes | None]


class LivePanel(anywidget.AnyWidget):
    """One plane of an explorer, in the browser.

    Parameters
    ----------
    explorer : SliceExplorer
        What is shown, and what a person's gestures change.
    guard : callable
        Wraps what a message of the browser does, so that a refusal is said in words.
    plane : callable, optional
        Gives the plane, when it is not the explorer's own.
    marks : callable, optional
        Draws marks on a sheet, given the plane.
    title : str
        Above the name of the plane.
    turns : bool
        Whether a person may turn the plane here.
    """

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"

    view_plane = Dict(help="Centre, directions and size of the plane [µm].").tag(sync=True)
    cursor_um: Any = List(help="z, y, x [µm].").tag(sync=True)
    layers: Any = List(help="How each layer is drawn, the first at the bottom.").tag(sync=True)
    tables = Dict(help="Tables of colours by name, 256 times red, green, blue, opacity.").tag(
        sync=True
    )
    marks = Dict(help="Shapes over the picture, and the view that they were drawn for.").tag(
        sync=True
    )
    compare = Unicode("blend").tag(sync=True)
    title = Unicode("").tag(sync=True)
    unit = Unicode("um").tag(sync=True)
    crosshair = Bool(True).tag(sync=True)
    turns = Bool(True, help="Whether a person may turn the plane here.").tag(sync=True)
    flat = Bool(False, help="Whether nothing lies above or below.").tag(sync=True)
    reach = Dict(help="Least and most width, and a step along the normal [µm].").tag(sync=True)
    alt = Unicode("", help="What is seen, for those who cannot see it.").tag(sync=True)
    png = Bytes(b"", help="The picture, for a browser that cannot draw.").tag(sync=True)

    def __init__(
        self,
        explorer: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        plane: Callable[[], Plane] | None = None,
        marks: MarkDrawer | None = None,
        title: str = "",
        turns: bool = True,
    ) -> None:
        super().__init__(title=title, turns=turns)
        self._explorer, self._plane = explorer, plane or explorer.plane
        self._draw_marks, self._guard = marks, guard
        self._coarse: dict[Any, Coarse] = {}
        self._by, self._sheet_px = "kernel", _SHEET_PX
        self._newest: tuple[Any, int] = (None, 0)
        self._answer: asyncio.Task[None] | None = None
        self.on_msg(lambda _, content, buffers: guard(lambda: self._hear(content))())
        self.redraw()

    def redraw(self, *_: Any) -> None:
        """Tell the browser of the explorer's present state."""
        explorer, plane = self._explorer, self._plane()
        drawn = self._drawn()
        placed = explorer.world.placed(explorer.layers)
        finest = min(min(item.levels[0].spacing_um) for item in placed)
        whole = float(np.ptp(explorer.world.corners_um(), axis=0).max())
        with self.hold_sync():
            self.tables = {"": bytes(1024)} | dict(one.table for one in drawn)
            self.layers = [one.spec for one in drawn]
            self.compare, self.crosshair = explorer.compare, explorer.crosshair
            self.unit, self.flat = explorer.world.unit, explorer.planar
            self.reach = {
                "least": 8 * finest,
                "most": 4 * max(whole, plane.width_um),
                "step_um": finest,
            }
            self.cursor_um = list(explorer.cursor_um.values())
            seen = view_of(plane)
            if any(self.view_plane.get(name) != value for name, value in seen.items()):
                self.view_plane = {**seen, "by": self._by}
            self.marks = self._marks_on(plane)

    def _drawn(self) -> list[Drawn]:
        """What is drawn, the first at the bottom."""
        explorer = self._explorer
        return [self._layer(item) for item in explorer.world.placed(explorer.layers)]

    def _layer(self, item: Placed) -> Drawn:
        layer, coarse = item.layer, self._coarse_of(item)
        low, high = (0.0, 255.0) if layer.mode == "rgb" else item.limits(self._explorer.time)
        coding = coarse.coding
        table = ("", bytes(1024)) if layer.mode == "rgb" else color_table(layer)
        spec = {
            "key": coarse.key,
            "volume": coarse.key,
            "name": layer.name,
            "mode": layer.mode,
            "grid": coarse.grid if item.placement.matrix is not None else None,
            "wide": coding.wide,
            "limits": [coding.coded(low), coding.coded(high)],
            "thresholds": [],
            "table": table[0],
            "opacity": layer.opacity,
            "blending": layer.blending,
            "visible": layer.visible,
        }

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            time = self._explorer.time
            return patch_of(item, coarse, plane, width_px=width, height_px=height, time=time)

        return Drawn(spec, table, patch)

    def _coarse_of(self, item: Placed) -> Coarse:
        layer, time = item.layer, self._explorer.time
        limits = layer.limits if layer.mode == "rgb" else None
        phases = repr(layer.phases) if layer.mode == "labels" else ""
        known = (
            layer.image, layer.mode, layer.channel, time, phases, limits, layer.slab_um,
            id(item.levels), id(item.placement),
        )  # fmt: skip
        if known not in self._coarse:
            if len(self._coarse) > 4 * len(self._explorer.layers) + 8:
                self._coarse.clear()
            self._coarse[known] = coarse_copy(item, time=time)
        return self._coarse[known]

    def _marks_on(self, plane: Plane) -> dict[str, Any]:
        sheet = RecordedMarks(self._sheet_px, plane.height_px(self._sheet_px))
        if self._draw_marks is not None:
            self._draw_marks(sheet, plane)
        return {"view": view_of(plane), "width_px": self._sheet_px, "shapes": sheet.shapes}

    # -- messages --------------------------------------------------------------

    def _hear(self, content: Mapping[str, Any]) -> None:
        kind = content.get("kind")
        if kind == "view":
            self._follow(content, by=str(content["by"]))
        elif kind == "hello":
            self._send_volumes({str(key) for key in content["missing"]})
        elif kind == "rest":
            self._refine(content)
        elif kind == "picture":
            self._follow(content, by="kernel")
            self.png = self._picture(min(_MOST_PX, max(200, int(content["width_px"]))))
        else:
            raise ValueError(f"a panel hears view, hello, rest or picture, got {kind!r}")

    def _follow(self, content: Mapping[str, Any], *, by: str) -> None:
        """Look where the browser looks."""
        explorer, plane = self._explorer, plane_of(content["view"])
        # along its normal the middle is that of other panels: a drag leaves it, and a zoom takes it
        # towards the cursor as everything else
        away = (np.array(list(explorer.centre_um.values())) - plane.centre_um) @ plane.normal
        away *= plane.width_um / explorer.width_um
        centre = by_name(np.asarray(plane.centre_um) + away * plane.normal)
        cursor = by_name(_triple(content["cursor_um"]))
        self._by = by
        try:
            with explorer.hold_trait_notifications():
                known = self._plane()
                if self.turns and (plane.across, plane.down) != (known.across, known.down):
                    explorer.across, explorer.down = plane.across, plane.down
                    explorer.orientation = "oblique"
                explorer.cursor_um, explorer.centre_um = cursor, centre
                explorer.width_um = plane.width_um
            self.redraw()
        finally:
            self._by = "kernel"

    def _send_volumes(self, missing: set[str]) -> None:
        placed = self._explorer.world.placed(self._explorer.layers)
        for coarse in sorted(map(self._coarse_of, placed), key=lambda one: len(one.data)):
            if coarse.key in missing:
                missing.discard(coarse.key)
                message = {
                    "kind": "volume", "key": coarse.key, "shape": list(coarse.shape),
                    "channels": coarse.channels, "smooth": coarse.smooth,
                }  # fmt: skip
                self.send(message, buffers=[coarse.data])

    def _refine(self, content: Mapping[str, Any]) -> None:
        """Answer the newest request only; older ones are dropped between two layers."""
        width, height = (int(content[f"{side}_px"]) for side in ("width", "height"))
        if not (0 < width <= 16384 and 0 < height <= 16384):
            raise ValueError(f"a panel needs 1 to 16384 pixels, got {width} x {height}")
        share = min(1.0, _MOST_PX / max(width, height))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        plane, sequence = plane_of(content["view"]), int(content["sequence"])
        self._newest = (plane, sequence)
        if (wide := max(100, int(content.get("css_px", _SHEET_PX)))) != self._sheet_px:
            self._sheet_px = wide
            self.marks = self._marks_on(self._plane())
        answer = self._patches(plane, size, sequence)
        try:
            self._answer = asyncio.get_running_loop().create_task(answer)
        except RuntimeError:  # in Python alone nobody runs a loop
            asyncio.run(answer)

    async def _patches(self, plane: Plane, size: tuple[int, int], sequence: int) -> None:
        for one in reversed(self._drawn()):
            await asyncio.sleep(0)
            if self._newest != (plane, sequence):
                return
            try:
                pixels = one.patch(plane, *size) if one.spec["visible"] else None
            except REFUSALS as error:  # the coarse copy stays, and the person is told why
                self._guard(partial(_refuse, error))()
                continue
            if pixels is not None:
                message = {
                    "kind": "patch", "key": one.spec["key"], "view": view_of(plane),
                    "width": size[0], "height": size[1],
                }  # fmt: skip
                self.send(message, buffers=[pixels])
        self.send({"kind": "rested", "sequence": sequence})

    def _picture(self, width_px: int) -> bytes:
        explorer = self._explorer
        picture = panel_picture(
            explorer.world.placed(explorer.layers),
            self._plane(),
            width_px=width_px,
            size=13,
            time=explorer.time,
            compare=explorer.compare,
            unit=explorer.world.unit,
            cursor_um=tuple(explorer.cursor_um.values()) if explorer.crosshair else None,
            title=self.title,
            marks=self._draw_marks,
        )
        return quick_png_bytes(picture)


def _refuse(error: Exception) -> None:
    raise error


def view_of(plane: Plane) -> dict[str, Any]:
    """A plane as the browser reads it."""
    return {
        "centre_um": list(plane.centre_um),
        "across": list(plane.across),
        "down": list(plane.down),
        "width_um": plane.width_um,
        "aspect": plane.height_um / plane.width_um,
    }


def plane_of(view: Mapping[str, Any]) -> Plane:
    """A plane as the browser tells it.

    Raises
    ------
    ValueError
        It is none: not finite, no size, or directions that are not at right angles.
    """
    across, down = _triple(view["across"]), _triple(view["down"])
    check_axes(across, down)
    width = float(view["width_um"])
    return Plane(
        centre_um=_triple(view["centre_um"]),
        across=across,
        down=down,
        width_um=width,
        height_um=width * float(view["aspect"]),
    )


def _triple(values: Any) -> tuple[float, float, float]:
    z, y, x = (float(value) for value in values)
    if not np.all(np.isfinite((z, y, x))):
        raise ValueError(f"a position needs three finite numbers, got {values}")
    return z, y, x
