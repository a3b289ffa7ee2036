"""A number that can defend itself: unit, 95 % interval, its parts, and checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Check:
    """One thing that a result was tested for.

    Attributes
    ----------
    name : str
        What was checked.
    passed : bool or None
        None when it could not be decided.
    detail : str
        The figures behind the verdict, in words.
    """

    name: str
    passed: bool | None
    detail: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {"name": self.name, "passed": self.passed, "detail": self.detail}


@dataclass(frozen=True)
class Measurement:
    """A measured value with its 95 % interval.

    Attributes
    ----------
    key : str
        Stable identifier, ``"<phase>.<quantity>"``.
    name : str
        What people read.
    value : float
        The best estimate [unit].
    interval95 : tuple of float
        Lower and upper end [unit].
    uncertainty : float
        Half-width of the 95 % interval [unit]; NaN, as its ends, where it isn't known.
    unit : str
        ``"1"`` for a pure number.
    convention : str
        Estimator, connectivity and what the number is of.
    parts : mapping of str to float
        95 % half-width from each source [unit]; they add in quadrature to `uncertainty`.
    checks : tuple of Check
    as_segmented : float or None
        The value of the segmentation itself, before any correction of bias [unit].
    sampling : float or None
        95 % half-width by which this volume may differ from the material that it is of [unit]; not
        one of the parts, which are of the imaged volume. None where it isn't known; 0 where the
        part `counting` says it.
    """

    key: str
    name: str
    value: float
    interval95: tuple[float, float]
    uncertainty: float
    unit: str
    convention: str
    parts: Mapping[str, float] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    as_segmented: float | None = None
    sampling: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)

    @property
    def for_material(self) -> float:
        """Half-width of the 95 % interval for the material [unit]; NaN where it isn't known.

        Examples
        --------
        >>> m = measurement_from_parts(key="pore.s", name="s", value=2.0, unit="1/µm",
        ...     convention="made", parts={"voxels": 0.3})
        >>> m.for_material, replace(m, sampling=0.4).for_material
        (nan, 0.5)
        """
        return math.nan if self.sampling is None else math.hypot(self.uncertainty, self.sampling)

    def without_interval(self) -> Measurement:
        """Keep the parts that are known, and say that the whole is not: NaN.

        Examples
        --------
        >>> m = measurement_from_parts(key="pore.k", name="k", value=2.0, unit="1",
        ...     convention="made", parts={"equations": 0.1}).without_interval()
        >>> m.uncertainty, m.interval95, dict(m.parts)
        (nan, (nan, nan), {'equations': 0.1})
        """
        return replace(self, uncertainty=math.nan, interval95=(math.nan, math.nan))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, the fields of a measurement record."""
        return {
            "key": self.key,
            "name": self.name,
            "value": self.value,
            "uncertainty": self.uncertainty,
            "lower": self.interval95[0],
            "upper": self.interval95[1],
            "unit": self.unit,
            "convention": self.convention,
            "parts": dict(self.parts),
            "checks": [check.to_dict() for check in self.checks],
            "as_segmented": self.as_segmented,
            "sampling": self.sampling,
        }


def measurement_from_parts(
    *,
    key: str,
    name: str,
    value: float,
    unit: str,
    convention: str,
    parts: Mapping[str, float],
    checks: tuple[Check, ...] = (),
    as_segmented: float | None = None,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Measurement:
    """Build a measurement whose interval is the quadratic sum of its parts.

    Parameters
    ----------
    parts : mapping of str to float
        95 % half-width from each source [unit].
    bounds : tuple of float
        Physically possible values; the interval is cut there, never the value.

    Examples
    --------
    >>> m = measurement_from_parts(key="pore.volume_fraction", name="Pore fraction", value=0.2,
    ...     unit="1", convention="voxel count", parts={"threshold": 0.03, "blur": 0.04})
    >>> round(m.uncertainty, 12), tuple(round(end, 12) for end in m.interval95)
    (0.05, (0.15, 0.25))
    """
    uncertainty = math.sqrt(sum(part**2 for part in parts.values()))
    lower, upper = max(bounds[0], value - uncertainty), min(bounds[1], value + uncertainty)
    return Measurement(
        key, name, value, (lower, upper), uncertainty, unit, convention, parts, checks, as_segmented
    )
