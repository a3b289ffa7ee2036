"""Both images of a registration on one plane, to judge it by eye."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .explorer import SliceExplorer
from .scene import box_corners_um
from .state import by_name


def overlay_explorer(picker: Any, **traits: Any) -> SliceExplorer:
    """Show the moving image over the fixed one through a picker's present fit."""
    from ..analysis.registration import Edge

    moving, fixed = picker.images["moving"], picker.images["fixed"]
    edge = Edge("proposed", moving.frame, fixed.frame, picker.fit().transform)
    explorer = SliceExplorer(
        picker.ws,
        [picker.fixed, picker.moving],
        frame=fixed.frame,
        proposed=[edge],
        **{"crosshair": False, **traits},
    )
    below, above = explorer.layers
    below.color_map, above.color_map, above.blending = "sky blue", "orange", "add"
    corners = explorer.world.from_frame(box_corners_um(moving.levels), moving.frame)
    width = min(explorer.width_um, 1.5 * float(np.ptp(corners, axis=0).max()))
    explorer.look_at(by_name(corners.mean(axis=0) * _kept(explorer.planar)), width_um=width)
    return explorer


def _kept(planar: bool) -> NDArray[np.float64]:
    return np.array([0.0 if planar else 1.0, 1.0, 1.0])
