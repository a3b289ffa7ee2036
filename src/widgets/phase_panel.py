"""The sliders' live panel: the image with its phases over it, at once as a threshold moves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from .coarse import Coding, color_table, patch_of, sampled_patch
from .colors import rgb
from .drawn import Drawn
from .live import LivePanel
from .plane import Plane
from .threshold_settings import SETTINGS

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
    """

    def __init__(
        self, sliders: Any, *, guard: Callable[[Callable[[], Any]], Callable[..., None]]
    ) -> None:
        self._sliders = sliders
        super().__init__(sliders.explorer, guard=guard, title="phases")

    def drawn(self) -> list[Drawn]:
        """The image, and its classes over it."""
        image = super().drawn()[0]
        if not self._sliders.thresholds:
            return [image]
        return [image, self._cleaned(image) if self._sliders.cleaned else self._classes(image)]

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

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            return patch_of(
                item, coarse, plane, width_px=width, height_px=height,
                how=self._explorer.rendering(), nearest=True,
            )  # fmt: skip

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
