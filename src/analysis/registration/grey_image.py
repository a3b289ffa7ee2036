"""Grey values on a grid in space, made coarser and sampled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ..threads import in_slabs

_SMALL = 200_000  # voxels that are not worth a thread


@dataclass(frozen=True, eq=False, init=False)
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
    ndim : int
        2 or 3.

    Examples
    --------
    >>> image = GreyImage(np.arange(16).reshape(4, 4), [2, 2])
    >>> half = image.coarser(4.0)
    >>> half.values[0].tolist(), half.origin_um.tolist()
    ([[2.5, 4.5], [10.5, 12.5]], [0.0, 1.0, 1.0])
    """

    values: np.ndarray
    spacing_um: np.ndarray
    origin_um: np.ndarray
    mask: np.ndarray | None
    ndim: int

    def __init__(
        self,
        values: ArrayLike,
        spacing_um: ArrayLike,
        origin_um: ArrayLike | None = None,
        mask: ArrayLike | None = None,
        ndim: int | None = None,
    ) -> None:
        grey = np.asarray(values)
        if grey.ndim not in (2, 3):
            raise ValueError(f"values need 2 or 3 axes (z, y, x), got shape {grey.shape}")
        spacing = _per_axis("spacing_um", spacing_um, grey.ndim)
        origin = _per_axis("origin_um", np.zeros(grey.ndim) if origin_um is None else origin_um,
                           grey.ndim)  # fmt: skip
        if (spacing <= 0).any():
            raise ValueError(f"spacing_um needs values above 0, got {spacing.tolist()}")
        known = None if mask is None else np.asarray(mask, bool)
        if known is not None and known.shape != grey.shape:
            raise ValueError(f"mask needs the image's shape {grey.shape}, got {known.shape}")
        dims = ndim or grey.ndim
        if grey.ndim == 2:  # a flat image lies in the plane z = 0
            grey, known = grey[None], None if known is None else known[None]
            spacing, origin = np.append(spacing.min(), spacing), np.append(0.0, origin)
        kept = np.ascontiguousarray(grey, np.float32)
        if not np.isfinite(kept).all():
            raise ValueError(
                f"values need to be finite, got {int((~np.isfinite(kept)).sum())} that are not: "
                "set them to a number and leave them out with mask"
            )
        named = {"values": kept, "spacing_um": spacing, "origin_um": origin, "mask": known}
        for name, value in {**named, "ndim": dims}.items():
            object.__setattr__(self, name, value)

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
        return self._with(values=values, spacing_um=spacing, origin_um=origin, mask=mask)

    def softened(self) -> GreyImage:
        """Average neighbours 1 : 3 : 1 along each axis, so that interpolation blurs no noise.

        Between voxels linear interpolation averages noise, on voxels it does not; mutual
        information then likes places between voxels (Pluim et al. 2000,
        doi:10.1006/cviu.1999.0816).
        """
        if self.mask is None:
            return self._with(values=_soft(self.values))
        share = _soft(self.mask.astype(np.float32))
        whole = _soft(np.where(self.mask, self.values, np.float32(0)))
        values = np.where(self.mask, whole / np.maximum(share, np.float32(0.1)), np.float32(0))
        return self._with(values=values)

    def _with(self, **changed: object) -> GreyImage:
        """The same image but for this, which was made from it and needs no check."""
        other = object.__new__(GreyImage)
        for name in ("values", "spacing_um", "origin_um", "mask", "ndim"):
            object.__setattr__(other, name, changed.get(name, getattr(self, name)))
        return other


def _per_axis(name: str, given: ArrayLike, ndim: int) -> np.ndarray:
    found = np.asarray(given, float).ravel()
    if found.shape != (ndim,) or not np.isfinite(found).all():
        raise ValueError(
            f"{name} needs {ndim} finite values ({'zyx'[-ndim:]}), got {found.tolist()}"
        )
    return found


def _soft(values: np.ndarray) -> np.ndarray:
    from . import grey_loops

    out = np.empty_like(values)
    _in_planes(lambda first, last: grey_loops.soften(values, first, last, out), out, out.size)
    return out


def _means(values: np.ndarray, factors: list[int]) -> np.ndarray:
    """Means over blocks, in float32."""
    from . import grey_loops

    shape = [size // factor for size, factor in zip(values.shape, factors, strict=True)]
    out, sides = np.empty(shape, np.float32), np.array(factors)
    _in_planes(
        lambda first, last: grey_loops.average(values, sides, first, last, out), out, values.size
    )
    return out


def _in_planes(work: Callable[[int, int], None], out: np.ndarray, voxels: int) -> None:
    """Share the planes of what comes out, where there is enough to do."""
    in_slabs(work, len(out), slabs=8 if voxels > _SMALL else 1)
