"""The sliders' live panel: the image with its phases over it, at once as a threshold moves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .coarse import Coding, color_table, patch_of, sampled_patch
from .colors import hex_of, rgb
from .drawn import Drawn
from .live import LivePanel
from .looks import triple_of
from .plane import Plane
from .scene import Placed
from .state import by_name
from .threshold_settings import SETTINGS

_MOST_IN_BROWSER = 8  # thresholds that the shader takes
_LABELS = Coding(0.0, 1.0, wide=False)


class PhasePanel(LivePanel):
    """A panel that draws the classes between thresholds over the image.

    Thresholds alone are drawn by the browser, voxel by voxel. What smoothing, sizes and holes make
    of them, Python computes for the plane that rests.

    Parameters
    ----------
    sliders : SegmentationSliders
    guard : callable
        As of `LivePanel`.
    seen : callable, optional
        Called whenever a browser tells something: there is somebody who looks.
    """

    def __init__(
        self,
        sliders: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        seen: Callable[[], None] = lambda: None,
    ) -> None:
        self._sliders, self._seen = sliders, seen
        super().__init__(
            sliders.explorer,
            guard=guard,
            title="phases",
            bar=("brush", "history"),  # the view is steered beside it
            deeds={"stroke": self._stroke, "undo": self._undo, "redo": self._redo},
        )
        sliders.history.listen(self.redraw_pins)

    def redraw_pins(self, *_: Any) -> None:
        """What can be painted, and what can be taken back."""
        super().redraw_pins()
        self.classes = [
            {"label": phase["label"], "name": phase["name"], "color": hex_of(rgb(phase["color"]))}
            for phase in self._sliders.named_phases()
        ]

    def tell_history(self) -> None:
        """Tell the browser what can be undone and redone: the sliders' settings and strokes."""
        history = self._sliders.history
        self.history = {"undo": history.can_undo, "redo": history.can_redo}

    def _stroke(self, content: Mapping[str, Any]) -> str:
        """Take over what was painted in the browser."""
        label = content["label"]
        self._sliders.add_stroke(
            str(content["tool"]),
            [by_name(triple_of(point)) for point in content["points"]],
            label=None if label is None else int(label),
            radius_um=float(content["radius_um"]),
            normal=triple_of(content["normal"]),
        )
        return f"{self._sliders.history.can_undo}; not saved yet"

    def _undo(self, _: Mapping[str, Any]) -> str:
        return f"undone: {self._sliders.undo()}"

    def _redo(self, _: Mapping[str, Any]) -> str:
        return f"redone: {self._sliders.redo()}"

    def _hear(self, content: Mapping[str, Any]) -> Any:
        self._seen()
        return super()._hear(content)

    def stacked(self, plane: Plane, width_px: int) -> list[Placed]:
        """The image, and its labels over it, for a picture."""
        return list(self._sliders.preview(width_px))

    def drawn(self) -> list[Drawn]:
        """The image, and its classes over it."""
        image = super().drawn()[0]
        if not self._sliders.thresholds:
            return [image]
        by_python = self._sliders.cleaned or len(self._sliders.thresholds) > _MOST_IN_BROWSER
        return [image, self._cleaned(image) if by_python else self._classes(image)]

    def _classes(self, image: Drawn) -> Drawn:
        sliders = self._sliders
        (item, *_) = self._explorer.world.placed(self._explorer.layers)
        coarse = self._coarse_of(item)
        rgba = np.zeros((256, 4), np.uint8)
        for number, phase in enumerate(sliders.named_phases()):
            rgba[number] = (*rgb(phase["color"]), 255 * (phase in sliders.drawn_phases()))
        data = rgba.tobytes()
        table = (hashlib.sha1(data, usedforsecurity=False).hexdigest(), data)
        spec = {
            **image.spec,
            "key": f"classes of {coarse.key}",
            "name": "phases",
            "thresholds": [coarse.coding.coded(level) for level in sliders.thresholds],
            "table": table[0],
            "opacity": sliders.opacity,
        }

        how = self._explorer.rendering()

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            size = {"width_px": width, "height_px": height}
            return patch_of(item, coarse, plane, **size, how=how, nearest=True)

        return Drawn(spec, table, patch)

    def _cleaned(self, image: Drawn) -> Drawn:
        sliders = self._sliders
        settings = repr([getattr(sliders, name) for name in SETTINGS])
        mark = hashlib.sha1(settings.encode(), usedforsecurity=False).hexdigest()
        table = color_table(sliders.phase_layer())
        spec = {
            **image.spec,
            "key": f"phases {mark}",
            "volume": "",
            "name": "phases",
            "mode": "labels",
            "grid": None,
            "table": table[0],
            "opacity": sliders.opacity,
        }

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            labels = sliders.preview(width)[1]
            return sampled_patch(labels, _LABELS, plane, width_px=width, height_px=height)

        return Drawn(spec, table, patch)
