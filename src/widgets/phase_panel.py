"""The sliders' live panel: the image with its phases over it, at once as a threshold moves."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from .coarse import patch_of
from .colors import rgb
from .drawn import Drawn
from .paint_panel import PaintPanel
from .plane import Plane
from .scene import Placed
from .threshold_settings import SETTINGS

_MOST_IN_BROWSER = 8  # thresholds that the shader takes


class PhasePanel(PaintPanel):
    """A panel that draws the classes between thresholds over the image.

    Thresholds alone are drawn by the browser, voxel by voxel. What smoothing, sizes and holes make
    of them, Python computes for the plane that rests.

    Parameters
    ----------
    sliders : SegmentationSliders
    **given
        As of `PaintPanel`.
    """

    def __init__(self, sliders: Any, **given: Any) -> None:
        self._sliders = sliders
        # the view is steered beside it
        super().__init__(sliders, title="phases", bar=("brush", "history"), **given)

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
        settings = [getattr(sliders, name) for name in SETTINGS]
        layer = sliders.phase_layer()
        return self._labels_over(image, layer, settings, lambda width: sliders.preview(width)[1])
