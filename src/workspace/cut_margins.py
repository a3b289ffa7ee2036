"""How large a cut has to be for an instrument as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..analysis.registration.cut import box_margin
from ..analysis.registration.milling_volume import MillingVolume, volume_margin
from ..analysis.targeting import InstrumentError, split_uncertainty, target_plan

if TYPE_CHECKING:
    from .instrument_cut import InstrumentCut

_PROBABILITIES = (0.5, 0.8, 0.9, 0.95, 0.99)
_POINT_UM = 1e-9  # half the edges of a volume that is none


def missed(cut: InstrumentCut, instrument: InstrumentError) -> InstrumentCut:
    """Plan the cut for an instrument that misses what it is told."""
    located, plan = cut.located, cut.plan
    nu = split_uncertainty(cut.way, cut.place_um, instrument=instrument).nu
    nus = np.array([np.inf if nu is None else nu])
    point = located.points_um[0]
    total = located.covariance_um2[0] + instrument.covariance_at(point)[0]
    wider = target_plan(
        point.tolist(),
        total,
        half_size_um=cut.extent_um.tolist(),
        nu=nu,
        probability=plan.probability,
        surface=None if cut.surface is None else cut.surface.plane,
        process_margin_um=plan.process_margin_um,
        margin_um=_margin(cut, instrument, plan.probability),
        name=plan.name,
    )
    return replace(cut, located=replace(located, covariance_um2=total[None], nus=nus), plan=wider)


def _margin(cut: InstrumentCut, instrument: InstrumentError | None, probability: float) -> float:
    if instrument is None:
        return box_margin(cut.way, cut.place_um, cut.half_um, probability=probability).margin_um
    tight = MillingVolume(cut.located.points_um[0], np.maximum(cut.extent_um, _POINT_UM))
    found = volume_margin(
        cut.way, cut.place_um, cut.half_um, tight, probability=probability, instrument=instrument
    )
    return max(0.0, found.margin_um)


def margins(cut: InstrumentCut, instrument: InstrumentError | None) -> pd.DataFrame:
    """List the margins that keep all corners in the cut with several probabilities."""
    found = [_margin(cut, instrument, probability) for probability in _PROBABILITIES]
    return pd.DataFrame({"probability": _PROBABILITIES, "margin_um": found})


def milled_by(cut: InstrumentCut) -> MillingVolume | None:
    """The cut that is planned, as a volume in the instrument's axes; None where it is not known."""
    half = cut.plan.cut_size_um / 2
    if not (np.isfinite(half).all() and (half > 0).all()):
        return None
    return MillingVolume(cut.located.points_um[0], half, name="the planned cut")
