"""Two pictures at different tilts see depth: where their lines of sight to a mark meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ....errors import Degenerate
from ..points import lift
from ..transform import AffineTransform

_LEAST_DEG = 2.0


@dataclass(frozen=True, eq=False)
class SeenTwice:
    """Marks that were seen from several directions.

    Attributes
    ----------
    position_um : (n, 3) array
        Where their lines of sight meet, z, y, x in the survey's frame [um].
    covariance_um2 : (n, 3, 3) array
        Of those, by the picks and by the poses [um2].
    gap_um : (n,) array
        Root mean square of what the picks miss the meeting point by, in the pictures [um].
    p : (n,) array
        Chance of so large a gap, or a larger one, if picks and poses are as good as stated.
    """

    position_um: np.ndarray
    covariance_um2: np.ndarray
    gap_um: np.ndarray
    p: np.ndarray


def seen_twice(
    poses: Sequence[AffineTransform], picks_um: Sequence[ArrayLike], *, sigma_um: float
) -> SeenTwice:
    """Find marks in space from two or more pictures at different tilts.

    One picture says nothing about depth along its beam; the line of sight of another does. It is
    how the height of a surface is measured again after coating or cleaning.

    Parameters
    ----------
    poses : sequence of AffineTransform
        Of each picture, see `fit_surface_pose`, from marks of its own.
    picks_um : sequence of (n, 2) arrays
        The same marks in each picture, y, x: raw pixels [um].
    sigma_um : float
        Localisation error of a pick, per axis [um].

    Returns
    -------
    SeenTwice

    Raises
    ------
    Degenerate
        If the pictures look along the same direction.

    Notes
    -----
    Errors of the poses are taken as independent of each other: use marks for the poses whose
    positions in the survey are known better than the picks.

    Examples
    --------
    >>> from scalebridge.analysis.registration.surface import SurfaceView
    >>> poses = [SurfaceView(tilt_deg=t, spacing_um=(1, 1), shape=(9, 9)).nominal_pose([0, 4, 4])
    ...     .with_covariance(np.zeros((6, 6))) for t in (0, 52)]
    >>> picks = [pose.inverse_apply([[-3.0, 5.0, 6.0]])[:, 1:] for pose in poses]
    >>> seen_twice(poses, picks, sigma_um=0.1).position_um.round(6).tolist()
    [[-3.0, 5.0, 6.0]]
    """
    from scipy.stats import chi2

    _check(poses, picks_um, sigma_um)
    seen = np.stack([lift(picks)[:, 1:] for picks in picks_um], axis=1)
    backs = np.stack([np.linalg.inv(pose.matrix) for pose in poses])
    rows = backs[:, 1:].reshape(-1, 3)
    starts = np.concatenate(
        [(p.centre_um - b @ p.offset_um)[1:] for p, b in zip(poses, backs, strict=True)]
    )
    position = np.linalg.lstsq(rows, (seen.reshape(len(seen), -1) - starts).T, rcond=None)[0].T
    covariance = np.empty((len(seen), 3, 3))
    squares, gaps = np.empty(len(seen)), np.empty(len(seen))
    for k in range(len(seen)):
        spread = _spread(poses, position[k], sigma_um)
        weight = np.linalg.inv(spread)
        covariance[k] = np.linalg.inv(rows.T @ weight @ rows)
        position[k] = covariance[k] @ rows.T @ weight @ (seen[k].ravel() - starts)
        left = seen[k].ravel() - starts - rows @ position[k]
        squares[k], gaps[k] = left @ weight @ left, np.sqrt(np.mean(left**2))
    return SeenTwice(position, covariance, gaps, chi2.sf(squares, len(rows) - 3))


def _check(poses: Sequence[AffineTransform], picks_um: Sequence[ArrayLike], sigma: float) -> None:
    if len(poses) < 2 or len(poses) != len(picks_um):
        raise ValueError(
            f"seen_twice needs picks in 2 pictures or more, got {len(poses)} poses and "
            f"{len(picks_um)} sets of picks"
        )
    if len({np.shape(picks) for picks in picks_um}) > 1 or np.shape(picks_um[0])[1:] != (2,):
        raise ValueError(
            f"picks_um needs (n, 2) in y, x, the same marks in each, got "
            f"{[np.shape(picks) for picks in picks_um]}"
        )
    if not 0 < sigma < np.inf:
        raise ValueError(f"sigma_um needs a value above 0 [um], got {sigma!r}")
    beams = np.stack([pose.matrix[:, 0] / np.linalg.norm(pose.matrix[:, 0]) for pose in poses])
    angle = np.degrees(np.arccos(np.clip((beams @ beams[0]).min(), -1, 1)))
    if angle < _LEAST_DEG:
        raise Degenerate(
            f"the pictures look along one direction (± {angle:.1f}°): depth needs another tilt"
        )


def _spread(poses: Sequence[AffineTransform], place: np.ndarray, sigma: float) -> np.ndarray:
    """Covariance of where the pictures show a place: of the picks and of the poses."""
    found = sigma**2 * np.eye(2 * len(poses))
    for k, pose in enumerate(poses):
        part = slice(2 * k, 2 * k + 2)
        found[part, part] += pose.inverse_covariance_at(place[None])[0, 1:, 1:]
    return found
