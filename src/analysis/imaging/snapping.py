"""From a rough click to the feature beside it: the brightest or darkest spot, an edge, a blob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...quantities import format_length
from .near_features import Surroundings, find_blob, find_edge, find_spot, reach_words

Kind = Literal["maximum", "minimum", "edge", "blob"]
KINDS: tuple[Kind, ...] = ("maximum", "minimum", "edge", "blob")


@dataclass(frozen=True, eq=False, kw_only=True)
class Snap:
    """A feature near a place, or the word that there is none.

    Attributes
    ----------
    kind : str
        What was looked for.
    found : bool
    position_um : (d,) array
        Where the feature is, between voxels, in the axis order of the image [um]; the start where
        there is none.
    moved_um : float
        Distance from the start [um].
    quality : float
        How far it stands out, in standard deviations of the noise at the scale that was looked at;
        infinite without noise, NaN where nothing was found.
    words : str
        What was found, or why nothing.
    """

    kind: str
    found: bool
    position_um: np.ndarray
    moved_um: float
    quality: float
    words: str


def snap(
    values: ArrayLike,
    spacing_um: ArrayLike,
    start_um: ArrayLike,
    *,
    kind: Kind,
    reach_um: float,
    origin_um: ArrayLike | None = None,
) -> Snap:
    """Look for a feature around a place, and find it between the voxels.

    Spots are the highest or lowest of the values smoothed by one voxel, edges the nearest crossing
    of a steep slope (Canny), blobs the extremum of the scale-normalised Laplacian (Lindeberg);
    each is placed between voxels by a quadratic fit to its neighbours. Nothing moves by itself:
    what is done with the answer is for a person to say.

    Parameters
    ----------
    values : (z, y, x) or (y, x) array
        Grey values; a part of the image around the start is enough, twice the reach wide.
    spacing_um : sequence of float
        Voxel size, one an axis [um].
    start_um : sequence of float
        Where to look, one number an axis [um].
    kind : {"maximum", "minimum", "edge", "blob"}
        What to look for; a blob may be bright or dark.
    reach_um : float
        How far the feature may be away [um].
    origin_um : sequence of float, optional
        Centre of the first voxel [um]; by default 0.

    Returns
    -------
    Snap

    Raises
    ------
    ValueError
        For a start outside the image, or a reach below one voxel.

    References
    ----------
    Canny 1986, doi:10.1109/TPAMI.1986.4767851; Lindeberg 1998, doi:10.1023/A:1008045108935. Not
    for textures, in which every place has a maximum beside it.

    Examples
    --------
    >>> y, x = np.indices((21, 21))
    >>> spot = 100 * np.exp(-((y - 9.3) ** 2 + (x - 11.6) ** 2) / 18)
    >>> found = snap(spot, (0.5, 0.5), (5, 5), kind="maximum", reach_um=2)
    >>> found.position_um.round(2), round(found.moved_um, 2)
    (array([4.65, 5.8 ]), 0.87)
    """
    image = np.asarray(values, dtype=float)
    spacing, origin = _checked(image, spacing_um, origin_um, kind)
    start = _start(image, spacing, origin, start_um, reach_um)
    step = 0.0 if np.asarray(values).dtype.kind == "f" else 1.0
    seen = Surroundings.around(image, spacing, start, reach_um, step=step)
    if not np.ptp(seen.values) > 0:
        return _nothing(
            kind, start + origin, f"all grey values within {reach_words(reach_um)} are equal"
        )
    if kind == "edge":
        place, quality, why = find_edge(seen)
    elif kind == "blob":
        place, quality, why = find_blob(seen)
    else:
        place, quality, why = find_spot(seen, 1.0 if kind == "maximum" else -1.0, kind)
    if place is None:
        return _nothing(kind, start + origin, why)
    where = (place + seen.first) * spacing
    moved = float(np.linalg.norm(where - start))
    known, times = np.isfinite(quality), float(f"{quality:.2g}")  # 330, not 3.3e+02
    out = f", stands out by {times:g} times the noise" if known else ""
    return Snap(
        kind=kind,
        found=True,
        position_um=where + origin,
        moved_um=moved,
        quality=quality,
        words=f"{why or kind} {format_length(moved)} away{out}",
    )


def _nothing(kind: str, start: np.ndarray, why: str) -> Snap:
    return Snap(
        kind=kind, found=False, position_um=start, moved_um=0.0, quality=float("nan"), words=why
    )


def _checked(
    image: np.ndarray, spacing_um: ArrayLike, origin_um: ArrayLike | None, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    if kind not in KINDS:
        raise ValueError(f"kind needs one of {', '.join(KINDS)}, got {kind!r}")
    if image.ndim not in (2, 3) or min(image.shape) < 3:
        raise ValueError(
            f"values needs a picture or a volume of 3 voxels or more an axis, got shape "
            f"{image.shape}: take a larger part around the start"
        )
    spacing = np.asarray(spacing_um, dtype=float)
    if spacing.shape != (image.ndim,) or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise ValueError(
            f"spacing_um needs {image.ndim} positive values, one an axis, got {spacing_um!r}"
        )
    origin = np.zeros(image.ndim) if origin_um is None else np.asarray(origin_um, dtype=float)
    if origin.shape != (image.ndim,):
        raise ValueError(f"origin_um needs {image.ndim} values, one an axis, got {origin_um!r}")
    return spacing, origin


def _start(
    image: np.ndarray,
    spacing: np.ndarray,
    origin: np.ndarray,
    start_um: ArrayLike,
    reach_um: float,
) -> np.ndarray:
    given = np.asarray(start_um, dtype=float)
    if given.shape != spacing.shape or not np.isfinite(given).all():
        raise ValueError(f"start_um needs {len(spacing)} finite values [um], got {start_um!r}")
    if not (np.isfinite(reach_um) and reach_um >= spacing.min()):
        raise ValueError(
            f"reach_um needs a voxel ({spacing.min():.4g} um) or more, got {reach_um!r}"
        )
    start = given - origin
    if np.any(start < -spacing / 2) or np.any(start > (np.array(image.shape) - 0.5) * spacing):
        raise ValueError(
            f"start_um needs a place in the image, {given.tolist()} um is outside: "
            "point at the image first"
        )
    return start
