"""The sliders' histogram in the browser: thresholds are dragged where the grey values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
from traitlets import Dict, List, Unicode

from .colors import hex_of, rgb
from .histogram import binned

_STATIC = Path(__file__).parent / "static"


class HistogramPanel(anywidget.AnyWidget):
    """Grey values of a segmentation with its thresholds.

    Parameters
    ----------
    sliders : SegmentationSliders
        What is shown; a drag sets its thresholds.
    guard : callable
        Wraps what a message of the browser does, so that a refusal is said in words.
    """

    _esm = _STATIC / "thresholds.js"
    _css = _STATIC / "thresholds.css"

    counts = Dict(help="low, high and the counts of even bins between [grey value].").tag(sync=True)
    marks: Any = List(help="Thresholds [grey value].").tag(sync=True)
    halves: Any = List(help="Two standard uncertainties of each.").tag(sync=True)
    colors: Any = List(help="Of the phases, dark to bright.").tag(sync=True)
    what = Unicode("grey value", help="What lies along the axis.").tag(sync=True)

    def __init__(
        self, sliders: Any, *, guard: Callable[[Callable[[], Any]], Callable[..., None]]
    ) -> None:
        self._sliders, self._counted = sliders, None
        self.redraw()  # before it is opened: a browser may draw before it hears of any change
        super().__init__()
        self.on_msg(lambda _, content, buffers: guard(lambda: self._hear(content))())

    def redraw(self) -> None:
        """Follow the sliders."""
        sliders = self._sliders
        values = sliders.sample()
        with self.hold_sync():
            if values is not self._counted:
                counts, edges = binned(values)
                ends = (float(edges[0]), float(edges[-1])) if len(edges) else (0.0, 1.0)
                self.counts = {"low": ends[0], "high": ends[1], "counts": counts.tolist()}
                self._counted = values
            self.marks = list(sliders.thresholds)
            self.halves = [2 * sigma for sigma in sliders.threshold_uncertainty]
            self.colors = [hex_of(rgb(phase["color"])) for phase in sliders.named_phases()]
            self.what = sliders.grey_words()

    def _hear(self, content: Mapping[str, Any]) -> None:
        marks = [float(mark) for mark in content["marks"]]
        wanted = max(1, len(self._sliders.thresholds))  # a click sets the first
        fitting = len(marks) == wanted and np.all(np.isfinite(marks))
        if content.get("kind") != "moved" or not fitting:
            raise ValueError(f"a histogram hears moved thresholds, got {content}")
        with self._sliders.dragging(("histogram", int(content.get("drag", 0)))):
            self._sliders.set_threshold(*marks)
