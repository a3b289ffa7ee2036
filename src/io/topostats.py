"""TopoStats files: one height image and its pixel size in nanometres."""

from __future__ import annotations

from typing import Any

from .hdf5 import Hdf5Pixels, inside
from .reading import Reading, inspect_lengths

_SCALE = "pixel_to_nm_scaling"


def claims(file: Any) -> bool:
    """Say whether there are an image and TopoStats' scale."""
    scale, image = inside(file, _SCALE), inside(file, "image")
    return scale is not None and getattr(image, "ndim", 0) == 2


def images(file: Any) -> dict[str, str]:
    """Name the image."""
    return {"image": "/image"}


def read(dataset: Any, entry: str, path: str) -> Reading:
    """Describe the image."""
    scale = dataset.file[_SCALE]
    size = float(scale[()]) * 1e-3 if scale.shape == () else 0.0
    source = f"TopoStats {_SCALE} (nm)"
    lengths = inspect_lengths({"y": size, "x": size}, source=source)
    return Reading(
        format="TopoStats",
        pixels=Hdf5Pixels(dataset),
        axes="yx",
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        modality="AFM",
        metadata={"path": dataset.name, "value_unit": "nm"},
    )
