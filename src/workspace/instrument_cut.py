"""A target in the frame of the instrument that cuts: its place, the cut, the depth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CovarianceUnavailable
from .stage_errors import stage_error
from .surface import NearSurface, SpecimenSurface, extent_um

if TYPE_CHECKING:
    import pandas as pd

    from ..analysis.registration import FramePath, Located
    from ..analysis.registration.cut import Overhang
    from ..analysis.registration.instrument import InstrumentError
    from ..analysis.targeting.plan import TargetPlan
    from .measured_surface import MeasuredSurface

_STRAIGHTENED = (
    "{} is taken as straight over the volume of interest, with the error that it has there; what "
    "it bends within the volume is counted as an error"
)
_NAMES = ("z_um", "y_um", "x_um")


@dataclass(frozen=True)
class InstrumentCut:
    """A target where an instrument finds it.

    Attributes
    ----------
    frame : str
        Of the instrument.
    place_um, half_um : ndarray, shape (3,)
        The target and half the edges of its volume of interest in its own frame, z, y, x [µm].
    way : FramePath
        From there to the instrument.
    located : Located
    extent_um : ndarray, shape (3,)
        Half the edges of the box along the instrument's axes that holds the volume [µm].
    plan : TargetPlan
    surface : NearSurface or None
        The specimen's surface there.
    exact : Located
        The same place for an instrument that misses nothing; what `located` adds is `instrument`.
    overhang : Overhang
        By how much the volume's corners reach over a cut that just holds it.
    instrument : InstrumentError or None
        What stage, drift and scale add; None where nobody has stated it.
    notes : tuple of str
        What of it does not count.
    localisation_um2 : ndarray, shape (3, 3), or None
        Covariance of the target's own place; None where it is taken as given [µm²].
    """

    frame: str
    place_um: NDArray[np.float64]
    half_um: NDArray[np.float64]
    way: FramePath
    located: Located
    extent_um: NDArray[np.float64]
    plan: TargetPlan
    surface: NearSurface | None
    exact: Located
    overhang: Overhang
    instrument: InstrumentError | None = None
    notes: tuple[str, ...] = ()
    localisation_um2: NDArray[np.float64] | None = None

    def table(self) -> pd.DataFrame:
        """One row to hand to the instrument, everything by name with its unit."""
        table = self.plan.table()
        if self.surface is not None:
            low, high = self.surface.interval95_um
            table = table.assign(
                depth_um=self.surface.depth_um, depth_low95_um=low, depth_high95_um=high
            )
        return table.assign(frame=self.frame, error_source=self.located.error_source)


def localisation_of(target: Any) -> NDArray[np.float64] | None:
    """Covariance of a target's own place, (3, 3) [µm²]; None where it is taken as given."""
    if target.sigma is None:
        return None
    return np.diag(np.square([float(target.sigma[name]) for name in _NAMES]))


def instrument_cut(
    ws: Any,
    target: Any,
    *,
    to: str,
    surface: SpecimenSurface | MeasuredSurface | None = None,
    probability: float | None = None,
    instrument: InstrumentError | None = None,
    minutes: float | None = None,
) -> InstrumentCut:
    """Look a target up in an instrument's frame, and plan the cut around it.

    What the stage of that frame is recorded to miss widens position, margin and cut.

    Parameters
    ----------
    ws : Workspace
    target : Record
        Of the collection ``targets``.
    to : str
        Frame of the instrument.
    surface : SpecimenSurface or MeasuredSurface, optional
        Of which a depth is told; None gives none.
    probability : float, optional
        That the volume of interest lies in the cut; the target's own unless told.
    instrument : InstrumentError, optional
        What stage, drift and scale add; what is recorded of the stage unless told.
    minutes : float, optional
        Between the last look at a fiducial and the cut, for a recorded drift [min].

    Raises
    ------
    NoPath
        The frames are not connected by accepted transforms.
    ValueError
        The surface does not reach the target.
    """
    from ..analysis.targeting.plan import target_plan
    from .cut_margins import margin_um, overhang

    place = np.array([target.position[name] for name in _NAMES], float)
    half = np.array([target.half_size[n] for n in _NAMES] if target.half_size else [0, 0, 0], float)
    bent, own = ws.graph().path(target.frame, to), localisation_of(target)
    way = bent.near(place, half)
    exact = ws.locate(target.position, from_=target.frame, to=to, localisation_um2=own)
    wanted = target.probability if probability is None else probability
    notes: tuple[str, ...] = ()
    if instrument is None:
        there = exact.points_um[0]
        instrument, notes = stage_error(ws, to=to, place_um=there, minutes=minutes)
    located = exact if instrument is None else _missed(exact, way, place, instrument, own)
    if bent.bends:
        notes = (*notes, _STRAIGHTENED.format(", ".join(bent.bends)))
    found = None
    if surface is not None:
        try:
            found = surface.near(place, frame=target.frame, to=to, localisation_um2=own)
        except (CovarianceUnavailable, ValueError) as error:
            if not bent.bends:
                raise
            notes = (*notes, f"no depth: {error}")
    extent = extent_um(way, place, half)
    drawn = overhang(way, place, half, instrument=instrument, localisation_um2=own)
    plan = target_plan(
        located.points_um[0],
        located.covariance_um2[0],
        half_size_um=extent.tolist(),
        nu=located.nu,
        probability=wanted,
        surface=None if found is None else found.plane,
        margin_um=margin_um(drawn, wanted),
        name=target.name,
    )
    return InstrumentCut(
        to, place, half, way, located, extent, plan, found, exact, drawn, instrument, notes, own
    )


def _missed(
    located: Located,
    way: FramePath,
    place_um: NDArray[np.float64],
    instrument: InstrumentError,
    own_um2: NDArray[np.float64] | None,
) -> Located:
    """Say how well a place is known to an instrument that misses what it is told."""
    from ..analysis.targeting import split_uncertainty

    nu = split_uncertainty(way, place_um, localisation_um2=own_um2, instrument=instrument).nu
    total = located.covariance_um2[0] + instrument.covariance_at(located.points_um[0])[0]
    return replace(
        located, covariance_um2=total[None], nus=np.array([np.inf if nu is None else nu])
    )
