"""A specimen over time: one plane at every time point, what changed, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PIL import Image
from traitlets import Enum, Float, HasTraits, Int, TraitError, Union, observe, validate

from .difference import Frame, common_limit
from .explorer import SliceExplorer
from .layers import AUTO, Layer
from .measured_series import MeasuredSeries
from .moments import Moment, Moments, moments_of
from .plane import Plane

MODES = ("single", "beside", "difference")
_LOOKED = (
    "cursor_um", "centre_um", "width_um", "orientation", "across", "down", "aspect", "linked",
    "slab_um", "slab", "crosshair",
)  # fmt: skip
_REMEMBERED = {
    "reference": "reference", "mode": "what is shown", "quantity": "what is plotted",
    "difference_limit": "colours of the difference", "box": "where is measured",
}  # fmt: skip
_SHARED = ("color_map", "limits", "opacity", "channel", "widths_um")


class SeriesExplorer(MeasuredSeries):
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
    frame_rate = Float(2.0, help="Time points a second while it plays.")
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the picture.")

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
        self._share_looks()
        self._link_views()
        super().__init__(**traits)
        self._show()
        self._remember(_REMEMBERED)

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

    @observe("time", "reference")
    def _show(self, _: Any = None) -> None:
        for view, number in ((self.explorer, self.time), (self.beside, self.reference)):
            moment = self.moments[number]
            layer = self._layers[moment.image]
            with view.hold_trait_notifications():
                view.time = moment.index
                if view.layers != (layer,):
                    view.layers = (layer,)

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

    # -- pictures ------------------------------------------------------------

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """The view, the comparison and the plot on one page."""
        from .series_picture import series_page

        return series_page(self, width_px=width_px).picture(width_px=width_px, theme=self.theme)

    def _build_view(self) -> Any:
        from .series_view import series_view

        return series_view(self)

    # -- steps ---------------------------------------------------------------

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
        """What sets the explorer's time moves the series of an image with a time axis."""
        if self.moments[self.time].index != change["new"]:
            self.time = change["new"]


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
