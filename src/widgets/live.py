"""A panel that the browser draws itself: coarse at once, sharp when the view rests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from traitlets import Bool, Dict, Float, Int, List, Unicode

from .annotate import RecordedMarks
from .coarse import Coarse, coarse_copy, color_table, map_tables, patch_of
from .colors import COLOR_MAPS, hex_of, rgb
from .layers import AUTO
from .picture import MarkDrawer, panel_picture
from .plane import AXES, Plane, Triple, check_axes
from .scene import Placed
from .state import by_name, png_bytes, quick_png_bytes
from .views import REFUSALS

HINT = "Click: crosshair. Drag: move. Ctrl + wheel: zoom. Shift + wheel: slices. ?: all keys."
# What the bar above the planes offers beside the view itself, see `panel.js`.
LOOKING = ("planes", "picture")
EXPLORING = (*LOOKING, "linked", "cube", "layers", "tools", "bookmarks", "history")
_STATIC = Path(__file__).parent / "static"
_SHEET_PX = 600  # until the browser has told how wide the panel is
_MOST_PX = 1200  # a patch of a larger screen is sampled coarser than its pixels
_PRINT_PX = 2400  # 200 mm at 300 dots an inch
_OF_LAYERS = ("visible", "opacity", "color_map", "limits", "blending", "widths_um")
_SETTABLE = ("linked", "compare", "split", "slab_um", "slab", "crosshair")


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
    """

    spec: dict[str, Any]
    table: tuple[str, bytes]
    patch: Callable[[Plane, int, int], bytes | None]


