"""How well the summit of mutual information is known, from how blocks of the image differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import Degenerate
from .descent import Climb
from .mutual import MutualInformation
from .transform import AffineTransform

_STEP = 0.2  # voxels, for the curvature: over half of one, sharp summits look up to twice as blunt
_FEWEST = 8  # more blocks than parameters, to tell their spread


def with_block_covariance(
    metric: MutualInformation,
    transform: AffineTransform,
    *,
    voxel_um: float,
    at_summit: bool = True,
) -> AffineTransform:
    """Add the covariance that the disagreement of blocks implies.

    At the summit the slopes of all blocks add up to zero. Leaving one out moves the summit by its
    own slope over the curvature of the others; how much these moves differ tells how much the
    summit would move in another specimen of the same kind and noise: the jackknife over clusters.
    Neighbouring voxels may be correlated; blocks should not be. Blocks that tell little, as beside
    what is left out, hardly count, and neither do they as degrees of freedom.

    Parameters
    ----------
    metric : MutualInformation
        With its samples in blocks.
    transform : AffineTransform
        The summit.
    voxel_um : float
        Voxel size [um].
    at_summit : bool
        Else the way to the summit is one more error: its square is added.

    Returns
    -------
    AffineTransform
        With ``covariance``, ``nu`` (as many even blocks as tell as much, less parameters) and
        ``sigma_source="blocks"``.

    Raises
    ------
    Degenerate
        If the information does not fall off in some direction, or too few blocks overlap.

    References
    ----------
    White 1982, doi:10.2307/1912526; MacKinnon & White 1985, doi:10.1016/0304-4076(85)90158-7 (the
    jackknife, for what a fit takes off the spread of few blocks). Not where one block holds all
    that tells the place.
    """
    climb = Climb(metric, transform, step_um=voxel_um)
    zero = np.zeros(len(climb.units))
    _, scores = climb.scores(zero)
    tells = np.abs(scores).sum(axis=1) > 0
    telling = scores[tells]
    count, free = len(telling), len(zero)
    if count < free + _FEWEST:
        raise Degenerate(
            f"the spread between blocks needs {free + _FEWEST} of them that overlap, got {count}: "
            "the images share too little"
        )
    own = _curvatures(climb, zero)
    curvature = own.sum(axis=0)
    values = np.linalg.eigvalsh(curvature)
    if values[0] <= 1e-6 * values[-1]:
        raise Degenerate(
            "mutual information does not fall off in every direction around its summit "
            f"(curvatures {values.round(6).tolist()}): the images do not tell this "
            f"{transform.model} map; look at the overlay, and try another model"
        )
    without = np.linalg.solve(curvature - own[tells], telling[..., None])[..., 0]
    without = without - without.mean(axis=0)
    spread = without.T @ without * (count - 1) / count
    if not at_summit:
        way = np.linalg.solve(curvature, telling.sum(axis=0))
        spread = spread + np.outer(way, way)
    covariance = spread * np.outer(climb.units, climb.units)
    shares = np.einsum("ij,nji->n", np.linalg.inv(curvature), own[tells]) / free
    even = min(1 / float(np.sum(shares**2)), float(count))
    return replace(
        transform, covariance=covariance, nu=max(even - free, 1.0), sigma_source="blocks"
    )


def _curvatures(climb: Climb, zero: np.ndarray) -> np.ndarray:
    """Second differences of the loss, from its slopes, of each block: (blocks, p, p)."""
    rows = []
    for step in _STEP * np.eye(len(zero)):
        there, back = (climb.scores(zero + sign * step)[1] for sign in (1, -1))
        rows.append((back - there) / (2 * _STEP))
    found = np.stack(rows, axis=1)
    return np.asarray((found + found.transpose(0, 2, 1)) / 2)
