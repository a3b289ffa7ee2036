"""How landmarks lie in space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...quantities import format_length

_FLAT = 1e-6  # spread below this part of the largest one: exactly flat but for rounding


@dataclass(frozen=True, eq=False)
class Spread:
    """How a set of landmarks lies in space.

    Attributes
    ----------
    centroid_um : (3,) array
    radii_um : (d,) array
        RMS distance along the principal axes, largest first [um].
    axes : (d, 3) array
        The principal axes.
    """

    centroid_um: np.ndarray
    radii_um: np.ndarray
    axes: np.ndarray

    @property
    def radius_um(self) -> float:
        """RMS distance from the centroid [um]."""
        return float(np.linalg.norm(self.radii_um))

    @property
    def dimension(self) -> int:
        """Dimensions that the landmarks span, but for rounding."""
        largest = self.radii_um[0]
        if largest == 0:
            return 0
        return int(np.sum(self.radii_um > _FLAT * largest))

    @property
    def words(self) -> str:
        """The RMS spread along the principal axes, in words."""
        return " × ".join(format_length(radius) for radius in self.radii_um)


def spread_of(points_um: np.ndarray, ndim: int) -> Spread:
    """Measure how landmarks lie in space.

    Parameters
    ----------
    points_um : (n, 3) array
        Landmarks [um].
    ndim : int
        Dimensions of their image.
    """
    centroid = points_um.mean(axis=0)
    _, values, axes = np.linalg.svd((points_um - centroid)[:, 3 - ndim :], full_matrices=True)
    radii = np.zeros(ndim)
    radii[: len(values)] = values / np.sqrt(len(points_um))
    lifted = np.zeros((ndim, 3))
    lifted[:, 3 - ndim :] = axes
    return Spread(centroid, radii, lifted)
