"""A panel that the browser draws itself: coarse at once, sharp when the view rests."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from traitlets import Bool, Dict, Float, Int, List, Unicode

from ..errors import Conflict, Unsaved
from .annotate import RecordedMarks
from .coarse import Coarse, coarse_copy, map_tables
from .colors import COLOR_MAPS
from .drawn import Drawn, Handle, drawn_layer
from .gestures import Gestures
from .looks import look_of, triple_of, view_of
from .picture import MarkDrawer
from .plane import Plane, Triple
from .refining import Refining, refuse
from .scene import Placed
from .seen import seen_key
from .unseen import UNSEEN, unseen_layer
from .views import REFUSALS, words_of

HINT = "Click: crosshair. Drag: move. Ctrl + wheel: zoom. Shift + wheel: slices. ?: all keys."
# What a panel offers beside the view itself, see `bar.js`.
LOOKING = ("planes", "view", "time", "picture")
EXPLORING = (*LOOKING, "linked", "cube", "layers", "tools", "bookmarks", "history")
_STATIC = Path(__file__).parent / "static"
_COARSE_BYTES = 128 * 2**20  # of coarse copies that a panel keeps: a film's time points
_DRAG_S = 5.0  # after its last message a drag was broken off
_SHEET_PX = 600  # until the browser has told how wide the panel is


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
        What it offers: planes, view, time, linked, cube, layers, tools, brush, bookmarks,
        history, picture.
    followed : bool
        Whether other panels follow its view, which is told more often then.
    aspect : callable, optional
        Gives height over width, when it is not the explorer's own.
    handles : callable, optional
        Gives what can be dragged.
    coarse : callable
        Makes the coarse copy of a layer, see `coarse_copy`.
    deeds : mapping of str to callable, optional
        What else the bar can do, by name; called with the message.
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
    classes: Any = List(help="Of labels that can be painted: label, name, color.").tag(sync=True)
    bookmarks: Any = List(help="Names of the views that are kept.").tag(sync=True)
    history = Dict(help="What undo and redo would do, in words.").tag(sync=True)
    compare = Unicode("blend").tag(sync=True)
    split = Float(0.5).tag(sync=True)
    time = Int(0, help="Which of the time points is seen.").tag(sync=True)
    times: Any = List(help="Names of the time points; empty where there is one.").tag(sync=True)
    slab = Dict(help="Thickness [µm] and what of the values is seen.").tag(sync=True)
    title = Unicode("").tag(sync=True)
    unit = Unicode("um").tag(sync=True)
    crosshair = Bool(True).tag(sync=True)
    turns = Bool(True, help="Whether a person may turn the plane here.").tag(sync=True)
    flat = Bool(False, help="Whether nothing lies above or below.").tag(sync=True)
    bar: Any = List(help="What the bar offers.").tag(sync=True)
    reach = Dict(help="Least and most width, and a step along the normal [µm].").tag(sync=True)
    bounds_um: Any = List(help="Least and most position of all images.").tag(sync=True)
    followed = Bool(False, help="Whether other panels follow its view.").tag(sync=True)
    offline = Bool(False, help="Whether there is no kernel behind it.").tag(sync=True)
    alt = Unicode("", help="What is seen, for those who cannot see it.").tag(sync=True)

    def close(self) -> None:
        """Close it, also where Panel gave it a comm that no manager knows."""
        with contextlib.suppress(KeyError):
            super().close()
        self.comm = None

    def __init__(
        self,
        explorer: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        marks: MarkDrawer | None = None,
        title: str = "",
        turns: bool = True,
        bar: Sequence[str] = LOOKING,
        followed: bool = False,
        aspect: Callable[[], float] | None = None,
        handles: Callable[[], Sequence[Handle]] | None = None,
        dragged: Callable[[str, Triple, bool], Any] | None = None,
        coarse: Callable[..., Coarse] = coarse_copy,
        deeds: Mapping[str, Callable[[Mapping[str, Any]], Any]] | None = None,
    ) -> None:
        # A browser may draw from what the widget is opened with before it hears of any change.
        self.title, self.turns, self.bar, self.maps = title, turns, list(bar), list(COLOR_MAPS)
        self._explorer, self._aspect, self.followed = explorer, aspect, followed
        self._draw_marks = marks
        self._give_handles, self._dragged = handles, dragged
        self._make_coarse, self._coarse = coarse, dict[Any, Coarse]()
        self._pins_of: Any = None
        self._acting = threading.RLock()  # messages come in another thread than cells run in
        self._waits, self._by, self._dragged_at = False, "kernel", -math.inf
        self._sheet_px = {0: _SHEET_PX}
        self._guard = guard
        self._gestures = Gestures(self, explorer, deeds or {})
        self._refining = Refining(self, explorer, guard=guard, marks=marks)
        self.redraw()
        super().__init__()
        explorer.history.listen(self.tell_history)
        self.on_msg(lambda _, content, buffers: guard(lambda: self._heard(content))())

    @property
    def is_dragged(self) -> bool:
        """Whether a person is dragging something here."""
        return time.monotonic() - self._dragged_at < _DRAG_S

    def redraw(self, *_: Any) -> None:
        """Tell the browser of the explorer's present state."""
        with self._acting:
            if not self._waits:
                self._redraw()

    @contextlib.contextmanager
    def looked_by(self, by: str) -> Iterator[None]:
        """While somebody looks elsewhere; of all that changes it is drawn once, as theirs."""
        with self._acting:
            self._by, self._waits = by, True
            try:
                yield
                self._waits = False
                self.redraw()
            finally:
                self._by, self._waits = "kernel", False

    def _redraw(self) -> None:
        explorer, planes, drawn = self._explorer, self.seen_planes(), self.drawn()
        placed = explorer.world.placed(explorer.layers)
        finest = min(min(item.levels[0].spacing_um) for item in placed)
        corners = explorer.world.corners_um()
        whole = float(np.ptp(corners, axis=0).max())
        with self.hold_sync():
            self.tables = map_tables() | dict(one.table for one in drawn)
            self.layers = [one.spec for one in drawn]
            count = explorer.world.time_count if "time" in self.bar else 1
            self.times = [f"time point {n}" for n in range(count)] if count > 1 else []
            self.time = explorer.time if count > 1 else 0
            self.compare, self.split = explorer.compare, explorer.split
            self.slab = {"um": explorer.slab_um, "mode": explorer.slab}
            self.crosshair = explorer.crosshair
            self.unit, self.flat = explorer.world.unit, not explorer.has_depth
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
            self.handles = [asdict(one) for one in (self._give_handles or list)()]
            if self._pins_of != (state := self._explorer.ws.state):
                self._pins_of = state
                self.redraw_pins()

    def redraw_pins(self, *_: Any) -> None:
        """Tell the browser what is pinned and what can be dragged."""
        explorer = self._explorer
        self.annotations = [
            {
                "key": seen_key(one.id, one.version),
                "shape": one.shape,
                "points": one.points_um,
                "text": one.text,
            }
            for one in explorer.annotations()
        ]
        self.handles = [asdict(one) for one in (self._give_handles or list)()]
        self.bookmarks = [record.name for record in explorer.bookmarks()]
        explorer.seen_bookmarks.look()
        self.tell_history()

    def tell_history(self) -> None:
        """Tell the browser what can be undone and redone."""
        history = self._explorer.history
        self.history = {"undo": history.can_undo, "redo": history.can_redo}

    def seen_planes(self) -> tuple[Plane, ...]:
        """The planes that are shown."""
        planes: tuple[Plane, ...] = self._explorer.planes(
            aspect=None if self._aspect is None else self._aspect()
        )
        return planes

    def stacked(self, plane: Plane, width_px: int) -> list[Placed]:
        """The same for a picture of a plane, which Python draws where the browser cannot."""
        return list(self._explorer.world.placed(self._explorer.layers))

    def drawn(self) -> list[Drawn]:
        """What is drawn, the first at the bottom."""
        explorer = self._explorer
        return [self._drawn(item) for item in explorer.world.placed(explorer.layers)]

    def _drawn(self, item: Placed) -> Drawn:
        try:
            return drawn_layer(self._explorer, item, self._coarse_of(item))
        except UNSEEN as error:  # the other layers are seen, and the person is told why
            self._guard(partial(refuse, error))()
            return unseen_layer(self._explorer, item)

    def _coarse_of(self, item: Placed) -> Coarse:
        layer, time = item.layer, min(self._explorer.time, item.time_count - 1)
        limits = layer.limits if layer.mode == "rgb" else None
        phases = repr(layer.phases) if layer.mode == "labels" else ""
        known = (
            layer.image, layer.mode, layer.channel, time, phases, limits, layer.slab_um,
            id(item.levels), id(item.placement),
        )  # fmt: skip
        with self._acting:
            return self._kept(known, item, time)

    def _kept(self, known: Any, item: Placed, time: int) -> Coarse:
        if known not in self._coarse:
            self._coarse[known] = self._make_coarse(item, time=time)
            kept = sum(len(one.data) for one in self._coarse.values())
            while kept > _COARSE_BYTES and len(self._coarse) > 1:  # the longest unused goes first
                kept -= len(self._coarse.pop(next(iter(self._coarse))).data)
        self._coarse[known] = self._coarse.pop(known)
        return self._coarse[known]

    def _marks_on(self, number: int, plane: Plane) -> dict[str, Any]:
        wide = self._sheet_px.get(number, self._sheet_px[0])
        sheet = RecordedMarks(wide, plane.height_px(wide))
        if self._draw_marks is not None:
            self._draw_marks(sheet, plane)
        return {"view": view_of(plane), "width_px": wide, "shapes": sheet.shapes}

    # -- messages --------------------------------------------------------------

    def _heard(self, content: Mapping[str, Any]) -> Any:
        """Do what a message asks, and say of a decision whether it is kept."""
        unsaved = ""
        try:
            return self._hear(content)
        except Unsaved as error:
            unsaved = words_of(error)
            if "deed" not in content:
                raise
            return None  # the browser says it beside the picture
        except Conflict:
            self.redraw_pins()  # what the other person wrote is seen beside the words
            raise
        except REFUSALS:  # it cannot be meant
            raise
        except Exception as error:
            unsaved = f"{type(error).__name__}: {error}"
            raise
        finally:
            if "deed" in content:
                self.send({"kind": "done", "deed": content["deed"], "unsaved": unsaved})

    def _hear(self, content: Mapping[str, Any]) -> Any:
        kind = str(content.get("kind"))
        did, asked = self._gestures, self._refining
        answers: dict[str, Callable[[], Any]] = {
            "look": lambda: did.follow(content["look"], by=str(content["by"])),
            "hello": lambda: self._send_volumes({str(key) for key in content["missing"]}),
            "rest": lambda: asked.ask(content, picture=False),
            "picture": lambda: asked.ask(content, picture=True),
            "handle": lambda: self._drag(content),
            "layer": lambda: did.edit_layer(
                str(content["name"]), content["changes"], drag=int(content.get("drag", 0))
            ),
            "set": lambda: did.set(str(content["name"]), content["value"]),
            "do": lambda: did.do(str(content["what"]), content),
        }
        if kind not in answers:
            raise ValueError(f"a panel hears {', '.join(answers)}, got {kind!r}")
        return answers[kind]()

    def _drag(self, content: Mapping[str, Any]) -> Any:
        if self._dragged is None:
            raise ValueError("nothing can be dragged here")
        at_um, done = triple_of(content["at_um"]), bool(content["done"])
        self._dragged_at = -math.inf if done else time.monotonic()
        try:
            return self._dragged(str(content["key"]), at_um, done)
        finally:
            self.send({"kind": "dragged"})

    def copies(self) -> list[Coarse]:
        """The coarse copies that the layers are drawn from, the smallest first."""
        found = []
        for item in self._explorer.world.placed(self._explorer.layers):
            with suppress(*UNSEEN):  # said where it is drawn
                found.append(self._coarse_of(item))
        return sorted(found, key=lambda one: len(one.data))

    def _send_volumes(self, missing: set[str]) -> None:
        with self._acting:
            asked_before = [one for one in self._coarse.values() if one.key in missing]
        for coarse in (*asked_before, *self.copies()):
            if coarse.key in missing:
                missing.discard(coarse.key)
                message = {
                    "kind": "volume", "key": coarse.key, "shape": list(coarse.shape),
                    "channels": coarse.channels, "smooth": coarse.smooth,
                }  # fmt: skip
                self.send(message, buffers=[coarse.data])

    def fit_sheet(self, number: int, width_px: int) -> None:
        """Draw marks on a plane as large as the browser shows it."""
        planes, width_px = self.seen_planes(), min(4000, max(100, width_px or _SHEET_PX))
        if 0 <= number < len(planes) and width_px != self._sheet_px.get(number):
            self._sheet_px[number] = width_px
            sheets = list(self.marks)
            sheets[number : number + 1] = [self._marks_on(number, planes[number])]
            self.marks = sheets
