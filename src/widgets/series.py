"""A specimen over time: one plane at every time point, what changed, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from traitlets import (
    Dict,
    Enum,
    Float,
    HasTraits,
    Int,
    TraitError,
    Unicode,
    Union,
    observe,
    validate,
)

from .difference import Frame, common_limit
from .explorer import SliceExplorer
from .layers import AUTO, Layer
from .moments import Moment, Moments, moments_of
from .plane import Plane
from .series_table import COLUMNS, measured_table, series_table
from .state import Widget, by_name, named_point
from .targets import half_sizes

MODES = ("single", "beside", "difference")
_LOOKED = ("cursor_um", "centre_um", "width_um", "orientation", "across", "down", "aspect")
_SHARED = ("color_map", "limits", "opacity", "channel")


class SeriesExplorer(Widget):
    """Time points of a specimen in one view, with a measurement against time.

    Parameters
    ----------
    ws : Workspace
        The specimen.
    images : str or sequence of str
        An image with a time axis, or images of the time points in their order, each in its frame.
    frame : str, optional
        The frame whose positions are shown; by default that of the first image.
    times : sequence of float, optional
        When each time point was taken; by default what the images say, else they are counted.
    time_unit : str
        Of ``times``.
    **traits
        Any trait below.

    Attributes
    ----------
    explorer : SliceExplorer
        Plane, cursor and layer of the time point that is seen.
    beside : SliceExplorer
        The same of the reference; its view follows, and is followed by, the other.
    moments : Moments
        The time points.

    Examples
    --------
    >>> series = SeriesExplorer(ws, ["t0", "t1", "t2"], mode="difference")  # doctest: +SKIP
    >>> series.time = 2  # doctest: +SKIP
    >>> series.snapshot(width_px=900)  # doctest: +SKIP
    """

    time = Int(0, help="Number of the time point that is seen.")
    reference = Int(0, help="Number of the time point that others are compared with.")
    mode = Enum(MODES, "single", help="One picture, the reference beside it, or the difference.")
    difference_limit = Union(
        [Enum([AUTO]), Float()],
        default_value=AUTO,
        help="Grey value of the last colours, up and down; 'auto' takes the 99.5 % quantile of "
        "the largest differences of all time points.",
    )
    box = Dict(help="Where is measured: position and half_size by name [µm]; empty: everywhere.")
    quantity = Unicode("", help="What is plotted against time; by default the table's first.")
    frame_rate = Float(2.0, help="Time points a second while it plays.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")
    revision = Int(0, read_only=True, help="Grows when the table is another one.")

    def __init__(
        self,
        ws: Any,
        images: Sequence[str] | str,
        *,
        frame: str | None = None,
        times: Sequence[float] | None = None,
        time_unit: str = "",
        **traits: Any,
    ) -> None:
        names = [images] if isinstance(images, str) else list(images)
        self.ws = ws
        self.moments: Moments = moments_of(
            [ws.images[name] for name in names], times=times, unit=time_unit
        )
        self.explorer, self.beside = (SliceExplorer(ws, names, frame=frame) for _ in range(2))
        self._layers = {layer.image: layer for layer in self.explorer.layers}
        self._limits: dict[Any, float] = {}
        self._table: pd.DataFrame | None = None
        self._given: pd.DataFrame | Callable[[int], Any] | None = None
        self._share_looks()
        self._link_views()
        super().__init__(**traits)
        self._show()

    def __repr__(self) -> str:
        here = self.moments[self.time].name
        return f"SeriesExplorer({len(self.moments)} time points; {self.mode}, {here})"

    # -- state ---------------------------------------------------------------

    @validate("time", "reference")
    def _check_number(self, proposal: Any) -> int:
        value, count = int(proposal["value"]), len(self.moments)
        if not 0 <= value < count:
            raise TraitError(f"{proposal['trait'].name} needs 0 to {count - 1}, got {value}")
        return value

    @validate("difference_limit", "frame_rate")
    def _check_positive(self, proposal: Any) -> Any:
        value = proposal["value"]
        if value != AUTO and not (math.isfinite(value) and value > 0):
            raise TraitError(f"{proposal['trait'].name} needs a positive number, got {value}")
        return value

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

    @observe("time", "reference")
    def _show(self, _: Any = None) -> None:
        for view, number in ((self.explorer, self.time), (self.beside, self.reference)):
            moment = self.moments[number]
            layer = self._layers[moment.image]
            with view.hold_trait_notifications():
                view.time = moment.index
                if view.layers != (layer,):
                    view.layers = (layer,)

    @observe("box")
    def _measure_anew(self, _: Any = None) -> None:
        if self._given is None:
            self._forget_table()

    # -- looking -------------------------------------------------------------

    @property
    def layer(self) -> Layer:
        """The layer that is seen; colours and limits are the same at every time point."""
        return self._layers[self.moments[self.time].image]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of all time points; an image with a time axis has one."""
        return tuple(self._layers.values())

    def frame_at(self, number: int) -> Frame:
        """Image and index of a time point, placed."""
        moment: Moment = self.moments[number]
        item = self.explorer.world.placed([self._layers[moment.image]])[0]
        return Frame(item, moment.index)

    def plane(self) -> Plane:
        """The plane that is seen."""
        return self.explorer.plane()

    def limit(self) -> float:
        """Grey value of the difference's last colours."""
        if self.difference_limit != AUTO:
            return float(self.difference_limit)
        key = (self.reference, self.layer.channel, self.ws.state)
        if key not in self._limits:
            frames = [self.frame_at(number) for number in range(len(self.moments))]
            self._limits[key] = common_limit(
                frames, frames[self.reference], self.explorer.world.corners_um()
            )
        return self._limits[key]

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

    # -- pictures ------------------------------------------------------------

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """The view, the comparison and the plot on one page."""
        from .series_picture import series_page

        return series_page(self, width_px=width_px).picture(width_px=width_px, theme=self.theme)

    def _build_view(self) -> Any:
        from .series_view import series_view

        return series_view(self)

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

    def _share_looks(self) -> None:
        """Give every time point the same colours and contrast: else a change of light is drawn."""
        layers = list(self._layers.values())
        if layers[0].mode == "image":
            frames = [self.frame_at(number) for number in range(len(self.moments))]
            found = [frame.item.limits(frame.index) for frame in frames]
            for layer in layers:
                layer.limits = (min(low for low, _ in found), max(high for _, high in found))
        for layer in layers:
            _follow_one_another(layer, layers, _SHARED)

    def _link_views(self) -> None:
        _follow_one_another(self.explorer, [self.explorer, self.beside], _LOOKED)
        _follow_one_another(self.beside, [self.explorer, self.beside], _LOOKED)
        self.explorer.observe(self._take_time, names="time")

    def _take_time(self, change: Any) -> None:
        """The explorer's own slider moves an image with a time axis."""
        if self.moments[self.time].index != change["new"]:
            self.time = change["new"]


def _as_row(function: Callable[[int], Any], number: int) -> dict[str, Any]:
    found = function(number)
    named = dict(found) if isinstance(found, Mapping) else {"value": float(found)}
    return {"time_point": number, **named}


def _follow_one_another(one: HasTraits, others: Sequence[HasTraits], names: Sequence[str]) -> None:
    """Let others take the traits of one, all at a time: half a turn is no plane."""

    def give(_: Any) -> None:
        values = {name: getattr(one, name) for name in names}
        for other in others:
            if any(getattr(other, name) != value for name, value in values.items()):
                with other.hold_trait_notifications():
                    for name, value in values.items():
                        setattr(other, name, value)

    one.observe(give, names=list(names))
