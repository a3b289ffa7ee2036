"""A pose as the map of the picture's own frame onto the plane of the surface."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..estimate import moved
from ..tangent import parameter_count, with_normal
from ..transform import AffineTransform

_STEP = 1e-6


def onto_plane(
    pose: AffineTransform,
    *,
    point_um: ArrayLike,
    normal: Sequence[float],
    stretch_y: float = 1.0,
    plane_covariance: ArrayLike | None = None,
    tangents: ArrayLike | None = None,
) -> AffineTransform:
    """Follow the beam from the picture to a plane of the survey.

    A picture's points have z = 0 in the frame of its image. This map puts them on the surface,
    where they were seen; along z it leaves the surface at right angles.

    Parameters
    ----------
    pose : AffineTransform
        From the view's frame (raw pixels, z along the beam) to the survey's.
    point_um : (3,) array
        On the plane, z, y, x [um].
    normal : sequence of float
        Of the plane.
    stretch_y : float
        Raw by stated pixel along y: the cosine of the tilt where the image's y is corrected for it.
    plane_covariance : (3, 3) array, optional
        Of the plane's height along its normal at the point [um2] and its slopes along the tangents,
        as `fit_surface` of targeting gives it; none unless given.
    tangents : (2, 3) array, optional
        Directions in the plane that the slopes are along.

    Returns
    -------
    AffineTransform
        Affine, from 2-D to 3-D, with the pose's covariance carried over to first order.

    Raises
    ------
    ValueError
        If the beam runs along the plane.

    Examples
    --------
    >>> from scalebridge.analysis.registration.surface import SurfaceView
    >>> view = SurfaceView(tilt_deg=60, spacing_um=(1, 1), shape=(9, 9))
    >>> top = onto_plane(view.nominal_pose([0, 4, 4]), point_um=[0, 0, 0], normal=[-1, 0, 0])
    >>> top.apply([[5.0, 4.0]]).round(6).tolist()  # a step along y is foreshortened by cos 60
    [[0.0, 6.0, 4.0]]
    """
    point, inward = np.asarray(point_um, float), np.asarray(normal, float)
    inward = inward / np.linalg.norm(inward)
    beam = pose.matrix[:, 0] / np.linalg.norm(pose.matrix[:, 0])
    if abs(beam @ inward) < 0.02:
        raise ValueError(
            f"the beam needs to meet the plane, got an angle of "
            f"{np.degrees(np.arcsin(abs(beam @ inward))):.1f}° between them: is the tilt right?"
        )
    made = _made(pose, point, inward, stretch_y)
    if pose.covariance is None:
        return made
    columns = []
    for step in _STEP * np.eye(pose.parameter_count):
        there, back = (
            _entries(_made(moved(pose, change), point, inward, stretch_y))
            for change in (step, -step)
        )
        columns.append((there - back) / (2 * _STEP))
    spread = pose.covariance
    if plane_covariance is not None:
        if tangents is None:
            raise ValueError("plane_covariance needs tangents, the directions of its slopes")
        along = np.asarray(tangents, float)
        columns += _by_plane(pose, point, inward, along, stretch_y)
        spread = _together(spread, np.asarray(plane_covariance, float))
    by = np.column_stack(columns)
    return made.with_covariance(
        by @ spread @ by.T, nu=pose.nu, sigma_um=pose.sigma_um, sigma_source=pose.sigma_source
    )


def _made(
    pose: AffineTransform, point: np.ndarray, normal: np.ndarray, stretch_y: float
) -> AffineTransform:
    beam = pose.matrix[:, 0]
    drop = np.eye(3) - np.outer(beam, normal) / (beam @ normal)
    matrix = drop @ pose.matrix
    matrix[:, 1] *= stretch_y
    centre = pose.centre_um / [1.0, stretch_y, 1.0]
    return AffineTransform(
        model="affine",
        matrix=with_normal(matrix),
        centre_um=centre,
        offset_um=point + drop @ (pose.offset_um - point),
        ndim_moving=2,
        ndim_fixed=3,
        nu=pose.nu,
        sigma_um=pose.sigma_um,
        sigma_source=pose.sigma_source,
    )


def _entries(made: AffineTransform) -> np.ndarray:
    """Parameters of an affine map of a picture: where its centre goes, and both sides."""
    found = np.concatenate([made.offset_um, made.matrix[:, 1:].ravel()])
    assert len(found) == parameter_count("affine", 2, 3)
    return found


def _by_plane(
    pose: AffineTransform,
    point: np.ndarray,
    normal: np.ndarray,
    tangents: np.ndarray,
    stretch_y: float,
) -> list[np.ndarray]:
    ends = []
    for sign in (1, -1):
        rows = [_entries(_made(pose, point + sign * _STEP * normal, normal, stretch_y))]
        rows += [
            _entries(_made(pose, point, normal - sign * _STEP * axis, stretch_y))
            for axis in tangents
        ]
        ends.append(rows)
    return [(there - back) / (2 * _STEP) for there, back in zip(*ends, strict=True)]


def _together(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    size = len(first)
    found = np.zeros((size + len(second),) * 2)
    found[:size, :size], found[size:, size:] = first, second
    return found
