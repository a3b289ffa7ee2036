"""A key number: value, 95 % uncertainty, unit, and the name by which its truth is found."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from ..quantities import format_number, format_value
from .item import Item, finite, required
from .markup import Markup, safe


@dataclass(frozen=True)
class KeyNumber(Item):
    """One of the numbers that the report opens with.

    Parameters
    ----------
    key : str
        Name by which truth or literature is found, e.g. ``"porosity"``.
    label : str
        What people read.
    value : float or None
        The estimate; None (or NaN) where there is none, and then `note` says why.
    unit : str
        Unit of the value, ``"1"`` for a plain number.
    uncertainty : float, optional
        Half-width of the 95 % interval, in `unit`.
    interval95 : (float, float), optional
        The 95 % interval where it is not symmetric, in `unit`.
    note : str, optional
        One line: the convention, or why something is missing.

    Examples
    --------
    >>> str(KeyNumber("porosity", "Porosity", 0.1671, unit="1", uncertainty=0.004))
    'Porosity: 0.167 ± 0.004'
    """

    key: str
    label: str
    value: float | None
    _: KW_ONLY
    unit: str
    uncertainty: float | None = None
    interval95: tuple[float, float] | None = None
    note: str = ""
    kind: ClassVar[str] = "key_number"

    def __post_init__(self) -> None:
        required(self.key, "key")
        required(self.label, "label")
        required(self.unit, 'unit ("1" for a plain number)')
        object.__setattr__(self, "value", finite(self.value))
        object.__setattr__(self, "uncertainty", finite(self.uncertainty))
        if self.value is None and not self.note:
            raise ValueError(f"key number {self.key!r} has no value: say why in note")
        if self.interval95 is not None:
            object.__setattr__(self, "interval95", _ordered(self.interval95, self.key))

    @classmethod
    def of(cls, measurement: Any, *, label: str, note: str = "") -> KeyNumber:
        """Make the key number of a `Measurement`, or of a measurement record.

        Parameters
        ----------
        measurement : object
            Has ``key``, ``value``, ``uncertainty``, ``unit``, ``convention``, and ``interval95``
            or ``lower`` and ``upper``.
        label : str
            What people read.
        note : str, optional
            Replaces the convention.
        """
        interval = getattr(measurement, "interval95", None)
        if interval is None and getattr(measurement, "lower", None) is not None:
            interval = (measurement.lower, measurement.upper)
        return cls(
            measurement.key,
            label,
            measurement.value,
            unit=measurement.unit,
            uncertainty=measurement.uncertainty,
            interval95=interval,
            note=note or getattr(measurement, "convention", "") or "",
        )

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The 95 % interval, in `unit`; None where no uncertainty is stated."""
        if self.interval95 is not None or self.value is None or not self.uncertainty:
            return self.interval95
        return (self.value - self.uncertainty, self.value + self.uncertainty)

    def covers(self, truth: float) -> bool | None:
        """Say whether the 95 % interval holds a value; None where no interval is stated."""
        if self.bounds is None:
            return None
        return self.bounds[0] <= truth <= self.bounds[1]

    @property
    def written(self) -> str:
        """Value ± half-width of the 95 % interval and unit; bounds where these are lopsided."""
        if self.value is None:
            return "not known"
        if self.bounds is None:
            unit = f" {self.unit}" if self.unit and self.unit != "1" else ""
            return format_number(self.value, digits=3) + unit
        lower, upper = self.bounds
        half_width = (upper - lower) / 2
        if abs((upper + lower) / 2 - self.value) <= 0.2 * half_width:
            return format_value(self.value, half_width, self.unit)
        return _lopsided(self.value, lower, upper, self.unit)

    def content(self) -> dict[str, Any]:
        """Return what it says as plain JSON types."""
        return {
            "key": self.key,
            "label": self.label,
            "value": self.value,
            "unit": self.unit,
            "uncertainty": self.uncertainty,
            "interval95": self.interval95 and list(self.interval95),
            "note": self.note,
        }

    def html(self) -> Markup:
        """Return its fragment for notebook and report."""
        return Markup(
            '<div class="sb-key"><span class="sb-label">{}</span> '
            '<b class="sb-value">{}</b> <span class="sb-note">{}</span></div>'
        ).format(safe(self.label), safe(self.written), safe(self.note))

    def __str__(self) -> str:
        return f"{self.label}: {self.written}"


def _ordered(interval: Any, key: str) -> tuple[float, float] | None:
    bounds = [finite(value) for value in interval]
    if len(bounds) != 2 or (None not in bounds and bounds[0] > bounds[1]):  # type: ignore[operator]
        raise ValueError(f"interval95 of {key!r} needs (lower, upper), got {tuple(interval)}")
    lower, upper = bounds
    return None if lower is None or upper is None else (float(lower), float(upper))


def _lopsided(value: float, lower: float, upper: float, unit: str) -> str:
    """Write ``value (lower to upper) unit``, the narrower side with two significant digits.

    An interval that leans is wide beside its value: with one digit 9.7 (6.6 to 19.2) would be
    10 (7 to 19).
    """
    side = min(value - lower, upper - value)
    spread = side if side > 0 else (upper - lower) / 2
    decimals = max(0, 1 - math.floor(math.log10(spread))) if spread > 0 else 3
    suffix = f" {unit}" if unit != "1" else ""
    return f"{value:.{decimals}f} ({lower:.{decimals}f} to {upper:.{decimals}f}){suffix}"
