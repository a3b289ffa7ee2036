"""What the browser draws from: coarse copies of images, and patches of the plane that is seen.

Values travel as whole numbers of one or two bytes; grey = offset + gain * value. Labels travel as
slots of a table of colours, three channels as red, green, blue.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .colors import COLOR_MAPS, label_color, rgb, table
from .layers import Layer
from .plane import Plane
from .rendering import PLAIN, Rendering
from .sampling import choose_level
from .scene import Placed, box_corners_um, sample_slab

MOST_VOXELS = 1_000_000
_WIDEST = 65535.0
_BINS = 128
_OPAQUE = np.full(256, 255, np.uint8)


@dataclass(frozen=True)
class Coding:
    """How grey values become whole numbers: ``grey = offset + gain * value``.

    With ``holes`` the number 0 says that there is no value.
    """

    offset: float
    gain: float
    wide: bool
    holes: bool = False

    def coded(self, grey: float) -> float:
        """A grey value on the scale of the whole numbers."""
        return (grey - self.offset) / self.gain

    def values(self, grey: NDArray[Any]) -> NDArray[np.uint16]:
        """Whole numbers for grey values; what is not finite becomes 0."""
        known = np.isfinite(grey)
        every = bool(known.all())
        scaled = grey if every else np.nan_to_num(grey, nan=self.offset)
        if (self.offset, self.gain) != (0, 1):
            scaled = (scaled - self.offset) / self.gain
        widest = _WIDEST if self.wide else 255
        whole = np.rint(np.clip(scaled, 1 if self.holes else 0, widest)).astype(np.uint16)
        return np.where(known, whole, np.uint16(0)) if self.holes and not every else whole


@dataclass(frozen=True, kw_only=True)
class Coarse:
    """A coarse copy of an image, and where it stands.

    Attributes
    ----------
    key : str
        Of the bytes and what they mean: the same key needs not be sent twice.
    shape : tuple of 3 int
        z, y, x; a flat image is one voxel deep.
    channels : int
        Bytes a voxel.
    data : bytes
    coding : Coding
    smooth : bool
        Whether values between voxels have a meaning; labels have none.
    level : int
        Of the pyramid.
    grid : dict
        Voxel size, places and extent as `plane.js` reads them.
    """

    key: str
    shape: tuple[int, int, int]
    channels: int
    data: bytes
    coding: Coding
    smooth: bool
    level: int
    grid: dict[str, Any]

    @cached_property
    def histogram(self) -> dict[str, Any]:
        """How often each grey value occurs, evenly from ``low`` to ``high``: a list of counts."""
        raw = np.frombuffer(self.data, np.uint8)
        values = raw.view("<u2") if self.channels == 2 else raw
        values = values[values > 0] if self.coding.holes and values.any() else values
        low, high = (float(v) for v in np.quantile(values, [0.0005, 0.9995]))
        low, high = low - 0.1 * (high - low) - 0.5, high + 0.1 * (high - low) + 0.5
        # no more bins than whole numbers: else they leave gaps
        step = max(1.0, np.ceil((high - low) / _BINS))
        edges = low + step * np.arange(int(np.ceil((high - low) / step)) + 1)
        counts = np.histogram(values, bins=edges)[0]
        ends = self.coding.offset + self.coding.gain * edges[[0, -1]]
        return {"low": float(ends[0]), "high": float(ends[1]), "counts": counts.tolist()}


def coarse_copy(
    item: Placed, *, time: int = 0, most_voxels: int | None = None, narrow: bool = False
) -> Coarse:
    """Read the coarse copy of a layer.

    Parameters
    ----------
    item : Placed
    time : int
        Index along the time axis, where there is one.
    most_voxels : int, optional
        The finest level of at most so many voxels is read; else the coarsest, in strides. A
        million unless told.
    narrow : bool
        Grey values in 256 steps, from the 0.05 % to the 99.95 % quantile and a tenth beyond.
    """
    level, stride = _level(item, most_voxels or MOST_VOXELS)
    chosen = item.levels[level]
    steps = (slice(None, None, stride),) * item.dims
    channels = range(3) if item.layer.mode == "rgb" else (None,)
    stack = [
        np.asarray(chosen.array[(*item.select(time=time, channel=channel), *steps)])
        for channel in channels
    ]
    coding = _narrow(stack[0], item) if narrow else _coding(stack[0], item)
    voxels = encoded(stack, item, coding)
    shape = (1, *stack[0].shape) if item.dims == 2 else stack[0].shape
    spacing, origin = np.ones(3), np.zeros(3)
    spacing[-item.dims :] = np.asarray(chosen.spacing_um, float) * stride
    origin[-item.dims :] = chosen.origin_um
    data = voxels.tobytes()
    mark = hashlib.sha1(data, usedforsecurity=False)
    mark.update(repr((shape, item.layer.mode, coding, tuple(spacing), tuple(origin))).encode())
    return Coarse(
        key=mark.hexdigest(),
        shape=shape,
        channels=voxels.shape[-1],
        data=data,
        coding=coding,
        smooth=item.layer.mode != "labels",
        level=level if stride == 1 else -1,
        grid=_grid(item, spacing, origin, shape),
    )


def encoded(stack: Sequence[NDArray[Any]], item: Placed, coding: Coding) -> NDArray[np.uint8]:
    """Write values as bytes, the channels last.

    Parameters
    ----------
    stack : sequence of ndarray
        Grey values or labels; of colours, the three channels. All of one shape.
    item : Placed
        The layer that they are of.
    coding : Coding
        Of grey values.

    Returns
    -------
    ndarray of uint8, shape (*shape, channels)
        One byte a value, two where the coding is wide, and four of colours.
    """
    if item.layer.mode == "rgb":
        low, high = item.limits() if item.layer.limits != "auto" else (0.0, 255.0)
        full = [np.clip((part - low) / (high - low), 0, 1) * 255 for part in stack]
        return np.stack([*np.rint(full).astype(np.uint8), np.full_like(full[0], 255, np.uint8)], -1)
    values = stack[0]
    if item.layer.mode == "labels":
        return slots(values, item)[..., None]
    whole = coding.values(values)
    if not coding.wide:
        return whole.astype(np.uint8)[..., None]
    return np.ascontiguousarray(whole.astype("<u2")).view(np.uint8).reshape(*whole.shape, 2)


def slots(labels: NDArray[Any], item: Placed) -> NDArray[np.uint8]:
    """Slot of each label in the table of colours; 0 is not drawn."""
    named = [phase["label"] for phase in item.layer.phases]
    if not named:
        found = (labels.astype(np.int64) - 1) % 254 + 1
        return np.where(labels == 0, 0, found).astype(np.uint8)
    present = np.zeros(labels.shape, np.uint8)
    for slot, label in enumerate(named[:255], start=1):
        present[labels == label] = slot
    return present


@cache
def map_tables() -> dict[str, bytes]:
    """Every colour map as a table, and a blank one that has no name."""
    tables = {name: np.column_stack([table(name), _OPAQUE]).tobytes() for name in COLOR_MAPS}
    return {"": bytes(1024), **tables}


def color_table(layer: Layer) -> tuple[str, bytes]:
    """256 colours of a layer with their opacity, and what they are known by."""
    if layer.mode != "labels":
        return layer.color_map, map_tables()[layer.color_map]
    rgba = np.zeros((256, 4), np.uint8)
    if layer.phases:
        colors = [rgb(phase["color"]) for phase in layer.phases[:255]]
    else:
        colors = [rgb(label_color(label)) for label in range(1, 255)]
    rgba[1 : len(colors) + 1] = np.column_stack([colors, np.full(len(colors), 255)])
    data = rgba.tobytes()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest(), data


def patch_of(
    item: Placed,
    coarse: Coarse,
    plane: Plane,
    *,
    width_px: int,
    height_px: int,
    how: Rendering = PLAIN,
    nearest: bool = False,
) -> bytes | None:
    """Sample what a layer shows on a plane.

    Parameters
    ----------
    nearest : bool
        Voxels as they are, and not what lies between them.

    Returns
    -------
    bytes or None
        Red, green, blue, and whether there is a value, for every pixel; None where the coarse copy
        is as fine as the screen.
    """
    if item.placement.matrix is not None and coarse.level == _wanted_level(item, plane, width_px):
        return None
    size = {"width_px": width_px, "height_px": height_px}
    return sampled_patch(item, coarse.coding, plane, **size, how=how, nearest=nearest)


def sampled_patch(
    item: Placed,
    coding: Coding,
    plane: Plane,
    *,
    width_px: int,
    height_px: int,
    how: Rendering = PLAIN,
    nearest: bool = False,
) -> bytes:
    """Sample what a layer shows on a plane, however fine: as `patch_of`."""
    points = plane.lattice(width_px, height_px)
    channels = range(3) if item.layer.mode == "rgb" else (None,)
    seen = [
        sample_slab(item, plane, points, how=how, channel=channel, nearest=nearest or None)
        for channel in channels
    ]
    inside = seen[0].inside
    if seen[0].values.dtype.kind == "f":
        inside = inside & np.isfinite(seen[0].values)
    found = encoded([one.values for one in seen], item, coding)
    pixels = np.zeros((height_px, width_px, 4), np.uint8)
    pixels[..., : min(3, found.shape[-1])] = found[..., :3]
    pixels[..., 3] = np.where(inside, 255, 0)
    return pixels.tobytes()


def _wanted_level(item: Placed, plane: Plane, width_px: int) -> int:
    ends = plane.pixel_um(width_px) * np.array([(0, 0, 0), plane.across, plane.down])
    own = item.placement.apply(np.asarray(plane.centre_um) + ends)
    return choose_level(item.levels, own[1:] - own[0])


def _level(item: Placed, most_voxels: int) -> tuple[int, int]:
    sizes = [np.prod(level.array.shape[-item.dims :], dtype=float) for level in item.levels]
    for number, size in enumerate(sizes):
        if size <= most_voxels:
            return number, 1
    return len(sizes) - 1, int(np.ceil((sizes[-1] / most_voxels) ** (1 / item.dims)))


def _coding(values: NDArray[Any], item: Placed) -> Coding:
    if item.layer.mode in ("labels", "rgb") or values.dtype == np.uint8:
        return Coding(0.0, 1.0, wide=False)
    if values.dtype == np.uint16:
        return Coding(0.0, 1.0, wide=True)
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    # finer levels hold values that the coarse one has averaged away
    low, high = low - (high - low), high + (high - low)
    return _spread(low, high, steps=_WIDEST, holes=finite.size < values.size)


def _spread(low: float, high: float, *, steps: float, holes: bool) -> Coding:
    """Grey values over all whole numbers, but for the one that says there is none."""
    gain = (high - low) / (steps - holes) if high > low else 1.0
    return Coding(low - holes * gain, gain, wide=steps > 255, holes=holes)


def _narrow(values: NDArray[Any], item: Placed) -> Coding:
    known = _coding(values, item)
    finite = values[np.isfinite(values)] if known.wide else values
    if not (known.wide and finite.size):
        return known
    low, high = (float(v) for v in np.quantile(finite, [0.0005, 0.9995]))
    margin = 0.1 * (high - low)
    return _spread(low - margin, high + margin, steps=255.0, holes=known.holes)


def _grid(
    item: Placed, spacing: NDArray[np.float64], origin: NDArray[np.float64], shape: Sequence[int]
) -> dict[str, Any]:
    corners = box_corners_um(item.levels)
    placement = item.placement
    return {
        "matrix": None if placement.matrix is None else placement.matrix.ravel().tolist(),
        "offset_um": [0.0] * 3 if placement.offset_um is None else placement.offset_um.tolist(),
        "spacing_um": spacing.tolist(),
        "origin_um": origin.tolist(),
        "shape": [int(count) for count in shape],
        "low_um": corners.min(axis=0).tolist(),
        "high_um": corners.max(axis=0).tolist(),
        "flat": item.dims == 2,
        "slab_um": item.layer.slab_um,
        "finest_um": float(max(item.levels[0].spacing_um)),
    }
