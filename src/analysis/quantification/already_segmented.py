"""Is an image a segmentation already, of one grey value a phase?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .measurement import Check

ALREADY = "already segmented"
_SLAB = 4_000_000  # voxels that are looked at together


def already_segmented(image: NDArray, *, thresholds: tuple[float, ...]) -> bool:
    """Say whether every phase that thresholds part has a single grey value.

    Such an image has no edge that was blurred and no noise: what the scan and its segmentation did
    to the shapes cannot be seen in it any more.

    Examples
    --------
    >>> already_segmented(np.array([[0, 255, 255], [0, 0, 255]]), thresholds=(100.0,))
    True
    >>> already_segmented(np.array([[0, 250, 255], [0, 0, 255]]), thresholds=(100.0,))
    False
    """
    flat = np.asarray(image).reshape(-1)
    classes = len(thresholds) + 1
    known = np.unique(flat[:: max(1, flat.size // 100_000)])
    if len(known) > classes:
        return False
    for start in range(0, flat.size, _SLAB):
        known = np.union1d(known, np.unique(flat[start : start + _SLAB]))
        if len(known) > classes:
            return False
    parted = np.unique(np.searchsorted(thresholds, known, side="right"))
    return len(known) == len(parted) == classes


def already_check() -> Check:
    """Say what is not known of such an image."""
    return Check(
        ALREADY,
        None,
        "one grey value a phase: the image was segmented before it came here. Nothing is taken "
        "off, and what blur, noise and the choice of the threshold did is in no interval",
    )
