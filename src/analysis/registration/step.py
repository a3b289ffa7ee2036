"""A transform between two frames, and the direction in which it is walked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import CovarianceUnavailable
from .sound import Map
from .transform import AffineTransform

_KINDS = {
    "ThinPlateSpline": "thin-plate spline",
    "SplineMap": "thin-plate spline",
    "DisplacementField": "displacement field",
}


@dataclass(frozen=True, eq=False)
class Edge:
    """A transform between two frames.

    Attributes
    ----------
    name : str
        For example ``"sem_to_survey"``.
    from_frame, to_frame : str
        What the transform maps from and to.
    transform : AffineTransform, ThinPlateSpline, SplineMap or DisplacementField
    notes : tuple of str
        What a person should know wherever the edge is used (its landmarks have changed since).
    """

    name: str
    from_frame: str
    to_frame: str
    transform: Map
    notes: tuple[str, ...] = ()

    @property
    def two_way(self) -> bool:
        """Whether the edge can be walked backwards."""
        return isinstance(self.transform, AffineTransform)


@dataclass(frozen=True, eq=False)
class Step:
    """An edge and the direction in which it is walked."""

    edge: Edge
    backward: bool = False

    @property
    def start(self) -> str:
        """Frame that the step leaves."""
        return self.edge.to_frame if self.backward else self.edge.from_frame

    @property
    def end(self) -> str:
        """Frame that the step reaches."""
        return self.edge.from_frame if self.backward else self.edge.to_frame

    @property
    def words(self) -> str:
        """Name of the edge, and whether it is walked backwards."""
        return f"{self.edge.name} (inverse)" if self.backward else self.edge.name

    def apply(self, points_um: np.ndarray) -> np.ndarray:
        """Map points along the step: (n, 3) [um]."""
        transform = self.edge.transform
        return transform.inverse_apply(points_um) if self.backward else transform.apply(points_um)

    def linear(self) -> AffineTransform:
        """Return the transform if it has a covariance, else refuse in words."""
        transform = self.edge.transform
        if isinstance(transform, AffineTransform):
            return transform
        raise CovarianceUnavailable(
            f"{self.edge.name} bends (a {_KINDS.get(type(transform).__name__, 'map')}), and no "
            f"covariance is given through it{_left_out(transform)}: ask for positions only "
            "(graph.positions), or go another way with via="
        )

    def matrix(self) -> np.ndarray:
        """Linear part of the step: (3, 3)."""
        matrix = self.linear().matrix
        return np.linalg.inv(matrix) if self.backward else matrix

    def slopes_at(self, points_um: np.ndarray) -> np.ndarray:
        """Differentiate points mapped along the step by the edge's parameters: (n, 3, p)."""
        transform = self.linear()
        if not self.backward:
            return transform.jacobian(points_um)
        slopes = transform.jacobian(transform.inverse_apply(points_um))
        return np.asarray(-np.linalg.solve(transform.matrix, slopes))

    def changed(self, changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Change the edge's parameters by (count, p): what maps x to M x + b along the step.

        Returns
        -------
        M : (count, 3, 3) array
        b : (count, 3) array
            [um].
        """
        transform = self.linear()
        matrices, offsets = transform.changed(changes)
        if not self.backward:
            return matrices, offsets - matrices @ transform.centre_um
        matrices = np.linalg.inv(matrices)
        return matrices, transform.centre_um - (matrices @ offsets[..., None])[..., 0]


def _left_out(transform: Map) -> str:
    errors = getattr(transform, "loo_um", None)
    return "" if errors is None else f" (leave-one-out {np.sqrt(np.mean(errors**2)):.3g} µm RMS)"
