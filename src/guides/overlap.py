"""The same object in two images: do both say it is the same size, and in the same place?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.registration import AffineTransform
from ..workspace import Workspace


@dataclass(frozen=True)
class Overlap:
    """Two segmentations of one object, one mapped onto the other.

    Attributes
    ----------
    moving, fixed : str
        Images.
    moving_um3, fixed_um3 : float
        Volume in each image [µm³].
    mapped_um3 : float
        Volume of the moving one in the fixed frame: scaled by the fit [µm³].
    shared_um3 : float
        Volume that both have, in the fixed frame [µm³].
    """

    moving: str
    fixed: str
    moving_um3: float
    fixed_um3: float
    mapped_um3: float
    shared_um3: float

    @property
    def dice(self) -> float:
        """Twice the shared volume over the sum of both."""
        return 2 * self.shared_um3 / (self.mapped_um3 + self.fixed_um3)

    @property
    def best_dice(self) -> float:
        """What the difference in volume alone leaves possible: the smaller inside the larger."""
        return 2 * min(self.mapped_um3, self.fixed_um3) / (self.mapped_um3 + self.fixed_um3)

    def table(self) -> pd.DataFrame:
        """The volumes, one a row."""
        return pd.DataFrame(
            [
                {"object": self.moving, "in": "its own frame", "volume_um3": self.moving_um3},
                {"object": self.moving, "in": "the fixed frame", "volume_um3": self.mapped_um3},
                {"object": self.fixed, "in": "the fixed frame", "volume_um3": self.fixed_um3},
                {"object": "both", "in": "the fixed frame", "volume_um3": self.shared_um3},
            ]
        )


def overlap(
    ws: Workspace,
    moving: str,
    fixed: str,
    *,
    transform: AffineTransform,
    thresholds: Sequence[float],
) -> Overlap:
    """Compare an object of two volumes after a registration.

    Every voxel of the object in the fixed image is looked up in the moving image, at its nearest
    voxel. Good to about a voxel at the surface.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        Volumes in which the object is bright.
    transform : AffineTransform
        From the moving to the fixed frame.
    thresholds : sequence of float
        Of the moving and of the fixed image; a voxel at the threshold belongs to the object.
    """
    ours, theirs = (ws.images[name] for name in (moving, fixed))
    grey = ours.array()
    mine = grey >= thresholds[0]
    inside = theirs.array() >= thresholds[1]
    places = _to_frame(np.argwhere(inside), theirs)
    found = _at(mine, _to_indices(np.asarray(transform.inverse_apply(places)), ours))
    voxel, other = (float(np.prod(image.spacing_um)) for image in (ours, theirs))
    volume = float(np.count_nonzero(mine) * voxel)
    return Overlap(
        moving,
        fixed,
        moving_um3=volume,
        fixed_um3=float(np.count_nonzero(inside) * other),
        mapped_um3=volume * float(abs(np.linalg.det(transform.matrix))),
        shared_um3=float(np.count_nonzero(found) * other),
    )


def _to_frame(indices: np.ndarray, image: Any) -> np.ndarray:
    matrix = np.asarray(image.voxel_to_frame)
    placed: np.ndarray = indices @ matrix[:3, :3].T + matrix[:3, 3]
    return placed


def _to_indices(points_um: np.ndarray, image: Any) -> np.ndarray:
    matrix = np.linalg.inv(image.voxel_to_frame)
    return np.rint(points_um @ matrix[:3, :3].T + matrix[:3, 3]).astype(int)


def _at(volume: np.ndarray, indices: np.ndarray) -> np.ndarray:
    within = np.all((indices >= 0) & (indices < volume.shape), axis=1)
    found = np.zeros(len(indices), bool)
    found[within] = volume[tuple(indices[within].T)]
    return found
