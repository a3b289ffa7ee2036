"""Half-widths of measurements in the words of a table."""

from __future__ import annotations

import math

from ..analysis.quantification.measurement import Measurement
from ..quantities import format_beside


def for_material(m: Measurement) -> str:
    """Write the half-width for the material that the image is of; a dash where it isn't known.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from scalebridge.analysis.quantification.measurement import measurement_from_parts
    >>> m = measurement_from_parts(key="a.b", name="b", value=1.5, unit="µm", convention="made",
    ...     parts={"voxels": 0.03})
    >>> for_material(m), for_material(replace(m, sampling=0.04))
    ('–', '±\\xa00.05')
    """
    half = m.for_material
    if not (math.isfinite(half) and math.isfinite(m.value) and half > 0):
        return "–"
    return unbroken(f"± {format_beside(half, m.value, half)}")


def largest_parts(m: Measurement) -> str:
    """Name the parts that make more than a tenth of the half-width, the largest first."""
    parts = sorted(m.parts.items(), key=lambda part: -part[1])
    said = [
        unbroken(f"{name} {format_beside(size, m.value, m.uncertainty, further_decimals=1)}")
        for name, size in parts
        if size > 0.1 * m.uncertainty
    ]
    return ", ".join(said) or "–"


def unbroken(text: str) -> str:
    """Keep a text on one line of a table."""
    return text.replace(" ", "\u00a0")
