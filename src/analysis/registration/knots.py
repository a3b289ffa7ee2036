"""A displacement given by the knots of a cubic B-spline, and how much it bends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from .displacement import DisplacementField
from .grey_image import GreyImage
from .transform import AffineTransform


@dataclass(frozen=True, eq=False)
class Knots:
    """How far the places of an image are displaced after a linear map.

    Attributes
    ----------
    values_um : (z, y, x, 3) array
        Coefficients, in the fixed frame [um]; one layer for a flat image.
    spacing_um, origin_um : (3,) array
        Of the knots, in the moving frame [um].

    References
    ----------
    Rueckert et al. 1999, doi:10.1109/42.796284 (the model).
    """

    values_um: np.ndarray
    spacing_um: np.ndarray
    origin_um: np.ndarray

    @classmethod
    def over(cls, image: GreyImage, spacing_um: float) -> Knots:
        """Lay knots that displace nothing over an image, along each axis a whole number apart."""
        low, high = image.corners_um.min(axis=0), image.corners_um.max(axis=0)
        size = np.maximum(high - low, 1e-12)
        wide = np.array([n > 1 for n in image.values.shape])
        parts = np.where(wide, np.maximum(1, np.round(size / spacing_um)), 1).astype(int)
        steps = np.where(wide, size / parts, spacing_um)
        shape = np.where(wide, parts + 3, 1)
        return cls(np.zeros((*shape, 3)), steps, np.where(wide, low - steps, low))

    @property
    def apart_um(self) -> float:
        """Largest distance between neighbours [um]."""
        wide = np.array(self.values_um.shape[:3]) > 1
        return float(self.spacing_um[wide].max())

    def displaced(self, points_um: np.ndarray, start_um: np.ndarray) -> np.ndarray:
        """Displace places ``start_um`` of points in the moving frame: (n, 3) [um]."""
        from . import bending_loops

        out = np.array(start_um, float)
        bending_loops.displace(points_um, self.values_um, self.origin_um, self.spacing_um, out)
        return out

    def gathered(self, points_um: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Differentiate by the knots what has slopes (n, 3) by the displaced places."""
        from . import bending_loops

        out = np.zeros_like(self.values_um)
        bending_loops.gather(points_um, slopes, self.origin_um, self.spacing_um, out)
        return out

    def finer(self) -> Knots:
        """The same displacement with knots half as far apart (Lane & Riesenfeld's halving)."""
        values, spacing = self.values_um, self.spacing_um.copy()
        for axis in range(3):
            if values.shape[axis] == 1:
                continue
            values = _halved(values, axis)
            spacing[axis] /= 2
        wide = np.array(values.shape[:3]) > 1
        origin = np.where(wide, self.origin_um + spacing, self.origin_um)
        return Knots(values, spacing, origin)

    def bend(self, unit_um: float) -> tuple[float, np.ndarray]:
        """Mean square of the second differences between knots, and its slope by them.

        A displacement that is linear in space has none.
        """
        total, slope = 0.0, np.zeros_like(self.values_um)
        wide = [axis for axis in range(3) if self.values_um.shape[axis] > 1]
        for pair in combinations_with_replacement(wide, 2):
            twice = 1.0 if pair[0] == pair[1] else 2.0
            second = self.values_um
            for axis in pair:
                second = np.diff(second, axis=axis)
            weight = twice / (self.values_um.size * unit_um**2)
            total += weight * float(np.sum(second**2))
            for axis in pair[::-1]:
                second = _undone(second, axis)
            slope += 2 * weight * second
        return total, slope

    def mixed(self, other: Knots) -> Knots:
        """Half of both."""
        return replace(self, values_um=(self.values_um + other.values_um) / 2)

    def field(self, linear: AffineTransform, image: GreyImage, most: int) -> DisplacementField:
        """Write the linear map and the displacement as one field over an image.

        Its grid is the knots' own, halved as often as ``most`` places allow.
        """
        wide = np.array(self.values_um.shape[:3]) > 1
        parts = np.where(wide, np.array(self.values_um.shape[:3]) - 3, 0)
        finer = 1
        while np.prod(2 * finer * parts + 1) <= most and finer < 8:
            finer *= 2
        shape = np.where(wide, finer * parts + 1, 1)
        spacing = np.where(wide, self.spacing_um / finer, self.spacing_um)
        origin = np.where(wide, self.origin_um + self.spacing_um, self.origin_um)
        grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
        places = origin + spacing * grid.reshape(-1, 3)
        moves = self.displaced(places, linear.apply(places)) - places
        return DisplacementField(moves.reshape(*shape, 3), spacing_um=spacing, origin_um=origin)


def _halved(values: np.ndarray, axis: int) -> np.ndarray:
    """Knots of the same cubic spline at twice as many places, but for one at either end."""
    here = np.moveaxis(values, axis, 0)
    between = (here[1:] + here[:-1]) / 2
    on = (here[:-2] + 6 * here[1:-1] + here[2:]) / 8
    out = np.empty((len(between) + len(on), *here.shape[1:]))
    out[0::2], out[1::2] = between, on
    return np.moveaxis(out, 0, axis)


def _undone(differences: np.ndarray, axis: int) -> np.ndarray:
    """The transpose of taking differences along an axis."""
    pad = [(1, 1) if k == axis else (0, 0) for k in range(differences.ndim)]
    return -np.diff(np.pad(differences, pad), axis=axis)
