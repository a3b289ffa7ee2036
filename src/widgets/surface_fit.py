"""The pose that marks on a surface tell, read like the fit of landmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CovarianceUnavailable
from ..workspace.surface_sight import in_picture_frame, stretch_of
from .pairs import positions, stated_errors

if TYPE_CHECKING:
    from ..analysis.registration import AffineTransform
    from ..analysis.registration.surface import SurfacePose, SurfaceView
    from ..analysis.targeting.surface_plane import SurfacePlane

#: Marks from which a pose with its scale has something left over.
FEWEST = 4
_CHECKED = 1e-6

Hides = Callable[["AffineTransform", NDArray[np.float64]], NDArray[np.bool_]]


def pose_by_marks(
    records: Sequence[Any],
    image: Any,
    view: SurfaceView,
    *,
    tilt_sigma_deg: float | None = None,
    hides: Hides | None = None,
) -> SurfacePose:
    """Fit the pose of a picture to landmarks between it and the survey.

    Errors of localisation count where every landmark states them on a side. ``hides`` says which
    places of the survey, (n, 3) [µm], its surface hides under a pose.
    """
    from ..analysis.registration.surface import fit_surface_pose

    stated = stated_errors(records)
    given = {
        "sigma_um": stated.get("sigma_moving_um"),
        "sigma_surface_um": stated.get("sigma_fixed_um"),
    }
    marks = positions(records, "fixed", planar=False)
    return fit_surface_pose(
        raw_places(positions(records, "moving", planar=True), image),
        marks,
        view=view,
        model="similarity",
        tilt_sigma_deg=tilt_sigma_deg,
        hidden=None if hides is None else lambda pose: hides(pose, marks),
        **{key: value for key, value in given.items() if value is not None and np.all(value > 0)},
    )


def raw_places(points_um: NDArray[np.float64], image: Any) -> NDArray[np.float64]:
    """Positions in a picture's frame, (n, 3), as places of its raw pixels: (n, 2), y, x [µm]."""
    return (points_um[:, 1:] - np.asarray(image.origin_um)) * [stretch_of(image), 1.0]


def picture_places(raw_um: NDArray[np.float64], image: Any) -> NDArray[np.float64]:
    """Places of a picture's raw pixels, (n, 2), y, x, in its frame: (n, 3) [µm]."""
    placed = raw_um / [stretch_of(image), 1.0] + np.asarray(image.origin_um)
    return np.column_stack([np.zeros(len(placed)), placed])


