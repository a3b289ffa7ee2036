"""All measurements of the phases of one image, and their table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .measurement import Measurement
from .rendering import Imaging
from .size_distribution import SizeDistribution

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class PhaseMeasurements:
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
    sampling : dict of str to float
        95 % half-width by which a quantity would differ between fields of view of this size; not
        part of the intervals, which are of the imaged volume.
    imaging : Imaging or None
        Grey values, noise and blur as found in the image.
    """

    measurements: tuple[Measurement, ...]
    labels: NDArray[np.uint8]
    sizes: dict[str, SizeDistribution]
    percolates: dict[str, dict[str, bool]]
    sampling: dict[str, float]
    imaging: Imaging | None

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.measurements)

    def __len__(self) -> int:
        return len(self.measurements)

    def __getitem__(self, key: str) -> Measurement:
        for measurement in self.measurements:
            if measurement.key == key:
                return measurement
        keys = ", ".join(m.key for m in self.measurements)
        raise KeyError(f"no measurement {key!r}: there are {keys}")

    def table(self) -> pd.DataFrame:
        """Return one row a measurement, with units, interval and the parts of its uncertainty."""
        return measurement_table(self.measurements, self.sampling)


def measurement_table(
    measurements: Iterable[Measurement], sampling: Mapping[str, float]
) -> pd.DataFrame:
    """Return one row a measurement, with units, interval and the parts of its uncertainty."""
    import pandas as pd

    rows = []
    for m in measurements:
        row = {"key": m.key, "name": m.name, "value": m.value, "uncertainty": m.uncertainty}
        row |= {"lower": m.interval95[0], "upper": m.interval95[1], "unit": m.unit}
        row |= {f"from_{part}": size for part, size in m.parts.items()}
        row |= {"as_segmented": m.as_segmented, "between_fields": sampling.get(m.key)}
        rows.append(row | {"checks_passed": m.passed, "convention": m.convention})
    return pd.DataFrame(rows)
