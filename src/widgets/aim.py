"""Where the target of a registration lies in the moving image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Degenerate, NoPath
from .pairs import AUTO, fit_pairs
from .state import named_point


def target_in_moving(picker: Any) -> NDArray[np.float64] | None:
    """The target in the moving frame, z, y, x, shape (1, 3) [µm].

    None without one, and while its frame is not connected with either image.
    """
    if not picker.target:
        return None
    record = picker.ws.targets[picker.target]
    point = named_point(record.position, planar=False).reshape(1, 3)
    moving, fixed = picker.images["moving"].frame, picker.images["fixed"].frame
    if record.frame == moving:
        return point
    rough = fit_pairs(
        picker.records(),
        model="rigid" if picker.model == AUTO else picker.model,
        ndim_moving=picker.images["moving"].ndim,
        ndim_fixed=picker.images["fixed"].ndim,
    )
    if rough.fit is None:
        return None
    if record.frame != fixed:
        try:
            point = picker.ws.graph().positions(point, record.frame, fixed)
        except NoPath:
            return None
    try:
        return np.asarray(rough.fit.transform.inverse_apply(point))
    except Degenerate:  # a spline folds there
        return None
