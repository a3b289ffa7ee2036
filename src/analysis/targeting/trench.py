"""A trench in front of a face, long enough for the electron beam to see the face's bottom.

The ion beam mills along the surface's normal and the electron beam comes in at an angle from it.
Distances run from the face towards the electron beam, depths down from the surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...quantities import format_length

BEAM_ANGLES_DEG = {"Thermo": 52.0, "ZEISS": 54.0, "TESCAN": 55.0}
"""Angle between ion and electron beam, by maker [degree]; ask your instrument."""

_GRAZING = 1e-9  # of the depth: a ray along the ramp still sees


@dataclass(frozen=True)
class Trench:
    """A trench in front of a face, with the cuts around the block behind it.

    Attributes
    ----------
    width_um, depth_um, length_um : float
        Along the face, down, and away from the face [µm].
    angle_deg : float
        Between the ion and the electron beam that it was planned for [degree].
    floor_um : ndarray of float, (n, 2)
        Its floor from the face to the rim: distance from the face, depth [µm].
    ramp_um3, back_um3, sides_um3 : float
        Volumes of the ramp, of the trench behind the block and of the two beside it [µm³].
    corners_um : ndarray of float, (6, 3)
        Of the ramp: depth, distance from the face, place along the face [µm].
    """

    width_um: float
    depth_um: float
    length_um: float
    angle_deg: float
    floor_um: NDArray[np.float64]
    ramp_um3: float
    back_um3: float
    sides_um3: float
    corners_um: NDArray[np.float64]

    @property
    def volume_um3(self) -> float:
        """Everything that is removed [µm³]."""
        return self.ramp_um3 + self.back_um3 + self.sides_um3


@dataclass(frozen=True)
class Visibility:
    """What the electron beam sees of a face.

    Attributes
    ----------
    visible : bool
        Whether it sees the whole bottom edge.
    visible_depth_um : float
        Down to where it sees the full width of the face [µm].
    share : float
        Of the bottom edge that it sees, 0 to 1.
    hidden_by : tuple of str
        What is in the way: ``"the trench"`` and names of obstacles.
    statement : str
        In words.
    """

    visible: bool
    visible_depth_um: float
    share: float
    hidden_by: tuple[str, ...]
    statement: str

    def __bool__(self) -> bool:
        return self.visible


@dataclass(frozen=True)
class Obstacle:
    """A box that stands on the surface or in the trench.

    Attributes
    ----------
    name : str
    low_um, high_um : tuple of float, (3,)
        Its corners: depth (negative above the surface), distance from the face, place along the
        face, whose middle is 0 [µm].
    """

    name: str
    low_um: tuple[float, float, float]
    high_um: tuple[float, float, float]


def ramped_trench(
    width_um: float,
    depth_um: float,
    *,
    angle_deg: float,
    clearance_um: float = 0.0,
    back_um: float = 0.0,
    side_um: float = 0.0,
    block_um: float = 0.0,
) -> Trench:
    """Plan a ramped trench: ``length = depth · tan(angle) + clearance``.

    Parameters
    ----------
    width_um, depth_um : float
        Of the face [µm].
    angle_deg : float
        Between the ion and the electron beam, 52 (Thermo), 54 (ZEISS) or 55 (TESCAN) [degree].
    clearance_um : float
        What the trench is longer by [µm].
    back_um : float
        Thickness of a trench behind the block, as wide and as deep as the face [µm].
    side_um, block_um : float
        Width of the two trenches beside the block, and the length of the block [µm].

    Returns
    -------
    Trench

    Notes
    -----
    For a flat surface that the ion beam meets at right angles. The walls of a real trench lean by
    some degrees and material settles in it: leave clearance.

    Examples
    --------
    >>> trench = ramped_trench(30, 80, angle_deg=54)
    >>> round(trench.length_um, 2), round(trench.volume_um3)
    (110.11, 132133)
    """
    sizes = {"width_um": width_um, "depth_um": depth_um}
    extras = {
        "clearance_um": clearance_um, "back_um": back_um, "side_um": side_um, "block_um": block_um,
    }  # fmt: skip
    for name, value in {**sizes, **extras}.items():
        if not np.isfinite(value) or value < 0 or (name in sizes and value == 0):
            floor = "above 0" if name in sizes else "of 0 or more"
            raise ValueError(f"{name} needs a finite value {floor} [µm], got {value!r}")
    length = depth_um * np.tan(np.radians(checked_angle(angle_deg))) + clearance_um
    half = width_um / 2
    outline = [(0.0, 0.0), (depth_um, 0.0), (0.0, length)]
    return Trench(
        width_um=float(width_um),
        depth_um=float(depth_um),
        length_um=float(length),
        angle_deg=float(angle_deg),
        floor_um=np.array([(0.0, depth_um), (length, 0.0)]),
        ramp_um3=float(width_um * depth_um * length / 2),
        back_um3=float(width_um * depth_um * back_um),
        sides_um3=float(2 * side_um * depth_um * block_um),
        corners_um=np.array([(z, y, x) for x in (-half, half) for z, y in outline]),
    )


def bottom_visible(
    floor_um: Trench | ArrayLike,
    *,
    angle_deg: float,
    width_um: float | None = None,
    obstacles: Sequence[Obstacle] = (),
    rays: int = 41,
) -> Visibility:
    """Cast rays from the bottom edge of a face towards the electron beam.

    Parameters
    ----------
    floor_um : Trench, or array_like of float, (n, 2)
        A trench, or its floor from the face to the rim: distance from the face and depth [µm].
        Steps are allowed; beyond the last point lies the untouched surface, at depth 0.
    angle_deg : float
        Between the electron beam and the surface's normal [degree].
    width_um : float, optional
        Of the face [µm]; the trench's own unless told, needed when there are obstacles.
    obstacles : sequence of Obstacle
        Boxes that may stand in the way: a cap, a bead, debris.
    rays : int
        Places along the edge.

    Returns
    -------
    Visibility
        False as a truth value where any part of the bottom edge is hidden.

    Notes
    -----
    The electron beam lies in the plane across the face. A ray that grazes the floor counts as
    seeing.

    Examples
    --------
    >>> bool(bottom_visible([(0, 80), (99, 0)], angle_deg=54))
    False
    >>> bool(bottom_visible(ramped_trench(30, 80, angle_deg=54), angle_deg=54))
    True
    """
    if isinstance(floor_um, Trench):
        width_um = floor_um.width_um if width_um is None else width_um
    floor = _checked_floor(floor_um)
    if obstacles and not (width_um and width_um > 0):
        raise ValueError(f"width_um needs a value above 0 with obstacles, got {width_um!r}")
    checked_angle(angle_deg)
    along = np.linspace(-0.5, 0.5, max(rays, 2)) * (width_um or 0.0)
    depth = float(floor[0, 1])
    seen = _seen(depth, along, floor, angle_deg, obstacles)
    hidden_by = _in_the_way(depth, along, floor, angle_deg, obstacles)
    visible = bool(seen.all())
    down_to = depth if visible else _visible_depth(along, floor, angle_deg, obstacles)
    return Visibility(
        visible, down_to, float(seen.mean()), hidden_by, _words(visible, depth, down_to, hidden_by)
    )


def checked_angle(angle_deg: float) -> float:
    """Return the angle between the beams, or refuse it."""
    if not 0 < angle_deg < 90:
        raise ValueError(
            f"angle_deg needs the angle between the beams, between 0 and 90, got {angle_deg!r}"
        )
    return float(angle_deg)


def _checked_floor(floor_um: Trench | ArrayLike) -> NDArray[np.float64]:
    if isinstance(floor_um, Trench):
        return floor_um.floor_um
    floor = np.asarray(floor_um, dtype=float)
    sound = floor.ndim == 2 and floor.shape[1:] == (2,) and len(floor) > 1
    if not sound or not np.isfinite(floor).all() or floor[0, 0] != 0 or floor[0, 1] <= 0:
        raise ValueError(
            "floor_um needs points (distance from the face, depth) that begin at the face's "
            f"bottom, at distance 0 and below the surface, got {floor.tolist()}"
        )
    if (np.diff(floor[:, 0]) < 0).any():
        raise ValueError(f"floor_um needs distances in rising order, got {floor[:, 0].tolist()}")
    return floor


def _clears_floor(depth: float, floor: NDArray, angle_deg: float) -> bool:
    """Compare the ray with floor and surface where they bend: between, both are straight."""
    end = floor[-1, 0]
    ground = np.vstack([floor, [(end, 0.0)]])
    ray = depth - ground[:, 0] / np.tan(np.radians(angle_deg))
    return bool((ray <= ground[:, 1] + _GRAZING * depth).all())


def _hits_box(depth: float, along: float, box: Obstacle, angle_deg: float) -> bool:
    """Slab test of the ray from (depth, 0, along) towards the beam."""
    turn = np.radians(angle_deg)
    start, step = np.array([depth, 0.0]), np.array([-np.cos(turn), np.sin(turn)])
    if not box.low_um[2] <= along <= box.high_um[2]:
        return False
    near, far = (np.asarray(end[:2], float) - start for end in (box.low_um, box.high_um))
    ends = np.sort(np.stack([near / step, far / step]), axis=0)
    enters, leaves = ends[0].max(), ends[1].min()
    return bool(leaves > max(enters, 0.0))


def _seen(
    depth: float, along: NDArray, floor: NDArray, angle_deg: float, boxes: Sequence[Obstacle]
) -> NDArray[np.bool_]:
    if not _clears_floor(depth, floor, angle_deg):
        return np.zeros(len(along), bool)
    return np.array(
        [not any(_hits_box(depth, x, box, angle_deg) for box in boxes) for x in along.tolist()]
    )


def _in_the_way(
    depth: float, along: NDArray, floor: NDArray, angle_deg: float, boxes: Sequence[Obstacle]
) -> tuple[str, ...]:
    found = [] if _clears_floor(depth, floor, angle_deg) else ["the trench"]
    for box in boxes:
        if any(_hits_box(depth, x, box, angle_deg) for x in along.tolist()):
            found.append(box.name)
    return tuple(found)


def _visible_depth(
    along: NDArray, floor: NDArray, angle_deg: float, boxes: Sequence[Obstacle]
) -> float:
    """First depth, from the top down, where a part of the width is hidden: to 1 in 10,000."""
    depths = np.linspace(0, floor[0, 1], 401)[1:]
    hidden = [not _seen(d, along, floor, angle_deg, boxes).all() for d in depths.tolist()]
    if not any(hidden):
        return float(floor[0, 1])
    first = int(np.argmax(hidden))
    low, high = (depths[first - 1] if first else 0.0), depths[first]
    for _ in range(8):
        middle = (low + high) / 2
        clear = _seen(float(middle), along, floor, angle_deg, boxes).all()
        low, high = (middle, high) if clear else (low, middle)
    return float(low)


def _words(visible: bool, depth: float, down_to: float, hidden_by: tuple[str, ...]) -> str:
    if visible:
        return f"the electron beam sees the face down to its bottom at {format_length(depth)}"
    return (
        f"the bottom of the face at {format_length(depth)} is hidden by {', '.join(hidden_by)}: "
        f"the whole width is seen down to {format_length(down_to)}"
    )
