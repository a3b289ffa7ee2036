"""The thin-plate spline's row in the comparison of models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable, Degenerate
from ...quantities import format_length
from .fit import LandmarkFit
from .reach import probes
from .spline_fit import SPLINE, SplineFit, fit_spline

NUMBERS = (
    "fre_um",
    "loo_um",
    "loo_max_um",
    "predicted_error_at_target_um",
    "predicted_error_at_rim_um",
    "nu",
)
_CLEARLY_BETTER = 0.95


def spline_row(
    chosen: LandmarkFit, target_um: ArrayLike | None, *, unit: str = ""
) -> dict[str, Any]:
    """Compare a thin-plate spline with the chosen model.

    Parameters
    ----------
    chosen : LandmarkFit
    target_um : (m, 3) or (m, 2) array or None
        Where the transform will be used [um].
    unit : {"", "nm", "µm", "mm"}
        Of the lengths in the reason.
    """
    pairs = chosen.pairs
    given = {"ndim_moving": pairs.ndim_moving, "ndim_fixed": pairs.ndim_fixed}
    try:
        spline = fit_spline(pairs.moving_um, pairs.fixed_um, **given)
    except Degenerate as error:
        empty = dict.fromkeys(NUMBERS, float("nan"))
        return {"model": SPLINE, **empty, "verdict": "refused", "reason": str(error)}
    numbers = (
        spline.fre_um,
        spline.loo_rms_um,
        float(spline.loo_um.max()),
        float("nan") if target_um is None else _error(spline, target_um),
        _error(spline, probes(pairs, None)),
        spline.transform.nu,
    )
    verdict, reason = _verdict(spline, chosen, unit)
    named = dict(zip(NUMBERS, numbers, strict=True))
    return {"model": SPLINE, **named, "verdict": verdict, "reason": reason}


def _error(spline: SplineFit, places_um: ArrayLike) -> float:
    try:
        return float(np.sqrt(np.mean(spline.tre_at(places_um) ** 2)))
    except CovarianceUnavailable:
        return float("nan")


def _verdict(spline: SplineFit, chosen: LandmarkFit, unit: str) -> tuple[str, str]:
    mine, other = spline.loo_rms_um, chosen.loo_rms_um
    against = format_length(other, unit=unit)
    said = f"leave-one-out {format_length(mine, unit=unit)} RMS against {against}"
    if mine < _CLEARLY_BETTER * other:
        return (
            "better, choose by hand",
            f"predicts left-out landmarks better: {said}; the specimen may be bent. Its error is "
            "by leave-one-out and bootstrap",
        )
    return "possible", f"predicts no better: {said}"
