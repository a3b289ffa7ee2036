"""How well the summit of mutual information is known, from how blocks of the image differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import Degenerate
from .descent import Climb
from .mutual import MutualInformation
from .transform import AffineTransform

_FEWEST = 8  # more blocks than parameters, to tell their spread


def with_block_covariance(
    metric: MutualInformation,
    transform: AffineTransform,
    *,
    voxel_um: float,
    curvature: np.ndarray | None = None,
    at_summit: bool = True,
) -> AffineTransform:
    """Add the covariance that the disagreement of blocks implies.

    At the summit the slopes of all blocks add up to zero. How far those of single blocks are from
    it, over the curvature, tells how much the summit would move in another specimen of the same
    kind and noise: the sandwich of robust statistics, with blocks as clusters. Neighbouring voxels
    may be correlated; blocks should not be.

    Parameters
    ----------
    metric : MutualInformation
        With its samples in blocks.
    transform : AffineTransform
        The summit.
    voxel_um : float
        Voxel size [um].
    curvature : (p, p) array, optional
        As of a `Summit`; is found out where it is not known.
    at_summit : bool
        Else the way to the summit is one more error: its square is added.

    Returns
    -------
    AffineTransform
        With ``covariance``, ``nu`` (blocks less parameters) and ``sigma_source="blocks"``.

    Raises
    ------
    Degenerate
        If the information does not fall off in some direction, or too few blocks overlap.

    References
    ----------
    White 1982, doi:10.2307/1912526. Not where one block holds all that tells the place.
    """
    climb = Climb(metric, transform, step_um=voxel_um)
    zero = np.zeros(len(climb.units))
    _, scores = climb.scores(zero)
    telling = scores[np.abs(scores).sum(axis=1) > 0]
    count, free = len(telling), len(zero)
    if count < free + _FEWEST:
        raise Degenerate(
            f"the spread between blocks needs {free + _FEWEST} of them that overlap, got {count}: "
            "the images share too little"
        )
    if curvature is None:
        curved = climb.curvature()
    else:
        curved = curvature * np.outer(climb.units, climb.units)
    values = np.linalg.eigvalsh(curved)
    if values[0] <= 1e-6 * values[-1]:
        raise Degenerate(
            "mutual information does not fall off in every direction around its summit "
            f"(curvatures {values.round(6).tolist()}): the images do not tell this "
            f"{transform.model} map; look at the overlay, and try another model"
        )
    centred = telling - telling.mean(axis=0)
    spread = centred.T @ centred * count / (count - 1)
    bread = np.linalg.inv(curved)
    inner = bread @ spread @ bread
    if not at_summit:
        way = bread @ telling.sum(axis=0)
        inner = inner + np.outer(way, way)
    covariance = inner * np.outer(climb.units, climb.units)
    return replace(transform, covariance=covariance, nu=float(count - free), sigma_source="blocks")
