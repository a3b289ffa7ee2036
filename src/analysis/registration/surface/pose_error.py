"""How well a surface pose is known: by the marks' errors, by their residuals, by its rival."""

from __future__ import annotations

import numpy as np

from ....errors import Degenerate
from ..transform import AffineTransform
from .sight import Marks, Sight


def with_error(
    best: Sight, marks: Marks, height_sigma_um: float, sigma_um: float | None
) -> AffineTransform:
    """Give the pose its covariance: by the stated errors, or by the residuals."""
    n, pose = len(marks.seen_um), best.pose
    height = height_sigma_um / pose.scale
    if sigma_um is None:
        spread = _stated(marks, np.linalg.inv(pose.matrix))
        depth = np.hypot(np.sqrt(spread[0] / n) if marks.surface_um2 is not None else 0.0, height)
        sigma = float(np.sqrt(spread[1:].mean())) * pose.scale
        covariance = inverse_information(best.slopes, n, depth)
        return pose.with_covariance(covariance, sigma_um=sigma, sigma_source="stated")
    if not marks.stated:
        left = 0.0 if 2 * n > pose.parameter_count - 1 else None  # None: nothing is left over
        return pose.with_covariance(None, nu=0.0, sigma_um=left, sigma_source="residuals")
    covariance = inverse_information(best.slopes, n, np.hypot(sigma_um / np.sqrt(n), height))
    return pose.with_covariance(
        covariance,
        nu=float(2 * n - pose.parameter_count + 1),
        sigma_um=sigma_um * pose.scale,
        sigma_source="residuals",
    )


def _stated(marks: Marks, back: np.ndarray) -> np.ndarray:
    """Mean variance of the marks along the view's z, y, x [um2]."""
    total = np.zeros(3)
    if marks.seen_um2 is not None:
        total[1:] += np.diagonal(marks.seen_um2.mean(axis=0))
    if marks.surface_um2 is not None:
        total += np.diagonal(back @ marks.surface_um2.mean(axis=0) @ back.T)
    return total


def either_pose(
    transform: AffineTransform, other: AffineTransform, margin: float
) -> AffineTransform:
    """Widen the covariance by the pose that is nearly as likely."""
    from scipy.spatial.transform import Rotation

    turn = other.matrix @ np.linalg.inv(transform.matrix) * transform.scale / other.scale
    change = np.zeros(transform.parameter_count)
    change[:3] = other.apply(transform.centre_um)[0] - transform.offset_um
    change[3:6] = Rotation.from_matrix(turn).as_rotvec()
    if len(change) > 6:
        change[6] = np.log(other.scale / transform.scale)
    share = 1 / (1 + np.exp(margin / 2))
    assert transform.covariance is not None
    return transform.with_covariance(transform.covariance + share * np.outer(change, change))


def inverse_information(slopes: np.ndarray, n: int, depth_um: float) -> np.ndarray:
    """Covariance of the parameters; the depth's row gets its own error."""
    rows = np.delete(slopes, 2 * n, axis=0)
    size = np.linalg.norm(slopes, axis=0)
    along = slopes[2 * n] / size
    values, vectors = np.linalg.eigh((rows / size).T @ (rows / size) + np.outer(along, along))
    if values[0] < 1e-9 * values[-1]:
        raise Degenerate(
            "the marks do not tell every angle of the surface: they lie on a plane that is seen "
            "along its normal, or on a line. State tilt_sigma_deg, mark something of another "
            "height, or take a view at another tilt"
        )
    # Depth along the beam changes no place in the picture, so its row stands alone: H is singular
    # without it and its own variance is added to the inverse of the rest.
    whole = (vectors / values) @ vectors.T
    gain = whole @ along
    return np.asarray((whole + (depth_um**2 - 1.0) * np.outer(gain, gain)) / np.outer(size, size))
