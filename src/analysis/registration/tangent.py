"""The free parameters of each model, and how a mapped point moves with them.

Every transform is ``T(x) = A (x - c) + b`` in z, y, x. Its parameters are small changes around the
estimate, in this order:

=========== ============================ ================================================
model       parameters                   change of the mapped point, with r = A (x - c)
=========== ============================ ================================================
translation shift (3)                    t
rigid       shift (3), turn (3)          t + w x r
similarity  shift (3), turn (3), size    t + w x r + s r
affine      shift (3), matrix (9)        t + dA (x - c)
=========== ============================ ================================================

``t`` is in um at the landmarks' centroid, ``w`` in rad, ``s`` is the change of the logarithm of
the scale. The turn is applied after the estimate (a perturbation on the left). Images of two
dimensions lie in the plane z = 0; the parameters that they cannot have are left out. The normal of
such a plane follows its two sides: ``a_z = (a_y x a_x) / sqrt(|a_y x a_x|)``.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

Model = Literal["translation", "rigid", "similarity", "affine"]
MODELS: tuple[Model, ...] = ("rigid", "similarity", "affine")  # that landmarks are fitted with
LINEAR: tuple[Model, ...] = ("translation", *MODELS)  # the matrix of a translation is given

_TURNING = {  # columns of (tz, ty, tx, wz, wy, wx, s)
    ("translation", 2, 2): (1, 2),
    ("translation", 2, 3): (0, 1, 2),
    ("translation", 3, 3): (0, 1, 2),
    ("rigid", 2, 2): (1, 2, 3),
    ("rigid", 2, 3): (0, 1, 2, 3, 4, 5),
    ("rigid", 3, 3): (0, 1, 2, 3, 4, 5),
    ("similarity", 2, 2): (1, 2, 3, 6),
    ("similarity", 2, 3): (0, 1, 2, 3, 4, 5, 6),
    ("similarity", 3, 3): (0, 1, 2, 3, 4, 5, 6),
}
_SHEARING = {  # columns of (tz, ty, tx, zz, zy, zx, yz, yy, yx, xz, xy, xx)
    (2, 2): (1, 2, 7, 8, 10, 11),
    (2, 3): (0, 1, 2, 4, 5, 7, 8, 10, 11),
    (3, 3): tuple(range(12)),
}


def columns(model: Model, ndim_moving: int, ndim_fixed: int) -> tuple[int, ...]:
    """Select the parameters that a model has between images of these dimensions."""
    if model == "affine":
        return _SHEARING[ndim_moving, ndim_fixed]
    return _TURNING[model, ndim_moving, ndim_fixed]


def parameter_count(model: Model, ndim_moving: int, ndim_fixed: int) -> int:
    """Count the free parameters of a model.

    Examples
    --------
    >>> parameter_count("rigid", 3, 3), parameter_count("similarity", 2, 2)
    (6, 4)
    >>> parameter_count("affine", 2, 3)
    9
    """
    return len(columns(model, ndim_moving, ndim_fixed))


def with_normal(matrix: np.ndarray) -> np.ndarray:
    """Set the first column of ``(..., 3, 3)`` to the normal of the plane of the other two."""
    normal = np.cross(matrix[..., 1], matrix[..., 2])
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    normal = normal / np.sqrt(np.where(length > 0, length, 1.0))
    return np.concatenate([normal[..., None], matrix[..., 1:]], axis=-1)


def jacobian(
    model: Model, ndim_moving: int, ndim_fixed: int, matrix: np.ndarray, arms_um: np.ndarray
) -> np.ndarray:
    """Differentiate mapped points with respect to the parameters.

    Parameters
    ----------
    model : str
        One of `LINEAR`.
    ndim_moving, ndim_fixed : int
        Dimensions of the two images, 2 or 3.
    matrix : (3, 3) array
        A.
    arms_um : (n, 3) array
        x - c [um].

    Returns
    -------
    (n, 3, p) array
    """
    full = (
        _shearing(matrix, arms_um, ndim_moving) if model == "affine" else _turning(matrix, arms_um)
    )
    return full[:, :, columns(model, ndim_moving, ndim_fixed)]


def _turning(matrix: np.ndarray, arms: np.ndarray) -> np.ndarray:
    mapped = arms @ matrix.T
    out = np.zeros((len(arms), 3, 7))
    out[:, :, :3] = np.eye(3)
    out[:, :, 3:6] = -_cross_matrix(mapped)
    out[:, :, 6] = mapped
    return out


def _shearing(matrix: np.ndarray, arms: np.ndarray, ndim_moving: int) -> np.ndarray:
    out = np.zeros((len(arms), 3, 12))
    out[:, :, :3] = np.eye(3)
    for row in range(3):
        out[:, row, 3 + 3 * row : 6 + 3 * row] = arms
    if ndim_moving == 2:
        out[:, :, 3:] += arms[:, :1, None] * _normal_change(matrix)
    return out


def _normal_change(matrix: np.ndarray) -> np.ndarray:
    """Differentiate the normal column by the nine entries of the matrix: (3, 9)."""
    side_y, side_x = matrix[:, 1], matrix[:, 2]
    normal = np.cross(side_y, side_x)
    length = np.linalg.norm(normal)
    unit = normal / length
    by_normal = (np.eye(3) - 0.5 * np.outer(unit, unit)) / np.sqrt(length)
    out = np.zeros((3, 9))
    for row in range(3):
        axis = np.eye(3)[row]
        out[:, 3 * row + 1] = by_normal @ np.cross(axis, side_x)
        out[:, 3 * row + 2] = by_normal @ np.cross(side_y, axis)
    return out


def _cross_matrix(vectors: np.ndarray) -> np.ndarray:
    out = np.zeros((len(vectors), 3, 3))
    out[:, 0, 1], out[:, 0, 2] = -vectors[:, 2], vectors[:, 1]
    out[:, 1, 0], out[:, 1, 2] = vectors[:, 2], -vectors[:, 0]
    out[:, 2, 0], out[:, 2, 1] = -vectors[:, 1], vectors[:, 0]
    return out


def perturb(
    model: Model,
    ndim_moving: int,
    ndim_fixed: int,
    matrix: np.ndarray,
    offset_um: np.ndarray,
    changes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Apply changes of the parameters exactly, not to first order.

    Parameters
    ----------
    model, ndim_moving, ndim_fixed, matrix
        As in `jacobian`.
    offset_um : (3,) array
        b [um].
    changes : (m, p) array
        Changes of the parameters.

    Returns
    -------
    matrices : (m, 3, 3) array
    offsets_um : (m, 3) array
    """
    from scipy.spatial.transform import Rotation

    full = np.zeros((len(changes), 12 if model == "affine" else 7))
    full[:, columns(model, ndim_moving, ndim_fixed)] = changes
    offsets = offset_um + full[:, :3]
    if model == "affine":
        matrices = matrix + full[:, 3:].reshape(-1, 3, 3)
        return (with_normal(matrices) if ndim_moving == 2 else matrices), offsets
    turns = Rotation.from_rotvec(full[:, 3:6]).as_matrix()
    return np.exp(full[:, 6])[:, None, None] * (turns @ matrix), offsets
