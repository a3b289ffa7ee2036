"""Connectivity of a phase: its largest piece, and whether it crosses the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .objects import AXIS_NAMES, label_objects
from .volume import checked_phase


@dataclass(frozen=True)
class Connectivity:
    """How a phase hangs together.

    Attributes
    ----------
    pieces : int
        Connected components.
    largest_fraction : float
        Share of the phase in its largest component; 0 when there is none of it.
    percolating_fraction : dict of str to float
        For each axis, the share of the phase in components that touch both ends of the image.
    connectivity : int
        Neighbours that count: 26 or 6, 8 or 4.
    """

    pieces: int
    largest_fraction: float
    percolating_fraction: dict[str, float]
    connectivity: int

    @property
    def percolates(self) -> dict[str, bool]:
        """Whether a component crosses the image, for each axis."""
        return {axis: share > 0 for axis, share in self.percolating_fraction.items()}


def connectivity_of(phase: NDArray, *, connectivity: int) -> Connectivity:
    """Measure the connectivity of a phase.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    connectivity : {26, 6} for a volume, {8, 4} for an image

    Returns
    -------
    Connectivity

    Examples
    --------
    >>> import numpy as np
    >>> rod = np.zeros((3, 3), bool); rod[1] = True
    >>> connectivity_of(rod, connectivity=4).percolates
    {'x': True, 'y': False}
    """
    phase = checked_phase(phase)
    labels = label_objects(phase, connectivity=connectivity)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    whole = max(1, int(sizes.sum()))
    crossing = {}
    for axis, name in reversed(list(enumerate(AXIS_NAMES[phase.ndim]))):
        both = np.intersect1d(labels.take(0, axis), labels.take(-1, axis))
        crossing[name] = float(sizes[both].sum() / whole)
    return Connectivity(
        pieces=len(sizes) - 1,
        largest_fraction=float(sizes.max() / whole),
        percolating_fraction=crossing,
        connectivity=connectivity,
    )
