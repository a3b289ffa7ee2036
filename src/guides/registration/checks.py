"""What is checked of a registration before anybody relies on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...analysis.quantification.measurement import Check
from ...analysis.registration import (
    AffineTransform,
    LandmarkFit,
    judge_direction,
    transform_from_dict,
)
from ...errors import CovarianceUnavailable
from ...quantities import format_length
from ...widgets import LandmarkPicker
from ...workspace.staleness import stale_words
from ..coverage import field_points
from .standing import model_words, other_model


def pair_checks(name: str, picker: LandmarkPicker, choice: Any, accepted: Any) -> list[Check]:
    """Check that the fit can be relied on, and that it is what was accepted."""
    fit = picker.fit()
    chosen = fit.transform.model == choice.model
    found = [
        Check(
            f"{name}: enough degrees of freedom to state a region",
            fit.nu >= 3,
            f"{fit.nu} degrees of freedom, 3 needed",
        ),
        Check(
            f"{name}: model agrees with leave-one-out",
            True if chosen else None,
            f"{fit.transform.model} is used; leave-one-out chooses {choice.model}",
        ),
        _prediction_check(name, fit),
    ]
    if isinstance(fit.transform, AffineTransform):
        found.append(_direction(name, picker))
    found += [Check(f"{name}: landmarks", None, warning) for warning in picker.warnings]
    if accepted is not None and not other_model(fit, accepted):
        found.append(_staleness(name, picker, accepted))
    elif accepted is not None:
        found.append(
            Check(
                f"{name}: the model that was accepted is used",
                None,
                f"{fit.transform.model} is shown, {model_words(accepted)} was accepted by "
                f"{accepted.who}: nothing of this fit is recorded",
            )
        )
    return found


def _direction(name: str, picker: LandmarkPicker) -> Check:
    """Check that one image lies in the other, and not the other way round."""
    corners = [field_points(picker.images[side], grid=2) for side in ("moving", "fixed")]
    found = judge_direction(picker.fit().transform, *corners)
    good = not found.backwards and found.share_inside > 0
    return Check(f"{name}: the images overlap in this direction", good, found.statement)


def _prediction_check(name: str, fit: LandmarkFit) -> Check:
    """Compare what leave-one-out measures with what the covariance predicts."""
    label = f"{name}: leave-one-out agrees with the predicted error"
    try:
        fit.tre_at(fit.pairs.moving_um)
    except CovarianceUnavailable as error:
        return Check(label, None, str(error))
    if not np.isfinite(fit.loo_rms_um):
        return Check(label, None, "no landmark can be left out")
    axes = fit.residuals_um.shape[1]
    own = axes * (fit.transform.sigma_um or 0.0) ** 2
    expected = float(np.sqrt(np.mean(own / np.maximum(1 - fit.leverage, 1e-3))))
    detail = (
        f"leave-one-out {format_length(fit.loo_rms_um)} RMS, expected {format_length(expected)}"
    )
    return Check(label, bool(0.4 * expected < fit.loo_rms_um < 2.5 * expected), detail)


def _staleness(name: str, picker: LandmarkPicker, accepted: Any) -> Check:
    """Check that the accepted transform is the fit of the landmarks as they are now."""
    fit = picker.fit()
    stale = stale_words(accepted, picker.state().records)
    if stale is None and not _same(accepted.transform, fit):
        stale = f"another map than {accepted.who} accepted: accept or refuse it again"
    return Check(
        f"{name}: accepted transform is the fit of these landmarks",
        stale is None,
        stale or "same landmarks, same map",
    )


def _same(stored: Any, fit: Any) -> bool:
    """Whether a map that was recorded is that of a fit."""
    now = fit.transform
    if isinstance(now, AffineTransform):
        matrix = np.asarray(stored.get("matrix", np.nan))
        return np.allclose(matrix, now.matrix, rtol=1e-9, atol=1e-12)
    places = fit.pairs.moving_um
    before = transform_from_dict(stored).apply(places)
    return np.allclose(before, now.apply(places), rtol=1e-9, atol=1e-9)
