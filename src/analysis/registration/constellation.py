"""Pair fiducials that were found in two images, without any start.

Strategy: triangles of one image are looked up among the triangles of the other by their three
sides; each hit gives a pose; the pose under which most fiducials meet wins, if chance could not
have done as well and no other pose does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...errors import Degenerate
from ...quantities import format_length
from .points import lift
from .poses import Clouds, Pose, best_poses, shape_index, triangle_index, triangles
from .transform import AffineTransform

_MOST = 100  # fiducials in one image
_BATCH = 100  # triangles looked up at a time
_HYPOTHESES = 200_000
_CHANCE = 0.01
_CERTAIN = 1e-6
_MUCH_WORSE = 3.0  # times the distances that remain: F(14, 14) = 9 happens once in 10,000
_EXACT = 0.05  # of the tolerance: distances below are taken for this


@dataclass(frozen=True, eq=False)
class ConstellationMatch:
    """Which fiducial of one image is which of the other.

    Attributes
    ----------
    pairs : (m, 2) int array
        Row of ``points_a`` and row of ``points_b``.
    residuals_um : (m,) array
        Distances that remain [um].
    scale : float
        Size of b over size of a.
    transform : AffineTransform
        Similarity from a to b without covariance; fit the pairs with `fit_landmarks`.
    chance : float
        Expected number of poses that do as well by chance.
    runner_up : int
        Fiducials that the best other pose pairs.
    statement : str
        In words.
    """

    pairs: np.ndarray
    residuals_um: np.ndarray
    scale: float
    transform: AffineTransform
    chance: float
    runner_up: int
    statement: str


def match_constellation(
    points_a: ArrayLike,
    points_b: ArrayLike,
    *,
    tolerance_um: float,
    scale_tolerance: float = 0.03,
    any_scale: bool = False,
) -> ConstellationMatch:
    """Pair fiducials found in two images by their constellation alone.

    Parameters
    ----------
    points_a : (n, 3) array, or (n, 2) of a 2-D image
        Fiducials of one image [um].
    points_b : (m, 3) or (m, 2) array
        Fiducials of the other; 3-D if a is 3-D [um].
    tolerance_um : float
        Largest distance of two fiducials that are called a pair, in b: about three times the error
        of finding one [um].
    scale_tolerance : float
        By which part the voxel sizes may be wrong, both together.
    any_scale : bool
        The sizes are not known at all; ``scale_tolerance`` then says nothing. More fiducials have
        to agree, as more poses are tried.

    Returns
    -------
    ConstellationMatch

    Raises
    ------
    Degenerate
        If no pose pairs more fiducials than chance would, or several poses do equally well (a
        regular grid, a symmetric set). A pose that leaves three times the distances is not as good.

    Notes
    -----
    Rotations and shifts only, no mirror; a 2-D picture in space may lie either side up. Fiducials
    that are missing or spurious in either image are tolerated: of 20 in each image and 4 spurious
    ones, 10 in common are enough in space (`scalebridge.reports.constellation_finds` counts it).
    Five in common are about the fewest that chance does not reach; two pictures of unknown scale
    need more. At most 100 in an image: keep the most certain ones.

    Examples
    --------
    >>> here = np.random.default_rng(0).uniform(0, 100, (12, 3))
    >>> turned = (here * [1, -1, 1])[::-1, [0, 2, 1]] + [5, 0, 120]  # a quarter turn, backwards
    >>> found = match_constellation(here, turned, tolerance_um=0.5)
    >>> len(found.pairs), set(found.pairs.sum(axis=1).tolist())
    (12, {11})
    """
    clouds = _prepare(points_a, points_b, tolerance_um, scale_tolerance, any_scale)
    found, looked_at = _hypotheses(clouds)
    if not found:
        raise Degenerate(
            f"no constellation found: no three of {len(clouds.a)} fiducials form a triangle that "
            f"occurs among the other {len(clouds.b)}: check the voxel sizes and tolerance_um "
            f"(got {format_length(tolerance_um)})"
        )
    best = found[0]
    others = [other for other in found[1:] if _overlap(best, other) < 0.5]
    runner_up = len(others[0].rows) if others else 0
    limit = _MUCH_WORSE * max(_rms(best), _EXACT * tolerance_um)
    rivals = max((len(other.rows) for other in others if _rms(other) <= limit), default=0)
    chance = _chance(clouds, best, looked_at)
    _refuse(clouds, best, rivals, chance)
    return _result(clouds, best, runner_up, chance)


def _chance(clouds: Clouds, pose: Pose, looked_at: float) -> float:
    """Expected number of poses that pair as many by chance."""
    from scipy.special import bdtrc

    count = max(len(pose.rows), 3)
    return float(looked_at * bdtrc(count - 4, len(clouds.a) - 3, clouds.random_hit))


def _prepare(
    points_a: ArrayLike,
    points_b: ArrayLike,
    tolerance_um: float,
    scale_tolerance: float,
    any_scale: bool,
) -> Clouds:
    if not tolerance_um > 0:
        raise ValueError(f"tolerance_um needs a value above 0 [um], got {tolerance_um!r}")
    if not 0 <= scale_tolerance < 0.5:
        raise ValueError(f"scale_tolerance needs 0 to 0.5, got {scale_tolerance!r}")
    ndims = tuple(
        int(np.atleast_2d(np.asarray(p, dtype=float)).shape[1]) for p in (points_a, points_b)
    )
    if ndims == (3, 2):
        raise ValueError("points_a 3-D and points_b 2-D: swap them (the 2-D image comes first)")
    a, b = lift(points_a, name="points_a"), lift(points_b, name="points_b")
    for name, points in (("points_a", a), ("points_b", b)):
        if not 4 <= len(points) <= _MOST:
            raise ValueError(
                f"{name} needs 4 to {_MOST} fiducials, got {len(points)}: "
                + ("find more" if len(points) < 4 else "keep the most certain ones")
            )
    axes = slice(3 - ndims[1], 3)
    a, b = a[:, axes], b[:, axes]
    return Clouds(a, b, (ndims[0], ndims[1]), tolerance_um, scale_tolerance, any_scale)


def _hypotheses(clouds: Clouds) -> tuple[list[Pose], float]:
    """Collect poses, best first, and estimate how many there are to look at."""
    index = shape_index(clouds) if clouds.any_scale else triangle_index(clouds.b)
    ours = triangles(clouds.a)
    found: list[Pose] = []
    looked_at = 0
    for start in range(0, len(ours), _BATCH):
        batch = ours[start : start + _BATCH]
        sources, hits = index.look_up(clouds, batch)
        looked_at += len(hits)
        if len(hits):
            found = _merge(found, best_poses(clouds, sources, hits))
        done = start + len(batch)
        total = looked_at * len(ours) / done
        certain = found and _chance(clouds, found[0], total) < _CERTAIN
        if looked_at > _HYPOTHESES or (certain and done >= min(3 * _BATCH, len(ours))):
            break
    return found, looked_at * len(ours) / max(done, 1)


def _merge(found: list[Pose], more: list[Pose]) -> list[Pose]:
    different: dict[tuple[int, ...], Pose] = {}
    for pose in sorted([*found, *more], key=lambda pose: pose.score, reverse=True):
        different.setdefault(tuple(np.stack([pose.rows, pose.columns]).ravel()), pose)
    return list(different.values())[:60]


def _overlap(best: Pose, other: Pose) -> float:
    mine = set(zip(best.rows.tolist(), best.columns.tolist(), strict=True))
    theirs = set(zip(other.rows.tolist(), other.columns.tolist(), strict=True))
    return len(mine & theirs) / max(1, len(mine))


def _rms(pose: Pose) -> float:
    return float(np.sqrt(np.mean(pose.distances**2))) if len(pose.distances) else np.inf


def _refuse(clouds: Clouds, best: Pose, rivals: int, chance: float) -> None:
    count, fewer = len(best.rows), min(len(clouds.a), len(clouds.b))
    if chance > _CHANCE:
        raise Degenerate(
            f"no constellation found: the best pose pairs {count} of {fewer} fiducials, and "
            f"{chance:.2g} poses would do as well by chance: find more fiducials, lower "
            f"tolerance_um (got {format_length(clouds.tolerance)}), or pick landmarks by hand"
        )
    if rivals >= count:
        raise Degenerate(
            f"the constellation is ambiguous: another pose pairs {rivals} fiducials as well as "
            f"the best one pairs {count} (a regular or symmetric arrangement): pick landmarks by "
            "hand, or add a fiducial that breaks the symmetry"
        )


def _result(clouds: Clouds, best: Pose, runner_up: int, chance: float) -> ConstellationMatch:
    axes = slice(3 - clouds.ndims[1], 3)
    matrix, centre, offset = np.eye(3), np.zeros(3), np.zeros(3)
    matrix[axes, axes], centre[axes], offset[axes] = best.matrix, best.centre, best.offset
    scale = float(abs(np.linalg.det(best.matrix)) ** (1 / len(best.matrix)))
    if clouds.ndims[1] == 2:
        matrix[0, 0] = scale
    return ConstellationMatch(
        pairs=np.column_stack([best.rows, best.columns]),
        residuals_um=best.distances,
        scale=scale,
        transform=AffineTransform(
            "similarity", matrix, centre, offset, clouds.ndims[0], clouds.ndims[1]
        ),
        chance=chance,
        runner_up=runner_up,
        statement=(
            f"{len(best.rows)} fiducials of {len(clouds.a)} and {len(clouds.b)} pair within "
            f"{format_length(_rms(best))} RMS, scale {scale:.4f}; the next other pose pairs "
            f"{runner_up}"
        ),
    )
