"""Every kind of transform that a record can hold, read back from plain JSON types."""

from __future__ import annotations

from typing import Any

from .displacement import DisplacementField
from .sound import Map
from .spline import ThinPlateSpline
from .spline_fit import SplineMap
from .transform import AffineTransform

KINDS = {
    "affine": AffineTransform,
    "thin-plate spline": ThinPlateSpline,
    "thin-plate map": SplineMap,
    "displacement field": DisplacementField,
}


def transform_from_dict(data: dict[str, Any]) -> Map:
    """Read any kind of transform from plain JSON types.

    Raises
    ------
    ValueError
        If the kind is unknown.
    """
    kind = data.get("kind", "affine")
    if kind not in KINDS:
        raise ValueError(f"kind needs one of {', '.join(map(repr, KINDS))}, got {kind!r}")
    return KINDS[kind].from_dict(data)  # type: ignore[attr-defined, no-any-return]
