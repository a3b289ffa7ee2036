"""What a person does in the browser, done to the explorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .history import Drags, StateStep
from .layer_steps import IN_WORDS, LayerStep, OrderStep, set_layer
from .looks import plane_name, triple_of
from .plane import check_axes
from .seen import seen_of
from .state import by_name, png_bytes

_PRINT_PX = 2400  # 200 mm at 300 dots an inch
_OF_LAYERS = tuple(IN_WORDS)
#: How undo calls what the bar sets; a time point is where one looks.
_SETTINGS = {
    "linked": "planes", "compare": "how layers are compared", "split": "place of the split",
    "slab_um": "thickness of the slab", "slab": "what a slab shows", "crosshair": "crosshair",
}  # fmt: skip
_SETTABLE = (*_SETTINGS, "time")


class Gestures:
    """The messages of a panel that change what its explorer shows or keeps.

    Parameters
    ----------
    panel : LivePanel
    explorer : SliceExplorer
    deeds : mapping of str to callable
        What else can be done, by name; called with the message.
    """

    def __init__(
        self,
        panel: Any,
        explorer: Any,
        deeds: Mapping[str, Callable[[Mapping[str, Any]], Any]],
    ) -> None:
        self._panel, self._explorer, self._deeds = panel, explorer, deeds
        self._drags = {name: Drags() for name in _SETTINGS}

    def follow(self, look: Mapping[str, Any], *, by: str) -> None:
        """Look where the browser looks."""
        explorer, panel = self._explorer, self._panel
        across, down = triple_of(look["across"]), triple_of(look["down"])
        check_axes(across, down)
        with panel.looked_by(by), explorer.hold_trait_notifications():
            known = panel.seen_planes()[0]
            if panel.turns and (across, down) != (known.across, known.down):
                explorer.across, explorer.down = across, down
                explorer.orientation = plane_name(across, down)
            explorer.cursor_um = by_name(triple_of(look["cursor_um"]))
            explorer.centre_um = by_name(triple_of(look["centre_um"]))
            explorer.width_um = float(look["width_um"])

    def edit_layer(self, name: str, changes: Mapping[str, Any], *, drag: int = 0) -> None:
        """Show a layer otherwise; edits of one drag are one step for undo."""
        layer, history = self._explorer.layer(name), self._explorer.history
        if unknown := [key for key in changes if key not in _OF_LAYERS]:
            raise ValueError(f"a panel changes {', '.join(_OF_LAYERS)} of a layer, got {unknown}")
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in changes.items()}
        before = {key: getattr(layer, key) for key in given}
        set_layer(layer, given)
        after = {key: getattr(layer, key) for key in given}
        if before != after:
            history.did(LayerStep(layer, before, after, drag))

    def _move_layer(self, name: str, steps: int) -> None:
        explorer = self._explorer
        layer, before = explorer.layer(name), explorer.layers
        explorer.move_layer(name, steps)
        if moved := explorer.layers.index(layer) - before.index(layer):
            explorer.history.did(OrderStep(explorer, layer, moved))

    def _turn(self, what: str, content: Mapping[str, Any]) -> None:
        """Fly to the plane through three points, or to a layer's own."""
        explorer, panel = self._explorer, self._panel
        if not (panel.turns and explorer.has_depth):
            raise ValueError("the plane of this panel is not turned: open a SliceExplorer for that")
        with panel.looked_by("flight"):
            if what == "cut":
                explorer.cut_through(*(by_name(triple_of(point)) for point in content["points"]))
                return
            explorer.face_of(explorer.layer(str(content["name"])).image)
            explorer.centre_um = explorer.cursor_um

    def set(self, name: str, value: Any) -> None:
        """Set what the bar may set."""
        if name not in _SETTABLE:
            raise ValueError(f"a panel sets {', '.join(_SETTABLE)}, got {name!r}")
        before = getattr(self._explorer, name)
        self._apply({name: value})
        after = getattr(self._explorer, name)
        if before == after or name not in _SETTINGS:
            return
        drag = (name, self._drags[name].now()) if isinstance(after, float) else None
        step = StateStep(_SETTINGS[name], {name: before}, {name: after}, self._apply, drag=drag)
        self._explorer.history.did(step)

    def _apply(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            setattr(self._explorer, name, value)
        self._panel.redraw()  # nobody else may follow this explorer

    def do(self, what: str, content: Mapping[str, Any]) -> str | None:
        """Pin, keep, fly, order, take back, print."""
        explorer = self._explorer
        if what in self._deeds:
            words = self._deeds[what](content)
            return words if isinstance(words, str) else None
        if what == "annotate":
            points = [by_name(triple_of(point)) for point in content["points"]]
            pinned, version = seen_of(str(content.get("key") or ""))
            explorer.annotate(
                str(content["shape"]),
                points,
                text=str(content.get("text", "")),
                id=pinned or None,
                version=version,
                edit_id=str(content["deed"]) if "deed" in content else None,
            )
        elif what == "unpin":
            pinned, version = seen_of(str(content["key"]))
            explorer.unpin(pinned, version=version)
        elif what in ("raise", "lower"):
            self._move_layer(str(content["name"]), 1 if what == "raise" else -1)
        elif what in ("bookmark", "forget"):
            getattr(explorer, what)(str(content["name"]))
        elif what == "fly":
            with self._panel.looked_by("flight"):
                explorer.fly_to(str(content["name"]))
        elif what in ("cut", "face"):
            self._turn(what, content)
        elif what in ("undo", "redo"):
            words = getattr(explorer, what)()
            return f"{'undone' if what == 'undo' else 'redone'}: {words}"
        elif what == "print":
            picture = png_bytes(explorer.snapshot(_PRINT_PX))
            self._panel.send({"kind": "printed"}, buffers=[picture])
        else:
            raise ValueError(f"a panel cannot {what!r}")
        return None
