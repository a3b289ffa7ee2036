"""Where one more mark on the surface helps the target most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ....errors import CovarianceUnavailable
from ..design import gained
from ..estimate import moved
from ..points import lift
from ..transform import AffineTransform

_STEP = 1e-6


def errors_with_mark(
    pose: AffineTransform,
    candidates_um: ArrayLike,
    target_um: ArrayLike,
    *,
    sigma_um2: ArrayLike,
    onto: Callable[[AffineTransform], AffineTransform] | None = None,
) -> np.ndarray:
    """Predict the RMS error over the targets with one more mark at each place: (n,) [um].

    From the covariance that there is, without a new fit for each place (Woodbury), as
    `next_landmark` ranks pairs of two images.

    Parameters
    ----------
    pose : AffineTransform
        From the view's frame to the survey's, see `fit_surface_pose`.
    candidates_um : (n, 3) array
        Places on the surface, z, y, x; each is to be seen in the picture [um].
    target_um : (m, 3) array
        In the view's frame, or in that of the map that ``onto`` makes [um].
    sigma_um2 : (2, 2) array
        Covariance of a mark in the picture, both sides together [um2].
    onto : callable, optional
        Makes the map whose error counts from a pose, see `onto_plane`; the pose itself unless told.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    CovarianceUnavailable
        If the pose has no covariance, or a mark no error.

    Notes
    -----
    To first order, with the error of a mark held. Depth along the beam is no matter of marks: its
    share of the error stays. Not for marks on a second picture.

    Examples
    --------
    >>> from scalebridge.analysis.registration.surface import SurfaceView, fit_surface_pose
    >>> view = SurfaceView(tilt_deg=60, spacing_um=(1, 1), shape=(100, 100))
    >>> marks = np.array([[0, 0, 0], [0, 0, 80], [0, 80, 0], [0, 80, 80], [-20, 40, 40]], float)
    >>> seen = view.nominal_pose([0, 40, 40]).inverse_apply(marks)[:, 1:]
    >>> pose = fit_surface_pose(seen, marks, view=view, sigma_um=0.5).transform
    >>> places, target = [[0, 40, 40], [0, 90, 90]], [[0, 100, 100]]
    >>> here, there = errors_with_mark(pose, places, target, sigma_um2=0.25 * np.eye(2))
    >>> bool(there < here)
    True
    """
    noise = np.asarray(sigma_um2, float)
    if pose.covariance is None or not np.isfinite(noise).all() or not (np.diag(noise) > 0).all():
        raise CovarianceUnavailable(
            "one more mark can be valued only where the pose has a covariance and marks an error "
            f"above 0, got {'none' if pose.covariance is None else noise.tolist()}: pick more "
            "marks, or state their errors"
        )
    candidates, targets = lift(candidates_um), lift(target_um)
    plain = replace(pose, covariance=None, nu=None)
    make = onto if onto is not None else _itself
    columns = [
        (make(moved(plain, step)).apply(targets) - make(moved(plain, -step)).apply(targets)).ravel()
        for step in _STEP * np.eye(pose.parameter_count)
    ]
    at_target = np.column_stack(columns) / (2 * _STEP)
    rows = (np.linalg.inv(pose.matrix) @ pose.jacobian(pose.inverse_apply(candidates)))[:, 1:]
    spread = make(pose).covariance_at(targets)
    present = float(np.trace(spread, axis1=1, axis2=2).mean())
    gain = gained(at_target, rows, pose.covariance, noise) / len(targets)
    return np.asarray(np.sqrt(np.maximum(present - gain, 0.0)))


def _itself(pose: AffineTransform) -> AffineTransform:
    return pose
