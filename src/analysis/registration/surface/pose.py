"""How a surface was held under the beam, from marks picked in the picture and on the surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ....errors import Degenerate
from ..points import lift
from ..tangent import Model, parameter_count
from ..transform import AffineTransform
from .necker import starting_poses
from .pose_error import either_pose, with_error
from .pose_words import (
    MOUNT_DEG,
    TOLD,
    UNKNOWN_DEG,
    off_stage,
    pose_statement,
    pose_warnings,
    undecided,
)
from .relief import told_by_relief
from .sight import Marks, Sight, settled
from .view import SurfaceView

_APART_DEG = 0.5  # poses closer than this are one
_ROUNDS = 6
_ZERO = 1e-9  # of the marks' extent: residuals of rounding, not of picking
_HIDDEN = 2 * float(np.log(20))  # against a pose, for each mark that the surface would hide


@dataclass(frozen=True, eq=False)
class SurfacePose:
    """The pose of a picture over a surveyed surface.

    Attributes
    ----------
    transform : AffineTransform
        From the view's frame (z along the beam, y and x in the picture) to the survey's. The plane
        z = 0 passes through the middle of the marks, as one view does not tell depth along the
        beam.
    other : AffineTransform or None
        The next best pose, where there is one: the same marks tilted the other way.
    margin : float
        Twice the logarithm of the odds for ``transform`` against ``other``, by the marks' relief,
        by what the surface would hide, and by the tilt where it is an observation; near 0 they do
        not tell, below 0 they speak for ``other``, infinite where there is no other.
    ambiguous : bool
        Neither marks nor stage tell which of the two it is.
    residuals_um : (n, 2) array
        Picked minus predicted place in the picture, y, x [um].
    view : SurfaceView
    statement : str
        The result in words.
    warnings : tuple of str
        What to read before using it.
    """

    transform: AffineTransform
    other: AffineTransform | None
    margin: float
    ambiguous: bool
    residuals_um: np.ndarray
    view: SurfaceView
    statement: str
    warnings: tuple[str, ...] = ()

    def seen_at(self, points_um: ArrayLike) -> np.ndarray:
        """Places in the picture at which points of the survey are seen: (n, 2), y, x [um]."""
        return self.transform.inverse_apply(points_um)[:, 1:]

    def seen_covariance_at(self, points_um: ArrayLike) -> np.ndarray:
        """Covariance of those places, by the pose alone: (n, 2, 2) [um2]."""
        return self.transform.inverse_covariance_at(points_um)[:, 1:, 1:]


def fit_surface_pose(
    marks_um: ArrayLike,
    surface_um: ArrayLike,
    *,
    view: SurfaceView,
    model: Model = "rigid",
    sigma_um: ArrayLike | None = None,
    sigma_surface_um: ArrayLike | None = None,
    height_sigma_um: float = 0.0,
    tilt_sigma_deg: float | None = None,
    hidden: Callable[[AffineTransform], ArrayLike] | None = None,
) -> SurfacePose:
    """Fit the pose of an orthographic picture over a surface to marks seen in both.

    Five parameters follow from the marks (six with the scale). The sixth, depth along the beam, is
    set so that the picture's plane passes through the middle of the marks, and is as uncertain as
    their heights. Marks on one plane fit under two tilts; both are found, and the one nearer the
    stage's tilt is taken where the marks do not tell: how well they fit says little, as errors of
    picking across the beam look smaller from the mirrored side, so only relief that such errors do
    not explain counts.

    Parameters
    ----------
    marks_um : (n, 2) array
        Places in the picture, y, x: raw pixels times `SurfaceView.spacing_um` [um].
    surface_um : (n, 3) array
        The same marks in the survey, z, y, x, each at its own height: a ball's centre is not on the
        surface [um].
    view : SurfaceView
        What the stage says.
    model : {"rigid", "similarity"}
        Whether the scale of the survey may differ from the picture's.
    sigma_um : float, (n,) or (n, 2) array, optional
        Localisation error in the picture, per axis [um].
    sigma_surface_um : float, (n,) or (n, 3) array, optional
        Localisation error in the survey, per axis [um]. Without both errors they are taken from the
        residuals, with ``nu = 2 n - 5`` (or 6) degrees of freedom.
    height_sigma_um : float
        How far the surface as a whole may lie off along the beam, besides [um].
    tilt_sigma_deg : float, optional
        How well the stage's tilt is known against the survey, mount and all. It is then an
        observation, of tilt and of lean; without it the stage only chooses between two poses.
    hidden : callable, optional
        Says of a pose which marks the surface would hide, (n,) of bool: none of those that were
        seen. Each is taken for odds of 20 against it.

    Returns
    -------
    SurfacePose

    Raises
    ------
    Degenerate
        If the marks do not tell the tilt, or fit only from behind the surface.
    ValueError
        For wrong shapes, too few marks, or errors below 0.

    Notes
    -----
    Gauss-Newton on the pose with errors of both sides, as for landmarks. To first order: with a
    tilt known to worse than 1 degree, sample instead. Not for pictures with perspective.

    Examples
    --------
    >>> view = SurfaceView(tilt_deg=60, spacing_um=(1, 1), shape=(100, 100))
    >>> surface = np.array([[0, 0, 0], [0, 0, 80], [0, 80, 0], [0, 80, 80], [-20, 40, 40]], float)
    >>> seen = view.nominal_pose([0, 40, 40]).inverse_apply(surface)[:, 1:]
    >>> pose = fit_surface_pose(seen, surface, view=view, sigma_um=0.5)
    >>> round(view.angles(pose.transform).tilt_deg, 6)
    60.0
    """
    marks = _checked(
        marks_um,
        surface_um,
        view,
        model,
        sigma_um,
        sigma_surface_um,
        height_sigma_um,
        tilt_sigma_deg,
    )
    found = _optima(marks, model)[:2]
    told = _told(found, marks, hidden)
    best, other, margin, ambiguous = _chosen(found, told, marks)
    sigma = None
    if not marks.stated:
        marks, sigma, (best, other, margin, ambiguous) = _by_residuals(marks, found, told, model)
    transform = with_error(best, marks, height_sigma_um, sigma)
    if ambiguous and other is not None and transform.covariance is not None:
        transform = either_pose(transform, other.pose, margin)
        if transform.rotation_sigma_deg > UNKNOWN_DEG:
            raise Degenerate(undecided(best, other, margin, view))
    warnings = pose_warnings(transform, marks, margin, None if other is None else other.pose)
    return SurfacePose(
        transform=transform,
        other=None if other is None else other.pose,
        margin=margin,
        ambiguous=ambiguous,
        residuals_um=best.residuals_um,
        view=view,
        statement=pose_statement(transform, other, margin, ambiguous, view),
        warnings=warnings,
    )


def _checked(
    marks_um: ArrayLike,
    surface_um: ArrayLike,
    view: SurfaceView,
    model: Model,
    sigma_um: ArrayLike | None,
    sigma_surface_um: ArrayLike | None,
    height_sigma_um: float,
    tilt_sigma_deg: float | None,
) -> Marks:
    if model not in ("rigid", "similarity"):
        raise ValueError(f"model needs 'rigid' or 'similarity', got {model!r}")
    if np.ndim(marks_um) != 2 or np.shape(marks_um)[1] != 2:
        raise ValueError(f"marks_um needs shape (n, 2) in y, x, got {np.shape(marks_um)}")
    if np.shape(surface_um) != (len(np.asarray(marks_um)), 3):
        raise ValueError(
            f"surface_um needs shape ({len(np.asarray(marks_um))}, 3) in z, y, x, one row a mark, "
            f"got {np.shape(surface_um)}"
        )
    seen = lift(marks_um, name="marks_um")[:, 1:]
    surface = lift(surface_um, name="surface_um")
    if len(seen) < 3:
        raise ValueError(f"a surface pose needs 3 marks or more, got {len(seen)}: pick more")
    if not 0 <= height_sigma_um < np.inf:
        raise ValueError(f"height_sigma_um needs 0 or more [um], got {height_sigma_um!r}")
    if tilt_sigma_deg is not None and not 0 < tilt_sigma_deg < 90:
        raise ValueError(f"tilt_sigma_deg needs degrees above 0, got {tilt_sigma_deg!r}")
    return Marks(
        seen,
        surface,
        _covariances(sigma_um, len(seen), 2, "sigma_um"),
        _covariances(sigma_surface_um, len(seen), 3, "sigma_surface_um"),
        None if tilt_sigma_deg is None else float(np.radians(tilt_sigma_deg)),
        view,
    )


def _covariances(sigma: ArrayLike | None, n: int, ndim: int, name: str) -> np.ndarray | None:
    if sigma is None:
        return None
    values = np.asarray(sigma, float)
    if values.shape not in {(), (n,), (n, ndim)}:
        raise ValueError(
            f"{name} needs one value, ({n},) one a mark or ({n}, {ndim}) one a mark and axis, got "
            f"shape {values.shape}"
        )
    if not (np.isfinite(values).all() and (values > 0).all()):
        raise ValueError(f"{name} needs finite values above 0 [um], got {sigma!r}")
    columns = values if values.ndim == 2 else np.reshape(values, (-1, 1))
    return np.broadcast_to(columns, (n, ndim))[..., None] ** 2 * np.eye(ndim)


def _optima(marks: Marks, model: Model) -> list[Sight]:
    """All poses at which the marks fit best, as seen from outside the specimen; best first."""
    starts = starting_poses(
        marks.seen_um, marks.surface_um, marks.view, scale_free=model == "similarity"
    )
    ends = sorted((settled(start, marks) for start in starts), key=lambda end: end.cost)
    distinct: list[Sight] = []
    for end in ends:
        if all(_degrees(end.pose, seen.pose) > _APART_DEG for seen in distinct):
            distinct.append(end)
    outward = np.asarray(marks.view.up)
    facing = [end for end in distinct if end.pose.matrix[:, 0] @ outward < 0]
    if not facing or (distinct[0] is not facing[0] and distinct[0].cost < facing[0].cost / 4):
        raise Degenerate(
            "the marks fit only if the surface is seen from behind: the picture is mirrored, two "
            "marks are mixed up, or view.up points into the specimen; flip the picture, check the "
            "marks, or turn up round"
        )
    return facing


_Choice = tuple[Sight, Sight | None, float, bool]


def _told(
    found: list[Sight], marks: Marks, hidden: Callable[[AffineTransform], ArrayLike] | None
) -> float:
    """Twice the logarithm of the odds for the first of two poses, without the stage."""
    if len(found) < 2:
        return float("inf")
    normal = np.linalg.svd(marks.surface_um - marks.surface_um.mean(axis=0))[2][2]
    one, two = (np.linalg.solve(end.pose.matrix, normal)[1:] for end in found)
    if one @ two < 0:
        told = told_by_relief(marks, found[0].pose)
    else:  # no mirror images of each other
        told = _cost(found[1], marks) - _cost(found[0], marks)
    if hidden is not None:
        first, second = (int(np.count_nonzero(hidden(end.pose))) for end in found)
        told += _HIDDEN * (second - first)
    return float(told)


def _cost(end: Sight, marks: Marks) -> float:
    """Misfit of the marks, without that of the stage."""
    return float(np.sum(end.white[: 2 * len(marks.seen_um)] ** 2))


def _by_residuals(
    marks: Marks, found: list[Sight], told: float, model: Model
) -> tuple[Marks, float, _Choice]:
    """Take the marks' error from the residuals of the pose that is chosen, and weigh the stage's
    tilt against it.

    From those of the pose that fits best it would be too small: of two, that is the smaller one.
    """
    n = len(marks.seen_um)
    free, sigma = 2 * n - parameter_count(model, 2, 3) + 1, 0.0
    choice = _chosen(found, told, marks)
    for _ in range(_ROUNDS if marks.tilt_sigma is not None else 1):
        sigma = float(np.sqrt(np.sum(choice[0].residuals_um ** 2) / max(free, 1)))
        if free == 0 or sigma < _ZERO * np.ptp(marks.seen_um, axis=0).max():
            return marks, sigma, choice
        marks = replace(marks, seen_um2=np.tile(sigma**2 * np.eye(2), (n, 1, 1)))
        found = [settled(end.pose, marks) for end in found]
        choice = _chosen(found, told, marks)
    return marks, sigma, choice


def _chosen(found: list[Sight], told: float, marks: Marks) -> _Choice:
    """Take the pose that the marks tell, else the one nearer the stage."""
    if len(found) == 1:
        return found[0], None, float("inf"), False
    n, (best, other) = 2 * len(marks.seen_um) + 1, found
    margin = told + float(np.sum(other.white[n:] ** 2) - np.sum(best.white[n:] ** 2))
    if margin < 0:
        best, other, margin = other, best, -margin
    if margin >= TOLD:
        return best, other, margin, False
    off = [off_stage(end.pose, marks.view) for end in (best, other)]
    ambiguous = abs(off[0] - off[1]) < MOUNT_DEG
    if off[0] <= off[1] or ambiguous:
        return best, other, margin, ambiguous
    return other, best, -margin, ambiguous


def _degrees(first: AffineTransform, second: AffineTransform) -> float:
    turn = np.linalg.solve(first.matrix / first.scale, second.matrix / second.scale)
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))
