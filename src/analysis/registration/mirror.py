"""Images of opposite handedness: refused, with the flip that mends them."""

from __future__ import annotations

import numpy as np

from ...errors import Degenerate
from ...quantities import format_length
from ..distributions import f_distribution
from .estimate import closed_form, residuals
from .points import Pairs
from .tangent import Model
from .transform import AffineTransform


def refuse_mirrored(pairs: Pairs, fitted: AffineTransform) -> None:
    """Refuse images of opposite handedness, and say which axis to flip."""
    if pairs.ndim_moving != pairs.ndim_fixed:
        return  # a picture in space can always be turned over
    if fitted.model == "affine":
        block = fitted.matrix[pairs.axes, pairs.axes]
        if np.linalg.det(block) > 0 or not _mirror_is_better(pairs, "similarity"):
            return
    elif not _mirror_is_better(pairs, fitted.model):
        return
    axis, degrees = _best_flip(pairs)
    proper, mirrored = (_rms(pairs, flag) for flag in (False, True))
    raise Degenerate(
        f"one of the images is mirrored: the landmarks fit to {format_length(mirrored)} RMS with a "
        f"mirror and to {format_length(proper)} without. Flip the {axis} axis of one image (then "
        f"{degrees:.0f}° of rotation remain), check the order of the axes, or pass "
        "allow_mirror=True to keep the mirror"
    )


def _mirror_is_better(pairs: Pairs, model: Model) -> bool:
    proper = np.sum(residuals(pairs, closed_form(pairs, model)) ** 2)
    mirror = np.sum(residuals(pairs, closed_form(pairs, model, mirrored=True)) ** 2)
    size = np.sum((pairs.fixed_um - pairs.fixed_um.mean(axis=0)) ** 2)
    left = closed_form(pairs, model)
    nu = len(pairs) * pairs.ndim_fixed - left.parameter_count
    if nu < 1 or proper < 1e-16 * size:
        return False
    clear = max(4.0, float(f_distribution.ppf(1 - 1e-3, nu, nu)))
    return bool(proper > clear * mirror)


def _rms(pairs: Pairs, mirrored: bool) -> float:
    left_over = residuals(pairs, closed_form(pairs, "similarity", mirrored=mirrored))
    return float(np.sqrt(np.mean(np.sum(left_over**2, axis=1))))


def _best_flip(pairs: Pairs) -> tuple[str, float]:
    """Find the flip that leaves the smallest rotation: its name and the rotation [degree]."""
    axes = pairs.axes
    matrix = closed_form(pairs, "rigid", mirrored=True).matrix[axes, axes]
    angles = {}
    for index, name in enumerate("zyx"[axes]):
        flip = np.eye(len(matrix))
        flip[index, index] = -1.0
        turn = matrix @ flip
        cosine = (np.trace(turn) - 1) / 2 if len(turn) == 3 else turn[0, 0]
        angles[name] = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    best = min(angles, key=lambda name: angles[name])
    return best, angles[best]
