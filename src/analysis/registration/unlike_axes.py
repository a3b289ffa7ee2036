"""Whether landmarks are found less well along one axis than along the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from ...quantities import format_length
from .fit import LandmarkFit
from .points import Pairs

FEWEST = 9  # landmarks, below which an error for each axis is worse known than it is told
_LONG = 1.5  # longest to shortest side of a voxel
_FLAT = 0.1  # third to first spread of landmarks on a surface
_LEVEL = 0.01


def why_by_axis(
    fit: LandmarkFit,
    *,
    moving_spacing_um: Sequence[float] | None = None,
    fixed_spacing_um: Sequence[float] | None = None,
) -> str:
    """Say why the errors of landmarks should be told for each axis; empty where they are alike.

    They are told so for landmarks on a surface, whose depth is found by its edge and whose place
    by their whole picture; for voxels of unlike sides; and for residuals that differ clearly.

    Parameters
    ----------
    fit : LandmarkFit
        With errors that are taken as alike.
    moving_spacing_um, fixed_spacing_um : sequence of float, optional
        Voxel sizes of the images [um].

    Returns
    -------
    str
        For ``by_axis`` of `fit_landmarks`. Empty with stated errors, for fewer than nine
        landmarks, and where the fixed image is 2-D.

    Examples
    --------
    >>> from scalebridge.analysis.registration import fit_landmarks
    >>> rng = np.random.default_rng(0)
    >>> marks = rng.uniform(0, 100, (12, 3))
    >>> alike = fit_landmarks(marks, marks + rng.normal(0, 1, (12, 3)), model="rigid")
    >>> why_by_axis(alike), why_by_axis(alike, moving_spacing_um=(3, 1, 1))
    ('', 'voxels of the moving image are longer along z (3 µm against 1 µm)')
    """
    pairs = fit.pairs
    if pairs.stated or pairs.ndim_fixed != 3 or len(pairs) < FEWEST:
        return ""
    spread = np.linalg.svd(pairs.fixed_um - pairs.fixed_um.mean(axis=0), compute_uv=False)
    if spread[2] < _FLAT * spread[0]:
        return "the landmarks lie on one surface, whose depth is found by other means than a place"
    for side, spacing in (("moving", moving_spacing_um), ("fixed", fixed_spacing_um)):
        if spacing is not None and len(spacing) == 3 and max(spacing) > _LONG * min(spacing):
            axis = "zyx"[int(np.argmax(spacing))]
            sizes = " against ".join(format_length(f(spacing)) for f in (max, min))
            return f"voxels of the {side} image are longer along {axis} ({sizes})"
    return _unlike_residuals(fit, pairs)


def _unlike_residuals(fit: LandmarkFit, pairs: Pairs) -> str:
    """F test between the axes of the moving image, for the most unlike of them."""
    from ..distributions import f_distribution

    left, _, right = np.linalg.svd(fit.transform.matrix[pairs.axes, pairs.axes])
    squares = np.sum((fit.residuals_um @ (left @ right)) ** 2, axis=0)
    free = fit.nu / len(squares)
    if free < 1 or squares.min() <= 1e-18 * squares.max():
        return ""
    worst, best = int(np.argmax(squares)), int(np.argmin(squares))
    ratio = float(squares[worst] / squares[best])
    p = len(list(permutations(squares, 2))) * float(f_distribution.sf(ratio, free, free))
    if p >= _LEVEL:
        return ""
    axes = "zyx"[worst], "zyx"[best]
    return f"residuals along {axes[0]} are {np.sqrt(ratio):.2g} times those along {axes[1]}"
