"""All measurements of the phases of one image."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .measurement import Measurement
from .measurement_list import MeasurementList
from .rendering import Imaging
from .size_distribution import SizeDistribution


@dataclass(frozen=True)
class PhaseMeasurements(MeasurementList):
    """All measurements of the phases of one image.

    Attributes
    ----------
    measurements : tuple of Measurement
        Keys are ``"<phase>.<quantity>"``.
    labels : ndarray of uint8
        The segmentation they are of.
    sizes : dict of str to SizeDistribution
        For each phase, as segmented.
    percolates : dict of str to dict
        For each phase and axis, whether it crosses the image.
    imaging : Imaging or None
        Grey values, noise and blur as found in the image.
    grains : dict of str to bool
        For each phase with crevices between grains that touch, whether it is the grains itself.
    """

    measurements: tuple[Measurement, ...]
    labels: NDArray[np.uint8]
    sizes: dict[str, SizeDistribution]
    percolates: dict[str, dict[str, bool]]
    imaging: Imaging | None
    grains: dict[str, bool] = field(default_factory=dict)
