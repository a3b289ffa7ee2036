"""Units of length as files write them, and which numbers may be a voxel size."""

from __future__ import annotations

import math

_MICROMETRES = {
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "um": 1.0,
    "µm": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "å": 1e-4,
    "angstrom": 1e-4,
    "pm": 1e-6,
    "picometer": 1e-6,
    "picometre": 1e-6,
}

# One voxel of a microscope lies between a picometre and a decimetre; a number outside is a
# damaged header or a number in another unit.
SMALLEST_UM, LARGEST_UM = 1e-6, 1e5


def micrometres_in(unit: str | None) -> float | None:
    """Say how many micrometres a unit of length has, or None if it is not one.

    Inches, pixels and the empty unit are no unit of a microscope: programs write them when
    nobody calibrated the image.

    Examples
    --------
    >>> micrometres_in("nm"), micrometres_in("\\u00b5m"), micrometres_in("inch")
    (0.001, 1.0, None)
    """
    if not isinstance(unit, str):
        return None
    text = unit.strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ").replace("μ", "µ")
    text = text.replace("Âµ", "µ").replace("\u212b", "å").lower()
    return _MICROMETRES.get(text) or _MICROMETRES.get(text.removesuffix("s"))


def fault_of_length(length_um: object) -> str | None:
    """Say why a number cannot be a voxel size [µm], or None if it can.

    Examples
    --------
    >>> fault_of_length(0.0)
    'it is zero'
    >>> fault_of_length(0.5)
    """
    if isinstance(length_um, bool) or not isinstance(length_um, (int, float)):
        return f"it is not a number: {length_um!r}"
    if math.isnan(length_um):
        return "it is NaN"
    if length_um == 0:
        return "it is zero"
    if length_um < 0:
        return f"it is negative: {length_um:g} µm"
    if not SMALLEST_UM <= length_um <= LARGEST_UM:
        return f"{length_um:g} µm is no voxel size of a microscope (1 pm to 10 cm)"
    return None
