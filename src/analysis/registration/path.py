"""One way through the frames, mapped together: points, covariances, draws."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable
from .degrees import effective_nu
from .displacement import DisplacementField
from .joint import JointErrors, carried
from .local_map import lattice, local_map
from .points import lift
from .spline_fit import SplineMap
from .step import Step
from .transform import AffineTransform


@dataclass(frozen=True, eq=False)
class FramePath:
    """A way from one frame to another, first step first.

    The steps are applied in the order in which they are listed.

    Attributes
    ----------
    from_frame : str
    steps : tuple of Step
    joint : JointErrors or None
        Of edges that were adjusted together; None where all are independent.
    """

    from_frame: str
    steps: tuple[Step, ...] = ()
    joint: JointErrors | None = None

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

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points along the way: (n, 3) [um]."""
        points = lift(points_um)
        for step in self.steps:
            points = step.apply(points)
        return points

    def near(self, centre_um: ArrayLike, half_size_um: ArrayLike) -> FramePath:
        """The same way with its bends taken as straight over a volume.

        So it tells how alike the errors of a volume's places are; see `local_map`.

        Parameters
        ----------
        centre_um, half_size_um : (3,) array
            Volume in the first frame, z, y, x [um].

        Raises
        ------
        CovarianceUnavailable
            A bend states no error.
        ValueError
            The volume reaches out of a displacement field.
        """
        if all(isinstance(step.edge.transform, AffineTransform) for step in self.steps):
            return self
        places, steps = lattice(centre_um, half_size_um), []
        for step in self.steps:
            there, transform = step.apply(places), step.edge.transform
            if isinstance(transform, SplineMap | DisplacementField):
                straight = _straight(step, there if step.backward else places)
                step = replace(step, edge=replace(step.edge, transform=straight))
            steps.append(step)
            places = there
        return replace(self, steps=tuple(steps))

    @property
    def bends(self) -> tuple[str, ...]:
        """Names of the edges that are no linear maps."""
        return tuple(
            step.edge.name
            for step in self.steps
            if not isinstance(step.edge.transform, AffineTransform)
        )

    def slopes_at(self, points_um: ArrayLike) -> dict[str, np.ndarray]:
        """Differentiate mapped points by the independent errors of each edge.

        Returns
        -------
        dict of str to (n, 3, p) array
            By the edge's name. After an adjustment also edges that the way does not pass: those
            that close a loop with it.
        """
        points = lift(points_um)
        out: dict[str, np.ndarray] = {}
        for step in self.steps:
            gradient = step.gradient_at(points)
            out = {name: gradient @ slope for name, slope in out.items()}
            out[step.edge.name] = step.slopes_at(points)
            points = step.apply(points)
        return out if self.joint is None else self.joint.from_sources(out)

    def prior(self, name: str) -> np.ndarray | None:
        """Covariance of an edge's own parameters, which `slopes_at` carries: (p, p)."""
        if self.joint is not None and name in self.joint.priors:
            return self.joint.priors[name]
        return self._step(name).prior

    def nu_of(self, name: str) -> float | None:
        """Degrees of freedom behind an edge's own error; None where it is known."""
        if self.joint is not None and name in self.joint.nus:
            return self.joint.nus[name]
        return self._step(name).nu

    def _step(self, name: str) -> Step:
        return next(step for step in self.steps if step.edge.name == name)

    def contributions(self, points_um: ArrayLike) -> dict[str, np.ndarray]:
        """Map what each edge contributes to the covariance at the end: name to (n, 3, 3) [um2]."""
        return self._carried(self.slopes_at(points_um))

    def _carried(self, slopes: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        out = {}
        for name, slope in slopes.items():
            prior = self.prior(name)
            unknown = np.full((len(slope), 3, 3), np.nan)
            out[name] = unknown if prior is None else carried(slope, prior)
        return out

    def covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> np.ndarray:
        """Predict the covariance at the end of the way, to first order: (n, 3, 3) [um2].

        Each edge's own part is carried to the end by the edges after it, and the parts are added.
        ``localisation_um2`` is the covariance of the points themselves, in the first frame.
        """
        return self.covariance_and_nu(points_um, localisation_um2)[0]

    def nu_at(self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None) -> np.ndarray:
        """Degrees of freedom with which that covariance is known: (n,).

        Infinity where every localisation error is known independently, 0 where an edge has no
        landmark to spare; see `scalebridge.analysis.registration.effective_nu`.
        """
        return self.covariance_and_nu(points_um, localisation_um2)[1]

    def covariance_and_nu(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give `covariance_at` and `nu_at` in one go."""
        points = lift(points_um)
        parts = self.contributions(points)
        nus = [self.nu_of(name) for name in parts]
        listed = [np.zeros((len(points), 3, 3)), *parts.values()]
        if localisation_um2 is not None:
            gradient = self.gradient_at(points)
            own = np.asarray(localisation_um2, dtype=float)
            listed[0] = listed[0] + gradient @ own @ gradient.transpose(0, 2, 1)
        return sum(listed[1:], listed[0]), effective_nu(listed, [None, *nus])

    def difference_covariance(self, start_um: ArrayLike, end_um: ArrayLike) -> np.ndarray:
        """Predict the covariance of the mapped difference of two points: (3, 3) [um2].

        What moves both alike cancels.

        Parameters
        ----------
        start_um, end_um : (3,) array
            In the first frame [um].
        """
        return self.difference_and_nu(start_um, end_um)[0]

    def difference_and_nu(self, start_um: ArrayLike, end_um: ArrayLike) -> tuple[np.ndarray, float]:
        """Give `difference_covariance` and its degrees of freedom."""
        ends = np.concatenate([np.reshape(start_um, (1, 3)), np.reshape(end_um, (1, 3))])
        slopes = {name: slope[1:] - slope[:1] for name, slope in self.slopes_at(ends).items()}
        parts = self._carried(slopes) | self._bent_apart(ends)
        nus = [self.nu_of(name) for name in parts]
        listed = [np.zeros((1, 3, 3)), *parts.values()]
        return sum(listed[1:], listed[0])[0], float(effective_nu(listed, [None, *nus])[0])

    def _bent_apart(self, ends_um: np.ndarray) -> dict[str, np.ndarray]:
        """What each bend contributes to the difference of two mapped points: (1, 3, 3) [um2]."""
        points, found = ends_um, dict[str, np.ndarray]()
        for step in self.steps:
            if found:
                slope = step.gradient_at(points)
                found = {
                    n: np.einsum("iab,ibjc,jdc->iajd", slope, c, slope) for n, c in found.items()
                }
            if step.edge.bends:
                found[step.edge.name] = step.joint_covariance(points)
            points = step.apply(points)
        sign = np.array([-1.0, 1.0])
        return {n: np.einsum("i,iajb,j->ab", sign, c, sign)[None] for n, c in found.items()}

    def matrix(self) -> np.ndarray:
        """Linear part of the whole way: (3, 3)."""
        out = np.eye(3)
        for step in self.steps:
            out = step.matrix() @ out
        return out

    def gradient_at(self, points_um: ArrayLike) -> np.ndarray:
        """Differentiate mapped points by the points: (n, 3, 3)."""
        points = lift(points_um)
        out = np.broadcast_to(np.eye(3), (len(points), 3, 3))
        for step in self.steps:
            out = step.gradient_at(points) @ out
            points = step.apply(points)
        return np.asarray(out)

    def draw(self, points_um: ArrayLike, count: int, rng: np.random.Generator) -> np.ndarray:
        """Map points by ways drawn from the uncertainty: (count, n, 3) [um].

        All points of one draw go through the same transforms, so that they move together.
        """
        points = lift(points_um)
        middle = points.mean(axis=0)  # the sums below stay small beside the coordinates
        together = {} if self.joint is None else self.joint.draw(count, rng)
        turned, moved = np.broadcast_to(np.eye(3), (count, 3, 3)), np.tile(middle, (count, 1))
        for step in self.steps:
            changes = together.get(step.edge.name)
            if changes is None:
                changes = step.linear().draw_changes(count, rng)
            matrices, offsets = step.changed(changes)
            turned = matrices @ turned
            moved = (matrices @ moved[..., None])[..., 0] + offsets
        arms = turned.reshape(-1, 3) @ (points - middle).T
        return arms.reshape(count, 3, -1).transpose(0, 2, 1) + moved[:, None]


def _straight(step: Step, places_um: np.ndarray) -> AffineTransform:
    """Take a step's bend as straight over places, or say which step states no error."""
    try:
        return local_map(step.edge.transform, places_um)  # type: ignore[arg-type]
    except CovarianceUnavailable as why:
        raise CovarianceUnavailable(
            f"no cut can be planned through {step.edge.name}: {why}; or go another way with via="
        ) from why
