"""How well a place is known, from how the parts of the picture pull at it."""

from __future__ import annotations

import numpy as np

from ....errors import Degenerate
from ..descent import Climb
from .bow import BentClimb

_STEP = 0.25  # voxels, for the curvature of the summit
_MOST = 0.9  # of what is known in a direction, that one part is believed to hold


def covariance_of(
    climb: Climb | BentClimb, steps: np.ndarray | None = None, *, left_out: bool = True
) -> tuple[np.ndarray, float]:
    """Estimate the covariance of a map at its summit, without knowing the noise.

    Each part of the picture pulls the map its own way; at the summit the pulls cancel. How far the
    summit moves where a part is left out is its pull through the curvature that the others have;
    these moves, squared and added, are the covariance (the jackknife, or HC3). The plain scatter of
    pulls is too small where few parts hold features, as in most faces of a cut: a part that alone
    tells a parameter pulls it where it wants it, and then pulls no more. Parts are taken as
    independent: they must be larger than what the picture shows.

    Parameters
    ----------
    climb : Climb or BentClimb
        Whose start is the summit.
    steps : ndarray, shape (p,), optional
        Change at which it is estimated; none by default.
    left_out : bool
        False takes the plain scatter of the pulls, which is enough for few parameters and a
        picture that is full of features.

    Returns
    -------
    covariance : ndarray, shape (p, p)
        Of the parameters of the map.
    nu : float
        Degrees of freedom: as many as if so many equal parts had told it; of the plain scatter,
        parts less parameters.

    Raises
    ------
    Degenerate
        Where mutual information does not fall in every direction, or too few parts count.

    References
    ----------
    Huber 1967, "The behavior of maximum likelihood estimates under nonstandard conditions",
    Proc. 5th Berkeley Symp. 1, 221-233; MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7
    (HC3); Nel & van der Merwe 1986, doi:10.1080/03610928608829342 (degrees of freedom).
    """
    size = len(climb.units)
    here = np.zeros(size) if steps is None else steps
    pulls = climb.scores(here)[1]
    counts = np.any(pulls != 0, axis=1)
    if counts.sum() <= size:
        raise Degenerate(
            f"more parts of the picture than the {size} parameters need to count, got "
            f"{counts.sum()}: use a picture that covers more of the volume, or fewer parameters"
        )
    own = _curvatures(climb, here)[counts]
    whole = own.sum(axis=0)
    values = np.linalg.eigvalsh(whole)
    if values[0] <= 1e-6 * values[-1]:
        raise Degenerate(
            "mutual information needs to fall in every direction from its summit, got one where it "
            f"does not (curvatures {values[0]:.2g} to {values[-1]:.2g}): the picture does not "
            "tell this parameter; leave it out"
        )
    if not left_out:
        return _plain(pulls[counts], whole, climb.units)
    moves = _left_out(pulls[counts], own, whole)
    covariance = moves.T @ moves * np.outer(climb.units, climb.units)
    return covariance, _freedom(moves)


def _plain(pulls: np.ndarray, whole: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, float]:
    nu = len(pulls) - len(units)
    about = pulls - pulls.mean(axis=0)
    back = np.linalg.inv(whole) * units[:, None]
    return back @ (about.T @ about * (len(pulls) / nu)) @ back.T, float(nu)


def _left_out(pulls: np.ndarray, own: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """How far the summit moves without each part: (parts, p).

    In directions in which a part falls off against the others (its noise curves it upwards), it
    counts as holding nothing.
    """
    root = np.linalg.inv(np.linalg.cholesky(whole))
    shares, axes = np.linalg.eigh(root @ own @ root.T)
    along = np.einsum("bij,jk,bk->bi", axes.transpose(0, 2, 1), root, pulls)
    along /= 1 - np.clip(shares, 0.0, _MOST)
    return np.asarray(np.einsum("bij,bj->bi", axes, along) @ root)


def _freedom(moves: np.ndarray) -> float:
    """Degrees of freedom of a sum of squares of unequal moves, seen as one size, at least 1.

    Nel & van der Merwe's, with the squares of the moves in the place of their unknown variances,
    and without the bias that this brings (a normal number's fourth power is 3 times its variance
    squared).
    """
    size = moves.shape[1]
    sizes = np.linalg.norm(moves @ np.linalg.pinv(np.linalg.cholesky(moves.T @ moves)).T, axis=1)
    found = size * (size + 2) / np.sum(sizes**4) - (size + 3) / (size + 1)
    return float(max(1.0, found))


def _curvatures(climb: Climb | BentClimb, here: np.ndarray) -> np.ndarray:
    """Minus the second differences of mutual information, what each part adds: (parts, p, p)."""
    columns = []
    for k in range(len(here)):
        there, back = (
            climb.scores(here + sign * _STEP * np.eye(len(here))[k])[1] for sign in (1, -1)
        )
        columns.append((back - there) / (2 * _STEP))
    found = np.stack(columns, axis=2)
    return (found + found.transpose(0, 2, 1)) / 2
