"""How far from the landmarks a fit can be trusted, judged by the error that it predicts.

What counts is the predicted error where the transform will be used, not the rank of a matrix:
five landmarks in a plane that is one micrometre uneven pass every rank test, and an affine fitted
to them is off by two hundred micrometres at a depth of sixty.
"""

from __future__ import annotations

import numpy as np

from ...errors import Degenerate
from ...quantities import format_length
from .degeneracy import FLAT_WORDS, model_words
from .points import Pairs
from .spread import Spread, spread_of
from .tangent import Model
from .transform import AffineTransform

_AMPLIFIED = 5.0  # error at the rim over error of a landmark: worth a warning
_HOPELESS = 30.0  # and worth a refusal


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
    shape = f"nearly {FLAT_WORDS[_thick(spread)]} " if thin and len(spread.radii_um) > 1 else ""
    simpler = "" if model == "rigid" else f"use a simpler model than {model}, or "
    return (
        f"{model_words(model, pairs)} from {len(pairs)} landmarks {shape}(RMS spread "
        f"{spread.words}) predicts an error of {said}, {where}: {simpler}add landmarks "
        f"{'around the target' if at_target else 'off it' if shape else 'farther apart'}"
    )


def _thick(spread: Spread) -> int:
    return max(1, int(np.sum(spread.radii_um >= spread.radii_um[0] / 3)))
