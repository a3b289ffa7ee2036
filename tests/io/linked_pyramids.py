"""OME-Zarr pyramids as other programs leave them on servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr

VOLUME = np.random.default_rng(0).integers(1, 4000, (32, 64, 96)).astype(np.uint16)
SPACING_UM = (0.5, 0.1, 0.1)
CHUNK = 16


def made(
    folder: Path,
    *,
    version: str = "0.5",
    unit: str | None = "nanometer",
    lead: str = "",
    data: np.ndarray = VOLUME,
    levels: int = 3,
    translate: bool = True,
    **array: Any,
) -> Path:
    """Write a pyramid of every second voxel, which is placed half a voxel further in."""
    old = version == "0.4"
    group = zarr.open_group(str(folder), mode="w", zarr_format=2 if old else 3)
    dims = data.ndim - len(lead)
    scale = [500.0, 100.0, 100.0][-dims:]
    datasets = []
    for level in range(levels):
        factor = 2**level
        part = data[(..., *(slice(None, None, factor),) * dims)]
        chunks = (1,) * len(lead) + (CHUNK,) * dims
        given = {"chunks": chunks, "dtype": part.dtype, "fill_value": 7, **array}
        group.create_array(str(level), shape=part.shape, **given)[...] = part
        steps: list[dict[str, Any]] = [
            {"type": "scale", "scale": [1.0] * len(lead) + [s * factor for s in scale]}
        ]
        if translate:
            moved = [1000.0 + s * (factor - 1) / 2 for s in scale]
            steps.append({"type": "translation", "translation": [0.0] * len(lead) + moved})
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    kinds = {"t": "time", "c": "channel"}
    space = {"type": "space"} | ({"unit": unit} if unit else {})
    axes = [{"name": a, "type": kinds[a]} for a in lead]
    axes += [{"name": a, **space} for a in "zyx"[-dims:]]
    multiscale: Any = {"axes": axes, "datasets": datasets}
    if old:
        described: Any = {"multiscales": [{"version": "0.4", **multiscale}]}
    else:
        described = {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    group.attrs.update(described)
    return folder
