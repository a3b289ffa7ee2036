"""A stroke as a person gives it, checked and in the words of a record."""

from __future__ import annotations

from typing import Any

from ..analysis.segmentation.strokes import Stroke
from .state import named_point


def painted_stroke(
    painted: Any,
    tool: str,
    points: Any,
    *,
    label: int | None,
    radius_um: float,
    normal: Any,
    what: str,
) -> dict[str, Any]:
    """Check a stroke on what is seen, and write it as `Stroke.to_dict` does.

    Parameters
    ----------
    painted : SegmentationSliders or TrainableSegmentation
    tool, points, label, radius_um, normal
        As of its `add_stroke`.
    what : str
        What strokes are called there, for the refusal.

    Raises
    ------
    ValueError
        The image has no voxel size, no phase has the label, or it is no stroke.
    """
    explorer = painted.explorer
    if explorer.world.unit == "px":
        raise ValueError(
            f"{painted.image} has no voxel size, and {what} are drawn in µm: give it with "
            "ws.calibrate(...) first"
        )
    known = [phase["label"] for phase in painted.named_phases()]
    if label is not None and label not in known:
        raise ValueError(f"label needs one of the phases, {known}, got {label}")
    told = {
        "tool": tool,
        "label": label,
        "points_um": [named_point(p, planar=explorer.planar).tolist() for p in points],
        "radius_um": float(radius_um),
        "normal": [1.0, 0.0, 0.0] if normal is None else [float(part) for part in normal],
        "time": explorer.time,
    }
    return Stroke.from_dict(told).to_dict()
