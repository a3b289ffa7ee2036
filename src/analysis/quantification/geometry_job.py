"""What `measure` works on, and what each of its parts gives back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .measurement import Check, Measurement, measurement_from_parts

if TYPE_CHECKING:
    import pandas as pd

#: Bounds of what may be any number.
ANY = (-math.inf, math.inf)


@dataclass(frozen=True)
class GeometryJob:
    """Labels with all that their measurement needs, checked."""

    labels: NDArray
    spacing: tuple[float, ...]
    titles: tuple[str, ...]
    chosen: tuple[int, ...]
    connectivity: int
    inside: NDArray[np.bool_] | None
    threads: int | None

    def phases(self) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Name and voxels of each phase that is asked for."""
        for label in self.chosen:
            yield self.titles[label], self.labels == label

    def own(self, phase: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Voxels of a phase inside the mask."""
        return phase if self.inside is None else phase & self.inside


@dataclass
class Found:
    """Measurements and tables of one part."""

    measurements: list[Measurement] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)

    def add(
        self,
        key: str,
        name: str,
        value: float,
        unit: str,
        convention: str,
        checks: tuple[Check, ...] = (),
        parts: Mapping[str, float] | None = None,
        bounds: tuple[float, float] = (0.0, math.inf),
    ) -> None:
        """Add a value; without parts its uncertainty isn't known, and is said to be so."""
        m = measurement_from_parts(
            key=key, name=name, value=float(value), unit=unit, convention=convention,
            parts=parts or {}, checks=checks, bounds=bounds if parts else ANY,
        )  # fmt: skip
        self.measurements.append(m if parts else m.without_interval())

    def add_table(self, name: str, title: str, table: pd.DataFrame) -> None:
        """Add the rows of one phase to a table of all of them."""
        import pandas as pd

        rows = table.copy()
        rows.insert(0, "phase", title)
        known = self.tables.get(name)
        self.tables[name] = rows if known is None else pd.concat([known, rows], ignore_index=True)
