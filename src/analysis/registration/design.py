"""Where the next landmark helps the target most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable
from .fit import LandmarkFit, error_at_target
from .points import lift
from .spline_fit import SPLINE

if TYPE_CHECKING:
    import pandas as pd


def next_landmark(
    fit: LandmarkFit,
    candidates_um: ArrayLike,
    target_um: ArrayLike,
    *,
    sigma_um: float | None = None,
) -> pd.DataFrame:
    """Rank places for one more landmark by the error that it would leave at the target.

    Parameters
    ----------
    fit : LandmarkFit
        What there is.
    candidates_um : (n, 3) array, or (n, 2) of a 2-D image
        Places where a landmark could be picked, in the moving frame [um].
    target_um : (m, 3) array, or (m, 2) of a 2-D image
        Targets, in the moving frame [um].
    sigma_um : float, optional
        Localisation error of the new landmark, per axis [um]; by default that of the others.

    Returns
    -------
    DataFrame
        Best first, indexed by the row of the candidate: rank, x_um, y_um, z_um,
        predicted_error_um (RMS over the targets with the new landmark),
        present_error_um, improvement (part of the present error that vanishes).

    Raises
    ------
    CovarianceUnavailable
        If the fit has no covariance.

    Notes
    -----
    Target-specific: D- and A-optimal designs would improve the transform everywhere instead, and
    mix micrometres with radians. The localisation error is held; a further landmark also tells it
    better, which is not counted here.
    """
    import pandas as pd

    candidates, targets = lift(candidates_um), lift(target_um)
    errors = errors_with_landmark(fit, candidates, targets, sigma_um=sigma_um)
    present = error_at_target(fit, targets)
    table = pd.DataFrame(
        {
            "x_um": candidates[:, 2],
            "y_um": candidates[:, 1],
            "z_um": candidates[:, 0],
            "predicted_error_um": errors,
            "present_error_um": present,
            "improvement": 1 - errors / present,
        }
    ).sort_values("predicted_error_um", kind="stable")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def errors_with_landmark(
    fit: LandmarkFit,
    candidates_um: ArrayLike,
    target_um: ArrayLike,
    *,
    sigma_um: float | None = None,
) -> np.ndarray:
    """Predict the RMS error over the targets with one more landmark at each place: (n,) [um].

    Arguments and errors as of `next_landmark`; from the covariance that there is, without a new
    fit for each place (Woodbury).

    Raises
    ------
    CovarianceUnavailable
        If the fit has no covariance.
    """
    transform = fit.transform
    if transform.covariance is None and transform.model == SPLINE:
        raise CovarianceUnavailable(
            "a thin-plate spline has no covariance that could tell what one more landmark changes: "
            "choose rigid, similarity or affine"
        )
    sigma = transform.sigma_um if sigma_um is None else sigma_um
    if transform.covariance is None or not sigma:
        raise CovarianceUnavailable(
            "next_landmark needs a fit with a localisation error above 0, got "
            f"{sigma or 'none'}: state sigma_um, or add a landmark first"
        )
    candidates, targets = lift(candidates_um), lift(target_um)
    at_target = transform.jacobian(targets).reshape(-1, transform.parameter_count)
    rows = transform.jacobian(candidates)[:, fit.pairs.axes]
    noise = sigma**2 * np.eye(rows.shape[1])
    gain = gained(at_target, rows, transform.covariance, noise) / len(targets)
    present = np.einsum("ip,pq,iq->", at_target, transform.covariance, at_target) / len(targets)
    return np.asarray(np.sqrt(np.maximum(present - gain, 0.0)))


def gained(
    at_target: np.ndarray, rows: np.ndarray, covariance: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """By how much further observations lower the variance of some quantities, summed: (n,).

    Parameters
    ----------
    at_target : (k, p) array
        Change of the quantities with the parameters.
    rows : (n, d, p) array
        Change of each candidate's d values with the parameters.
    covariance : (p, p) array
        Of the parameters, now.
    noise : (d, d) array
        Covariance of one observation.
    """
    known = rows @ covariance  # (n, d, p)
    own = known @ rows.transpose(0, 2, 1) + noise
    shared = at_target @ known.transpose(0, 2, 1)  # (n, k, d)
    return np.asarray(np.einsum("nid,nde,nie->n", shared, np.linalg.inv(own), shared))
