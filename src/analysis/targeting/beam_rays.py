"""Parallel rays through a volume, from the outside to points in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing

_PER_VOXEL = 4  # samples on the shortest edge of a voxel; crossings are found between them


class BeamRays:
    """A volume as a beam sees it that comes in along one direction.

    Parameters
    ----------
    volume : ndarray, (z, y, x)
    direction : sequence of float, (3,)
        Where the beam goes to, (z, y, x).
    level : float
        Between outside and material.
    spacing_um : sequence of float
        Voxel size [µm].
    origin_um : sequence of float, optional
        Centre of voxel 0 [µm].
    """

    def __init__(
        self,
        volume: NDArray,
        direction: Sequence[float],
        *,
        level: float,
        spacing_um: Sequence[float],
        origin_um: Sequence[float] | None = None,
    ) -> None:
        self._grey = np.asarray(volume)
        if self._grey.ndim != 3:
            raise ValueError(f"volume needs 3 axes (z, y, x), got shape {self._grey.shape}")
        way = np.asarray(direction, dtype=float)
        length = float(np.linalg.norm(way)) if way.shape == (3,) else 0.0
        if not np.isfinite(length) or length == 0:
            raise ValueError(f"direction needs 3 values (z, y, x), not all 0, got {direction!r}")
        if self._grey.dtype == bool:
            self._grey = self._grey.view(np.uint8)
        whole = np.issubdtype(self._grey.dtype, np.integer)
        self.is_mask = bool(whole and self._grey.size and self._grey.max() <= 1)
        self.level = float(level)
        self.direction = way / length
        self.across = np.linalg.svd(self.direction[None])[2][1:]
        self._spacing = np.asarray(checked_spacing(spacing_um, 3))
        self._origin = np.zeros(3) if origin_um is None else np.asarray(origin_um, float)
        self.voxel_um = float(np.abs(self.direction) @ self._spacing)
        self._step = float(self._spacing.min()) / _PER_VOXEL
        self.longest_um = float(np.linalg.norm(np.array(self._grey.shape) * self._spacing))

    def checked_point(self, point_um: Sequence[float]) -> NDArray[np.float64]:
        """Return a point as an array, or refuse one that the volume does not hold."""
        point = np.asarray(point_um, dtype=float)
        if point.shape != (3,) or not np.isfinite(point).all():
            raise ValueError(f"target_um needs 3 finite values (z, y, x), got {point_um!r}")
        index = (point - self._origin) / self._spacing
        if (index < -0.5).any() or (index > np.array(self._grey.shape) - 0.5).any():
            raise ValueError(
                f"target_um needs a point inside the volume, got {point.tolist()}: "
                "give it in the frame of the volume"
            )
        return point

    def reach(self, point_um: NDArray[np.float64]) -> float:
        """Distance from a point back along the beam to the edge of the volume [µm]."""
        low = self._origin - 0.5 * self._spacing
        high = low + np.array(self._grey.shape) * self._spacing
        with np.errstate(divide="ignore", invalid="ignore"):
            ways = np.stack([(point_um - low), (point_um - high)]) / self.direction
        return float(np.min(np.where(ways > 0, ways, np.inf)))

    def entries(self, points_um: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance from each point back to where its ray first meets material.

        NaN where the ray begins in material, so that its entry is not shown, or meets none.
        """
        back, grey, inside = self._cast(points_um, self.longest_um)
        solid = grey >= self.level
        first = np.argmax(solid, axis=1)  # the farthest from the point
        rows = np.arange(len(points_um))
        before = np.maximum(first - 1, 0)
        shown = solid.any(axis=1) & (first > 0) & inside[rows, before]
        low = np.where(shown, grey[rows, before], self.level - 1)
        high = np.where(shown, grey[rows, first], self.level)
        share = (self.level - low) / (high - low)
        at = back[before] - share * (back[before] - back[first])
        return np.where(shown, at, np.nan)

    def along(
        self, points_um: NDArray[np.float64], length_um: float, labels: NDArray | None = None
    ) -> tuple[NDArray, NDArray, NDArray]:
        """Sample the last part of the rays that end in points.

        Returns
        -------
        at : ndarray, (m,)
            Distance from the beginning, in the middle of each step [µm].
        solid : ndarray of bool, (n, m)
        labels : ndarray of int, (n, m)
            0 without labels.
        """
        from scipy import ndimage

        count = max(1, int(np.ceil(length_um / self._step)))
        step = length_um / count
        at = (np.arange(count) + 0.5) * step
        index = self._index(points_um, length_um - at)
        solid = self._sampled(index) >= self.level
        if labels is None:
            return at, solid, np.zeros(solid.shape, int)
        if labels.shape != self._grey.shape:
            raise ValueError(
                f"labels needs the shape of the volume {self._grey.shape}, got {labels.shape}"
            )
        found = ndimage.map_coordinates(labels, index, order=0, mode="nearest", output=np.int64)
        return at, solid, found

    def _cast(
        self, points_um: NDArray[np.float64], length_um: float
    ) -> tuple[NDArray, NDArray, NDArray]:
        back = np.arange(length_um, -self._step / 2, -self._step)
        index = self._index(points_um, back)
        grey = self._sampled(index)
        return back, grey, np.isfinite(grey)

    def _sampled(self, index: NDArray[np.float64]) -> NDArray[np.float32]:
        """Grey values between voxels; outside the volume there is nothing."""
        from scipy import ndimage

        grey = ndimage.map_coordinates(
            self._grey, index, order=1, mode="nearest", output=np.float32
        )
        high = np.array(self._grey.shape)[:, None, None] - 0.5
        inside = ((index >= -0.5) & (index <= high)).all(axis=0)
        return np.where(inside, grey, -np.inf)

    def _index(self, points_um: NDArray[np.float64], back_um: NDArray) -> NDArray[np.float64]:
        """Place on the grid of samples that lie some way back from points: (3, n, m)."""
        start = (points_um - self._origin) / self._spacing
        way = self.direction / self._spacing
        return np.asarray(start.T[:, :, None] - way[:, None, None] * back_um)
