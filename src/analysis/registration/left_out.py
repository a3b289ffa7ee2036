"""Leave one landmark out, and see where the others put it."""

from __future__ import annotations

import numpy as np

from ...errors import Degenerate
from . import degeneracy, estimate
from .points import Pairs
from .tangent import Model


def leave_one_out(pairs: Pairs, model: Model, *, allow_mirror: bool = False) -> np.ndarray:
    """Predict each landmark from the others.

    Returns
    -------
    (n,) array
        Distance between the prediction and the landmark in the fixed frame [um]; NaN where the
        others do not determine the model.
    """
    out = np.full(len(pairs), np.nan)
    for index in range(len(pairs)):
        others = pairs.without(index)
        try:
            degeneracy.refuse_too_few(others, model)
            degeneracy.refuse_flat(others, model)
            fitted = estimate.solve(others, model, allow_mirror=allow_mirror)
        except Degenerate:
            continue
        difference = fitted.apply(pairs.moving_um[index]) - pairs.fixed_um[index]
        out[index] = np.linalg.norm(difference[:, pairs.axes])
    return out
