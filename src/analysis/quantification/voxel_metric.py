"""Squared distances on a voxel grid as whole numbers, so that ties are ties."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import lcm

_LARGEST_DENOMINATOR = 1024
_FINE = 2**20  # parts of the smallest squared spacing where the ratios are no simple fractions


@dataclass(frozen=True)
class VoxelMetric:
    """The squared length of a voxel step in whole units.

    Attributes
    ----------
    weights : tuple of int
        Squared spacing along z, y, x in units; z first even for an image.
    unit_um : float
        Length whose square is one unit [µm].
    """

    weights: tuple[int, int, int]
    unit_um: float


@lru_cache(maxsize=64)
def voxel_metric(spacing_um: tuple[float, ...]) -> VoxelMetric:
    """Write the squared voxel spacing in whole numbers.

    Ratios that are simple fractions are kept exactly; others are rounded at the sixth decimal.

    Examples
    --------
    >>> voxel_metric((0.6, 0.4, 0.4))
    VoxelMetric(weights=(9, 4, 4), unit_um=0.2)
    """
    least = min(spacing_um)
    ratios = [s / least for s in spacing_um]
    simple = [Fraction(r).limit_denominator(_LARGEST_DENOMINATOR) for r in ratios]
    if all(abs(float(f) / r - 1) < 1e-12 for f, r in zip(simple, ratios, strict=True)):
        whole = lcm(*(f.denominator for f in simple))
        if whole <= _LARGEST_DENOMINATOR:
            weights = [int(f * whole) ** 2 for f in simple]
            return VoxelMetric(_padded(weights), least / whole)
    weights = [round(r * r * _FINE) for r in ratios]
    return VoxelMetric(_padded(weights), least / _FINE**0.5)


def _padded(weights: list[int]) -> tuple[int, int, int]:
    return (weights[0], *weights)[-3:] if len(weights) == 2 else tuple(weights)  # type: ignore[return-value]
