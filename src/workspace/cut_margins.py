"""How large a cut has to be for an instrument as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.registration.cut import DRAWS, box_margin
from ..analysis.registration.milling_volume import MillingVolume, volume_margin
from ..analysis.targeting import InstrumentError, split_uncertainty, target_plan
from .surface import extent_um

if TYPE_CHECKING:
    from ..analysis.registration import FramePath
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
    return margin_um(
        cut.way, cut.place_um, cut.half_um, instrument=instrument, probability=probability
    )


def margin_um(
    way: FramePath,
    place_um: NDArray[np.float64],
    half_um: NDArray[np.float64],
    *,
    instrument: InstrumentError | None,
    probability: float,
    draws: int = DRAWS,
) -> float:
    """Give the margin that keeps all corners of a volume in the cut with a probability [µm].

    Parameters
    ----------
    way : FramePath
        To the instrument.
    place_um, half_um : (3,) array
        Middle of the volume and half its edges, in the first frame of the way [µm].
    instrument : InstrumentError or None
        None for one that misses nothing.
    probability : float
    draws : int
    """
    if instrument is None:
        held = box_margin(way, place_um, half_um, probability=probability, draws=draws)
        return float(held.margin_um)
    extent = np.maximum(extent_um(way, place_um, half_um), _POINT_UM)
    tight = MillingVolume(way.apply(place_um[None])[0], extent)
    found = volume_margin(
        way, place_um, half_um, tight, probability=probability, instrument=instrument, draws=draws
    )
    return max(0.0, float(found.margin_um))


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
