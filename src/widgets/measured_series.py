"""What is measured at every time point of a series, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from traitlets import Dict, Int, TraitError, Unicode, observe, validate

from .half_sizes import half_sizes
from .moments import Moments
from .remembered import Remembered
from .series_table import COLUMNS, measured_table, series_table
from .state import by_name, named_point

if TYPE_CHECKING:
    import pandas as pd


class MeasuredSeries(Remembered):
    """The part of a series that measures; `SeriesExplorer` adds what is seen.

    Grey values and phases are measured unless `use` was given something else.
    """

    box = Dict(help="Where is measured: position and half_size by name [µm]; empty: everywhere.")
    quantity = Unicode("", help="What is plotted against time; by default the table's first.")
    revision = Int(0, read_only=True, help="Grows when the table is another one.")

    explorer: Any
    moments: Moments
    _table: pd.DataFrame | None = None
    _given: pd.DataFrame | Callable[[int], Any] | None = None

    @validate("box")
    def _check_box(self, proposal: Any) -> dict[str, Any]:
        value = dict(proposal["value"])
        if not value:
            return {}
        if set(value) != {"position", "half_size"}:
            raise TraitError(f"box needs position and half_size, got {sorted(value)}")
        try:
            point = named_point(value["position"], planar=self.explorer.planar)
            half = half_sizes(value["half_size"])
        except (TypeError, ValueError) as error:
            raise TraitError(f"box: {error}") from error
        box = {"position": by_name(point), "half_size": half}
        self._refuse_outside(box)
        return box

    @validate("quantity")
    def _check_quantity(self, proposal: Any) -> str:
        value = str(proposal["value"])
        if value and value not in self.quantities():
            known = ", ".join(self.quantities())
            raise TraitError(f"quantity needs one of {known}, got {value!r}")
        return value

    @observe("box")
    def _measure_anew(self, _: Any = None) -> None:
        if self._given is None:
            self._forget_table()

    # -- measuring -----------------------------------------------------------

    def measure_in(self, position: Any = None, half_size: Any = None) -> None:
        """Measure in a box around a position, by default the cursor; without a size everywhere.

        Parameters
        ----------
        position : dict, optional
            ``x_um``, ``y_um``, ``z_um`` in this explorer's frame.
        half_size : float or dict, optional
            Half the edges [µm]; None measures everywhere.
        """
        where = self.explorer.cursor_um if position is None else position
        self.box = {} if half_size is None else {"position": where, "half_size": half_size}

    def use(self, measurements: pd.DataFrame | Callable[[int], Any] | None) -> None:
        """Plot other measurements than grey values and phases.

        Parameters
        ----------
        measurements : DataFrame, callable or None
            A table with a column ``time_point`` or ``time`` and one or more of numbers; or a
            function that is given the number of a time point and returns a number or a dict of
            them by name; None goes back to grey values and phases.
        """
        if not (measurements is None or callable(measurements)):
            measured_table(measurements, self.moments)  # refuses before anything has changed
        self._given = measurements
        self._forget_table()

    @property
    def table(self) -> pd.DataFrame:
        """What is plotted.

        Returns
        -------
        DataFrame
            time_point, time (in `moments.unit`), quantity, series, value, lower, upper, unit; of
            phases, ``lower`` and ``upper`` are the 95 % interval that the thresholds leave.
        """
        import pandas as pd

        if self._table is None:
            if self._given is None:
                self._table = series_table(self)
            elif callable(self._given):
                rows = [_as_row(self._given, number) for number in range(len(self.moments))]
                self._table = measured_table(pd.DataFrame(rows), self.moments)
            else:
                self._table = measured_table(self._given, self.moments)
        return self._table[list(COLUMNS)].copy()

    def quantities(self) -> list[str]:
        """What can be plotted."""
        return list(dict.fromkeys(self.table["quantity"]))

    def plotted(self) -> pd.DataFrame:
        """The rows of the table that are plotted."""
        table = self.table
        return table[table["quantity"] == (self.quantity or table["quantity"].iloc[0])]

    def table_spacing_um(self) -> float | None:
        """Voxels that were measured [µm]; None of measurements that were handed over."""
        _ = self.table
        return self._table.attrs.get("spacing_um") if self._table is not None else None

    def box_corners_um(self) -> NDArray[np.float64]:
        """Two opposite corners of where is measured, z, y, x [µm]."""
        if not self.box:
            corners = self.explorer.world.corners_um()
            return np.array([corners.min(axis=0), corners.max(axis=0)])
        return self._corners_of(self.box)

    # -- steps ---------------------------------------------------------------

    def _forget_table(self) -> None:
        self._table = None
        if self.quantity and self.quantity not in self.quantities():
            self.quantity = ""
        self.set_trait("revision", self.revision + 1)

    def _corners_of(self, box: Mapping[str, Any]) -> NDArray[np.float64]:
        centre = np.array(list(box["position"].values()))
        half = np.array([box["half_size"][name] for name in ("z_um", "y_um", "x_um")])
        if self.explorer.planar:
            half[0] = 0.0
        return np.array([centre - half, centre + half])

    def _refuse_outside(self, box: Mapping[str, Any]) -> None:
        low, high = self._corners_of(box)
        world = self.explorer.world
        for name in dict.fromkeys(moment.image for moment in self.moments.points):
            corners = world.corners_um([name])
            if np.any(high < corners.min(axis=0)) or np.any(low > corners.max(axis=0)):
                raise TraitError(
                    f"box needs to reach into every time point's image, and lies beside {name}: "
                    "choose another, or measure everywhere"
                )


def _as_row(function: Callable[[int], Any], number: int) -> dict[str, Any]:
    found = function(number)
    named = dict(found) if isinstance(found, Mapping) else {"value": float(found)}
    return {"time_point": number, **named}
