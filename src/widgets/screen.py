"""The picture in the browser: Python draws it, and is told where a person pointed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anywidget
from traitlets import Bytes, Unicode

_STATIC = Path(__file__).parent / "static"
GESTURES = ("point", "pan", "zoom", "slice", "right", "down")


@dataclass(frozen=True, kw_only=True)
class Gesture:
    """What a person did on a picture.

    Attributes
    ----------
    kind : {"point", "pan", "zoom", "slice", "right", "down"}
        A click, a drag, or steps of zoom, of the slice, of the crosshair.
    at : tuple of 2 float
        Where, as shares of the picture, right and down; where a drag began.
    to : tuple of 2 float
        Where a drag came to.
    steps : int
        How many, with their direction.
    """

    kind: str
    at: tuple[float, float]
    to: tuple[float, float]
    steps: int = 0


class Screen(anywidget.AnyWidget):
    """A picture that can be pointed at.

    Parameters
    ----------
    on_gesture : callable, optional
        Called with what was done and where, see `gesture`.
    """

    _esm = _STATIC / "screen.js"
    _css = _STATIC / "screen.css"

    png = Bytes(b"", help="The picture, as the bytes of a PNG file.").tag(sync=True)
    alt = Unicode("", help="What is seen, for those who cannot see it.").tag(sync=True)

    def __init__(self, on_gesture: Callable[[Gesture], None] | None = None, **traits: Any) -> None:
        super().__init__(**traits)
        if on_gesture is not None:
            self.on_msg(lambda _, content, __: on_gesture(gesture(content)))


def gesture(content: Mapping[str, Any]) -> Gesture:
    """Read a message of the browser.

    Raises
    ------
    ValueError
        It is no gesture.
    """
    kind = content.get("kind")
    if kind not in GESTURES:
        raise ValueError(f"a gesture needs one of {', '.join(GESTURES)}, got {kind!r}")
    at = _place(content["from"] if kind == "pan" else content["at"])
    to = _place(content["to"]) if kind == "pan" else at
    steps = max(-20, min(20, int(content.get("steps", 0))))
    return Gesture(kind=str(kind), at=at, to=to, steps=steps)


def _place(value: Mapping[str, Any]) -> tuple[float, float]:
    """A place on the picture; a drag may leave it."""
    x, y = float(value["x"]), float(value["y"])
    if not (abs(x) < 10 and abs(y) < 10):
        raise ValueError(f"a place on the picture needs shares of it, got {x!r}, {y!r}")
    return x, y
