"""Measurements of one image in a row: looked up by key, and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .measurement import Measurement

if TYPE_CHECKING:
    import pandas as pd


class MeasurementList:
    """What results that hold measurements have in common.

    Attributes
    ----------
    measurements : tuple of Measurement
    """

    measurements: tuple[Measurement, ...]

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
        """Return one row a measurement: value, unit, interval and the parts of its uncertainty."""
        import pandas as pd

        rows = []
        for m in self.measurements:
            row = {"key": m.key, "name": m.name, "value": m.value, "uncertainty": m.uncertainty}
            row |= {"lower": m.interval95[0], "upper": m.interval95[1], "unit": m.unit}
            row |= {f"from_{part}": size for part, size in m.parts.items()}
            row |= {"as_segmented": m.as_segmented, "between_fields": m.sampling}
            row |= {"uncertainty_for_material": m.for_material}
            rows.append(row | {"checks_passed": m.passed, "convention": m.convention})
        return pd.DataFrame(rows)
