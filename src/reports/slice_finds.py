"""How often is an oblique section found in the volume that it was cut from, and how well?

A band-limited volume of 128 voxels a side is cut at random planes of 96 pixels a side, which are
re-contrasted (exponentially); picture and volume get noise. The search starts off the truth, or
without a start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.registration import AffineTransform, GreyImage
from ..analysis.registration.plane import SliceInVolume, find_slice
from ..errors import NoPlaceStandsOut

STARTS = 40
CAPTURE = 10
ASIDE_UM, ALONG_UM, TURN_DEG = 0.5, 1.0, 0.2


@dataclass(frozen=True)
class _Start:
    """How far off a start may be; none where both are None."""

    shift_um: float | None = None
    turn_deg: float | None = None


#: By name; within what `find_slice` looks through by default, beyond it, and without a start.
_DISTANCES = {
    "up to 20 voxels and 10°": _Start(20, 10),
    "up to 30 voxels and 15°": _Start(30, 15),
    "up to 40 voxels and 20°": _Start(40, 20),
    "no start": _Start(),
}


def band_limited(size: int, *, length: float, seed: int) -> np.ndarray:
    """Make a Gaussian field of unit variance whose correlation falls to 1/e at a length [voxel]."""
    from scipy import ndimage

    noise = np.random.default_rng(seed).standard_normal((size,) * 3).astype(np.float32)
    field = ndimage.gaussian_filter(noise, length / 2, mode="wrap")
    return np.asarray(field / field.std())


def place(
    shape: tuple[int, int], centre_um: np.ndarray, turn: np.ndarray, *, pixel_um: float = 1.0
) -> AffineTransform:
    """Lay a picture's middle on a point of the volume, turned."""
    middle = np.array([0, *(np.array(shape) - 1) / 2]) * pixel_um
    return AffineTransform("similarity", turn, middle, centre_um, 2, 3)


def cut(
    volume: GreyImage,
    at: AffineTransform,
    shape: tuple[int, int],
    *,
    pixel_um: float = 1.0,
    blur_px: float = 0.0,
    snr: float = 5.0,
    seed: int = 0,
    bow: tuple[float, float, float] = (0, 0, 0),
    contrast: float = 0.5,
) -> GreyImage:
    """Resample a plane by cubic splines, blur it, re-contrast it (exp), add noise."""
    from scipy import ndimage

    pixels = np.indices((1, *shape)).reshape(3, -1).T * pixel_um
    y, x = (pixels - at.centre_um)[:, 1:].T
    pixels[:, 0] = bow[0] * y**2 + bow[1] * y * x + bow[2] * x**2
    points = (at.apply(pixels) - volume.origin_um) / volume.spacing_um
    grey = ndimage.map_coordinates(volume.values, points.T, order=3, mode="nearest")
    grey = ndimage.gaussian_filter(grey.reshape(shape), blur_px)
    grey = np.exp(contrast * (grey - grey.mean()) / grey.std())
    noise = np.random.default_rng(seed).standard_normal(shape) * grey.std() / snr
    return GreyImage(grey + noise, [pixel_um, pixel_um])


def moved_away(
    at: AffineTransform, *, seed: int, shift_um: float = 20.0, turn_deg: float = 10.0
) -> AffineTransform:
    """Shift and turn a map at random, evenly up to these along and about each axis."""
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(seed)
    turn = Rotation.from_rotvec(np.radians(rng.uniform(-turn_deg, turn_deg, 3))).as_matrix()
    offset = at.offset_um + rng.uniform(-shift_um, shift_um, 3)
    return AffineTransform("similarity", turn @ at.matrix, at.centre_um, offset, 2, 3)


