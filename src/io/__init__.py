"""Files in and out: one reader a format, each run in a child process of its own.

`describe` says what a file holds, `preview` shows it, `open_source` streams it. Where a file is
silent or wrong, `Answers` stand beside it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Answers": ".answers",
    "ImageDescription": ".description",
    "OmeZarrSource": ".ome_zarr",
    "Preview": ".first_picture",
    "Source": ".source",
    "describe": ".opening",
    "load_answers": ".answers",
    "open_source": ".opening",
    "preview": ".first_picture",
    "preview_of": ".first_picture",
    "read_bigwarp": ".bigwarp",
    "read_landmarks": ".landmark_tables",
    "read_markups": ".slicer_markups",
    "refusal": ".understanding",
    "remembered_key": ".answers",
    "save_answers": ".answers",
    "summary": ".understanding",
    "write_bigwarp": ".bigwarp",
    "write_boxes": ".box_meshes",
    "write_fibsem_positions": ".fibsem_positions",
    "write_landmarks": ".landmark_tables",
    "write_markups": ".slicer_markups",
    "write_nav": ".serialem_nav",
}

__all__ = [
    "Answers",
    "ImageDescription",
    "OmeZarrSource",
    "Preview",
    "Source",
    "describe",
    "load_answers",
    "open_source",
    "preview",
    "preview_of",
    "read_bigwarp",
    "read_landmarks",
    "read_markups",
    "refusal",
    "remembered_key",
    "save_answers",
    "summary",
    "write_bigwarp",
    "write_boxes",
    "write_fibsem_positions",
    "write_landmarks",
    "write_markups",
    "write_nav",
]

if TYPE_CHECKING:
    from .answers import Answers, load_answers, remembered_key, save_answers
    from .bigwarp import read_bigwarp, write_bigwarp
    from .box_meshes import write_boxes
    from .description import ImageDescription
    from .fibsem_positions import write_fibsem_positions
    from .first_picture import Preview, preview, preview_of
    from .landmark_tables import read_landmarks, write_landmarks
    from .ome_zarr import OmeZarrSource
    from .opening import describe, open_source
    from .serialem_nav import write_nav
    from .slicer_markups import read_markups, write_markups
    from .source import Source
    from .understanding import refusal, summary


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
