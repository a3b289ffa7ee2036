"""Pore sizes in each of their four meanings, which are not the same number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .chords import chord_lengths
from .distance import WalledPhase, squared_distance
from .objects import equivalent_diameter_um
from .porosimetry import intrusion_table, porosimetry
from .thickness import local_thickness
from .volume import checked_mask, checked_phase
from .widest_path import steps_of

if TYPE_CHECKING:
    import pandas as pd

#: 95 % half-width [longest side of a voxel] of a size by balls of voxels: spheres, plates and
#: cylinders of 5 to 12 voxels, turned and placed at random, lie within it, and throats.
BALL_PX, BY_BALLS = 1.5, ("local_thickness", "porosimetry")
_THROAT, _DOUBTFUL = 0.9, (-0.05, 0.05)  # throat ratio, and other ones that voxels may show
# Half-widths by other throat ratios; of mean and median by the share of voxels that touch another
# body; by 1 / radius² (in 2D to the 1.5). Found on rows of balls and discs, apart and overlapping
# (tests/analysis/quantification/test_voxel_errors.py)
_BY_SPLIT, _BY_TOUCH = 1.15, (0.08, 0.23)
_BY_RADIUS, _POWER = {2: (0.25, 0.28), 3: (0.09, 0.2)}, {2: 1.5, 3: 2.0}

MEANINGS = {
    "local_thickness": "largest ball inside the phase that holds the place, by volume",
    "porosimetry": "largest ball that comes in from the border and holds the place, by volume "
    "(throat-controlled, MIP-equivalent)",
    "bodies": "equivalent diameter of the bodies between constrictions, by volume",
    "chords": "length of the phase on lines along the axes, by number",
}


@dataclass(frozen=True)
class PoreSizes:
    """A pore-size distribution with its meaning.

    Attributes
    ----------
    meaning : str
        Key of `MEANINGS`.
    convention : str
        What a size is, in words.
    table : DataFrame
        `diameter_um`, rising; `share`, `cumulative`.
    mean_um, median_um : float
        [µm]; NaN where there is nothing.
    mean_error_um, median_error_um : float
        95 % half-widths of what voxels do to them [µm]; NaN for chords, which `chord_lengths` knows
        along each axis, and where there is nothing.
    """

    meaning: str
    convention: str
    table: pd.DataFrame
    mean_um: float
    median_um: float
    mean_error_um: float
    median_error_um: float


def pore_sizes(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    meaning: str,
    mask: NDArray | None = None,
    faces: Sequence[str] | None = None,
    threads: int | None = None,
) -> PoreSizes:
    """Measure the pore-size distribution of a phase in one of its four meanings.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    meaning : {"local_thickness", "porosimetry", "bodies", "chords"}
        For spheres of diameter d that don't touch: d, 0 (nothing comes in), d, and chords of
        2 d / 3 on average.
    faces : sequence of str, optional
        Where the fluid comes from, for porosimetry.

    Returns
    -------
    PoreSizes

    Examples
    --------
    >>> import numpy as np
    >>> slit = np.zeros((8, 6), bool); slit[2:6] = True
    >>> pore_sizes(slit, spacing_um=(0.5, 0.5), meaning="local_thickness").mean_um
    2.0
    """
    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    inside = None if mask is None else checked_mask(mask, phase.shape)
    own = phase if inside is None else phase & inside
    error = (float("nan"),) * 2
    if meaning in BY_BALLS:
        error = (BALL_PX * max(spacing),) * 2
    if meaning == "local_thickness":
        found = local_thickness(phase, spacing_um=spacing, mask=inside, threads=threads)
        table = _rising(intrusion_table(found, own))
    elif meaning == "porosimetry":
        intruded = porosimetry(phase, spacing_um=spacing, mask=inside, faces=faces, threads=threads)
        table = _rising(intruded.table)
    elif meaning == "bodies":
        room = WalledPhase.checked(phase, spacing_um=spacing, mask=inside)
        ways = (_THROAT, *(_THROAT + d for d in _DOUBTFUL))
        parted = _parted(room, squared_distance(room, threads=threads), ways)
        labels = next(parted)
        table, touching = _by_body(labels, spacing), _touching_share(labels)
        del labels
        others = [_centre(_by_body(other, spacing)) for other in parted]
        error = _body_errors(_centre(table), others, touching, spacing)
    elif meaning == "chords":
        table = _by_chord(
            chord_lengths(phase, spacing_um=spacing, mask=inside, threads=threads).table
        )
    else:
        raise ValueError(
            f"meaning needs one of {tuple(MEANINGS)}, got {meaning!r}: they differ, so name one"
        )
    return _sizes(meaning, table, error)


def pore_bodies(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    mask: NDArray | None = None,
    throat_ratio: float = _THROAT,
    threads: int | None = None,
) -> NDArray[np.int32]:
    """Part a phase into bodies at its constrictions.

    A watershed of the distance transform: two maxima are bodies of their own where the largest
    ball that passes between them is smaller than `throat_ratio` of the smaller of the two.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    throat_ratio : float
        Above 0, up to 1; 1 parts at every maximum, of which voxels make too many.

    Returns
    -------
    ndarray of int32
        Bodies from 1; 0 is outside the phase.

    References
    ----------
    Compare Gostick 2017, doi:10.1103/PhysRevE.96.023307, which smooths the distances instead.

    Examples
    --------
    >>> import numpy as np
    >>> waist = np.ones((5, 11), bool); waist[[0, 1, 3, 4], 5] = False
    >>> int(pore_bodies(np.pad(waist, 1), spacing_um=(1, 1)).max())
    2
    """
    room = WalledPhase.checked(phase, spacing_um=spacing_um, mask=mask)
    if not 0 < throat_ratio <= 1:
        raise ValueError(f"throat_ratio needs a value above 0, up to 1, got {throat_ratio}")
    return next(_parted(room, squared_distance(room, threads=threads), (throat_ratio,)))


def _parted(
    room: WalledPhase, squared: NDArray[Any], ratios: Sequence[float]
) -> Iterator[NDArray[np.int32]]:
    """Part a phase at its constrictions, once for each throat ratio."""
    from .flood_loops import part_bodies

    places = np.flatnonzero(squared)
    order = places[np.argsort(-squared.ravel()[places], kind="stable")]
    steps = steps_of(26 if room.ndim == 3 else 8)
    for ratio in ratios:
        labels = np.zeros(room.volume, np.int32)
        part_bodies(squared.reshape(room.volume), order, steps, ratio**2, labels)
        yield labels.reshape(room.shape)


def _touching_share(labels: NDArray[np.int32]) -> float:
    """Faces between voxels of different bodies, over all voxels of bodies."""
    touching = 0
    for axis, count in enumerate(labels.shape):
        index = (slice(None),) * axis
        near, far = (labels[(*index, slice(k, count - 1 + k))] for k in (0, 1))
        touching += int(np.count_nonzero((near != far) & (near > 0) & (far > 0)))
    return touching / max(1, int(np.count_nonzero(labels)))


def _body_errors(
    centre: tuple[float, float],
    others: Sequence[tuple[float, float]],
    touching: float,
    spacing: tuple[float, ...],
) -> tuple[float, float]:
    """95 % half-widths of the mean and the median size of bodies [µm].

    From other throat ratios, the share of voxels where bodies touch, and the volume of a body of
    voxels.
    """
    mean = centre[0]
    size = float(np.prod(spacing)) ** (1 / len(spacing))
    curved = (2 * size / mean) ** _POWER[len(spacing)] if mean > 0 else float("nan")
    by_radius = _BY_RADIUS[len(spacing)]
    errors = []
    for k, value in enumerate(centre):
        split = max(abs(other[k] - value) for other in others)
        parts = (_BY_SPLIT * split, _BY_TOUCH[k] * touching * value, by_radius[k] * curved * value)
        errors.append(float(np.linalg.norm(parts)))
    return errors[0], errors[1]


def _rising(table: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    share = table["share_by_volume"].to_numpy(float)[::-1]
    return pd.DataFrame({"diameter_um": table["diameter_um"].to_numpy(float)[::-1], "share": share})


def _by_body(labels: NDArray[np.int32], spacing: tuple[float, ...]) -> pd.DataFrame:
    import pandas as pd

    voxels = np.bincount(labels.ravel())[1:]
    diameter = equivalent_diameter_um(voxels * float(np.prod(spacing)), ndim=labels.ndim)
    sizes, index = np.unique(diameter, return_inverse=True)
    share = np.bincount(index, voxels, len(sizes)) / max(1, voxels.sum())
    return pd.DataFrame({"diameter_um": sizes, "share": share})


def _by_chord(table: pd.DataFrame) -> pd.DataFrame:
    """All axes together; each has the same say."""
    shares = table.groupby("length_um")["share_by_number"].sum() / table["axis"].nunique()
    found = shares.rename("share").rename_axis("diameter_um").reset_index()
    return found[found["share"] > 0].reset_index(drop=True)


def _centre(table: pd.DataFrame) -> tuple[float, float]:
    """Mean and median size [µm]."""
    share = table["share"].to_numpy(float)
    size = table["diameter_um"].to_numpy(float)
    if not share.sum() > 0:
        return float("nan"), float("nan")
    middle = size[np.searchsorted(np.cumsum(share), share.sum() / 2)]
    return float(np.average(size, weights=share)), float(middle)


def _sizes(meaning: str, table: pd.DataFrame, error: tuple[float, float]) -> PoreSizes:
    mean, median = _centre(table)
    table = table.assign(cumulative=np.cumsum(table["share"].to_numpy(float)))
    if not np.isfinite(mean):
        error = (float("nan"),) * 2
    return PoreSizes(meaning, MEANINGS[meaning], table, mean, median, *error)
