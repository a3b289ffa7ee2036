"""Several images in one world, each drawn from its own pyramid on a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import Superseded
from ..io.asking import ASKING
from . import compose
from .lattice import Grid, grid_of
from .layers import AUTO, Layer, auto_limits, channel_select
from .placement import IDENTITY, Placement
from .plane import Plane
from .rendering import PLAIN, Rendering
from .sampling import Sampled, sample


@dataclass(frozen=True)
class GridLevel:
    """An array with its grid: a pyramid level that stands in no workspace."""

    array: Any
    spacing_um: tuple[float, ...]
    origin_um: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A layer, its pyramid, and where that lies in the world.

    Attributes
    ----------
    layer : Layer
    levels : sequence of Level
        Finest first.
    axes : str
        Of the arrays, spatial axes last.
    placement : Placement
        From the world to the image's frame.
    channels : tuple of str
        Names of the channels, where the image has several.
    """

    layer: Layer
    levels: Sequence[Any]
    axes: str
    placement: Placement = IDENTITY
    channels: tuple[str, ...] = ()
    _limits: dict[Any, tuple[float, float]] = field(default_factory=dict, repr=False)

    @property
    def dims(self) -> int:
        """Two or three spatial axes."""
        return len(self.levels[0].spacing_um)

    @property
    def time_count(self) -> int:
        """Time points; 1 where there is no time axis."""
        return int(self.levels[0].array.shape[self.axes.index("t")]) if "t" in self.axes else 1

    @property
    def title(self) -> str:
        """The layer's name, with its channel where there are several."""
        channel = self.layer.channel
        several = "c" in self.axes and self.layer.mode == "image"
        if not several:
            return self.layer.name
        name = self.channels[channel] if channel < len(self.channels) else f"channel {channel}"
        return f"{self.layer.name}: {name}"

    def select(self, *, time: int = 0, channel: int | None = None) -> tuple[int, ...]:
        """Index along the axes before the spatial ones; a shorter film stands at its last."""
        wanted = self.layer.channel if channel is None else channel
        return channel_select(self.axes, channel=wanted, time=min(time, self.time_count - 1))

    def limits(self, time: int = 0) -> tuple[float, float]:
        """Contrast limits in use; automatic ones are found once."""
        if self.layer.limits != AUTO:
            return self.layer.limits
        select = self.select(time=time)
        if select not in self._limits:
            self._limits[select] = auto_limits(self.levels, select)
        return self._limits[select]


def box_corners_um(levels: Sequence[Any]) -> NDArray[np.float64]:
    """The eight corners of an image's outer faces in its own frame, shape (8, 3) [µm]."""
    finest = levels[0]
    spacing = np.asarray(finest.spacing_um, float)
    dims = len(spacing)
    first = np.asarray(finest.origin_um, float) - spacing / 2
    last = first + spacing * np.asarray(finest.array.shape[-dims:])
    low, high = np.zeros(3), np.zeros(3)
    low[-dims:], high[-dims:] = first, last
    return np.where(np.indices((2, 2, 2)).reshape(3, 8).T == 0, low, high)


def face_um(levels: Sequence[Any]) -> NDArray[np.float64]:
    """Middle of an image's slice nearest to z = 0, and what lies 1 µm right of it and below it.

    Returns
    -------
    ndarray, shape (3, 3)
        z, y, x in its own frame [µm].
    """
    corners = box_corners_um(levels)
    low, high = corners[0], corners[-1]
    middle = (low + high) / 2
    room = max(0.0, float(high[0] - low[0] - levels[0].spacing_um[0])) / 2
    middle[0] = np.clip(0.0, middle[0] - room, middle[0] + room)
    return np.array([(0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)]) + middle


def draw(
    placed: Sequence[Placed],
    plane: Plane,
    *,
    width_px: int,
    height_px: int | None = None,
    how: Rendering = PLAIN,
) -> NDArray[np.uint8]:
    """Draw all visible layers, the first at the bottom.

    Returns
    -------
    ndarray of uint8, shape (height_px, width_px, 3)
    """
    height = height_px or plane.height_px(width_px)
    points = plane.lattice(width_px, height)
    picture = compose.ground(width_px, height)
    visible = [i for i in placed if i.layer.visible and i.layer.shown(plane.width_um) > 0]
    for item in visible:
        colors, opacity = _drawn(item, plane, points, how)
        compared = item is visible[-1] and len(visible) > 1
        if compared and how.compare == "difference":
            picture = compose.difference(picture, colors, opacity)
            continue
        if compared and how.compare in ("checkerboard", "split"):
            shape = (height, width_px)
            opacity = opacity * compose.uppermost_mask(shape, how.compare, split=how.split)
        picture = compose.blend(picture, colors, opacity, item.layer.blending)
    return compose.to_bytes(picture)