@dataclass(frozen=True, eq=False)
class SurfaceFit:
    """A surface pose with what a picker shows of every pair.

    Attributes
    ----------
    pose : SurfacePose
    transform : AffineTransform
        From the picture's frame, as its image states it, onto the plane of the surface.
    image : Image
        The picture.
    marks_um : ndarray, shape (n, 3)
        The landmarks in the survey [µm].
    sigmas_um2 : ndarray, shape (n, 2, 2)
        Covariance of each landmark in the picture, both sides together [µm²]; NaN where unknown.
    mixed : bool
        Whether only some of the landmarks state their error.
    """

    pose: SurfacePose
    transform: AffineTransform
    image: Any
    marks_um: NDArray[np.float64]
    sigmas_um2: NDArray[np.float64]
    mixed: bool = False

    method: ClassVar[str] = "surface pose, landmarks"
    title: ClassVar[str] = "Surface pose"

    @classmethod
    def of(
        cls,
        records: Sequence[Any],
        image: Any,
        view: SurfaceView,
        plane: SurfacePlane,
        *,
        hides: Hides | None = None,
    ) -> SurfaceFit:
        """Fit the pose to landmarks; errors as of `fit_surface_pose`."""
        pose = pose_by_marks(records, image, view, hides=hides)
        marks = positions(records, "fixed", planar=False)
        transform = in_picture_frame(pose.transform, plane, image)
        stated = stated_errors(records).values()
        mixed = any(np.isnan(values).any() for values in stated)
        return cls(pose, transform, image, marks, _scatter(records, pose, len(marks)), mixed)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to read before using it."""
        said = list(self.pose.warnings)
        if self.pose.ambiguous:
            said.append("neither the marks nor the tilt tell which of two poses it is")
        if self.mixed:
            said.append(
                "only some pairs state their localisation error: that of all is taken from the "
                "residuals"
            )
        if self.pose.transform.covariance is None:
            said.append("no mark is left over that would tell the error: pick more")
        return tuple(said)

    @property
    def residuals_um(self) -> NDArray[np.float64]:
        """Landmark on the surface minus the place that its picked pixel looks at: (n, 3) [µm]."""
        return np.asarray(-self.pose.residuals_um @ self.pose.transform.matrix[:, 1:].T)

    @property
    def fre_um(self) -> float:
        """RMS of the residuals in the picture [µm]."""
        return float(np.sqrt(np.mean(np.sum(self.pose.residuals_um**2, axis=1))))

    @property
    def nu(self) -> int:
        """Degrees of freedom of the residuals."""
        return 2 * len(self.marks_um) - self.pose.transform.parameter_count + 1

    @cached_property
    def _hats(self) -> NDArray[np.float64]:
        """How the predicted place of each mark follows its picked one: (n, 2, 2)."""
        try:
            own = self.pose.seen_covariance_at(self.marks_um)
        except CovarianceUnavailable:
            return np.full((len(self.marks_um), 2, 2), np.nan)
        return np.asarray(own @ np.linalg.inv(self.sigmas_um2))

    @property
    def leverage(self) -> NDArray[np.float64]:
        """How much of its own place each mark determines, 0 to 1: (n,)."""
        return np.asarray(np.trace(self._hats, axis1=1, axis2=2) / 2)

    @cached_property
    def loo_um(self) -> NDArray[np.float64]:
        """Distance of each mark from where the others alone put it, to first order: (n,) [µm]."""
        found = np.full(len(self.marks_um), np.nan)
        for k, (hat, left) in enumerate(zip(self._hats, self.pose.residuals_um, strict=True)):
            if _checked(hat):
                found[k] = np.linalg.norm(np.linalg.solve(np.eye(2) - hat, left))
        return found * self.pose.transform.scale

    @cached_property
    def surprise_p(self) -> NDArray[np.float64]:
        """Chance that the worst of so many honest marks stands out as much as each: (n,)."""
        from ..analysis.distributions import f_distribution
        from ..analysis.registration.surprise import worst_of

        n, nu, left = len(self.marks_um), self.nu, self.pose.residuals_um
        found = np.full(n, np.nan)
        if nu <= 2 or np.abs(left).max() < 1e-9 * np.ptp(self.marks_um):
            return found
        weights = np.linalg.inv(self.sigmas_um2)
        total = float(np.einsum("ni,nij,nj->", left, weights, left))
        for k, hat in enumerate(self._hats):
            if _checked(hat):
                own = float(left[k] @ weights[k] @ np.linalg.solve(np.eye(2) - hat, left[k]))
                others = max(total - own, 1e-12 * total) / (nu - 2)
                found[k] = worst_of(f_distribution.sf(own / 2 / others, 2, nu - 2), n)
        return found

    def tre_at(self, points_um: ArrayLike) -> NDArray[np.float64]:
        """Predicted RMS error of mapped points of the picture's frame: (n,) [µm]."""
        covariance = self.transform.covariance_at(points_um)
        return np.asarray(np.sqrt(np.trace(covariance, axis1=1, axis2=2)))

    def apart_um(self, moving_um: NDArray[np.float64], fixed_um: NDArray[np.float64]) -> Any:
        """Distance of landmarks that took no part from where the pose shows them: (m,) [µm]."""
        off = raw_places(moving_um, self.image) - self.pose.seen_at(fixed_um)
        return np.linalg.norm(off, axis=1) * self.pose.transform.scale

    def surprise_outside(
        self, moving_um: NDArray[np.float64], fixed_um: NDArray[np.float64], *, count: int
    ) -> NDArray[np.float64]:
        """How surprising landmarks are that took no part, of so many: (m,)."""
        from ..analysis.distributions import chi2, f_distribution
        from ..analysis.registration.surprise import worst_of

        pose = self.pose.transform
        if pose.covariance is None:
            return np.full(len(moving_um), np.nan)
        off = raw_places(moving_um, self.image) - self.pose.seen_at(fixed_um)
        scatter = self.pose.seen_covariance_at(fixed_um) + np.mean(self.sigmas_um2, axis=0)
        square = np.einsum("ni,nij,nj->n", off, np.linalg.inv(scatter), off)
        if pose.nu is None or not np.isfinite(pose.nu):
            return np.asarray(worst_of(chi2.sf(square, 2), count))
        return np.asarray(worst_of(f_distribution.sf(square / 2, 2, pose.nu), count))


def _checked(hat: NDArray[np.float64]) -> bool:
    """Whether the others check a mark in both directions."""
    return bool(np.isfinite(hat).all() and np.linalg.eigvals(np.eye(2) - hat).real.min() > _CHECKED)


def _scatter(records: Sequence[Any], pose: SurfacePose, count: int) -> NDArray[np.float64]:
    """Covariance of each mark in the picture, as the fit has taken it."""
    transform = pose.transform
    if transform.sigma_source == "stated":
        stated, found = stated_errors(records), np.zeros((count, 2, 2))
        back = np.linalg.inv(transform.matrix)[1:]
        parts = (("sigma_moving_um", np.eye(2)), ("sigma_fixed_um", back @ back.T))
        for key, shape in parts:
            values = stated.get(key)
            if values is not None and np.all(values > 0):
                found += np.asarray(values)[:, None, None] ** 2 * shape
        return found
    sigma = transform.sigma_um or float("nan")
    return np.tile((sigma / transform.scale) ** 2 * np.eye(2), (count, 1, 1))
