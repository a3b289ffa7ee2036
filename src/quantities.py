"""How numbers, lengths and uncertainties are written for people."""

from __future__ import annotations

import math

_SMALL = 1e-3  # below it, powers of ten are read more easily than zeros
_LARGE = 1e6  # and from here on
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FINE_UM = 0.1  # errors are a part of a voxel to some voxels: below it they are read in nm
_LENGTHS = (("mm", 1e-3), ("µm", 1.0), ("nm", 1e3))


def length_unit(length_um: float) -> tuple[str, float]:
    """Pick nm, µm or mm for a length.

    Parameters
    ----------
    length_um : float
        The length to be written [µm].

    Returns
    -------
    unit : str
        ``"mm"``, ``"µm"`` or ``"nm"``.
    factor : float
        What micrometres are multiplied with to get that unit.

    Examples
    --------
    >>> length_unit(0.02)
    ('nm', 1000.0)
    """
    size = abs(length_um)
    if size >= 1000:
        return _LENGTHS[0]
    if size >= 1 or size == 0 or not math.isfinite(size):
        return _LENGTHS[1]
    return _LENGTHS[2]


def steady_unit(spacing_um: float) -> str:
    """Pick nm, µm or mm for lengths that are compared with voxels and change while they are read.

    Examples
    --------
    >>> steady_unit(5.0), steady_unit(0.2), steady_unit(0.004)
    ('µm', 'µm', 'nm')
    """
    return length_unit(spacing_um if spacing_um < _FINE_UM else max(spacing_um, 1.0))[0]


def format_length(length_um: float, *, digits: int = 3, unit: str = "") -> str:
    """Write a length with the unit that suits it, or with the one that is given.

    Examples
    --------
    >>> format_length(1234.0), format_length(0.02), format_length(5)
    ('1.23 mm', '20 nm', '5 µm')
    >>> format_length(0.592, digits=2), format_length(0.9999)
    ('590 nm', '1 µm')
    >>> format_length(0.98765, unit="µm"), format_length(12.3456, unit="nm")
    ('0.988 µm', '12300 nm')
    """
    if not math.isfinite(length_um):
        return f"{length_um} µm"
    rounded = float(f"{length_um:.{digits - 1}e}")  # before the unit: 999.9 nm is 1 µm
    unit, factor = (unit, dict(_LENGTHS)[unit]) if unit else length_unit(rounded)
    value = float(f"{rounded * factor:.{digits - 1}e}")
    plain = 10**digits <= abs(value) < _LARGE  # no exponent where zeros can be written
    return f"{value:.0f} {unit}" if plain else f"{value:.{digits}g} {unit}"


def decimals_of_uncertainty(uncertainty: float) -> int:
    """Decimals that show one significant digit of an uncertainty, two when it begins with 1.

    Examples
    --------
    >>> decimals_of_uncertainty(0.034), decimals_of_uncertainty(0.0134), decimals_of_uncertainty(25)
    (2, 3, 0)
    """
    if not math.isfinite(uncertainty) or uncertainty <= 0:
        return 3
    exponent = math.floor(math.log10(uncertainty))
    leading = uncertainty / 10**exponent
    digits = 2 if leading < 1.95 else 1
    if digits == 1 and leading >= 9.5:  # rounds up to a 1 of the next decade: two digits
        exponent, digits = exponent + 1, 2
    return max(0, digits - 1 - exponent)


def format_number(value: float, *, digits: int = 4) -> str:
    """Write a number with so many significant digits, the very large and small by powers of ten.

    Examples
    --------
    >>> format_number(0.16714), format_number(12345.6), format_number(5.837e7)
    ('0.1671', '12346', '5.837 × 10⁷')
    >>> format_number(6.44e-5, digits=2), format_number(143.0, digits=2)
    ('6.4 × 10⁻⁵', '143')
    """
    if 10**digits <= abs(value) < _LARGE:
        return f"{value:.0f}"
    mantissa, _, power = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}{_times(int(power))}" if power else mantissa


def format_value(value: float, uncertainty: float | None = None, unit: str = "") -> str:
    """Write ``value ± uncertainty unit`` with the decimals that the uncertainty deserves.

    Examples
    --------
    >>> format_value(12.3456, 0.034, "µm")
    '12.35 ± 0.03 µm'
    >>> format_value(0.16714, None, "1")
    '0.1671'
    >>> format_value(2.43e-5, 5.6e-6, "1/µm³")
    '(2.4 ± 0.6) × 10⁻⁵ 1/µm³'
    """
    suffix = f" {unit}" if unit and unit != "1" else ""
    if uncertainty is None or not math.isfinite(uncertainty) or uncertainty <= 0:
        return format_number(value) + suffix
    power = _power(value, uncertainty)
    value, uncertainty = value / 10.0**power, uncertainty / 10.0**power
    decimals = decimals_of_uncertainty(uncertainty)
    written = f"{value:.{decimals}f} ± {uncertainty:.{decimals}f}"
    return f"({written}){_times(power)}{suffix}" if power else written + suffix


def format_beside(
    part: float, value: float, uncertainty: float, *, further_decimals: int = 0
) -> str:
    """Write a number with the decimals and the power of ten of ``value ± uncertainty``.

    Examples
    --------
    >>> format_beside(12.3, 12.3456, 0.034), format_beside(0.01, 12.3456, 0.034, further_decimals=1)
    ('12.30', '0.010')
    >>> format_beside(3.1e-6, 2.43e-5, 5.6e-6)
    '0.3 × 10⁻⁵'
    """
    power = _power(value, uncertainty)
    decimals = decimals_of_uncertainty(uncertainty / 10.0**power) + further_decimals
    return f"{part / 10.0**power:.{decimals}f}{_times(power)}"


def _power(value: float, uncertainty: float) -> int:
    """Return the power of ten that a small value is written with, else 0."""
    largest = max(abs(value), uncertainty)
    return math.floor(math.log10(largest)) if 0 < largest < _SMALL else 0


def _times(power: int) -> str:
    return f" × 10{str(power).translate(_RAISED)}" if power else ""