class LivePanel(anywidget.AnyWidget):
    """The planes of an explorer, in the browser.

    Parameters
    ----------
    explorer : SliceExplorer
        What is shown, and what a person's gestures change.
    guard : callable
        Wraps what a message of the browser does, so that a refusal is said in words.
    marks : callable, optional
        Draws marks on a sheet, given the plane.
    title : str
        Above the name of the first plane.
    turns : bool
        Whether a person may turn the plane here.
    bar : sequence of str
        What the bar offers: planes, linked, cube, layers, tools, bookmarks, history,
        picture.
    aspect : callable, optional
        Gives height over width, when it is not the explorer's own.
    handles : callable, optional
        Gives what can be dragged.
    coarse : callable
        Makes the coarse copy of a layer, see `coarse_copy`.
    dragged : callable, optional
        Called with a handle's key, where it is now (z, y, x [µm]) and whether it was let go.
    """

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"

    look = Dict(help="Cursor, middle, directions and size of the view [µm], and by whom.").tag(
        sync=True
    )
    planes = Int(1, help="How many planes are shown, 1 or 3.").tag(sync=True)
    layers: Any = List(help="How each layer is drawn, the first at the bottom.").tag(sync=True)
    tables = Dict(help="Tables of colours by name, 256 times red, green, blue, opacity.").tag(
        sync=True
    )
    marks: Any = List(help="One a plane: shapes, and the view that they were drawn for.").tag(
        sync=True
    )
    annotations: Any = List(help="What is pinned to places.").tag(sync=True)
    handles: Any = List(help="What can be dragged.").tag(sync=True)
    maps: Any = List(help="Names of the colour maps.").tag(sync=True)
    bookmarks: Any = List(help="Names of the views that are kept.").tag(sync=True)
    history = Dict(help="What undo and redo would do, in words.").tag(sync=True)
    compare = Unicode("blend").tag(sync=True)
    split = Float(0.5).tag(sync=True)
    slab = Dict(help="Thickness [µm] and what of the values is seen.").tag(sync=True)
    title = Unicode("").tag(sync=True)
    unit = Unicode("um").tag(sync=True)
    crosshair = Bool(True).tag(sync=True)
    turns = Bool(True, help="Whether a person may turn the plane here.").tag(sync=True)
    flat = Bool(False, help="Whether nothing lies above or below.").tag(sync=True)
    bar: Any = List(help="What the bar offers.").tag(sync=True)
    reach = Dict(help="Least and most width, and a step along the normal [µm].").tag(sync=True)
    bounds_um: Any = List(help="Least and most position of all images.").tag(sync=True)
    offline = Bool(False, help="Whether there is no kernel behind it.").tag(sync=True)
    alt = Unicode("", help="What is seen, for those who cannot see it.").tag(sync=True)

    def __init__(
        self,
        explorer: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        marks: MarkDrawer | None = None,
        title: str = "",
        turns: bool = True,
        bar: Sequence[str] = LOOKING,
        aspect: Callable[[], float] | None = None,
        handles: Callable[[], Sequence[Handle]] | None = None,
        dragged: Callable[[str, Triple, bool], Any] | None = None,
        coarse: Callable[..., Coarse] = coarse_copy,
    ) -> None:
        super().__init__(title=title, turns=turns, bar=list(bar), maps=list(COLOR_MAPS))
        self._explorer, self._aspect = explorer, aspect
        self._draw_marks, self._guard = marks, guard
        self._give_handles, self._dragged = handles, dragged
        self._make_coarse, self._coarse = coarse, dict[Any, Coarse]()
        self._by, self._sheet_px = "kernel", {0: _SHEET_PX}
        self._newest: dict[int, tuple[Any, int]] = {}
        self._answers: dict[int, asyncio.Task[None]] = {}
        self.on_msg(lambda _, content, buffers: guard(lambda: self._hear(content))())
        self.redraw()

    def redraw(self, *_: Any) -> None:
        """Tell the browser of the explorer's present state."""
        explorer, planes, drawn = self._explorer, self.seen_planes(), self._drawn()
        placed = explorer.world.placed(explorer.layers)
        finest = min(min(item.levels[0].spacing_um) for item in placed)
        corners = explorer.world.corners_um()
        whole = float(np.ptp(corners, axis=0).max())
        with self.hold_sync():
            self.tables = map_tables() | dict(one.table for one in drawn)
            self.layers = [one.spec for one in drawn]
            self.compare, self.split = explorer.compare, explorer.split
            self.slab = {"um": explorer.slab_um, "mode": explorer.slab}
            self.crosshair = explorer.crosshair
            self.unit, self.flat = explorer.world.unit, explorer.planar
            self.reach = {
                "least": 8 * finest,
                "most": 4 * max(whole, planes[0].width_um),
                "step_um": finest,
            }
            self.bounds_um = [corners.min(axis=0).tolist(), corners.max(axis=0).tolist()]
            self.planes = len(planes)
            look = look_of(explorer, planes[0])
            if any(self.look.get(name) != value for name, value in look.items()):
                self.look = {**look, "by": self._by}
            self.marks = [self._marks_on(number, plane) for number, plane in enumerate(planes)]
            self.redraw_pins()

    def redraw_pins(self, *_: Any) -> None:
        """Tell the browser what is pinned and what can be dragged."""
        explorer = self._explorer
        self.annotations = [
            {"key": one.id, "shape": one.shape, "points": one.points_um, "text": one.text}
            for one in explorer.annotations()
        ]
        self.handles = [asdict(one) for one in (self._give_handles or list)()]
        self.bookmarks = [record.name for record in explorer.bookmarks()]
        history = explorer.history
        self.history = {"undo": history.can_undo, "redo": history.can_redo}

    def seen_planes(self) -> tuple[Plane, ...]:
        """The planes that are shown."""
        planes: tuple[Plane, ...] = self._explorer.planes(
            aspect=None if self._aspect is None else self._aspect()
        )
        return planes

    def _drawn(self) -> list[Drawn]:
        """What is drawn, the first at the bottom."""
        explorer = self._explorer
        return [self._layer(item) for item in explorer.world.placed(explorer.layers)]

    def _layer(self, item: Placed) -> Drawn:
        layer, coarse = item.layer, self._coarse_of(item)
        low, high = (0.0, 255.0) if layer.mode == "rgb" else item.limits(self._explorer.time)
        coding = coarse.coding
        table = ("grey", map_tables()["grey"]) if layer.mode == "rgb" else color_table(layer)
        spec = {
            "key": f"{coarse.key} {slab_mark(self._explorer)}",
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
            "widths_um": list(layer.widths_um),
            "image": layer.image,
            "color_map": layer.color_map,
            "coding": [coding.offset, coding.gain],
            "auto": layer.limits == AUTO,
            "histogram": coarse.histogram if layer.mode == "image" else None,
            "phases": [{"name": p["name"], "color": hex_of(rgb(p["color"]))} for p in layer.phases],
        }

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            how = self._explorer.rendering()
            return patch_of(item, coarse, plane, width_px=width, height_px=height, how=how)

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
            self._coarse[known] = self._make_coarse(item, time=time)
        return self._coarse[known]

    def _marks_on(self, number: int, plane: Plane) -> dict[str, Any]:
        wide = self._sheet_px.get(number, self._sheet_px[0])
        sheet = RecordedMarks(wide, plane.height_px(wide))
        if self._draw_marks is not None:
            self._draw_marks(sheet, plane)
        return {"view": view_of(plane), "width_px": wide, "shapes": sheet.shapes}

    # -- messages --------------------------------------------------------------

    def _hear(self, content: Mapping[str, Any]) -> Any:
        kind = str(content.get("kind"))
        answers: dict[str, Callable[[], Any]] = {
            "look": lambda: self._follow(content["look"], by=str(content["by"])),
            "hello": lambda: self._send_volumes({str(key) for key in content["missing"]}),
            "rest": lambda: self._refine(content, picture=False),
            "picture": lambda: self._refine(content, picture=True),
            "handle": lambda: self._drag(content),
            "layer": lambda: self._edit_layer(str(content["name"]), content["changes"]),
            "set": lambda: self._set(str(content["name"]), content["value"]),
            "do": lambda: self._do(str(content["what"]), content),
        }
        if kind not in answers:
            raise ValueError(f"a panel hears {', '.join(answers)}, got {kind!r}")
        return answers[kind]()

    def _follow(self, look: Mapping[str, Any], *, by: str) -> None:
        """Look where the browser looks."""
        explorer = self._explorer
        across, down = _triple(look["across"]), _triple(look["down"])
        check_axes(across, down)
        self._by = by
        try:
            with explorer.hold_trait_notifications():
                known = self.seen_planes()[0]
                if self.turns and (across, down) != (known.across, known.down):
                    explorer.across, explorer.down = across, down
                    explorer.orientation = plane_name(across, down)
                explorer.cursor_um = by_name(_triple(look["cursor_um"]))
                explorer.centre_um = by_name(_triple(look["centre_um"]))
                explorer.width_um = float(look["width_um"])
            self.redraw()
        finally:
            self._by = "kernel"

    def _drag(self, content: Mapping[str, Any]) -> Any:
        if self._dragged is None:
            raise ValueError("nothing can be dragged here")
        return self._dragged(str(content["key"]), _triple(content["at_um"]), bool(content["done"]))

    def _edit_layer(self, name: str, changes: Mapping[str, Any]) -> None:
        layer = self._explorer.layer(name)
        if unknown := [key for key in changes if key not in _OF_LAYERS]:
            raise ValueError(f"a panel changes {', '.join(_OF_LAYERS)} of a layer, got {unknown}")
        with layer.hold_trait_notifications():
            for key, value in changes.items():
                setattr(layer, key, tuple(value) if isinstance(value, list) else value)

    def _set(self, name: str, value: Any) -> None:
        if name not in _SETTABLE:
            raise ValueError(f"a panel sets {', '.join(_SETTABLE)}, got {name!r}")
        setattr(self._explorer, name, value)

    def _do(self, what: str, content: Mapping[str, Any]) -> str | None:
        explorer = self._explorer
        if what == "annotate":
            points = [by_name(_triple(point)) for point in content["points"]]
            text, key = str(content.get("text", "")), content.get("key")
            explorer.annotate(str(content["shape"]), points, text=text, id=key and str(key))
        elif what == "unpin":
            explorer.unpin(str(content["key"]))
        elif what in ("raise", "lower"):
            explorer.move_layer(str(content["name"]), 1 if what == "raise" else -1)
        elif what in ("bookmark", "forget"):
            getattr(explorer, what)(str(content["name"]))
        elif what == "fly":
            self._by = "flight"
            try:
                explorer.fly_to(str(content["name"]))
            finally:
                self._by = "kernel"
        elif what in ("undo", "redo"):
            words = getattr(explorer, what)()
            return f"{'undone' if what == 'undo' else 'redone'}: {words}"
        elif what == "print":
            picture = png_bytes(explorer.snapshot(_PRINT_PX))
            self.send({"kind": "printed"}, buffers=[picture])
        else:
            raise ValueError(f"a panel cannot {what!r}")
        return None

    def copies(self) -> list[Coarse]:
        """The coarse copies that the layers are drawn from, the smallest first."""
        placed = self._explorer.world.placed(self._explorer.layers)
        return sorted(map(self._coarse_of, placed), key=lambda one: len(one.data))

    def _send_volumes(self, missing: set[str]) -> None:
        for coarse in self.copies():
            if coarse.key in missing:
                missing.discard(coarse.key)
                message = {
                    "kind": "volume", "key": coarse.key, "shape": list(coarse.shape),
                    "channels": coarse.channels, "smooth": coarse.smooth,
                }  # fmt: skip
                self.send(message, buffers=[coarse.data])

    def _refine(self, content: Mapping[str, Any], *, picture: bool) -> None:
        """Answer a plane's newest request only; older ones are dropped between two layers."""
        width, height = (int(content[f"{side}_px"]) for side in ("width", "height"))
        if not (0 < width <= 16384 and 0 < height <= 16384):
            raise ValueError(f"a panel needs 1 to 16384 pixels, got {width} x {height}")
        share = min(1.0, _MOST_PX / max(width, height))
        size = (max(1, round(width * share)), max(1, round(height * share)))
        plane, sequence = plane_of(content["view"]), int(content["sequence"])
        number = int(content.get("plane", 0))
        self._newest[number] = (plane, sequence)
        self._fit_sheet(number, max(100, int(content.get("css_px", _SHEET_PX))))
        answer = (
            self._drawn_here(number, plane, size[0], sequence)
            if picture
            else self._patches(number, plane, size, sequence)
        )
        try:
            self._answers[number] = asyncio.get_running_loop().create_task(answer)
        except RuntimeError:  # in Python alone nobody runs a loop
            asyncio.run(answer)

    def _fit_sheet(self, number: int, width_px: int) -> None:
        planes = self.seen_planes()
        if number < len(planes) and width_px != self._sheet_px.get(number):
            self._sheet_px[number] = width_px
            sheets = list(self.marks)
            sheets[number : number + 1] = [self._marks_on(number, planes[number])]
            self.marks = sheets

    async def _patches(
        self, number: int, plane: Plane, size: tuple[int, int], sequence: int
    ) -> None:
        for one in reversed(self._drawn()):
            await asyncio.sleep(0)
            if self._newest[number] != (plane, sequence):
                return
            try:
                pixels = one.patch(plane, *size) if one.spec["visible"] else None
            except REFUSALS as error:  # the coarse copy stays, and the person is told why
                self._guard(partial(_refuse, error))()
                continue
            if pixels is not None:
                message = {
                    "kind": "patch", "plane": number, "key": one.spec["key"],
                    "view": view_of(plane), "width": size[0], "height": size[1],
                }  # fmt: skip
                self.send(message, buffers=[pixels])
        self.send({"kind": "rested", "plane": number, "sequence": sequence})

    async def _drawn_here(self, number: int, plane: Plane, width_px: int, sequence: int) -> None:
        """A picture, for a browser that cannot draw."""
        await asyncio.sleep(0)
        if self._newest[number] != (plane, sequence):
            return
        picture = quick_png_bytes(self._picture(plane, max(200, width_px), first=number == 0))
        self.send({"kind": "picture", "plane": number, "sequence": sequence}, buffers=[picture])

    def _picture(self, plane: Plane, width_px: int, *, first: bool) -> Any:
        explorer = self._explorer
        return panel_picture(
            explorer.world.placed(explorer.layers),
            plane,
            width_px=width_px,
            size=13,
            how=explorer.rendering(),
            unit=explorer.world.unit,
            cursor_um=tuple(explorer.cursor_um.values()) if explorer.crosshair else None,
            title=self.title if first else "",
            marks=self._draw_marks,
        )


def _refuse(error: Exception) -> None:
    raise error


def slab_mark(explorer: Any) -> str:
    """What patches of a thick slab are known by; empty for a thin one."""
    return f"{explorer.slab} {explorer.slab_um:g}" if explorer.slab_um > 0 else ""


def look_of(explorer: Any, plane: Plane) -> dict[str, Any]:
    """Where an explorer looks, as the browser reads it."""
    return {
        "cursor_um": list(explorer.cursor_um.values()),
        "centre_um": list(explorer.centre_um.values()),
        "across": list(plane.across),
        "down": list(plane.down),
        "width_um": plane.width_um,
        "aspect": plane.height_um / plane.width_um,
    }


def plane_name(across: Triple, down: Triple) -> str:
    """``xy``, ``xz``, ``yz`` or ``oblique``."""
    return next((name for name, axes in AXES.items() if axes == (across, down)), "oblique")


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
