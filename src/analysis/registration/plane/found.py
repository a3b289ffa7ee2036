"""Where a picture lies in a volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..points import lift
from ..transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Rival:
    """Another place that was considered.

    Attributes
    ----------
    transform : AffineTransform
        Without covariance.
    score : float
        As `SliceInVolume.score`.
    ratio : float
        Its score over that of the place that was chosen.
    """

    transform: AffineTransform
    score: float
    ratio: float


@dataclass(frozen=True, eq=False)
class SliceInVolume:
    """The plane of a picture inside a volume.

    Attributes
    ----------
    transform : AffineTransform
        From the picture to the volume, with covariance.
    bow : ndarray, shape (3,)
        How the section is bent: its height over the plane, along `normal`, is
        ``bow[0] y**2 + bow[1] y x + bow[2] x**2`` with y and x in the picture, about its middle
        [1/um]; 0 unless it was asked for.
    bow_sigma : ndarray, shape (3,)
        Standard uncertainties [1/um]; NaN unless it was asked for.
    score : float
        Mutual information times the share of the picture that lies in the volume [nat].
    overlap : float
        That share.
    chance : float
        How often the best of as many places that mean nothing would lead by as much.
    runner_up : Rival or None
        The second-best place, more than 3 voxels away.
    margin : float
        Lead over the runner-up, in parts of the lead over the median of all others.
    turned_over : Rival or None
        The best place of the picture seen from behind, near the one that was chosen.
    tried : DataFrame
        One row a place that was climbed to the end, best first.
    seconds : float
        Time that it took.
    statement : str
        In words.
    """

    transform: AffineTransform
    bow: np.ndarray
    bow_sigma: np.ndarray
    score: float
    overlap: float
    chance: float
    runner_up: Rival | None
    margin: float
    turned_over: Rival | None
    tried: pd.DataFrame
    seconds: float
    statement: str

    @property
    def point_um(self) -> np.ndarray:
        """Middle of the picture in the volume, (3,) [um]."""
        return self.transform.offset_um

    @property
    def normal(self) -> np.ndarray:
        """Unit normal of the plane, (3,), away from the one who looks at it."""
        normal = np.cross(self.transform.matrix[:, 1], self.transform.matrix[:, 2])
        return np.asarray(normal / np.linalg.norm(normal))

    @property
    def normal_sigma_um(self) -> float:
        """Standard uncertainty of its middle along the normal [um]; NaN without a covariance."""
        if self.transform.covariance is None:
            return float("nan")
        own = self.transform.covariance_at(self.transform.centre_um[None])[0]
        return float(np.sqrt(self.normal @ own @ self.normal))

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the picture into the volume, bow included: (n, 3) [um]."""
        points = bent(lift(points_um), self.transform.centre_um, self.bow)
        return self.transform.apply(points)


def bent(points_um: np.ndarray, centre_um: np.ndarray, bow: np.ndarray) -> np.ndarray:
    """Lift points of a flat picture onto the bent section."""
    y, x = (points_um - centre_um)[:, 1:].T
    out = points_um.copy()
    out[:, 0] += bow[0] * y**2 + bow[1] * y * x + bow[2] * x**2
    return out
