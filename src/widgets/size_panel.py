"""The brush's live panel: the image with its objects over it, the lit ones bright."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .coarse import Coding, color_table, sampled_patch
from .drawn import Drawn
from .live import LivePanel
from .plane import Plane
from .scene import Placed

_LABELS = Coding(0.0, 1.0, wide=False)
_BAR = ("planes", "view", "picture", "linked", "cube", "history")


class SizePanel(LivePanel):
    """A panel in which objects lie over the image; Python draws them for the plane that rests.

    Parameters
    ----------
    brush : SizeBrush
    guard : callable
        As of `LivePanel`.
    """

    def __init__(
        self, brush: Any, *, guard: Callable[[Callable[[], Any]], Callable[..., None]]
    ) -> None:
        self._brush = brush
        super().__init__(
            brush.explorer,
            guard=guard,
            title=brush.name,
            bar=_BAR,
            deeds={"undo": self._undo, "redo": self._redo},
        )
        brush.history.listen(self.tell_history)

    def tell_history(self) -> None:
        """Tell the browser what can be undone and redone: what was lit."""
        history = self._brush.history
        self.history = {"undo": history.can_undo, "redo": history.can_redo}

    def _undo(self, _: Mapping[str, Any]) -> str:
        return f"undone: {self._brush.undo()}"

    def _redo(self, _: Mapping[str, Any]) -> str:
        return f"redone: {self._brush.redo()}"

    def stacked(self, plane: Plane, width_px: int) -> list[Placed]:
        """The image, and its objects over it, for a picture."""
        placed: list[Placed] = self._brush.placed()
        return placed

    def drawn(self) -> list[Drawn]:
        """The image, and its objects over it."""
        image = super().drawn()[0]
        objects = self._brush.drawn_objects
        table = color_table(objects.layer)
        spec = {
            **image.spec,
            "key": f"objects {self._brush.range_um}",
            "volume": "",
            "name": objects.layer.name,
            "mode": "labels",
            "grid": None,
            "table": table[0],
            "opacity": objects.layer.opacity,
        }
        how = self._explorer.rendering()

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            size = {"width_px": width, "height_px": height}
            return sampled_patch(objects, _LABELS, plane, how=how, nearest=True, **size)

        return [image, Drawn(spec, table, patch)]
