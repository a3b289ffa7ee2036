"""Windows that let an image end softly: a hard end is structure that two images would share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray


def soft_edges(shape: Sequence[int], share: float) -> NDArray[np.float32]:
    """Return weights that fall to 0 at the borders, as a cosine, over a share of each axis.

    Parameters
    ----------
    shape : sequence of int
    share : float
        0 (none) to 0.5 (a cosine from border to border); an axis of one plane is left alone.

    Examples
    --------
    >>> soft_edges((8,), 0.25).astype(float).round(2).tolist()
    [0.15, 0.85, 1.0, 1.0, 1.0, 1.0, 0.85, 0.15]
    """
    if not 0 <= share <= 0.5:
        raise ValueError(f"soft_edge needs a share of 0 to 0.5 of an axis, got {share}")
    tapers = []
    for axis, n in enumerate(shape):
        reach = share * n if n > 1 else 0.0
        inside = np.minimum(np.arange(n) + 0.5, n - 0.5 - np.arange(n))
        depth = np.minimum(1.0, inside / reach) if reach > 0 else np.ones(n)
        taper = (0.5 - 0.5 * np.cos(np.pi * depth)).astype(np.float32)
        tapers.append(taper.reshape([-1 if a == axis else 1 for a in range(len(shape))]))
    return reduce(np.multiply, tapers)


def soft_mask(mask: NDArray, *, edge_px: float = 8.0) -> NDArray[np.float32]:
    """Let a mask end softly: 1 inside, falling to 0 as a cosine over some voxels outside of it.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x) or (y, x)
        What belongs to the specimen.
    edge_px : float
        Width of the edge [px]; less than five or so leaves a correlation that `shell_correlation`
        then measures and takes off.

    Returns
    -------
    ndarray of float32

    Raises
    ------
    TypeError
        The mask is not of truth values.
    ValueError
        Nothing is inside, or the edge is no positive width.

    Examples
    --------
    >>> soft_mask(np.array([[1, 1, 0, 0, 0, 0]], bool), edge_px=4).round(2)
    array([[1.  , 1.  , 0.85, 0.5 , 0.15, 0.  ]], dtype=float32)
    """
    from scipy.ndimage import distance_transform_edt

    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask needs truth values, got {mask.dtype}: compare it with a threshold")
    if not mask.any():
        raise ValueError("mask needs a voxel inside, got none")
    if not edge_px > 0:
        raise ValueError(f"edge_px needs a width above 0 px, got {edge_px}")
    beside = distance_transform_edt(~mask) if not mask.all() else np.zeros(mask.shape)
    return (0.5 + 0.5 * np.cos(np.pi * np.minimum(1.0, beside / edge_px))).astype(np.float32)


def independent_share(window: NDArray) -> float:
    """Return which share of the Fourier coefficients is independent under a window.

    A window couples neighbouring coefficients; of white noise there remain
    (Σ w²)² / (N Σ w⁴) of N.

    Examples
    --------
    >>> independent_share(np.array([1.0, 1.0, 0.0, 0.0]))
    0.5
    """
    squares = np.square(window, dtype=np.float64)
    return float(squares.sum() ** 2 / (window.size * np.square(squares).sum()))


def smear(window: NDArray) -> float:
    """Return how wide a window makes one frequency: mean square along an axis [steps of 1 / N]².

    Examples
    --------
    >>> smear(np.ones((4, 8)))
    0.0
    """
    squares = float(np.square(window, dtype=np.float64).sum())
    widths = []
    for axis, n in enumerate(window.shape):
        if n > 1:
            slopes = np.square(np.diff(window, axis=axis), dtype=np.float64).sum()
            widths.append(float(slopes) * n * n / (4 * np.pi**2 * squares))
    return sum(widths) / len(widths)