def errors(found: SliceInVolume | AffineTransform, at: AffineTransform) -> tuple[float, ...]:
    """Compare with the truth: in-plane, along the normal [um], tilt, whole turn [degree]."""
    from scipy.spatial.transform import Rotation

    transform = found if isinstance(found, AffineTransform) else found.transform
    normal, seen = (np.cross(t.matrix[:, 1], t.matrix[:, 2]) / t.scale**2 for t in (at, transform))
    off = transform.apply(at.centre_um[None])[0] - at.offset_um
    along = float(off @ normal)
    tilt = np.degrees(np.arccos(np.clip(normal @ seen, -1, 1)))
    turn = Rotation.from_matrix(transform.matrix / transform.scale @ at.matrix.T / at.scale)
    aside = float(np.linalg.norm(off - along * normal))
    return aside, abs(along), float(tilt), float(np.degrees(turn.magnitude()))


def section(
    seed: int, *, size: int = 128, across: int = 96, length: float = 4.0, snr: float = 5.0
) -> tuple[GreyImage, GreyImage, AffineTransform]:
    """Make an oblique section of a band-limited volume, the volume, and where it was cut."""
    from scipy.spatial.transform import Rotation

    field = band_limited(size, length=length, seed=seed)
    rng = np.random.default_rng(10_000 + seed)
    turn = Rotation.random(random_state=seed).as_matrix()
    middle = (size - 1) / 2 + rng.uniform(-1, 1, 3) * size * 0.06
    at = place((across, across), middle, turn)
    picture = cut(GreyImage(field, [1, 1, 1]), at, (across, across), snr=snr, seed=seed)
    noisy = field + rng.standard_normal(field.shape).astype(np.float32) / snr
    return picture, GreyImage(noisy, [1, 1, 1]), at


def slice_distances() -> tuple[str, ...]:
    """List how far starts lie off, as `find_section` takes it.

    Examples
    --------
    >>> slice_distances()[0]
    'up to 20 voxels and 10°'
    """
    return tuple(_DISTANCES)


def find_section(seed: int, distance: str, **sizes: Any) -> dict[str, Any]:
    """Search one section.

    Parameters
    ----------
    seed : int
    distance : str
        One of `slice_distances`.
    **sizes
        ``size`` and ``across`` of the volume and the picture [voxel].

    Returns
    -------
    dict
        ``start``, ``seed``, ``end`` (``found``, ``refused``, or ``wrong`` where it lies more than
        0.5 voxels aside, 1 voxel along the normal or 0.2 degree off), ``aside_um``, ``along_um``,
        ``turn_deg`` and ``seconds``, NaN where it was refused.
    """
    picture, volume, at = section(seed, **sizes)
    off, start = _DISTANCES[distance], None
    if off.shift_um is not None and off.turn_deg is not None:
        start = moved_away(at, seed=seed, shift_um=off.shift_um, turn_deg=off.turn_deg)
    nan = float("nan")
    row: dict[str, Any] = {"start": distance, "seed": seed}
    try:
        found = find_slice(picture, volume, start=start, seed=seed)
    except NoPlaceStandsOut:
        return row | {
            "end": "refused", "aside_um": nan, "along_um": nan, "turn_deg": nan, "seconds": nan,
        }  # fmt: skip
    aside, along, _, turn = errors(found, at)
    good = aside <= ASIDE_UM and along <= ALONG_UM and turn <= TURN_DEG
    return row | {
        "end": "found" if good else "wrong",
        "aside_um": aside,
        "along_um": along,
        "turn_deg": turn,
        "seconds": found.seconds,
    }


def slice_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Summarise searches by how far their starts lay off.

    Returns
    -------
    DataFrame
        ``start``, ``searches``, ``found``, ``refused``, ``wrong``, and medians of what was found:
        ``aside_um``, ``along_um``, ``turn_deg``, ``seconds``.
    """
    table = pd.DataFrame(list(rows))
    summed = []
    for start, group in table.groupby("start", sort=False):
        ends, good = group["end"].tolist(), group[group["end"] == "found"]
        counted = {end: ends.count(end) for end in ("found", "refused", "wrong")}
        medians = good[["aside_um", "along_um", "turn_deg", "seconds"]].astype(float).median()
        summed.append({"start": start, "searches": len(ends), **counted, **medians})
    return pd.DataFrame(summed)
