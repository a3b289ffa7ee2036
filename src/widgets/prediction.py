"""Where a spot of one image should be in the other, with its region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CovarianceUnavailable
from .state import by_name


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """Where a spot of one image should be in the other.

    Attributes
    ----------
    position : dict
        ``x_um``, ``y_um``, ``z_um`` in ``frame``.
    frame : str
    covariance_um2 : ndarray, shape (3, 3)
        NaN where it cannot be told.
    region : Region
        Its 95 % ellipse or ellipsoid; ``region.stated`` is False where there are too few pairs.
    """

    position: dict[str, float]
    frame: str
    covariance_um2: NDArray[np.float64]
    region: Any


def predicted(
    transform: Any,
    point_um: NDArray[np.float64],
    *,
    forward: bool,
    frame: str,
    planar: bool,
    level: float,
) -> Prediction:
    """Map a point z, y, x, shape (1, 3) [µm], into the other image.

    Parameters
    ----------
    transform : AffineTransform
    point_um : ndarray, shape (1, 3)
    forward : bool
        From the moving to the fixed image, or back.
    frame : str
        Of the other image.
    planar : bool
        Whether the other image is 2-D.
    level : float
        Probability of the region.
    """
    from ..analysis.registration import confidence_region

    mapped = transform.apply(point_um) if forward else transform.inverse_apply(point_um)
    try:
        spread = transform.covariance_at if forward else transform.inverse_covariance_at
        covariance = np.asarray(spread(point_um))[0]
    except CovarianceUnavailable:
        covariance = np.full((3, 3), np.nan)
    if planar:
        covariance[0, :] = covariance[:, 0] = 0 if np.isfinite(covariance[1, 1]) else np.nan
    return Prediction(
        position=by_name(mapped[0]),
        frame=frame,
        covariance_um2=covariance,
        region=confidence_region(covariance, level=level, nu=transform.nu),
    )
