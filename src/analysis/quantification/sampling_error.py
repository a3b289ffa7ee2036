"""How much another field of view would differ: variance between blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..distributions import student
from ..spacing import checked_spacing
from .surface import surface
from .volume import checked_mask, checked_phase

_FEWEST = 4  # blocks
_SMALLEST = 16  # voxels along an axis of a block
Values = Mapping[str, float]


@dataclass(frozen=True)
class FieldScatter:
    """What was measured in blocks all over an image.

    Attributes
    ----------
    values : mapping of str to ndarray of float
        By key, one a block; those that are finite in each of them.
    voxels : float
        Of a block.
    """

    values: Mapping[str, NDArray[np.float64]]
    voxels: float

    def half_width(self, key: str, voxels: float) -> float | None:
        """Return the 95 % half-width of what so many voxels say about the material.

        The variance of an average falls as 1 / volume once blocks are larger than the features.
        None where the key isn't known, or the same in all blocks: that is no proof.
        """
        if key not in self.values:
            return None
        found = self.values[key]
        factor = float(student.ppf(0.975, len(found) - 1)) * math.sqrt(self.voxels / voxels)
        half = factor * float(found.std(ddof=1))
        return half if half > 0 else None


def field_scatter(
    labels: NDArray,
    measured: Callable[[NDArray, NDArray[np.bool_] | None], Values],
    *,
    mask: NDArray | None = None,
    largest: int | None = None,
    smallest: int = _SMALLEST,
    absent: float = math.nan,
) -> FieldScatter | None:
    """Measure blocks that don't overlap, two along each axis.

    Parameters
    ----------
    labels : ndarray, (z, y, x) or (y, x)
        A phase, or a segmentation.
    measured : callable
        Gives the values of a block from its labels and its part of the mask.
    mask : ndarray of bool, optional
        Blocks with less than half inside it are left out.
    largest, smallest : int
        Voxels along an axis of a block; across an axis too thin for two there is one.
    absent : float
        Value of what a block gives no value of.

    Returns
    -------
    FieldScatter or None
        None where fewer than four blocks are left.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = field_scatter(rng.random((64, 64, 64)) < 0.3, lambda b, _: {"share": b.mean()})
    >>> 0.0005 < found.half_width("share", 64**3) < 0.004  # 0.0018 of 64³ independent voxels
    True
    """
    mask = None if mask is None else checked_mask(mask, labels.shape)
    parts = [_along(n, largest or n, smallest) for n in labels.shape]
    rows, sizes = [], []
    for box in product(*parts):
        inside = None if mask is None else mask[box]
        if min(s.stop - s.start for s in box) < smallest:
            continue
        share = 1.0 if inside is None else float(inside.mean())
        if share < 0.5:
            continue
        rows.append(dict(measured(labels[box], inside)))
        sizes.append(share * labels[box].size)
    if len(rows) < _FEWEST:
        return None
    keys = dict.fromkeys(key for row in rows for key in row)
    values = {key: np.array([row.get(key, absent) for row in rows], float) for key in keys}
    finite = {key: found for key, found in values.items() if np.isfinite(found).all()}
    return FieldScatter(finite, float(np.mean(sizes)))


def _along(count: int, largest: int, smallest: int) -> list[slice]:
    """Place one block in the middle of each half of an axis, or one over a thin axis."""
    half = count // 2
    size = min(half, largest)
    if size < smallest:
        first = max(0, (count - largest) // 2)
        return [slice(first, min(count, first + largest))]
    first = (half - size) // 2
    return [slice(first, first + size), slice(count - first - size, count - first)]


def sampling_uncertainty(
    phase: NDArray, *, spacing_um: Sequence[float], mask: NDArray | None = None
) -> dict[str, float]:
    """Estimate the 95 % half-width for the material from the scatter between blocks.

    The scatter of a quantity between eight (four) blocks, divided by the root of their number, with
    Student's t. It holds for a material without trend or long-range order; blocks must be larger
    than its features.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    mask : ndarray of bool, optional
        Blocks with less than half inside it are left out.

    Returns
    -------
    dict of str to float
        ``"volume_fraction"`` [1], ``"specific_surface"`` and ``"surface_per_phase"`` [1/µm], those
        that differ between blocks; empty when fewer than four blocks of at least 8 voxels an axis
        are left.

    References
    ----------
    Kanit et al. 2003, doi:10.1016/S0020-7683(03)00143-4.

    Examples
    --------
    >>> noise = np.random.default_rng(0).random((32, 32, 32)) < 0.3
    >>> found = sampling_uncertainty(noise, spacing_um=(1, 1, 1))
    >>> 0.001 < found["volume_fraction"] < 0.02  # 0.005 of 32³ independent voxels
    True
    """
    phase = checked_phase(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    mask = None if mask is None else checked_mask(mask, phase.shape)

    def measured(part: NDArray, inside: NDArray[np.bool_] | None) -> Values:
        area = surface(part, spacing_um=spacing, mask=inside)
        return {
            "volume_fraction": float(part.mean() if inside is None else part[inside].mean()),
            "specific_surface": area.specific_um2_per_um3,
            "surface_per_phase": area.per_phase_um2_per_um3,
        }

    found = field_scatter(phase, measured, mask=mask, smallest=8)
    if found is None:
        return {}
    whole = phase.size if mask is None else int(np.count_nonzero(mask))
    halves = {key: found.half_width(key, whole) for key in found.values}
    return {key: half for key, half in halves.items() if half is not None}
