"""Grey values on a grid in space, made coarser and sampled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class GreyImage:
    """Grey values of one image, and where its voxels lie in its own frame.

    Attributes
    ----------
    values : ndarray, shape (z, y, x) or (y, x)
        Finite, of any real type; kept as float32.
    spacing_um : ndarray, shape (3,) or (2,)
        Voxel size [um].
    origin_um : ndarray, optional
        Centre of the first voxel [um]; 0 by default.
    mask : ndarray of bool, optional
        Voxels that count, of the values' shape; all by default.

    Examples
    --------
    >>> image = GreyImage(np.arange(16).reshape(4, 4), [2, 2])
    >>> half = image.coarser(4.0)
    >>> half.values[0].tolist(), half.origin_um.tolist()
    ([[2.5, 4.5], [10.5, 12.5]], [0.0, 1.0, 1.0])
    """

    values: np.ndarray
    spacing_um: ArrayLike
    origin_um: ArrayLike | None = None
    mask: np.ndarray | None = None
    ndim: int = 0

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        ndim = self.ndim or values.ndim
        if values.ndim not in (2, 3):
            raise ValueError(f"values need 2 or 3 axes (z, y, x), got shape {values.shape}")
        spacing = np.asarray(self.spacing_um, float).ravel()
        origin = np.zeros(values.ndim) if self.origin_um is None else np.asarray(self.origin_um)
        for name, given in (("spacing_um", spacing), ("origin_um", origin)):
            if given.shape != (values.ndim,) or not np.isfinite(given).all():
                raise ValueError(
                    f"{name} needs {values.ndim} finite values ({'zyx'[-values.ndim :]}), "
                    f"got {given.tolist()}"
                )
        if (spacing <= 0).any():
            raise ValueError(f"spacing_um needs values above 0, got {spacing.tolist()}")
        mask = None if self.mask is None else np.asarray(self.mask, bool)
        if mask is not None and mask.shape != values.shape:
            raise ValueError(f"mask needs the image's shape {values.shape}, got {mask.shape}")
        if values.ndim == 2:  # a flat image lies in the plane z = 0
            values, mask = values[None], None if mask is None else mask[None]
            spacing, origin = np.append(spacing.min(), spacing), np.append(0.0, origin)
        kept = np.ascontiguousarray(values, np.float32)
        if not np.isfinite(kept).all():
            raise ValueError(
                f"values need to be finite, got {int((~np.isfinite(kept)).sum())} that are not: "
                "set them to a number and leave them out with mask"
            )
        for name, value in (("values", kept), ("spacing_um", spacing), ("mask", mask)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "origin_um", np.asarray(origin, float))
        object.__setattr__(self, "ndim", ndim)

    @property
    def axes(self) -> slice:
        """Axes along which it reaches, of z, y, x."""
        return slice(3 - self.ndim, 3)

    @property
    def voxel_um(self) -> float:
        """Geometric mean of its voxel's sides [um]."""
        return float(np.exp(np.mean(np.log(self.spacing_um[self.axes]))))

    @cached_property
    def corners_um(self) -> np.ndarray:
        """Centres of its outermost voxels, (8, 3) or (4, 3) [um]."""
        ends = [(0.0, n - 1.0) if n > 1 else (0.0,) for n in self.values.shape]
        grid = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
        return grid * self.spacing_um + self.origin_um

    @property
    def centre_um(self) -> np.ndarray:
        """Its middle (3,) [um]."""
        return self.corners_um.mean(axis=0)

    @property
    def size_um(self) -> np.ndarray:
        """Its sides, (3,); 0 across a flat image [um]."""
        return np.where(np.array(self.values.shape) > 1, self.values.shape * self.spacing_um, 0.0)

    def coarser(self, voxel_um: float) -> GreyImage:
        """Average blocks of whole voxels until they are about as large as asked.

        What is left over at the far faces is dropped. A block counts where half of it does.
        """
        factors = [
            max(1, min(round(voxel_um / side), size)) if size > 1 else 1
            for side, size in zip(self.spacing_um, self.values.shape, strict=True)
        ]
        if max(factors) == 1:
            return self
        values, mask = self.values, self.mask
        if mask is not None:
            share = _means(mask.astype(np.float32), factors)
            summed = _means(np.where(mask, values, np.float32(0)), factors)
            mask = share >= 0.5
            values = np.where(mask, summed / np.maximum(share, 0.5), np.float32(0))
        else:
            values = _means(values, factors)
        spacing = self.spacing_um * factors
        origin = self.origin_um + (spacing - self.spacing_um) / 2
        return replace(self, values=values, spacing_um=spacing, origin_um=origin, mask=mask)

    def softened(self) -> GreyImage:
        """Average neighbours 1 : 3 : 1 along each axis, so that interpolation blurs no noise.

        Between voxels linear interpolation averages noise, on voxels it does not; mutual
        information then likes places between voxels (Pluim et al. 2000,
        doi:10.1006/cviu.1999.0816).
        """
        if self.mask is None:
            return replace(self, values=_soft(self.values))
        share = _soft(self.mask.astype(np.float32))
        whole = _soft(np.where(self.mask, self.values, np.float32(0)))
        values = np.where(self.mask, whole / np.maximum(share, np.float32(0.1)), np.float32(0))
        return replace(self, values=values)


def _soft(values: np.ndarray) -> np.ndarray:
    from . import mutual_loops

    out = np.empty_like(values)
    mutual_loops.soften(values, out)
    return out


def _means(values: np.ndarray, factors: list[int]) -> np.ndarray:
    """Means over blocks, an axis at a time, in float32."""
    for axis, factor in enumerate(factors):
        if factor == 1:
            continue
        whole = values.shape[axis] // factor * factor
        parts = [values[(*[slice(None)] * axis, slice(k, whole, factor))] for k in range(factor)]
        total = parts[0] + parts[1]
        for part in parts[2:]:
            total += part
        total *= np.float32(1 / factor)
        values = total
    return np.ascontiguousarray(values)
