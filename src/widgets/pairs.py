"""Landmark pairs of two images as arrays, and their fit."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import Degenerate
from ..quantities import format_length
from .pair_records import CONFIRMED, predicted_side
from .slices_stray import strayed
from .state import named_point

if TYPE_CHECKING:
    import pandas as pd

AUTO = "auto"
SPLINE = "thin-plate"
_FINEST_SHARE = 500
MODELS = (AUTO, "rigid", "similarity", "affine", SPLINE)


@dataclass(frozen=True, kw_only=True)
class FitState:
    """What the present pairs say.

    Attributes
    ----------
    fit : LandmarkFit or None
        None where no model could be fitted.
    reason : str
        Why this model, or why none.
    warnings : tuple of str
    choice : ModelChoice or None
        The comparison of models, where the model was chosen here.
    records : tuple of Record
        The active pairs, in the order of the fit's rows.
    """

    fit: Any
    reason: str
    warnings: tuple[str, ...]
    choice: Any
    records: tuple[Any, ...]


def positions(records: Sequence[Any], side: str, *, planar: bool) -> NDArray[np.float64]:
    """Positions of one side of the pairs, z, y, x, shape (n, 3) [µm]."""
    points = [named_point(record.fields[side], planar=planar) for record in records]
    return np.array(points, float).reshape(-1, 3)


def fit_pairs(
    records: Sequence[Any],
    *,
    model: Any,
    ndim_moving: int,
    ndim_fixed: int,
    target_um: NDArray[np.float64] | None = None,
    unit: str = "",
    images: Mapping[str, Any] | None = None,
) -> FitState:
    """Fit the active pairs, choosing the model where it is ``"auto"``.

    Nothing is raised for landmarks that determine no model: the reason says so in words, with
    lengths in one unit where one is given. Errors are told for each axis where the landmarks or
    their images (``moving`` and ``fixed``) call for it, and single places in a stack of slices
    stray with their slice; the reason says both.
    """
    from ..analysis.registration import fit_spline

    active = tuple(record for record in records if record.active)
    given = {
        "ndim_moving": ndim_moving,
        "ndim_fixed": ndim_fixed,
        "target_um": target_um,
        **stated_errors(active),
    }
    moving = positions(active, "moving", planar=ndim_moving == 2)
    fixed = positions(active, "fixed", planar=ndim_fixed == 2)
    shown = {side: image for side, image in (images or {}).items() if image.calibrated}
    choice, reason = None, f"{model}: chosen by hand"
    try:
        fit: Any
        if model == SPLINE:
            fit = fit_spline(moving, fixed, ndim_moving=ndim_moving, ndim_fixed=ndim_fixed)
        else:
            choice, fit, why = _told(moving, fixed, model, shown, unit, given)
            reason = choice.reason if choice is not None else reason
            fit, strays = strayed(fit, shown)
            if why or strays:
                reason = " ".join([reason.rstrip(".") + ".", *why, *strays])
    except Degenerate as error:
        return FitState(fit=None, reason=str(error), warnings=(), choice=choice, records=active)
    notes = (
        *(with_names(text, active) for text in fit.warnings),
        *mixed_errors(active, fit),
        *confirmed_places(active, fit),
        *closer_than_voxels(fit, shown),
    )
    return FitState(fit=fit, reason=reason, warnings=notes, choice=choice, records=active)


def _told(
    moving: NDArray[np.float64],
    fixed: NDArray[np.float64],
    model: Any,
    images: Mapping[str, Any],
    unit: str,
    given: dict[str, Any],
) -> tuple[Any, Any, tuple[str, ...]]:
    """The choice (None for a model chosen by hand), the fit, and how its errors are told."""
    from ..analysis.registration import choose_model, fit_landmarks
    from ..analysis.registration.unlike_axes import why_by_axis

    def fitted(**how: Any) -> tuple[Any, Any]:
        if model != AUTO:
            return None, fit_landmarks(moving, fixed, model=model, **given, **how)
        choice = choose_model(moving, fixed, unit=unit, **given, **how)
        return choice, fit_landmarks(moving, fixed, model=choice.model, **given, **how)

    choice, fit = fitted()
    sizes = {f"{side}_spacing_um": image.spacing_um for side, image in images.items()}
    why = why_by_axis(fit, **sizes)
    if not why:
        return choice, fit, ()
    choice, fit = fitted(by_axis=True)
    if fit.transform.nu == fit.nu:  # too little was left over on an axis: all count as alike
        return choice, fit, ()
    return choice, fit, (f"Errors are told for each axis: {why}.",)


def with_names(warning: str, records: Sequence[Any]) -> str:
    """Call landmarks by their names where the fit counts them from 0."""

    def name(found: re.Match[str]) -> str:
        number = int(found[1])
        return f"landmark {records[number].name}" if number < len(records) else found[0]

    return re.sub(r"\blandmark (\d+)\b", name, warning)


def stated_errors(records: Sequence[Any]) -> dict[str, Any]:
    """Localisation errors, NaN for the pairs that state none; empty if none does."""
    if not any(_states_error(record) for record in records):
        return {}
    return {
        f"sigma_{side}_um": np.array(
            [
                (record.fields[f"{side}_sigma_um"] or 0.0) if _states_error(record) else np.nan
                for record in records
            ]
        )
        for side in ("moving", "fixed")
    }


def mixed_errors(records: Sequence[Any], fit: Any) -> tuple[str, ...]:
    """A note where only some of the pairs state their localisation error."""
    stated = [record.name for record in records if _states_error(record)]
    if not stated or len(stated) == len(records) or fit.pairs.unstated is None:
        return ()
    return (
        f"the localisation error is stated for {', '.join(stated)} only; that of the others is "
        "taken from their residuals",
    )


def confirmed_places(records: Sequence[Any], fit: Any) -> tuple[str, ...]:
    """A warning where pairs were confirmed exactly where they were expected.

    They have no residual by construction, so they count as agreement that nobody measured: with
    k of them in D dimensions, an error from the residuals with nu degrees of freedom rests on
    nu - k D only, and is too small by up to the root of nu / (nu - k D).
    """
    names = [record.name for record in records if record.placed_by == CONFIRMED]
    if not names or fit.transform.sigma_source != "residuals":
        return ()
    left = fit.nu - len(names) * fit.residuals_um.shape[1]
    factor = f"up to {np.sqrt(fit.nu / left):.2g} times" if left > 0 else "by nobody knows how much"
    return (
        f"{', '.join(names)} stand exactly where the fit expected them: they move nothing, and the "
        f"errors stated here may be too small, {factor}; move them to what you see",
    )


def closer_than_voxels(fit: Any, images: Mapping[str, Any]) -> tuple[str, ...]:
    """A warning where landmarks agree better than their images can show anything.

    The best fits of isolated beads reach a hundredth of a voxel; below a five-hundredth of the
    coarser image's voxel, places were copied.
    """
    voxel = max((min(image.spacing_um) for image in images.values()), default=0.0)
    if getattr(fit.transform, "sigma_source", "") != "residuals" or fit.nu < 1:
        return ()
    if not 0 < fit.transform.sigma_um < voxel / _FINEST_SHARE:
        return ()
    times = float(f"{voxel / fit.transform.sigma_um:.1g}")
    return (
        f"the landmarks agree {times:,.0f} times better than a voxel of "
        f"{format_length(voxel)}: nobody picks like that. Were places of one image copied to the "
        "other? The errors stated here then mean nothing; pick what you see",
    )


def pair_table(
    records: Sequence[Any],
    state: FitState,
    *,
    planar_moving: bool,
    planar_fixed: bool,
    who: Mapping[str, str],
) -> pd.DataFrame:
    """One row a pair: positions, residual, leave-one-out error, leverage, surprise, who.

    Parameters
    ----------
    who : mapping
        Who picked each pair, by the record's id.
    """
    import pandas as pd

    rows = [
        _row(record, planar_moving, planar_fixed) | {"who": who[record.id]} for record in records
    ]
    columns = [
        "name",
        "active",
        *(f"{side}_{axis}_um" for side in ("moving", "fixed") for axis in "xyz"),
        "residual_um",
        "loo_um",
        "leverage",
        "surprise_p",
        "who",
        "placed_by",
        "note",
    ]
    table = pd.DataFrame(rows, columns=columns)
    if state.fit is None or not len(table):
        return table
    lengths = np.linalg.norm(state.fit.residuals_um, axis=1)
    fitted = {record.id: number for number, record in enumerate(state.records)}
    for row, record in enumerate(records):
        number = fitted.get(record.id)
        if number is None:
            if predicted_side(record):  # it stands on the fit
                continue
            table.loc[row, "loo_um"] = _distance_from_fit(record, state, planar_moving)
            table.loc[row, "surprise_p"] = _outside(record, state, planar_moving, len(records))
            continue
        table.loc[row, "residual_um"] = lengths[number]
        table.loc[row, "loo_um"] = state.fit.loo_um[number]
        table.loc[row, "leverage"] = state.fit.leverage[number]
        table.loc[row, "surprise_p"] = state.fit.surprise_p[number]
    return table


def _row(record: Any, planar_moving: bool, planar_fixed: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"name": record.name, "active": record.active}
    row |= {"placed_by": record.placed_by, "note": record.note}
    for side, planar in (("moving", planar_moving), ("fixed", planar_fixed)):
        point = named_point(record.fields[side], planar=planar)
        row |= {f"{side}_{axis}_um": point["zyx".index(axis)] for axis in "xyz"}
    return row | dict.fromkeys(_ERRORS, np.nan)


_ERRORS = ("residual_um", "loo_um", "leverage", "surprise_p")


def _outside(record: Any, state: FitState, planar_moving: bool, count: int) -> float:
    """How surprising a pair is that took no part."""
    from ..analysis.registration import surprise_outside

    moving = named_point(record.fields["moving"], planar=planar_moving).reshape(1, 3)
    fixed = named_point(record.fields["fixed"], planar=True).reshape(1, 3)
    if hasattr(state.fit, "pose"):
        return float(state.fit.surprise_outside(moving, fixed, count=count)[0])
    return float(surprise_outside(state.fit.transform, moving, fixed, count=count)[0])


def _distance_from_fit(record: Any, state: FitState, planar_moving: bool) -> float:
    """An excluded pair took no part: its distance is its leave-one-out error."""
    moving = named_point(record.fields["moving"], planar=planar_moving)
    fixed = named_point(record.fields["fixed"], planar=True)
    if hasattr(state.fit, "pose"):
        return float(state.fit.apart_um(moving.reshape(1, 3), fixed.reshape(1, 3))[0])
    mapped = state.fit.transform.apply(moving.reshape(1, 3))[0]
    return float(np.linalg.norm(mapped - fixed))


def _states_error(record: Any) -> bool:
    return bool(record.fields["moving_sigma_um"] or record.fields["fixed_sigma_um"])
