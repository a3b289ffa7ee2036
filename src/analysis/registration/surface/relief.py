"""What the relief of marks says about which way their surface is tilted."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..transform import AffineTransform
from .sight import Marks

_LIKE = 0.5  # of the logarithm of a variance: errors along the tilt and across it are about alike
_LEAST = 1e-9  # of the marks' extent: residuals of rounding
_FLAT = 1e-3  # sine of a tilt at which both poses are one


def told_by_relief(marks: Marks, pose: AffineTransform) -> float:
    """Twice the logarithm of the odds for a pose against its mirror image.

    On their plane, marks fit both alike. Off it, a height moves a mark in the picture one way under
    the one pose and the other way under the other. But an error of localisation does so too: across
    the beam, as on a picture of the surface, it has a part along the height and moves the mark
    against what that height would. So heights and what the plane leaves over are compared as two
    random numbers with relief, errors in the picture, errors in the survey of any direction and
    such across the beam; whatever of these sizes is not stated is the likeliest under either pose.

    Parameters
    ----------
    marks : Marks
    pose : AffineTransform
        One of the two.

    Returns
    -------
    float
        0 where there is nothing left over, or both explain it as well.
    """
    count = len(marks.seen_um) - 3
    back = np.linalg.inv(pose.matrix)
    pairs, aside, normal = _off_plane(marks, back, pose.scale)
    sine = float(np.linalg.norm((back @ normal)[1:]) * pose.scale)
    if count < 1 or sine < _FLAT:
        return 0.0
    sine, cosine2 = min(sine, 1.0), max(1 - sine**2, 0.0)
    least = (_LEAST * float(np.ptp(marks.seen_um, axis=0).max()) * pose.scale) ** 2

    def cost(sign: float) -> float:
        relief, across = (_square(sign * sine, 1.0), _square(-sign * cosine2, sine))
        if marks.stated:
            errors = _stated(marks, back, pose.scale, normal)
            return _with_stated(pairs, count, relief, across, errors, least)
        return _with_unknown(pairs, aside, count, relief, across, cosine2, least)

    return cost(-1.0) - cost(1.0)


def _off_plane(
    marks: Marks, back: np.ndarray, scale: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the marks' plane leaves over along the tilt, and heights, (n, 2); the rest; the normal.

    All in the survey's um.
    """
    arms = marks.surface_um - marks.surface_um.mean(axis=0)
    axes = np.linalg.svd(arms, full_matrices=True)[2]
    normal = axes[2]
    flat = np.column_stack([np.ones(len(arms)), arms @ axes[:2].T])
    left = (marks.seen_um - flat @ np.linalg.lstsq(flat, marks.seen_um, rcond=None)[0]) * scale
    toward = (back @ normal)[1:]
    along = toward / max(float(np.linalg.norm(toward)), 1e-300)
    return np.column_stack([left @ along, arms @ normal]), left @ [-along[1], along[0]], normal


def _square(first: float, second: float) -> np.ndarray:
    return np.outer([first, second], [first, second])


