"""What was changed of the layers of a view, to be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What a panel changes of a layer, and how undo calls it.
IN_WORDS = {
    "visible": "shown or hidden", "opacity": "opacity", "color_map": "colours",
    "limits": "contrast", "blending": "blending", "widths_um": "where it fades",
}  # fmt: skip


@dataclass
class LayerStep:
    """A layer was shown otherwise; one that is gone is changed where nobody sees it.

    Attributes
    ----------
    layer : Layer
    before, after : dict
        What was changed, by trait.
    drag : int
        Number of the drag in the browser; 0 where there was none.
    """

    layer: Any
    before: dict[str, Any]
    after: dict[str, Any]
    drag: int = 0

    @property
    def title(self) -> str:
        """The layer and what was changed of it."""
        return f"{self.layer.name}: {', '.join(IN_WORDS[key] for key in self.after)}"

    def takes(self, step: Any) -> bool:
        """Whether a further edit belongs to the same drag; then it is taken over."""
        goes_on = (
            isinstance(step, LayerStep)
            and self.drag != 0
            and (step.layer, step.drag) == (self.layer, self.drag)
            and step.after.keys() == self.after.keys()
        )
        if goes_on:
            self.after = step.after
        return goes_on

    def undo(self) -> None:
        """Show it as before."""
        set_layer(self.layer, self.before)

    def redo(self) -> None:
        """Show it as after."""
        set_layer(self.layer, self.after)


@dataclass(frozen=True)
class OrderStep:
    """A layer was drawn earlier or later; layers that came since keep their places.

    Attributes
    ----------
    explorer : SliceExplorer
    layer : Layer
    moved : int
        Places upwards.
    """

    explorer: Any
    layer: Any
    moved: int

    @property
    def title(self) -> str:
        """Which layer."""
        return f"{self.layer.name}: order"

    def undo(self) -> None:
        """Move it back."""
        self._move(-self.moved)

    def redo(self) -> None:
        """Move it again."""
        self._move(self.moved)

    def _move(self, places: int) -> None:
        if self.layer in self.explorer.layers:
            self.explorer.move_layer(self.layer.name, places)


def set_layer(layer: Any, state: Mapping[str, Any]) -> None:
    """Set several traits of a layer as one change."""
    with layer.hold_trait_notifications():
        for key, value in state.items():
            setattr(layer, key, value)
