"""Refusals and warnings: landmarks that do not carry the model that was asked for.

What counts is the predicted error where the transform will be used, not the rank of a matrix:
five landmarks in a plane that is one micrometre uneven pass every rank test, and an affine fitted
to them is off by two hundred micrometres at a depth of sixty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as f_distribution

from ...errors import Degenerate
from ...quantities import format_length
from .estimate import closed_form, residuals
from .points import Pairs
from .tangent import Model
from .transform import AffineTransform

FEWEST = {
    ("rigid", 2, 2): 2,
    ("similarity", 2, 2): 2,
    ("affine", 2, 2): 3,
    ("rigid", 2, 3): 3,
    ("similarity", 2, 3): 3,
    ("affine", 2, 3): 3,
    ("rigid", 3, 3): 3,
    ("similarity", 3, 3): 3,
    ("affine", 3, 3): 4,
}
_FLAT = 1e-6  # spread below this part of the largest one: exactly flat but for rounding
_AMPLIFIED = 5.0  # error at the rim over error of a landmark: worth a warning
_HOPELESS = 30.0  # and worth a refusal
_DIMENSION = {0: "in one point", 1: "on a line", 2: "in a plane"}


@dataclass(frozen=True, eq=False)
class Spread:
    """How a set of landmarks lies in space.

    Attributes
    ----------
    centroid_um : (3,) array
    radii_um : (d,) array
        RMS distance along the principal axes, largest first [um].
    axes : (d, 3) array
        The principal axes.
    """

    centroid_um: np.ndarray
    radii_um: np.ndarray
    axes: np.ndarray

    @property
    def radius_um(self) -> float:
        """RMS distance from the centroid [um]."""
        return float(np.linalg.norm(self.radii_um))

    @property
    def dimension(self) -> int:
        """Dimensions that the landmarks span, but for rounding."""
        largest = self.radii_um[0]
        if largest == 0:
            return 0
        return int(np.sum(self.radii_um > _FLAT * largest))

    @property
    def words(self) -> str:
        """The RMS spread along the principal axes, in words."""
        return " × ".join(format_length(radius) for radius in self.radii_um)


def spread_of(points_um: np.ndarray, ndim: int) -> Spread:
    """Measure how landmarks lie in space.

    Parameters
    ----------
    points_um : (n, 3) array
        Landmarks [um].
    ndim : int
        Dimensions of their image.
    """
    centroid = points_um.mean(axis=0)
    _, values, axes = np.linalg.svd((points_um - centroid)[:, 3 - ndim :], full_matrices=True)
    radii = np.zeros(ndim)
    radii[: len(values)] = values / np.sqrt(len(points_um))
    lifted = np.zeros((ndim, 3))
    lifted[:, 3 - ndim :] = axes
    return Spread(centroid, radii, lifted)


def refuse_too_few(pairs: Pairs, model: Model) -> None:
    """Refuse a model that has more parameters than the landmarks have coordinates."""
    fewest = FEWEST[model, pairs.ndim_moving, pairs.ndim_fixed]
    if len(pairs) < fewest:
        raise Degenerate(
            f"{_model_words(model, pairs)} needs {fewest} landmark pairs or more, got {len(pairs)}:"
            " add landmarks"
        )


def refuse_flat(pairs: Pairs, model: Model) -> None:
    """Refuse landmarks on a line or in a plane where the model needs more."""
    clouds = (
        ("moving", pairs.moving_um, pairs.ndim_moving),
        ("fixed", pairs.fixed_um, pairs.ndim_fixed),
    )
    for name, points, ndim in clouds:
        spans, needs = spread_of(points, ndim).dimension, _needed_dimensions(pairs, model)
        if spans >= needs:
            continue
        hint = ""
        if spans == 2 and model == "affine":
            hint = " (if both images are 2-D, give positions as (n, 2) in y, x)"
        simpler = "" if model == "rigid" else ", or choose a simpler model"
        raise Degenerate(
            f"{_model_words(model, pairs)} needs landmarks that are not {_DIMENSION[needs - 1]}, "
            f"got {len(pairs)} {name} landmarks {_DIMENSION[spans]}{hint}: add a landmark off it"
            f"{simpler}"
        )


def _needed_dimensions(pairs: Pairs, model: Model) -> int:
    if model == "affine":
        return pairs.ndim_moving
    return 1 if pairs.ndim_fixed == 2 else 2


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
    clear = max(4.0, float(f_distribution.isf(1e-3, nu, nu)))
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


def probes(pairs: Pairs, target_um: np.ndarray | None) -> np.ndarray:
    """Choose where the transform has to be good: (m, 3) in the moving frame [um].

    The target where it is known, else the landmarks' RMS radius away from their centroid, along
    each principal axis.
    """
    if target_um is not None:
        return target_um
    spread = spread_of(pairs.moving_um, pairs.ndim_moving)
    ends = spread.radius_um * spread.axes
    return spread.centroid_um + np.vstack([ends, -ends])


def unit_errors(
    design: np.ndarray, white: np.ndarray, transform: AffineTransform, points_um: np.ndarray
) -> np.ndarray:
    """Predict the RMS error at points for landmarks with the RMS error 1: (m,)."""
    weight = white.transpose(0, 2, 1) @ white
    mean_error = np.sqrt(np.mean(np.trace(np.linalg.inv(weight), axis1=1, axis2=2)))
    information = np.einsum("nip,nij,njq->pq", design, weight, design)
    size = 1.0 / np.sqrt(np.diag(information))
    values, vectors = np.linalg.eigh(information * np.outer(size, size))
    root = size[:, None] * vectors / np.sqrt(np.maximum(values, 1e-30))
    spread = transform.jacobian(points_um) @ root
    return np.sqrt(np.sum(spread**2, axis=(1, 2))) / mean_error


def judge_reach(
    pairs: Pairs,
    model: Model,
    amplification: np.ndarray,
    points_um: np.ndarray,
    landmark_error_um: float | None,
    *,
    at_target: bool,
) -> tuple[str, ...]:
    """Refuse or warn where the predicted error outgrows the landmarks' own error.

    Parameters
    ----------
    amplification : (m,) array
        Predicted RMS error at the probes over the RMS error of a landmark.
    landmark_error_um : float or None
        RMS error of a landmark, all axes together [um]; None if unknown.
    """
    worst = int(np.argmax(amplification))
    factor = float(amplification[worst])
    if factor <= _AMPLIFIED:
        return ()
    spread = spread_of(pairs.moving_um, pairs.ndim_moving)
    error = None if landmark_error_um is None else factor * landmark_error_um
    words = _reach_words(pairs, model, factor, error, points_um[worst], spread, at_target)
    drowned = error is not None and error > spread.radius_um / 3 and not at_target
    if factor > _HOPELESS or drowned:
        raise Degenerate(words)
    return (words,)


def _reach_words(
    pairs: Pairs,
    model: Model,
    factor: float,
    error_um: float | None,
    point_um: np.ndarray,
    spread: Spread,
    at_target: bool,
) -> str:
    distance = float(np.linalg.norm(point_um - spread.centroid_um))
    where = f"{'at the target, ' if at_target else ''}{format_length(distance)} from their centre"
    said = f"{factor:.3g} times their own error" + (
        "" if error_um is None else f", {format_length(error_um)} RMS"
    )
    thin = spread.radii_um[-1] < spread.radii_um[0] / 3
    shape = f"nearly {_DIMENSION[_thick(spread)]} " if thin and len(spread.radii_um) > 1 else ""
    simpler = "" if model == "rigid" else f"use a simpler model than {model}, or "
    return (
        f"{_model_words(model, pairs)} from {len(pairs)} landmarks {shape}(RMS spread "
        f"{spread.words}) predicts an error of {said}, {where}: {simpler}add landmarks "
        f"{'around the target' if at_target else 'off it' if shape else 'farther apart'}"
    )


def _thick(spread: Spread) -> int:
    return max(1, int(np.sum(spread.radii_um >= spread.radii_um[0] / 3)))


def dominating(leverage: np.ndarray) -> tuple[str, ...]:
    """Warn of landmarks that nothing checks, because they dominate the fit."""
    mean = float(np.mean(leverage))
    found = [int(i) for i in np.flatnonzero((leverage > 0.7) & (leverage > 1.5 * mean))]
    return tuple(
        f"landmark {i} dominates the fit: it determines {leverage[i]:.0%} of its own position "
        f"(mean {mean:.0%}), so the others cannot check it; add a landmark near it"
        for i in found
    )


def _model_words(model: Model, pairs: Pairs) -> str:
    dims = f"{pairs.ndim_moving}-D" + ("" if pairs.ndim_moving == pairs.ndim_fixed else " in 3-D")
    article = "an" if model == "affine" else "a"
    return f"{article} {model} fit ({dims})"
