"""A transform between two frames, and the direction in which it is walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    def bends(self) -> bool:
        """Whether the transform is no linear map."""
        return not isinstance(self.transform, AffineTransform)


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
            f"{self._bend}: the error of one place is known at most, and not how alike the errors "
            "of several are, which is needed here; ask for single places (graph.locate), take the "
            "bend as straight over a volume (path.near), or go another way with via="
        )

    def matrix(self) -> np.ndarray:
        """Linear part of the step: (3, 3)."""
        matrix = self.linear().matrix
        return np.linalg.inv(matrix) if self.backward else matrix

    def gradient_at(self, points_um: np.ndarray) -> np.ndarray:
        """Differentiate points mapped along the step by the points: (n, 3, 3)."""
        transform = self.edge.transform
        if isinstance(transform, AffineTransform):
            return np.broadcast_to(self.matrix(), (len(points_um), 3, 3))
        if not self.backward:
            return np.asarray(transform.gradient(points_um))
        return np.linalg.inv(transform.gradient(transform.inverse_apply(points_um)))

    @property
    def prior(self) -> np.ndarray | None:
        """Covariance of what `slopes_at` differentiates by: (p, p)."""
        transform = self.edge.transform
        return transform.covariance if isinstance(transform, AffineTransform) else np.eye(3)

    @property
    def nu(self) -> float | None:
        """Degrees of freedom behind the edge's error; None where it is known."""
        nu = getattr(self.edge.transform, "nu", None)
        return None if nu is None or np.isinf(nu) else float(nu)

    def slopes_at(self, points_um: np.ndarray) -> np.ndarray:
        """Differentiate points mapped along the step by the edge's parameters: (n, 3, p).

        Those of a bend are three a point, along the axes of its error there.
        """
        transform = self.edge.transform
        if not isinstance(transform, AffineTransform):
            return self._axes_of_error(points_um)
        if not self.backward:
            return transform.jacobian(points_um)
        slopes = transform.jacobian(transform.inverse_apply(points_um))
        return np.asarray(-np.linalg.solve(transform.matrix, slopes))

    def joint_covariance(self, points_um: np.ndarray) -> np.ndarray:
        """Joint covariance of points mapped along a bend: (n, 3, n, 3) [um2]."""
        transform: Any = self.edge.transform
        try:
            if not self.backward:
                return np.asarray(transform.joint_covariance(points_um))
            places = transform.inverse_apply(points_um)
            back = np.linalg.inv(transform.gradient(places))
            joint = transform.joint_covariance(places)
        except (AttributeError, CovarianceUnavailable) as why:
            raise CovarianceUnavailable(
                f"no covariance is given through {self.edge.name}: {why}; ask for positions only "
                "(graph.positions), or go another way with via="
            ) from why
        return np.einsum("iab,ibjc,jdc->iajd", back, joint, back)

    def _axes_of_error(self, points_um: np.ndarray) -> np.ndarray:
        transform: Any = self.edge.transform
        errors = transform.inverse_covariance_at if self.backward else transform.covariance_at
        try:
            values, vectors = np.linalg.eigh(errors(points_um))
        except CovarianceUnavailable as why:
            raise CovarianceUnavailable(
                f"no covariance is given through {self.edge.name}: {why}; ask for positions only "
                "(graph.positions), or go another way with via="
            ) from why
        return np.asarray(vectors * np.sqrt(np.clip(values, 0, None))[:, None])

    @property
    def _bend(self) -> str:
        transform = self.edge.transform
        return f"{self.edge.name} bends (a {_KINDS.get(type(transform).__name__, 'map')})"

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
