"""The numbers of a registration: its errors and its scale, with their intervals."""

from __future__ import annotations

import numpy as np

from ...analysis.distributions import chi2, norm, student
from ...analysis.quantification.measurement import Measurement, measurement_from_parts
from ...analysis.registration import LandmarkFit
from ...widgets import LandmarkPicker


def pair_measurements(name: str, picker: LandmarkPicker) -> list[Measurement]:
    """Measure the errors and the scale, as far as the landmarks tell them."""
    fit, known = picker.fit(), picker.fit().transform.nu is None
    errors = [("loo_um", "leave-one-out error", fit.loo_rms_um)]
    if not known:  # else it follows from what was stated, and no landmark measures it
        errors.append(
            ("error_at_target_um", "predicted error at the target", picker.error_at_target())
        )
    found = [_rms(f"registration.{name}.{key}", said, value, fit) for key, said, value in errors]
    return [one for one in (*found, _scale(name, fit)) if one is not None]


def _rms(key: str, name: str, value: float, fit: LandmarkFit) -> Measurement | None:
    """Give an RMS error the interval of the localisation error, with which it scales."""
    if not np.isfinite(value) or fit.nu < 1 or fit.transform.covariance is None:
        return None
    low, high = (float(value * np.sqrt(fit.nu / chi2.ppf(p, fit.nu))) for p in (0.975, 0.025))
    half = (high - low) / 2
    convention = (
        f"RMS, {fit.transform.model} fit to {len(fit.residuals_um)} landmark pairs; interval of "
        f"the localisation error, chi-squared with {fit.nu} degrees of freedom"
    )
    return Measurement(
        key, name, float(value), (low, high), half, "µm", convention, {"landmarks": half}
    )


def _scale(name: str, fit: LandmarkFit) -> Measurement | None:
    """Measure the magnification: how far the two voxel sizes disagree."""
    transform = fit.transform
    if transform.model == "rigid" or transform.covariance is None or fit.nu < 1:
        return None
    sigma = transform.scale_sigma * transform.scale
    nu = transform.nu
    factor = norm.ppf(0.975) if nu is None or not np.isfinite(nu) else student.ppf(0.975, nu)
    return measurement_from_parts(
        key=f"registration.{name}.scale",
        name="scale between the two voxel sizes",
        value=transform.scale,
        unit="1",
        convention="lengths in the fixed frame over lengths in the moving frame, as calibrated; "
        "geometric mean of all directions",
        parts={"landmarks": float(factor * sigma)},
    )
