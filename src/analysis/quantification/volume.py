"""Volumes and volume fractions by counting voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing


def volume_fraction(phase: NDArray, *, mask: NDArray | None = None) -> float:
    """Return the share of voxels that belong to a phase.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    mask : ndarray of bool, optional
        Count only here.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> volume_fraction(np.array([[True, False], [False, False]]))
    0.25
    """
    phase = checked_phase(phase)
    if mask is None:
        return float(np.count_nonzero(phase) / phase.size)
    mask = checked_mask(mask, phase.shape)
    return float(np.count_nonzero(phase & mask) / np.count_nonzero(mask))


def phase_fractions(labels: NDArray, *, classes: int, mask: NDArray | None = None) -> NDArray:
    """Return the share of each label 0 .. classes - 1; the shares add up to 1.

    Examples
    --------
    >>> import numpy as np
    >>> phase_fractions(np.array([[0, 1], [1, 1]]), classes=3)
    array([0.25, 0.75, 0.  ])
    """
    inside = labels.ravel() if mask is None else labels[checked_mask(mask, labels.shape)]
    counts = np.bincount(inside, minlength=classes)
    if len(counts) > classes:
        raise ValueError(
            f"labels needs values below {classes}, got {len(counts) - 1}: count all classes"
        )
    return counts / counts.sum()


def volume_um3(phase: NDArray, *, spacing_um: Sequence[float]) -> float:
    """Return the volume of a phase [µm³], by voxel count.

    For a smooth body the error averages to zero over its position on the grid; for spheres of 5
    voxels radius it is +0.3 % (mean), of 10 voxels and more below 0.05 %.

    Examples
    --------
    >>> import numpy as np
    >>> volume_um3(np.ones((2, 2, 2), bool), spacing_um=(2.0, 1.0, 1.0))
    16.0
    """
    phase = checked_phase(phase)
    if phase.ndim != 3:
        raise ValueError(
            f"phase needs 3 axes (z, y, x), got shape {phase.shape}: use area_um2 for an image"
        )
    return float(np.count_nonzero(phase) * np.prod(checked_spacing(spacing_um, 3)))


def area_um2(phase: NDArray, *, spacing_um: Sequence[float]) -> float:
    """Return the area of a phase in a 2D image [µm²], by pixel count.

    Examples
    --------
    >>> import numpy as np
    >>> area_um2(np.ones((2, 3), bool), spacing_um=(0.5, 0.5))
    1.5
    """
    phase = checked_phase(phase)
    if phase.ndim != 2:
        raise ValueError(
            f"phase needs 2 axes (y, x), got shape {phase.shape}: use volume_um3 for a volume"
        )
    return float(np.count_nonzero(phase) * np.prod(checked_spacing(spacing_um, 2)))


def checked_phase(phase: NDArray) -> NDArray[np.bool_]:
    """Return a phase as a 2D or 3D array of bool, or refuse it."""
    phase = np.asarray(phase)
    checked_image_ndim(phase.shape, "phase")
    if phase.dtype == bool:
        return phase
    if phase.dtype == np.uint8 and phase.max() <= 1:
        return phase.view(bool) if phase.flags.c_contiguous else phase.astype(bool)
    raise TypeError(
        f"phase needs an array of bool, got {phase.dtype}: say which label, as in labels == 1"
    )


def checked_mask(mask: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a mask as bool on the grid of the image, or refuse it."""
    mask = np.asarray(mask)
    if mask.shape != shape:
        raise ValueError(
            f"mask needs the image's shape {shape}, got {mask.shape}: make them on one grid"
        )
    mask = mask.astype(bool, copy=False)
    if not mask.any():
        raise ValueError("mask needs at least one voxel inside, got none: nothing to measure")
    return mask
