"""Widgets: look, pick, decide; in JupyterLab, in a report, and in Python alone.

State is traits that refuse bad values, computation is a call into ``analysis``, and every decision
is written to the workspace at once. ``snapshot()`` gives the same picture without a browser.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Camera": ".camera",
    "LabelSurfaces": ".label_surfaces",
    "LandmarkPicker": ".landmarks",
    "Layer": ".layers",
    "Plane": ".plane",
    "Prediction": ".landmarks",
    "Scene": ".scene3d",
    "SegmentationSliders": ".segmentation",
    "SeriesExplorer": ".series",
    "SizeBrush": ".size_brush",
    "SliceExplorer": ".explorer",
    "SurfacePicker": ".surface_picker",
    "TargetPicker": ".targets",
    "TrainableSegmentation": ".training",
    "Volume": ".volumes",
    "axis_plane": ".plane",
    "slice_sheet": ".sheet",
}

__all__ = [
    "Camera",
    "LabelSurfaces",
    "LandmarkPicker",
    "Layer",
    "Plane",
    "Prediction",
    "Scene",
    "SegmentationSliders",
    "SeriesExplorer",
    "SizeBrush",
    "SliceExplorer",
    "SurfacePicker",
    "TargetPicker",
    "TrainableSegmentation",
    "Volume",
    "axis_plane",
    "slice_sheet",
]

if TYPE_CHECKING:
    from .camera import Camera
    from .explorer import SliceExplorer
    from .label_surfaces import LabelSurfaces
    from .landmarks import LandmarkPicker, Prediction
    from .layers import Layer
    from .plane import Plane, axis_plane
    from .scene3d import Scene
    from .segmentation import SegmentationSliders
    from .series import SeriesExplorer
    from .sheet import slice_sheet
    from .size_brush import SizeBrush
    from .surface_picker import SurfacePicker
    from .targets import TargetPicker
    from .training import TrainableSegmentation
    from .volumes import Volume


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name], __name__), name)
        import_module(".warming", __name__).WARMING.begin()
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
