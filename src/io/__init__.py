"""Files in and out: one reader a format, each run in a child process of its own.

`describe` says what a file holds, `preview` shows it, `open_source` streams it. Where a file is
silent or wrong, `Answers` stand beside it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Answers": ".answers",
    "Grid": ".itk_transform",
    "ImageDescription": ".description",
    "OmeZarrSource": ".ome_zarr",
    "Preview": ".first_picture",
    "Source": ".source",
    "describe": ".opening",
    "formats": ".format_table",
    "load_answers": ".answers",
    "matrix_in_slicer": ".slicer_transform",
    "ngff_of": ".ngff_transform",
    "open_source": ".opening",
    "preview": ".first_picture",
    "preview_of": ".first_picture",
    "read_bigwarp": ".bigwarp",
    "read_bigwarp_transform": ".bigwarp_transform",
    "read_itk": ".itk_transform",
    "read_landmarks": ".landmark_tables",
    "read_markups": ".slicer_markups",
    "read_ngff_transform": ".ngff_transform",
    "read_slicer_transform": ".slicer_transform",
    "refusal": ".understanding",
    "remembered_key": ".answers",
    "save_answers": ".answers",
    "summary": ".understanding",
    "transform_of_ngff": ".ngff_transform",
    "write_bigwarp": ".bigwarp",
    "write_bigwarp_transform": ".bigwarp_transform",
    "write_boxes": ".box_meshes",
    "write_fibsem_positions": ".fibsem_positions",
    "write_itk": ".itk_transform",
    "write_landmarks": ".landmark_tables",
    "write_markups": ".slicer_markups",
    "write_nav": ".serialem_nav",
    "write_ngff_transform": ".ngff_transform",
    "write_slicer_transform": ".slicer_transform",
    "write_volume": ".volume_files",
}

__all__ = [
    "Answers",
    "Grid",
    "ImageDescription",
    "OmeZarrSource",
    "Preview",
    "Source",
    "describe",
    "formats",
    "load_answers",
    "matrix_in_slicer",
    "ngff_of",
    "open_source",
    "preview",
    "preview_of",
    "read_bigwarp",
    "read_bigwarp_transform",
    "read_itk",
    "read_landmarks",
    "read_markups",
    "read_ngff_transform",
    "read_slicer_transform",
    "refusal",
    "remembered_key",
    "save_answers",
    "summary",
    "transform_of_ngff",
    "write_bigwarp",
    "write_bigwarp_transform",
    "write_boxes",
    "write_fibsem_positions",
    "write_itk",
    "write_landmarks",
    "write_markups",
    "write_nav",
    "write_ngff_transform",
    "write_slicer_transform",
    "write_volume",
]

if TYPE_CHECKING:
    from .answers import Answers, load_answers, remembered_key, save_answers
    from .bigwarp import read_bigwarp, write_bigwarp
    from .bigwarp_transform import read_bigwarp_transform, write_bigwarp_transform
    from .box_meshes import write_boxes
    from .description import ImageDescription
    from .fibsem_positions import write_fibsem_positions
    from .first_picture import Preview, preview, preview_of
    from .format_table import formats
    from .itk_transform import Grid, read_itk, write_itk
    from .landmark_tables import read_landmarks, write_landmarks
    from .ngff_transform import (
        ngff_of,
        read_ngff_transform,
        transform_of_ngff,
        write_ngff_transform,
    )
    from .ome_zarr import OmeZarrSource
    from .opening import describe, open_source
    from .serialem_nav import write_nav
    from .slicer_markups import read_markups, write_markups
    from .slicer_transform import matrix_in_slicer, read_slicer_transform, write_slicer_transform
    from .source import Source
    from .understanding import refusal, summary
    from .volume_files import write_volume


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
