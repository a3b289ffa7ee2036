"""OME-Zarr 0.5 metadata: what other people's tools read of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .pyramid import level_origin_um

_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def ome_attributes(
    *,
    name: str,
    axes: str,
    factors: Sequence[Sequence[int]],
    spacing_um: Sequence[float] | None,
    origin_um: Sequence[float] | None,
    labels: bool = False,
) -> dict[str, Any]:
    """Write the group attributes of an OME-Zarr 0.5 image.

    Parameters
    ----------
    name : str
    axes : str
        Of ``tczyx``, spatial ones last.
    factors : sequence of sequence of int
        Per level and spatial axis.
    spacing_um, origin_um : sequence of float or None
        Per spatial axis [µm]. Without a voxel size the axes carry no unit.
    labels : bool

    Returns
    -------
    dict
    """
    spatial = sum(axis in "zyx" for axis in axes)
    size = tuple(spacing_um) if spacing_um is not None else (1.0,) * spatial
    origin = tuple(origin_um) if origin_um is not None else (0.0,) * spatial
    lead = len(axes) - spatial
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                _numbers("scale", lead, 1.0, [s * f for s, f in zip(size, factor, strict=True)]),
                _numbers("translation", lead, 0.0, level_origin_um(origin, size, factor)),
            ],
        }
        for level, factor in enumerate(factors)
    ]
    multiscale = {
        "name": name,
        "axes": [_axis(axis, calibrated=spacing_um is not None) for axis in axes],
        "datasets": datasets,
        "type": "mode" if labels else "mean",
    }
    return {"ome": {"version": "0.5", "multiscales": [multiscale]}}


def _axis(axis: str, *, calibrated: bool) -> dict[str, str]:
    described = {"name": axis, "type": _TYPES[axis]}
    if _TYPES[axis] == "space" and calibrated:
        described["unit"] = "micrometer"
    return described


def _numbers(kind: str, lead: int, filler: float, values: Sequence[float]) -> dict[str, Any]:
    return {"type": kind, kind: [filler] * lead + [float(value) for value in values]}


def check_axes(axes: str, shape: Sequence[int]) -> None:
    """Refuse axes that OME-Zarr does not know.

    Raises
    ------
    ValueError
    """
    order = [axis for axis in "tczyx" if axis in axes]
    if list(axes) != order or not axes.endswith("yx") or len(axes) != len(shape):
        raise ValueError(
            f"axes need an ordered part of 'tczyx' that ends in 'yx', one letter an axis of the "
            f"shape {tuple(shape)}, got {axes!r}"
        )