def sample_slab(
    item: Placed,
    plane: Plane,
    points_um: Grid | ArrayLike,
    *,
    how: Rendering = PLAIN,
    channel: int | None = None,
    nearest: bool | None = None,
) -> Sampled:
    """Sample one layer as `sample_on`, through the thickness that is seen; labels on the plane."""
    points = grid_of(points_um)
    given: dict[str, Any] = {"time": how.time, "channel": channel, "nearest": nearest}
    depths = how.depths_um(
        pixel_um=plane.width_um / points.shape[1], finest_um=max(item.levels[0].spacing_um)
    )
    if len(depths) == 1 or item.layer.mode == "labels" or nearest or item.dims == 2:
        return sample_on(item, plane, points, **given)
    total, count, level = np.zeros(points.shape), np.zeros(points.shape, int), 0
    question = ASKING.get()
    for depth in depths:
        if question is not None and not question.wanted():
            raise Superseded(f"{item.title}: the view has moved on")
        seen = sample_on(item, plane, points.moved(depth * plane.normal), **given)
        there = seen.inside & np.isfinite(seen.values)
        values, level = np.where(there, seen.values, 0).astype(np.float64), seen.level
        total = _reduced(total, values, there, count, how.slab)
        count += there
    mean = how.slab == "mean"
    return Sampled(total / np.maximum(count, 1) if mean else total, count > 0, level)


def _reduced(
    total: NDArray[np.float64],
    values: NDArray[np.float64],
    there: NDArray[np.bool_],
    count: NDArray[np.int64],
    slab: str,
) -> NDArray[np.float64]:
    if slab == "mean":
        return total + values
    both = np.maximum(total, values) if slab == "max" else np.minimum(total, values)
    return np.where(there & (count > 0), both, np.where(there, values, total))


def sample_on(
    item: Placed,
    plane: Plane,
    points_um: Grid | ArrayLike,
    *,
    time: int = 0,
    channel: int | None = None,
    nearest: bool | None = None,
) -> Sampled:
    """Sample one layer at points of the world that lie on a plane [µm].

    Labels are taken from the nearest voxel and grey values between voxels, unless told.
    """
    points = grid_of(points_um)
    pixel = plane.width_um / points.shape[1]
    middle = np.asarray(plane.centre_um)
    ends = middle + pixel * np.array([(0, 0, 0), plane.across, plane.down])
    own = item.placement.apply(ends)
    steps = own[1:] - own[0]
    return sample(
        item.levels,
        item.placement.carry(points),
        steps_um=steps,
        select=item.select(time=time, channel=channel),
        nearest=item.layer.mode == "labels" if nearest is None else nearest,
        slab_um=_slab(item, steps) if item.dims == 2 else None,
    )


def _slab(item: Placed, steps_um: NDArray[np.float64]) -> float:
    if item.layer.slab_um is not None:
        return item.layer.slab_um
    return float(max(np.abs(steps_um).max(), max(item.levels[0].spacing_um)))


def _drawn(
    item: Placed, plane: Plane, points: Grid, how: Rendering
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colours and opacity of one layer."""
    layer = item.layer
    if layer.mode == "rgb":
        return _drawn_rgb(item, plane, points, how)
    seen = sample_slab(item, plane, points, how=how)
    strength = layer.opacity * layer.shown(plane.width_um)
    opacity = seen.inside.astype(np.float32) * np.float32(strength)
    if layer.mode == "labels":
        named = {phase["label"]: phase["color"] for phase in layer.phases}
        shown = np.isin(seen.values, list(named)) if named else seen.values != 0
        opacity = opacity * shown  # label 0 is the background unless phases name it
        opacity[compose.rims(seen.values) & (opacity > 0)] = min(1.0, 2 * strength)
        return compose.label_colors(seen.values, named), opacity
    if seen.values.dtype.kind == "f":
        opacity = opacity * np.isfinite(seen.values)
    return compose.grey_colors(seen.values, item.limits(how.time), layer.color_map), opacity


def _drawn_rgb(
    item: Placed, plane: Plane, points: Grid, how: Rendering
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    seen = [sample_slab(item, plane, points, how=how, channel=channel) for channel in range(3)]
    low, high = (0.0, 255.0) if item.layer.limits == AUTO else item.layer.limits
    stack = np.stack([channel.values for channel in seen], axis=-1).astype(np.float32)
    colors = (np.clip((stack - low) / (high - low), 0, 1) * 255).astype(np.float32)
    strength = item.layer.opacity * item.layer.shown(plane.width_um)
    return colors, seen[0].inside.astype(np.float32) * np.float32(strength)
