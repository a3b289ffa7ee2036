"""The series' live panel: the image, with the difference to the reference over it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .annotate import Marks
from .colors import DIFFERENCE, table
from .difference import coding_of, difference_bytes, difference_on
from .drawn import Drawn, slab_mark
from .layers import AUTO
from .live import LivePanel
from .plane import Plane
from .refining import Refining
from .series_picture import differs, draw_box_measured, panel_of, panel_title

NAME = "difference"
_BAR = ("planes", "view", "picture", "linked", "cube", "history", "layers")


class SeriesPanel(LivePanel):
    """A panel of the time point that is seen; in its mode the difference covers the image.

    The browser has a coarse copy of the image and none of the difference: that is drawn by Python
    for the plane that rests.

    Parameters
    ----------
    series : SeriesExplorer
    guard : callable
        As of `LivePanel`.
    reference : bool
        Whether the reference is shown and not the time point.
    """

    def __init__(
        self,
        series: Any,
        *,
        guard: Callable[[Callable[[], Any]], Callable[..., None]],
        reference: bool = False,
    ) -> None:
        self._series, self._reference = series, reference
        self._view = series.beside if reference else series.explorer

        def marks(sheet: Marks, plane: Plane) -> None:
            draw_box_measured(sheet, plane, series)

        bar = _BAR[:-1] if reference else _BAR
        super().__init__(self._view, guard=guard, bar=bar, followed=True, marks=marks)
        self._refining = SeriesRefining(self, series, self._view, guard=guard, marks=marks)

    def redraw(self, *_: Any) -> None:
        """Tell the browser of the present state."""
        self.title = panel_title(self._series, self._view)
        super().redraw()

    def _differs(self) -> bool:
        return differs(self._series) and not self._reference

    def drawn(self) -> list[Drawn]:
        """What is drawn, the first at the bottom."""
        images = super().drawn()
        return [*images, self._difference(images[0])] if self._differs() else images

    def _difference(self, image: Drawn) -> Drawn:
        series = self._series
        limit, coding = series.limit(), coding_of(series.limit())
        moments = [series.moments[number] for number in (series.time, series.reference)]
        mark = hashlib.sha1(repr((moments, limit)).encode(), usedforsecurity=False).hexdigest()
        colors = np.column_stack([table(DIFFERENCE), np.full(256, 255, np.uint8)]).tobytes()
        spec = {
            **image.spec,
            "key": f"difference {mark} {slab_mark(series.explorer)}",
            "volume": "",
            "name": NAME,
            "mode": "image",
            "grid": None,
            "wide": coding.wide,
            "limits": [coding.coded(-limit), coding.coded(limit)],
            "table": DIFFERENCE,
            "opacity": 1.0,
            "blending": "over",
            "visible": True,
            "color_map": DIFFERENCE,
            "coding": [coding.offset, coding.gain],
            "auto": series.difference_limit == AUTO,
            "histogram": None,
        }

        now, reference = series.frame_at(series.time), series.frame_at(series.reference)
        how = series.explorer.rendering()

        def patch(plane: Plane, width: int, height: int) -> bytes | None:
            found = difference_on(now, reference, plane, width_px=width, height_px=height, how=how)
            return difference_bytes(found, limit)

        return Drawn(spec, (DIFFERENCE, colors), patch, slow=how.slab_um > 0)

    def _hear(self, content: Mapping[str, Any]) -> Any:
        of_difference = content.get("kind") == "layer" and content.get("name") == NAME
        if of_difference and self._differs():
            return self._edit_difference(content["changes"])
        return super()._hear(content)

    def _edit_difference(self, changes: Mapping[str, Any]) -> None:
        if set(changes) != {"limits"}:
            raise ValueError(
                f"the difference changes its limits alone, got {', '.join(changes)}: "
                "choose another comparison to see the image"
            )
        wanted = changes["limits"]
        self._series.difference_limit = (
            AUTO if wanted == AUTO else max(abs(float(value)) for value in wanted)
        )


class SeriesRefining(Refining):
    """Answers of a series' panel; a browser that cannot draw gets the difference too."""

    def __init__(self, panel: Any, series: Any, view: Any, **given: Any) -> None:
        super().__init__(panel, view, **given)
        self._series = series

    def _picture(self, plane: Plane, width_px: int, *, first: bool) -> Any:
        title = None if first else ""
        return panel_of(
            self._series, self._explorer, plane, width_px=width_px, size=13, title=title
        )
