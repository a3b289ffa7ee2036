"""Where one more landmark would help the target most."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..analysis.registration import next_landmark
from ..errors import CovarianceUnavailable
from .coverage import field_points
from .registration import PairResult

_GRID = 9
_APART = 0.2  # of the field of view, between places that are listed


def next_places(result: PairResult, *, count: int = 3) -> pd.DataFrame:
    """Rank places in the moving image for one more landmark, by the error left at the target.

    Parameters
    ----------
    result : PairResult
        With a target.
    count : int
        Places to list, well apart from each other.

    Returns
    -------
    DataFrame
        ``registration``, ``x_um``, ``y_um``, ``z_um`` in the moving image, the predicted error at
        the target now and with the landmark [µm], and the part that vanishes. Empty without a
        target, or where no error can be predicted.

    Notes
    -----
    Every place of the field of view is offered; which of them shows something that the other
    image shows too is for a person to see.
    """
    columns = ["registration", "x_um", "y_um", "z_um", "present_error_um"]
    columns += ["predicted_error_um", "improvement"]
    image, aim = result.picker.images["moving"], result.picker.target_in_moving()
    if aim is None:
        return pd.DataFrame(columns=columns)
    try:
        ranked = next_landmark(result.fit, field_points(image, grid=_GRID), aim)
    except CovarianceUnavailable:
        return pd.DataFrame(columns=columns)
    apart = _APART * float(np.ptp(field_points(image, grid=2), axis=0).max())
    places = ranked[["z_um", "y_um", "x_um"]].to_numpy(float)
    chosen: list[int] = []
    for row, place in enumerate(places):
        if all(np.linalg.norm(place - places[other]) > apart for other in chosen):
            chosen.append(row)
        if len(chosen) == count:
            break
    return ranked.iloc[chosen].assign(registration=result.title)[columns].reset_index(drop=True)
