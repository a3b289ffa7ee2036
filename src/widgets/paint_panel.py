"""A live panel that is painted on: classes over an image, strokes to Python, undo and redo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .coarse import Coding, color_table, sampled_patch
from .colors import hex_of, rgb
from .drawn import Drawn
from .layers import Layer
from .live import LivePanel
from .looks import triple_of
from .plane import Plane
from .scene import Placed
from .state import by_name

_LABELS = Coding(0.0, 1.0, wide=False)


class PaintPanel(LivePanel):
    """A panel on which labels are painted.

    Parameters
    ----------
    painted : SegmentationSliders or TrainableSegmentation
        What takes strokes: `named_phases()`, `add_stroke(...)`, `undo()`, `redo()`, `history`.
    guard : callable
        As of `LivePanel`.
    title : str
    bar : sequence of str
    seen : callable, optional
        Called whenever a browser tells something: there is somebody who looks.
    **given
        As of `LivePanel`.
    """

    def __init__(
        self,
        painted: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        title: str,
        bar: Sequence[str],
        seen: Callable[[], None] = lambda: None,
        **given: Any,
    ) -> None:
        self._painted, self._seen = painted, seen
        super().__init__(
            painted.explorer,
            guard=guard,
            title=title,
            bar=bar,
            deeds={"stroke": self._stroke, "undo": self._undo, "redo": self._redo},
            **given,
        )
        painted.history.listen(self.redraw_pins)

    def redraw_pins(self, *_: Any) -> None:
        """What can be painted, and what can be taken back."""
        super().redraw_pins()
        self.classes = [
            {"label": phase["label"], "name": phase["name"], "color": hex_of(rgb(phase["color"]))}
            for phase in self._painted.named_phases()
        ]

    def tell_history(self) -> None:
        """Tell the browser what can be undone and redone: settings and strokes."""
        history = self._painted.history
        self.history = {"undo": history.can_undo, "redo": history.can_redo}

    def _stroke(self, content: Mapping[str, Any]) -> str:
        """Take over what was painted in the browser."""
        label = content["label"]
        self._painted.add_stroke(
            str(content["tool"]),
            [by_name(triple_of(point)) for point in content["points"]],
            label=None if label is None else int(label),
            radius_um=float(content["radius_um"]),
            normal=triple_of(content["normal"]),
        )
        return f"{self._painted.history.can_undo}; not saved yet"

    def _undo(self, _: Mapping[str, Any]) -> str:
        return f"undone: {self._painted.undo()}"

    def _redo(self, _: Mapping[str, Any]) -> str:
        return f"redone: {self._painted.redo()}"

    def _hear(self, content: Mapping[str, Any]) -> Any:
        self._seen()
        return super()._hear(content)

    def _labels_over(
        self,
        image: Drawn,
        layer: Layer,
        state: Any,
        labels: Callable[[int], Placed | None],
        *,
        slow: bool = False,
    ) -> Drawn:
        """Labels that Python makes for the plane that rests, over the image.

        Parameters
        ----------
        image : Drawn
            What lies below.
        layer : Layer
        state : Any
            Whatever the labels follow from, as its `repr` says it.
        labels : callable
            Gives them for the plane that is seen, for a panel so wide [px]; None for none.
        slow : bool
        """
        mark = hashlib.sha1(repr(state).encode(), usedforsecurity=False).hexdigest()
        table = color_table(layer)
        spec = {
            **image.spec,
            "key": f"{layer.name} {mark}",
            "volume": "",
            "name": layer.name,
            "mode": "labels",
            "grid": None,
            "table": table[0],
            "opacity": layer.opacity,
        }

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            found = labels(width)
            if found is None:
                return None
            return sampled_patch(found, _LABELS, plane, width_px=width, height_px=height)

        return Drawn(spec, table, patch, slow)
