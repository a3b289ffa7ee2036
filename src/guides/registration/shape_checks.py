"""What the landmarks say of the specimen and the images: bent, wrongly calibrated, a wrong pair."""

from __future__ import annotations

from typing import Any

from ...analysis.quantification.measurement import Check
from ...analysis.registration import (
    AffineTransform,
    LandmarkFit,
    compare_voxel_size,
    fit_landmarks,
    fit_robust,
)
from ...errors import CovarianceUnavailable, Degenerate
from ...widgets import LandmarkPicker


def shape_checks(name: str, picker: LandmarkPicker, choice: Any, fit: Any) -> list[Check]:
    """Check for bends, voxel sizes that disagree, and landmarks that the others contradict."""
    if not isinstance(fit, LandmarkFit):
        return []
    found = [_voxel_sizes(name, fit, picker), _outliers(name, fit, picker)]
    if choice.adequacy is not None:
        passed = None if choice.adequacy.adequate is not True else True
        label = f"{name}: the specimen is not bent between the images"
        found.append(Check(label, passed, choice.adequacy.statement))
    return [check for check in found if check is not None]


def _voxel_sizes(name: str, fit: LandmarkFit, picker: LandmarkPicker) -> Check:
    """The fitted voxel size beside the stated one, by a fit whose scale is free."""
    label = f"{name}: the stated voxel sizes agree"
    spacing = picker.images["moving"].spacing_um
    try:
        free = _with_scale(fit) if fit.transform.model == "rigid" else fit.transform
        told = compare_voxel_size(free, nominal_um=spacing)
    except (CovarianceUnavailable, Degenerate) as error:
        return Check(label, None, str(error))
    return Check(label, None if told.significant else True, told.statement)


def _with_scale(fit: LandmarkFit) -> AffineTransform:
    pairs = fit.pairs
    errors: dict[str, Any] = {}
    if pairs.stated and pairs.unstated is None:
        errors = {
            "sigma_moving_um": pairs.moving_covariance_um2,
            "sigma_fixed_um": pairs.fixed_covariance_um2,
        }
    return fit_landmarks(
        pairs.moving_um,
        pairs.fixed_um,
        model="similarity",
        allow_mirror=fit.allow_mirror,
        ndim_moving=pairs.ndim_moving,
        ndim_fixed=pairs.ndim_fixed,
        **errors,
    ).transform


def _outliers(name: str, fit: LandmarkFit, picker: LandmarkPicker) -> Check | None:
    """Landmarks that a robust fit leaves out, by their names."""
    label = f"{name}: no landmark is contradicted by the others"
    pairs = fit.pairs
    if pairs.stated:
        return None  # judged against the stated errors among the warnings
    try:
        robust = fit_robust(
            pairs.moving_um,
            pairs.fixed_um,
            model=fit.transform.model,
            allow_mirror=fit.allow_mirror,
            ndim_moving=pairs.ndim_moving,
            ndim_fixed=pairs.ndim_fixed,
        )
    except Degenerate:
        return None
    records = picker.state().records
    names = ", ".join(records[row].name for row in robust.outliers)
    detail = robust.statement if not names else f"{names}: {robust.statement}"
    return Check(label, None if names else True, detail)
