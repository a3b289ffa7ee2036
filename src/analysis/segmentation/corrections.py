"""Labels corrected by hand: brush, lasso and fill, kept as strokes that can be done again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

TOOLS = ("brush", "pen", "lasso", "fill")
Tool = Literal["brush", "pen", "lasso", "fill"]


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One correction, in the frame of the image.

    A fill acts on an array, or a block of one, that holds its point; elsewhere it does nothing.

    Attributes
    ----------
    tool : {"brush", "pen", "lasso", "fill"}
        A ball along a line; the same, one voxel deep; what a closed line surrounds, as deep as
        wide is told; the piece of one label around a point, as far as a ball reaches.
    label : int or None
        What the voxels become; None takes earlier corrections away.
    points_um : tuple of tuples of 3 float
        z, y, x [µm].
    radius_um : float
        Of the brush, the pen and the fill; half the depth of a lasso [µm].
    normal : tuple of 3 float, optional
        Unit vector z, y, x at right angles to the plane of a pen or a lasso.
    time : int
        Index along the time axis, where the image has one.
    """

    tool: Tool
    label: int | None
    points_um: tuple[tuple[float, float, float], ...]
    radius_um: float
    normal: tuple[float, float, float] | None = None
    time: int = 0

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise ValueError(f"a stroke needs one of {', '.join(TOOLS)}, got {self.tool!r}")
        if not (np.isfinite(self.radius_um) and self.radius_um > 0):
            raise ValueError(f"a stroke needs a positive radius_um [µm], got {self.radius_um!r}")
        points = np.asarray(self.points_um, float)
        least = 3 if self.tool == "lasso" else 1
        if points.ndim != 2 or points.shape[1:] != (3,) or len(points) < least:
            raise ValueError(f"a {self.tool} needs at least {least} points z, y, x, got {points}")
        if not np.all(np.isfinite(points)):
            raise ValueError(f"a {self.tool} needs finite points, got {self.points_um}")
        if self.tool in ("lasso", "pen") and (
            self.normal is None or not np.isclose(np.linalg.norm(self.normal), 1, atol=1e-6)
        ):
            raise ValueError(f"a {self.tool} needs the unit normal of its plane, got {self.normal}")

    def to_dict(self) -> dict[str, Any]:
        """The stroke as plain JSON types, for a record."""
        return {
            "tool": self.tool,
            "label": self.label,
            "points_um": [list(point) for point in self.points_um],
            "radius_um": self.radius_um,
            "normal": None if self.normal is None else list(self.normal),
            "time": self.time,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Stroke:
        """A stroke as a record tells it.

        Raises
        ------
        ValueError
            It is none.
        """
        try:
            normal = told.get("normal")
            return cls(
                tool=told["tool"],
                label=None if told["label"] is None else int(told["label"]),
                points_um=tuple(_triple(point) for point in told["points_um"]),
                radius_um=float(told["radius_um"]),
                normal=None if normal is None else _triple(normal),
                time=int(told.get("time", 0)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"a stroke needs tool, label, points_um and radius_um, got {dict(told)}"
            ) from error


@dataclass(frozen=True)
class Corrections:
    """Strokes on the grid of an image.

    Attributes
    ----------
    strokes : tuple of Stroke
    spacing_um, origin_um : tuple of float
        Voxel size, and centre of the first voxel, per axis [µm].
    """

    strokes: tuple[Stroke, ...]
    spacing_um: tuple[float, ...]
    origin_um: tuple[float, ...]

    def apply(self, labels: Any, box: Sequence[slice] = ()) -> int:
        """Correct the labels of the image, or of a box of it, in place; as `correct`."""
        start = [part.start or 0 for part in box] + [0] * (len(self.spacing_um) - len(box))
        origin = np.asarray(self.origin_um) + np.multiply(start, self.spacing_um)
        return correct(labels, self.strokes, spacing_um=self.spacing_um, origin_um=origin.tolist())


def correct(
    labels: Any,
    strokes: Sequence[Stroke],
    *,
    spacing_um: Sequence[float],
    origin_um: Sequence[float] | None = None,
) -> int:
    """Correct labels in place, stroke after stroke.

    Only the box around each stroke is read and written, so an array on disk of any size will do.
    Memory is some 30 bytes a voxel of the largest box of a straight part of a brush, a lasso or a
    fill, and the labels of all boxes in which corrections are taken away.

    Parameters
    ----------
    labels : array, shape (z, y, x) or (y, x)
        Anything that is read and written by slices.
    strokes : sequence of Stroke
        Oldest first.
    spacing_um : sequence of float
        Voxel size per axis [µm].
    origin_um : sequence of float, optional
        Centre of the first voxel [µm]; 0 unless told.

    Returns
    -------
    int
        Number of voxels that were written, a voxel of two strokes twice.

    Examples
    --------
    >>> labels = np.zeros((1, 5), int)
    >>> stroke = Stroke(tool="brush", label=2, points_um=((0, 0, 2),), radius_um=1.0)
    >>> correct(labels, [stroke], spacing_um=(1, 1)), labels.tolist()
    (3, [[0, 2, 2, 2, 0]])
    """
    dims = len(spacing_um)
    spacing = np.asarray(spacing_um, float)
    origin = np.zeros(dims) if origin_um is None else np.asarray(origin_um, float)
    boxes = [_box(stroke, labels.shape, spacing, origin) for stroke in strokes]
    automatic = {
        number: np.array(labels[box])
        for number, (stroke, box) in enumerate(zip(strokes, boxes, strict=True))
        if stroke.label is None and box is not None
    }
    written = 0
    for number, (stroke, box) in enumerate(zip(strokes, boxes, strict=True)):
        if box is None:
            continue
        block = np.array(labels[box])
        inside = _inside(stroke, block, box, spacing, origin)
        if not inside.any():
            continue
        before = automatic.get(number)
        block[inside] = before[inside] if before is not None else stroke.label
        labels[box] = block
        written += int(np.count_nonzero(inside))
    return written


def stroke_voxels(
    stroke: Stroke,
    *,
    shape: Sequence[int],
    spacing_um: Sequence[float],
    origin_um: Sequence[float],
) -> NDArray[np.int64]:
    """Return the voxels of a grid that a brush, pen or lasso touches, shape (n, axes) [px].

    Examples
    --------
    >>> stroke = Stroke(tool="brush", label=2, points_um=((0, 0, 2),), radius_um=1.0)
    >>> stroke_voxels(stroke, shape=(1, 5), spacing_um=(1, 1), origin_um=(0, 0)).tolist()
    [[0, 1], [0, 2], [0, 3]]
    """
    spacing, origin = np.asarray(spacing_um, float), np.asarray(origin_um, float)
    box = _box(stroke, shape, spacing, origin)
    if box is None:
        return np.empty((0, len(spacing)), np.int64)
    inside = _inside(stroke, np.empty(0), box, spacing, origin)
    return np.argwhere(inside) + [part.start for part in box]


def _box(
    stroke: Stroke,
    shape: Sequence[int],
    spacing: NDArray[np.float64],
    origin: NDArray[np.float64],
) -> tuple[slice, ...] | None:
    """The voxels that a stroke can reach; None beside the image."""
    dims = len(spacing)
    points = np.asarray(stroke.points_um, float)[:, -dims:]
    last = np.asarray(shape[-dims:]) - 1
    low = np.floor((points.min(axis=0) - stroke.radius_um - origin) / spacing).astype(int)
    high = np.ceil((points.max(axis=0) + stroke.radius_um - origin) / spacing).astype(int)
    low, high = np.maximum(low, 0), np.minimum(high, last)
    if np.any(high < low):
        return None
    return tuple(slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))


def _inside(
    stroke: Stroke,
    block: NDArray[Any],
    box: tuple[slice, ...],
    spacing: NDArray[np.float64],
    origin: NDArray[np.float64],
) -> NDArray[np.bool_]:
    axes = [
        np.arange(part.start, part.stop) * step + start
        for part, step, start in zip(box, spacing, origin, strict=True)
    ]
    line = np.asarray(stroke.points_um, float)[:, -len(spacing) :]
    if stroke.tool == "lasso":
        return _in_lasso(axes, line, stroke)
    if stroke.tool == "brush":
        return _near_line(axes, line, stroke.radius_um)
    if stroke.tool == "pen":
        near = _near_line(axes, line, stroke.radius_um)
        return near & _near_plane(axes, line[0], stroke, spacing)
    return _piece(block, line[0], axes, stroke.radius_um, spacing)


def _near_line(
    axes: Sequence[NDArray[np.float64]], line: NDArray[np.float64], radius_um: float
) -> NDArray[np.bool_]:
    """Voxels near a line of straight parts, each looked for in a box of its own."""
    found = np.zeros([len(axis) for axis in axes], bool)
    starts, ends = (line[:-1], line[1:]) if len(line) > 1 else (line, line)
    for start, end in zip(starts, ends, strict=True):
        low, high = np.minimum(start, end) - radius_um, np.maximum(start, end) + radius_um
        part = tuple(
            slice(int(np.searchsorted(axis, a, "left")), int(np.searchsorted(axis, b, "right")))
            for axis, a, b in zip(axes, low, high, strict=True)
        )
        near = [axis[piece] for axis, piece in zip(axes, part, strict=True)]
        found[part] |= _squared_um2(near, start, end) <= (radius_um * (1 + 1e-9)) ** 2
    return found


def _squared_um2(
    axes: Sequence[NDArray[np.float64]], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distance of voxels from a straight part [µm²]."""
    offsets = np.ix_(*(axis - at for axis, at in zip(axes, start, strict=True)))
    along = end - start
    length = float(along @ along)
    if length == 0:
        return np.asarray(sum(offset**2 for offset in offsets))
    share = sum(offset * step for offset, step in zip(offsets, along, strict=True)) / length
    share = np.clip(share, 0, 1)
    steps = zip(offsets, along, strict=True)
    return np.asarray(sum((offset - share * step) ** 2 for offset, step in steps))


def _near_plane(
    axes: Sequence[NDArray[np.float64]],
    point: NDArray[np.float64],
    stroke: Stroke,
    spacing: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Voxels whose centres are within half a voxel of a pen's plane."""
    if len(axes) == 2:
        return np.ones([len(axis) for axis in axes], bool)
    normal = np.asarray(stroke.normal, float)
    offsets = np.ix_(*(axis - at for axis, at in zip(axes, point, strict=True)))
    away = sum(offset * part for offset, part in zip(offsets, normal, strict=True))
    return np.asarray(np.abs(away) <= 0.5 * float(np.abs(normal) @ spacing) * (1 + 1e-9))


def _in_lasso(
    axes: Sequence[NDArray[np.float64]], line: NDArray[np.float64], stroke: Stroke
) -> NDArray[np.bool_]:
    from skimage.measure import points_in_poly

    dims = len(axes)
    offsets = np.ix_(*(axis - at for axis, at in zip(axes, line[0], strict=True)))
    if dims == 2:
        plane, near = np.eye(2), np.ones([len(axis) for axis in axes], bool)
    else:
        normal = np.asarray(stroke.normal, float)
        first = np.eye(3)[int(np.argmin(np.abs(normal)))]
        across = first - (first @ normal) * normal
        across /= np.linalg.norm(across)
        plane = np.stack([across, np.cross(normal, across)])
        depth = sum(offset * part for offset, part in zip(offsets, normal, strict=True))
        near = np.abs(depth) <= stroke.radius_um * (1 + 1e-9)
    places = np.argwhere(near)
    if not len(places):
        return near
    away = [axis[places[:, k]] - line[0][k] for k, axis in enumerate(axes)]
    found = np.zeros_like(near)
    inside = points_in_poly(np.stack(away, axis=1) @ plane.T, (line - line[0]) @ plane.T)
    found[tuple(places[inside].T)] = True
    return found


def _piece(
    block: NDArray[Any],
    seed: NDArray[np.float64],
    axes: Sequence[NDArray[np.float64]],
    radius_um: float,
    spacing: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """The piece of one label, joined by faces, that holds the point; nothing where it is not."""
    from scipy import ndimage

    index = tuple(int(np.argmin(np.abs(axis - at))) for axis, at in zip(axes, seed, strict=True))
    away = [abs(axis[k] - at) for axis, k, at in zip(axes, index, seed, strict=True)]
    if np.any(np.array(away) > 0.5 * spacing * (1 + 1e-9)):
        return np.zeros(block.shape, bool)
    reach = _squared_um2(axes, seed, seed) <= radius_um**2
    same = (block == block[index]) & reach
    if not same[index]:
        return np.zeros(block.shape, bool)
    pieces, _ = ndimage.label(same)
    return np.asarray(pieces == pieces[index])


def _triple(values: ArrayLike) -> tuple[float, float, float]:
    z, y, x = np.asarray(values, float)
    return float(z), float(y), float(x)
