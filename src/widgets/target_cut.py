"""The cut around a target: its margin, its size, its depth below the surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import significant
from ..quantities import format_length
from ..workspace.stage_errors import stage_error
from ..workspace.surface import extent_um
from .graph_words import typed_words
from .target_depth import Depths

# Margins from so many drawn transforms follow a drag; a report draws more.
_QUICK_DRAWS = 10_000
_ROUNDING = 1e-9  # of the depth: an interval of a surface without any scatter


@dataclass(frozen=True)
class TargetCut:
    """What to cut so that a target lies in it, in the frame of the instrument.

    Attributes
    ----------
    centre_um : ndarray, shape (3,)
        z, y, x [µm].
    half_um : ndarray, shape (3,)
        Half the edges of the cut, along the axes of the frame [µm].
    margin_um : float
        Of the volume of interest, on every side; NaN with too few landmarks [µm].
    probability : float
        That the volume of interest lies in the cut.
    depth_um, depth_pm95_um : float
        Below the surface with its 95 % half-width; NaN where no surface is known [µm].
    left_out : tuple of str
        What of the instrument the margin does not count, in words.
    error_source : str
        Where the localisation errors behind it come from, see `Located`.
    """

    centre_um: NDArray[np.float64]
    half_um: NDArray[np.float64]
    margin_um: float
    probability: float
    depth_um: float
    depth_pm95_um: float
    left_out: tuple[str, ...] = ()
    error_source: str = ""

    @property
    def statement(self) -> str:
        """Size, margin and depth, and what they do not count, in words."""
        if not np.isfinite(self.margin_um):
            return "no margin can be stated: more landmark pairs are needed"
        sizes = " × ".join(f"{2 * edge:.4g}" for edge in self.half_um[::-1])
        words = (
            f"cut {sizes} µm (x, y, z), margin {format_length(self.margin_um)}: the volume lies "
            f"in it with {100 * self.probability:g} %{typed_words(self.error_source)}"
        )
        if np.isfinite(self.depth_um):
            words += f"; depth {_plus_minus(self.depth_um, self.depth_pm95_um)}"
        return "; ".join([words, *self.left_out])


class Cuts:
    """Cuts of a picker's targets, and how deep they lie.

    Parameters
    ----------
    ws : Workspace
    """

    def __init__(self, ws: Any) -> None:
        self._ws = ws
        self.depths = Depths(ws)
        self._last: tuple[Any, TargetCut] | None = None

    def around(
        self,
        place_um: NDArray[np.float64],
        half_um: NDArray[np.float64] | None,
        *,
        frame: str,
        to: str,
        probability: float,
        quick: bool = False,
        minutes: float | None = None,
        localisation_um2: NDArray[np.float64] | None = None,
    ) -> TargetCut:
        """The cut around a place.

        Parameters
        ----------
        place_um, half_um : ndarray, shape (3,)
            Target, and half the edges of its volume of interest, in ``frame`` [µm].
        frame, to : str
            Frames of the target and of the instrument.
        probability : float
        quick : bool
            While something is dragged: a margin from fewer draws, to about 1 %. Without it the
            one that the instrument gets.
        minutes : float, optional
            Between the last look at a fiducial and the cut, for a recorded drift [min].
        localisation_um2 : ndarray, shape (3, 3), optional
            Covariance of the place itself [µm²].

        Raises
        ------
        NoPath
        """
        how = (frame, to, probability, quick, minutes)
        asked = (self._ws.state, repr(place_um), repr(half_um), repr(localisation_um2), *how)
        if self._last is None or self._last[0] != asked:
            cut = self._found(place_um, half_um, localisation_um2, *how)
            self._last = (asked, cut)
        return self._last[1]

    def _found(
        self,
        place_um: NDArray[np.float64],
        half_um: NDArray[np.float64] | None,
        own_um2: NDArray[np.float64] | None,
        frame: str,
        to: str,
        probability: float,
        quick: bool,
        minutes: float | None,
    ) -> TargetCut:
        from ..analysis.registration.cut import DRAWS
        from ..analysis.registration.located import error_source
        from ..workspace.cut_margins import margin_um, overhang

        graph = self._ws.graph()
        way = graph.path(frame, to)
        half = np.zeros(3) if half_um is None else np.asarray(half_um, float)
        draws = _QUICK_DRAWS if quick else DRAWS
        centre = np.asarray(way.apply(place_um[None]))[0]
        missed, notes = stage_error(self._ws, to=to, place_um=centre, minutes=minutes)
        drawn = overhang(
            way, place_um, half, instrument=missed, localisation_um2=own_um2, draws=draws
        )
        margin = margin_um(drawn, probability)
        line = self.depths.line(place_um, frame=frame, to=to, localisation_um2=own_um2)
        depth, doubt = (np.nan, np.nan) if line is None else (line.depth_um, line.pm95_um)
        size = extent_um(way, place_um, half) + margin
        source = error_source(step.edge for step in way.steps)
        return TargetCut(centre, size, margin, probability, depth, doubt, notes, source)


def _plus_minus(value: float, half: float) -> str:
    if not np.isfinite(half) or half < _ROUNDING * abs(value):
        return f"{value:.4g} µm"
    rounded = float(significant([half], digits=2)[0])
    decimals = max(0, -int(np.floor(np.log10(rounded))) + 1) if rounded > 0 else 2
    return f"{value:.{decimals}f} ± {half:.{decimals}f} µm (± 95 %)"