def _stated(
    marks: Marks, back: np.ndarray, scale: float, normal: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stated errors of both numbers, by picture and by survey, (n, 2, 2); mean size of those."""
    n = len(marks.seen_um)
    by_picture, by_survey, size = np.zeros((n, 2, 2)), np.zeros((n, 2, 2)), np.zeros(n)
    toward = (back @ normal)[1:]
    along = toward / np.linalg.norm(toward)
    if marks.seen_um2 is not None:
        by_picture[:, 0, 0] = along @ marks.seen_um2 @ along * scale**2
    if marks.surface_um2 is not None:
        flattened = -scale * (along @ back[1:]) @ (np.eye(3) - np.outer(normal, normal))
        rows = np.stack([flattened, normal])
        by_survey = rows @ marks.surface_um2 @ rows.T
        size = np.trace(marks.surface_um2, axis1=1, axis2=2) / 3
    return by_picture, by_survey, size


def _with_stated(
    pairs: np.ndarray,
    count: int,
    relief: np.ndarray,
    across: np.ndarray,
    errors: tuple[np.ndarray, np.ndarray, np.ndarray],
    least: float,
) -> float:
    """Cost at the likeliest relief, share of errors across the beam, and size of all errors."""
    by_picture, by_survey, size = errors
    by_relief = np.broadcast_to(relief, by_picture.shape)
    other_way = size[:, None, None] * across - by_survey
    moments = pairs[:, :, None] * pairs[:, None, :]

    def cost(given: np.ndarray) -> tuple[float, np.ndarray]:
        rise, share, times = np.exp(given[0]), given[1], np.exp(given[2])
        spread = times * (by_picture + by_survey + share * other_way)
        value, slope = _unlikely(moments, spread + rise * relief + least * np.eye(2), count)
        changes = (rise * by_relief, times * other_way, spread)
        slopes = np.array([np.vdot(slope, change) for change in changes])
        slopes[2] += 2 * given[2] / _LIKE**2
        return value + (given[2] / _LIKE) ** 2, slopes

    low, high = _range(pairs, least)
    bounds = [(low, high), (0.0, 1.0), (-3.0, 3.0)]
    middle = float(np.clip(np.log(np.mean(pairs[:, 1] ** 2) + least), low, high))
    return _lowest(cost, [[middle, 0.1, 0.0], [middle, 0.9, 0.0], [low, 0.9, 0.0]], bounds)


def _with_unknown(
    pairs: np.ndarray,
    aside: np.ndarray,
    count: int,
    relief: np.ndarray,
    across: np.ndarray,
    cosine2: float,
    least: float,
) -> float:
    """Cost at the likeliest relief and errors; those beside the tilt tell how large they are."""
    size = float(aside @ aside) / count
    parts = np.stack([relief, across, np.diag([cosine2, 1.0]), np.diag([1.0, 0.0])])
    moments = (pairs.T @ pairs)[None]

    def cost(given: np.ndarray) -> tuple[float, np.ndarray]:
        own, odd = np.exp(given[:4]), math.exp(given[4])
        whole = np.tensordot(own, parts, axes=1) + least * np.eye(2)
        value, slope = _unlikely(moments, whole[None], count)
        beside = (own[1:].sum() + least) * odd
        value += count * (math.log(beside) + (size + least) / beside) + (given[4] / _LIKE) ** 2
        rest = count * (1 - (size + least) / beside)
        slopes = np.append(own * np.tensordot(parts, slope[0]), rest + 2 * given[4] / _LIKE**2)
        slopes[1:4] += own[1:] * odd * rest / beside
        return value, slopes

    low, high = _range(pairs, least)
    heights = float(np.clip(np.log(np.mean(pairs[:, 1] ** 2) + least), low, high))
    error = float(np.clip(np.log(size / 3 + least), low, high))
    even = [heights, error, error, error, 0.0]
    starts = [even, [low, heights, error, error, 0.0], [heights, heights, error, error, 0.0]]
    return _lowest(cost, starts, [(low, high)] * 4 + [(-3.0, 3.0)])


def _range(pairs: np.ndarray, least: float) -> tuple[float, float]:
    """Logarithms of variances that are thought possible."""
    high = np.log(4 * float(np.sum(pairs**2)) + 4 * least)
    return max(float(np.log(least)), high - 30.0), float(high)


def _unlikely(moments: np.ndarray, spread: np.ndarray, count: int) -> tuple[float, np.ndarray]:
    """Minus twice the logarithm of the likelihood, and its slope by each covariance."""
    back = np.linalg.inv(spread)
    each = count / len(spread)
    squares = back @ moments
    value = each * np.sum(np.log(np.linalg.det(spread))) + np.trace(squares, axis1=1, axis2=2).sum()
    return float(value), each * back - squares @ back


def _lowest(
    cost: Callable[[np.ndarray], tuple[float, np.ndarray]],
    starts: list[list[float]],
    bounds: list[tuple[float, float]],
) -> float:
    from scipy.optimize import minimize

    found = [minimize(cost, one, jac=True, method="L-BFGS-B", bounds=bounds) for one in starts]
    return float(min(one.fun for one in found))
