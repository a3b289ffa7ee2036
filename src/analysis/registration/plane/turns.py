"""Directions from which a plane may be looked at, evenly spread."""

from __future__ import annotations

import numpy as np

_PHI, _PSI = np.sqrt(2.0), 1.533751168755204288118041  # of the super-Fibonacci spiral


def all_turns(step_rad: float) -> np.ndarray:
    """Spread turns evenly over all that there are.

    Parameters
    ----------
    step_rad : float
        Angle between neighbours, about [rad].

    Returns
    -------
    (n, 3, 3) array
        Turn matrices in z, y, x.

    References
    ----------
    Alexa 2022, doi:10.1109/CVPR52688.2022.00811 (super-Fibonacci spirals).

    Examples
    --------
    >>> all_turns(0.5).shape
    (632, 3, 3)
    """
    from scipy.spatial.transform import Rotation

    count = max(1, int(np.ceil(8 * np.pi**2 / step_rad**3)))
    s = np.arange(count) + 0.5
    r, other = np.sqrt(s / count), np.sqrt(1 - s / count)
    a, b = 2 * np.pi * s / _PHI, 2 * np.pi * s / _PSI
    quaternions = np.stack([r * np.sin(a), r * np.cos(a), other * np.sin(b), other * np.cos(b)], 1)
    return Rotation.from_quat(quaternions).as_matrix()


def turns_within(reach_rad: float, step_rad: float) -> np.ndarray:
    """Spread turns evenly over a cube of small ones, up to ``reach_rad`` about each axis.

    Examples
    --------
    >>> turns_within(0.2, 0.2).shape
    (27, 3, 3)
    """
    from scipy.spatial.transform import Rotation

    half = int(np.ceil(reach_rad / step_rad - 1e-9))
    ticks = np.linspace(-reach_rad, reach_rad, 2 * half + 1)
    grid = np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    return Rotation.from_rotvec(grid).as_matrix()
