"""Choose between the models by leaving landmarks out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from .adequacy import Adequacy, judge_adequacy
from .bend_offer import BendOffer, offer_bend
from .degeneracy import TooFew
from .fit import LandmarkFit, error_at_target, fit_landmarks
from .reach import probes
from .spline_fit import SPLINE
from .spline_row import NUMBERS, spline_row
from .tangent import MODELS, Model

if TYPE_CHECKING:
    import pandas as pd

_CLEARLY_BETTER = 0.95  # a model with more parameters has to predict this much better
_REFUSED = 2.0  # times the best leave-one-out error


@dataclass(frozen=True, eq=False)
class ModelChoice:
    """Which model the landmarks carry, and why.

    Attributes
    ----------
    model : str
        The chosen model.
    fit : LandmarkFit
        Its fit.
    table : DataFrame
        One row a model: model, fre_um, loo_um (RMS), loo_max_um, predicted_error_at_target_um,
        predicted_error_at_rim_um (the landmarks' RMS radius from their centre), nu, verdict
        ("chosen", "possible", "refused"), reason. The last row is a thin-plate spline, which is
        never chosen by itself ("possible", "better, choose by hand").
    reason : str
        The choice in words.
    adequacy : Adequacy or None
        Whether the richest of these models is enough, or the specimen is bent; None where it could
        not be fitted.
    bend : BendOffer or None
        A thin-plate map that a person may take instead: where the straight ones are not adequate,
        and it misses left-out landmarks less.
    """

    model: Model
    fit: LandmarkFit
    table: pd.DataFrame
    reason: str
    adequacy: Adequacy | None = None
    bend: BendOffer | None = None


def choose_model(
    moving_um: ArrayLike,
    fixed_um: ArrayLike,
    *,
    models: Sequence[Model] = MODELS,
    target_um: ArrayLike | None = None,
    unit: str = "",
    **options: Any,
) -> ModelChoice:
    """Choose the model that predicts left-out landmarks best.

    A model with more parameters always has smaller residuals; it is chosen only if it predicts
    landmarks that it has not seen at least 5 % better than a simpler one.

    Parameters
    ----------
    moving_um, fixed_um : (n, 3) or (n, 2) array
        Landmark pairs [um].
    models : sequence of str
        Models to choose from, simplest first.
    target_um : (m, 3) or (m, 2) array, optional
        Where the transform will be used, in the moving frame [um].
    unit : {"", "nm", "µm", "mm"}
        Of the lengths in the reasons; by default each has the one that suits it.
    **options
        As in `fit_landmarks`: ``sigma_um``, ``sigma_moving_um``, ``sigma_fixed_um``,
        ``sigma_source``, ``allow_mirror``, ``by_axis``, ``ndim_moving``, ``ndim_fixed``.

    Returns
    -------
    ModelChoice

    Raises
    ------
    Degenerate
        If no model can be fitted; the message says why for each, and where landmarks are lacking
        for all, how many the least demanding one needs.
    """
    import pandas as pd

    fits: dict[Model, LandmarkFit] = {}
    refusals: dict[Model, Degenerate] = {}
    for model in models:
        try:
            fits[model] = fit_landmarks(
                moving_um, fixed_um, model=model, target_um=target_um, **options
            )
        except Degenerate as error:
            refusals[model] = error
    if not fits:
        raise Degenerate(_why_none([*refusals.values()]))
    chosen = _choose(fits)
    rows = [_row(model, fits, refusals, chosen, target_um, unit) for model in models]
    table = pd.DataFrame([*rows, spline_row(fits[chosen], target_um, unit=unit)])
    adequacy = judge_adequacy(list(fits.values())[-1])
    reason = _reason(chosen, fits, table, adequacy, unit)
    bend = offer_bend(fits[chosen], adequacy, target_um=target_um)
    return ModelChoice(chosen, fits[chosen], table, reason, adequacy, bend)


def _why_none(refusals: Sequence[Degenerate]) -> str:
    """Once where landmarks are lacking for every model: none needs fewer than the first."""
    if refusals and all(isinstance(error, TooFew) for error in refusals):
        return str(refusals[0])
    return "; ".join(dict.fromkeys(map(str, refusals))) or "no model was offered"


def _choose(fits: dict[Model, LandmarkFit]) -> Model:
    chosen = next(iter(fits))
    for model, fit in fits.items():
        mine, best = fit.loo_rms_um, fits[chosen].loo_rms_um
        if np.isfinite(mine) and (not np.isfinite(best) or mine < _CLEARLY_BETTER * best):
            chosen = model
    return chosen


def _row(
    model: Model,
    fits: dict[Model, LandmarkFit],
    refusals: dict[Model, Degenerate],
    chosen: Model,
    target_um: ArrayLike | None,
    unit: str,
) -> dict[str, Any]:
    if model in refusals:
        empty = dict.fromkeys(NUMBERS, float("nan"))
        return {"model": model, **empty, "verdict": "refused", "reason": str(refusals[model])}
    fit = fits[model]
    verdict, reason = _verdict(model, fits, chosen, unit)
    rim = probes(fit.pairs, None)
    at_target = float("nan") if target_um is None else error_at_target(fit, target_um)
    numbers = (
        fit.fre_um,
        fit.loo_rms_um,
        float(np.nanmax(fit.loo_um, initial=-np.inf)) if np.isfinite(fit.loo_um).any() else np.nan,
        at_target,
        error_at_target(fit, rim),
        fit.nu,
    )
    return {
        "model": model,
        **dict(zip(NUMBERS, numbers, strict=True)),
        "verdict": verdict,
        "reason": reason,
    }


def _verdict(
    model: Model, fits: dict[Model, LandmarkFit], chosen: Model, unit: str
) -> tuple[str, str]:
    fit, best = fits[model], fits[chosen]
    mine, least = fit.loo_rms_um, best.loo_rms_um
    if model == chosen:
        return "chosen", _chosen_words(fits, chosen, unit)
    if not np.isfinite(mine):
        return "refused", "no landmark can be left out, so nothing checks it"
    length = partial(format_length, unit=unit)
    said = f"leave-one-out {length(mine)} RMS against {length(least)}"
    if mine <= _REFUSED * least:
        return "possible", f"predicts no better: {said}"
    worst = length(float(fit.loo_um.max()))
    smallest = all(fit.fre_um <= other.fre_um for other in fits.values())
    trap = (
        f"its residuals are the smallest ({length(fit.fre_um)} RMS) only because it has "
        f"{fit.transform.parameter_count} parameters for {fit.residuals_um.size} numbers; "
        if smallest
        else ""
    )
    shape = f" {fit.warnings[0]}" if fit.warnings else ""
    return "refused", f"{trap}it fails to predict: {said}, up to {worst}.{shape}"


def _chosen_words(fits: dict[Model, LandmarkFit], chosen: Model, unit: str) -> str:
    loo = fits[chosen].loo_rms_um
    if not np.isfinite(loo):
        return "the simplest that can be fitted; no landmark can be left out to check it"
    simpler = list(fits).index(chosen) == 0
    return f"leave-one-out {format_length(loo, unit=unit)} RMS" + (
        ", and nothing with more parameters predicts 5 % better"
        if simpler
        else ", at least 5 % better than with fewer parameters"
    )


def _reason(
    chosen: Model,
    fits: dict[Model, LandmarkFit],
    table: pd.DataFrame,
    adequacy: Adequacy,
    unit: str,
) -> str:
    parts = [f"{chosen.capitalize()} chosen: {_chosen_words(fits, chosen, unit)}"]
    for row in table.itertuples():
        if row.model == SPLINE:
            parts += [f"{row.model.capitalize()} {row.reason}"] if row.verdict != "refused" else []
        elif row.verdict != "chosen":
            parts.append(f"{row.model.capitalize()} {row.verdict}: {row.reason}")
    if adequacy.adequate is False:
        parts.append(adequacy.statement[:1].upper() + adequacy.statement[1:])
    return ". ".join(part.rstrip(".") for part in parts) + "."
