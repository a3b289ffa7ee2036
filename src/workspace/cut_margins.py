"""How large a cut has to be for an instrument as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..analysis.registration.cut import DRAWS, Overhang, box_overhang
from ..analysis.registration.milling_volume import MillingVolume, volume_overhang
from ..analysis.targeting import InstrumentError
from .surface import extent_um

if TYPE_CHECKING:
    import pandas as pd

    from ..analysis.registration import FramePath
    from .instrument_cut import InstrumentCut

_PROBABILITIES = (0.5, 0.8, 0.9, 0.95, 0.99)
_POINT_UM = 1e-9  # half the edges of a volume that is none


def overhang(
    way: FramePath,
    place_um: NDArray[np.float64],
    half_um: NDArray[np.float64],
    *,
    instrument: InstrumentError | None,
    localisation_um2: NDArray[np.float64] | None = None,
    draws: int = DRAWS,
) -> Overhang:
    """Draw by how much the corners of a volume reach over a cut that just holds it.

    Parameters
    ----------
    way : FramePath
        To the instrument.
    place_um, half_um : (3,) array
        Middle of the volume and half its edges, in the first frame of the way [µm].
    instrument : InstrumentError or None
        None for one that misses nothing: its cut lies along the volume's own axes, any other's
        along the instrument's.
    localisation_um2 : (3, 3) array, optional
        Covariance of the middle itself, in its frame [µm²].
    draws : int
    """
    if instrument is None:
        return box_overhang(way, place_um, half_um, localisation_um2=localisation_um2, draws=draws)
    extent = np.maximum(extent_um(way, place_um, half_um), _POINT_UM)
    tight = MillingVolume(way.apply(place_um[None])[0], extent)
    return volume_overhang(
        way, place_um, half_um, tight, localisation_um2=localisation_um2, instrument=instrument,
        draws=draws,
    )  # fmt: skip


def margin_um(drawn: Overhang, probability: float) -> float:
    """Give the margin that keeps all corners in the cut with a probability [µm]: 0 or more."""
    margin = drawn.margin(probability).margin_um
    return margin if np.isnan(margin) else max(0.0, margin)


def margins(drawn: Overhang) -> pd.DataFrame:
    """List the margins that keep all corners in the cut with several probabilities."""
    import pandas as pd

    found = [margin_um(drawn, probability) for probability in _PROBABILITIES]
    return pd.DataFrame({"probability": _PROBABILITIES, "margin_um": found})


def milled_by(cut: InstrumentCut) -> MillingVolume | None:
    """The cut that is planned, as a volume in the instrument's axes; None where it is not known."""
    half = cut.plan.cut_size_um / 2
    if not (np.isfinite(half).all() and (half > 0).all()):
        return None
    return MillingVolume(cut.located.points_um[0], half, name="the planned cut")
