"""One way through the frames, mapped together: points, covariances, draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable
from .points import lift
from .spline import ThinPlateSpline
from .transform import AffineTransform


@dataclass(frozen=True, eq=False)
class Edge:
    """A transform between two frames.

    Attributes
    ----------
    name : str
        For example ``"sem_to_survey"``.
    from_frame, to_frame : str
        What the transform maps from and to.
    transform : AffineTransform or ThinPlateSpline
    """

    name: str
    from_frame: str
    to_frame: str
    transform: AffineTransform | ThinPlateSpline

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
            f"{self.edge.name} is a thin-plate spline, through which no covariance is given "
            f"(leave-one-out {np.sqrt(np.mean(transform.loo_um**2)):.3g} µm RMS): ask for "
            "positions only (graph.positions), or go another way with via="
        )

    def matrix(self) -> np.ndarray:
        """Linear part of the step: (3, 3)."""
        matrix = self.linear().matrix
        return np.linalg.inv(matrix) if self.backward else matrix

    def covariance_at(self, points_um: np.ndarray) -> np.ndarray:
        """Add what the step itself contributes: (n, 3, 3) [um2], NaN where it cannot be told."""
        transform = self.linear()
        if transform.covariance is None:
            return np.full((len(points_um), 3, 3), np.nan)
        if self.backward:
            return transform.inverse_covariance_at(points_um)
        return transform.covariance_at(points_um)

    def difference_covariance(self, start_um: np.ndarray, end_um: np.ndarray) -> np.ndarray:
        """Predict what the step adds to the covariance of end − start: (3, 3) [um2].

        What moves both alike cancels.
        """
        transform = self.linear()
        if transform.covariance is None:
            return np.full((3, 3), np.nan)
        points = np.stack([start_um, end_um])
        first, second = transform.jacobian(
            transform.inverse_apply(points) if self.backward else points
        )
        slope = second - first
        if self.backward:
            slope = np.linalg.solve(transform.matrix, slope)
        return np.asarray(slope @ transform.covariance @ slope.T)

    def draw(self, points_um: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
        """Map points by transforms drawn from the step's uncertainty: (count, n, 3) [um]."""
        transform = self.linear()
        matrices, offsets = transform.draw(count, rng)
        if not self.backward:
            arms = points_um - transform.centre_um
            return arms @ matrices.transpose(0, 2, 1) + offsets[:, None]
        arms = points_um - offsets[:, None]
        return arms @ np.linalg.inv(matrices).transpose(0, 2, 1) + transform.centre_um


@dataclass(frozen=True, eq=False)
class FramePath:
    """A way from one frame to another, first step first.

    The steps are applied in the order in which they are listed.

    Attributes
    ----------
    from_frame : str
    steps : tuple of Step
    """

    from_frame: str
    steps: tuple[Step, ...] = ()

    @property
    def frames(self) -> tuple[str, ...]:
        """Frames on the way, both ends included."""
        return (self.from_frame, *(step.end for step in self.steps))

    @property
    def words(self) -> str:
        """The frames on the way, with arrows."""
        return " → ".join(self.frames)

    @property
    def edges(self) -> tuple[str, ...]:
        """Names of the edges on the way."""
        return tuple(step.edge.name for step in self.steps)

    @property
    def nu(self) -> float | None:
        """Degrees of freedom of the whole way: the smallest of its edges (conservative).

        None where every localisation error is known independently.
        """
        found = [step.linear().nu for step in self.steps]
        finite = [nu for nu in found if nu is not None and np.isfinite(nu)]
        return min(finite) if finite else None

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points along the way: (n, 3) [um]."""
        points = lift(points_um)
        for step in self.steps:
            points = step.apply(points)
        return points

    def contributions(self, points_um: ArrayLike) -> dict[str, np.ndarray]:
        """Map what each edge contributes to the covariance at the end: name to (n, 3, 3) [um2]."""
        points = lift(points_um)
        out: dict[str, np.ndarray] = {}
        for step in self.steps:
            matrix = step.matrix()
            out = {name: matrix @ part @ matrix.T for name, part in out.items()}
            out[step.edge.name] = step.covariance_at(points)
            points = step.apply(points)
        return out

    def covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> np.ndarray:
        """Predict the covariance at the end of the way, to first order: (n, 3, 3) [um2].

        Each edge's own part is carried to the end by the edges after it, and the parts are added.
        ``localisation_um2`` is the covariance of the points themselves, in the first frame.
        """
        points = lift(points_um)
        total = sum(self.contributions(points).values(), np.zeros((len(points), 3, 3)))
        if localisation_um2 is not None:
            matrix = self.matrix()
            total = total + matrix @ np.asarray(localisation_um2, dtype=float) @ matrix.T
        return total

    def difference_covariance(self, start_um: ArrayLike, end_um: ArrayLike) -> np.ndarray:
        """Predict the covariance of the mapped difference of two points: (3, 3) [um2].

        Parameters
        ----------
        start_um, end_um : (3,) array
            In the first frame [um].
        """
        start, end = lift(np.reshape(start_um, (1, 3))), lift(np.reshape(end_um, (1, 3)))
        total = np.zeros((3, 3))
        for step in self.steps:
            matrix = step.matrix()
            total = matrix @ total @ matrix.T + step.difference_covariance(start[0], end[0])
            start, end = step.apply(start), step.apply(end)
        return total

    def matrix(self) -> np.ndarray:
        """Linear part of the whole way: (3, 3)."""
        out = np.eye(3)
        for step in self.steps:
            out = step.matrix() @ out
        return out

    def draw(self, points_um: ArrayLike, count: int, rng: np.random.Generator) -> np.ndarray:
        """Map points by ways drawn from the uncertainty: (count, n, 3) [um].

        All points of one draw go through the same transforms, so that they move together.
        """
        points = np.broadcast_to(lift(points_um), (count, *lift(points_um).shape))
        for step in self.steps:
            points = step.draw(points, count, rng)
        return np.asarray(points)
