"""Correlative microscopy in notebooks: one specimen, every scale, error bars on all of it.

The rooms, and the one way in which they may import each other::

    analysis <- io <- workspace <- plots <- widgets <- guides <- reports <- app <- cli

Importing this package is light; each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if __name__ == "src":
    raise ImportError("import scalebridge, not src")

__version__ = "0.1.0"

_HOMES = {
    "Workspace": ".workspace",
    "SliceExplorer": ".widgets",
    "LandmarkPicker": ".widgets",
    "SegmentationSliders": ".widgets",
    "SurfacePicker": ".widgets",
    "TargetPicker": ".widgets",
    "Scene": ".widgets",
    "SeriesExplorer": ".widgets",
    "SizeBrush": ".widgets",
    "TrainableSegmentation": ".widgets",
}

__all__ = [
    "LandmarkPicker",
    "Scene",
    "SegmentationSliders",
    "SeriesExplorer",
    "SizeBrush",
    "SliceExplorer",
    "SurfacePicker",
    "TargetPicker",
    "TrainableSegmentation",
    "Workspace",
    "__version__",
]

if TYPE_CHECKING:
    from .widgets import (
        LandmarkPicker,
        Scene,
        SegmentationSliders,
        SeriesExplorer,
        SizeBrush,
        SliceExplorer,
        SurfacePicker,
        TargetPicker,
        TrainableSegmentation,
    )
    from .workspace import Workspace


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'scalebridge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
