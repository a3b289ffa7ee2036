"""How far a pose strays when parts of the picture and the blur of the survey have their way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..transform import AffineTransform
from .scene import Scene

PARTS = 3  # of the picture's tiles, each with a climb of its own
BLURS = (0.7, 1.4)  # of the smoothing of the volume
NU = float(PARTS * len(BLURS) - 1)


def strayed(scenes: Sequence[Scene], best: AffineTransform) -> list[AffineTransform]:
    """Climb again from the best pose, by each part of the picture in each scene.

    Parameters
    ----------
    scenes : sequence of Scene
        The survey blurred less and more, at the resolution of the last climb.
    best : AffineTransform
        Of the picture as it was taken.
    """
    found = []
    for scene in scenes:
        whole = scene.likeness(best, outline=False)
        found += [
            scene.moved(whole.part(number, of=PARTS).climbed()[0], 1.0) for number in range(PARTS)
        ]
    return found


def scatter_um2(poses: Sequence[AffineTransform], places_um: NDArray[np.float64]) -> float:
    """Mean variance of where places of the survey are seen, of each axis of the picture [um2]."""
    seen = np.array([pose.inverse_apply(places_um)[:, 1:] for pose in poses])
    return float(seen.var(axis=0, ddof=1).mean())
