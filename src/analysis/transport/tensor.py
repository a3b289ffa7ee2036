"""The whole tensor of effective conductivity of a periodic image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..quantification.measurement import Check
from ..quantification.objects import AXIS_NAMES
from ..spacing import checked_spacing
from ..threads import Workers
from .bounds import wiener_bounds
from .conduction import Conduction, doubled
from .effective import _checked
from .regions import as_boxes

_MOST = 2000


@dataclass(frozen=True, eq=False)
class EffectiveTensor:
    """Effective conductivity in all directions.

    Attributes
    ----------
    matrix : ndarray, (3, 3) or (2, 2)
        Rows and columns z, y, x [unit of the conductivities]; symmetric.
    error : float
        Estimate of how far any element is from the exact solution on these voxels.
    parallel, series : float
        Wiener bounds of its eigenvalues.
    """

    matrix: NDArray[np.float64]
    error: float
    parallel: float
    series: float

    @property
    def principal(self) -> NDArray[np.float64]:
        """Eigenvalues, smallest first."""
        return np.asarray(np.linalg.eigvalsh(self.matrix), np.float64)

    @property
    def directions(self) -> NDArray[np.float64]:
        """Unit vectors (z, y, x) of the eigenvalues, one a row."""
        return np.linalg.eigh(self.matrix)[1].T

    @property
    def anisotropy(self) -> float:
        """Largest over smallest eigenvalue; inf where one direction does not conduct."""
        low, high = self.principal[[0, -1]]
        return float(high / low) if low > self.error else np.inf

    @property
    def checks(self) -> tuple[Check, ...]:
        """Wiener bounds of the eigenvalues."""
        low, high = self.principal[[0, -1]]
        slack = self.error + 1e-6 * self.parallel
        return (
            Check(
                "Wiener bounds",
                bool(self.series - slack <= low and high <= self.parallel + slack),
                f"{self.series:.6g} <= {low:.6g} ... {high:.6g} <= {self.parallel:.6g}",
            ),
        )


def effective_tensor(
    labels: NDArray,
    conductivities: Sequence[float] | Mapping[int, float],
    *,
    spacing_um: Sequence[float],
    relative_error: float = 1e-4,
    mask: NDArray | None = None,
    threads: int | None = None,
) -> EffectiveTensor:
    """Solve for the effective conductivity tensor of a periodic image.

    Images that are not periodic are cut and joined at their ends: structure does not match there,
    which narrows paths. Compare with `effective_conductivity` along each axis.

    Parameters
    ----------
    labels, conductivities, spacing_um, threads
        As for `effective_conductivity`.
    relative_error : float
        Of the diagonal elements.
    mask : ndarray of bool, optional
        A box, as only a box can be periodic: `largest_box_inside` finds one in any mask.

    Returns
    -------
    EffectiveTensor

    Examples
    --------
    >>> import numpy as np
    >>> layers = np.repeat([[0], [1]], 2, axis=0)
    >>> effective_tensor(layers, (1, 3), spacing_um=(1, 1)).matrix.round(6)
    array([[1.5, 0. ],
           [0. , 2. ]])
    """
    labels, sigma = _checked(labels, conductivities)
    spacing = checked_spacing(spacing_um, labels.ndim)
    labels = np.ascontiguousarray(labels[as_boxes(mask, labels.shape)])
    flat = labels.ndim == 2
    axes = (1, 2) if flat else (0, 1, 2)
    volume = doubled(labels[None] if flat else labels, axes)
    steps = (1.0, *spacing) if flat else spacing
    shares = np.bincount(volume.ravel(), minlength=len(sigma)) / volume.size
    series, parallel = wiener_bounds(sigma, shares)  # type: ignore[arg-type]
    matrix, error = np.zeros((3, 3)), 0.0
    workers = Workers(threads)
    problem = Conduction(
        volume, sigma, steps, periodic=True, axes=axes, relative_error=relative_error,
        workers=workers,
    )  # fmt: skip
    if problem.connected:
        matrix, error = _elements(problem, axes)
    size = len(AXIS_NAMES[labels.ndim])
    return EffectiveTensor(matrix[-size:, -size:], error, parallel, series)


def _elements(problem: Conduction, axes: tuple[int, ...]) -> tuple[NDArray[np.float64], float]:
    """Take the diagonal from the energy of each field, the rest from that of their sums."""
    fields = {axis: problem.solve(axis, most=_MOST) for axis in axes}
    root = np.sqrt(problem.weights)
    scale = problem.unit / np.prod(problem.shape)
    matrix = np.zeros((3, 3))
    for axis, field in fields.items():
        matrix[axis, axis] = field.upper
    for a, b in combinations(axes, 2):
        drop = tuple(float(i in (a, b)) for i in range(3))
        both = problem.energy(fields[a].x + fields[b].x, drop) * scale
        own = matrix[a, a] * root[a] ** 2 + matrix[b, b] * root[b] ** 2
        matrix[a, b] = matrix[b, a] = (both - own) / (2 * root[a] * root[b])
    return matrix, max(field.minimum.rest for field in fields.values())
