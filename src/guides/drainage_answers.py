"""Drainage of one phase on its voxels, with fitted retention curves, as answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..analysis.quantification.measurement import Check, Measurement, measurement_from_parts
from ..analysis.transport import RetentionFit, drain, fit_retention
from .fluids import Fluids
from .transport_answers import Porous

FEW = 4.0  # voxels across, below which a passage's own width is not known
_DRAWN = 200  # points of a fitted curve
_NAMES = {"brooks-corey": "Brooks and Corey", "van-genuchten": "van Genuchten"}
_FIT_COLUMNS = (
    "model", "trapping", "p_b or 1/α [kPa]", "λ or n", "residual saturation", "rms of saturation",
    "at a bound",
)  # fmt: skip

Found = tuple[list[Measurement], dict[str, pd.DataFrame]]


def drainage(phase: Porous, fluids: Fluids, *, rough: bool = False) -> Found:
    """Drain the phase on its voxels, with and without trapping, and fit both curves.

    Returns
    -------
    list of Measurement
        Breakthrough pressure, and share that is trapped.
    dict of str to DataFrame
        ``"drainage"`` (`axis`, `trapping`, `pressure_kpa`, `wetting_saturation`) and what
        `retention` gives.

    Raises
    ------
    ValueError
        There is no wall, or no pore in the first layer.
    """
    found = drain(phase.inside, spacing_um=phase.spacing, axis=fluids.along, threads=phase.threads)
    where = f"balls that come in {fluids.words}"
    radius = found.free.threshold_um
    through = found.free.breakthrough >= 0
    pressure = fluids.unit_kpa_um / radius if through else math.inf
    width = 2 * radius / max(phase.spacing)
    said = f"; where it gets through, the way is {width:.2g} voxels wide" if through else ""
    checks = () if not through else (_wide(width, "the throat that decides"),)
    measured = [
        estimate(
            phase, f"breakthrough_pressure_{fluids.along}",
            f"breakthrough pressure along {fluids.along}", pressure, "kPa", where + said, checks,
        ),
        estimate(
            phase, f"trapped_share_{fluids.along}", f"share trapped along {fluids.along}",
            found.trapped, "1",
            f"wetting fluid that is cut off from the far end, of the pores that are reached; "
            f"{where}; {found.unreached:.3g} of the phase is not reached",
        ),
    ]  # fmt: skip
    if rough:
        return measured, {}
    curves = found.curves(
        tension_n_per_m=fluids.tension_n_per_m, contact_angle_deg=fluids.contact_angle_deg
    )
    curves.insert(0, "axis", fluids.along)
    return measured, {"drainage": curves, **retention(curves)}


def retention(curves: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Fit both models to the curve with and the one without trapping.

    A curve of fewer than four pressures has no fit.

    Returns
    -------
    dict of str to DataFrame
        ``"retention"``, one row a fit, and ``"retention_curves"`` (`model`, `pressure_kpa`,
        `wetting_saturation`) of those without trapping.
    """
    rows, drawn = [], []
    for trapping, curve in curves.groupby("trapping"):
        pressure = curve["pressure_kpa"].to_numpy()
        saturation = np.clip(curve["wetting_saturation"].to_numpy(), 0, 1)
        for model in _NAMES:
            try:
                fit = fit_retention(pressure, saturation, model=model)
            except ValueError:  # too few pressures
                continue
            rows.append(_fit_row(bool(trapping), fit))
            if not trapping:
                p = np.geomspace(pressure[0], pressure[-1], _DRAWN)
                drawn.append(pd.DataFrame({
                    "model": model, "pressure_kpa": p, "wetting_saturation": fit.saturation(p),
                }))  # fmt: skip
    if not rows:
        return {}
    found = {"retention": pd.DataFrame(rows)}
    return found | ({"retention_curves": pd.concat(drawn, ignore_index=True)} if drawn else {})


def _fit_row(trapping: bool, fit: RetentionFit) -> dict[str, object]:
    values = (
        _NAMES[fit.model], trapping, fit.scale_kpa, fit.exponent, fit.residual, fit.rms,
        fit.at_bound,
    )  # fmt: skip
    return dict(zip(_FIT_COLUMNS, values, strict=True))


def estimate(
    phase: Porous,
    key: str,
    name: str,
    value: float,
    unit: str,
    convention: str,
    checks: Sequence[Check] = (),
) -> Measurement:
    """A value whose uncertainty is not known."""
    found = measurement_from_parts(
        key=f"{phase.title}.{key}", name=f"{phase.title}: {name}", value=float(value), unit=unit,
        convention=convention, parts={}, checks=tuple(checks),
    )  # fmt: skip
    return found.without_interval()


def _wide(voxels: float, what: str) -> Check:
    fine = voxels >= FEW
    advice = "" if fine else ": the pressure is known to the order of magnitude, image finer"
    return Check(
        "throats in voxels", True if fine else None, f"{what} is {voxels:.2g} voxels wide{advice}"
    )
