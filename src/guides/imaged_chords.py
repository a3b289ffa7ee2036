"""Mean chords without what imaging did to them: by the surface, whose part of it is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..analysis.quantification.measurement import Measurement

_SURFACE = "surface_per_phase"
_CHORD = "mean_chord_"


def chords_by_surface(
    answers: Sequence[Measurement], measured: Sequence[Measurement], phase: str
) -> list[Measurement]:
    """Take off mean chords what blur and noise did to the surface, and give them its interval.

    A mean chord is 4 over the surface per volume of the phase (in 2D pi over the length per area),
    so that it is too long by what the surface is too small.

    Parameters
    ----------
    answers : sequence of Measurement
        Of the segmentation as it is.
    measured : sequence of Measurement
        The usual results of the same image.
    phase : str

    Returns
    -------
    list of Measurement
        Those that are no mean chords as they were; all of them where the surface is not known.
    """
    ending = f"{phase}.{_SURFACE}"
    surface = next((m for m in measured if m.key.endswith(ending)), None)
    if surface is None or surface.as_segmented is None or not _known(surface):
        return list(answers)
    return [
        _by_surface(m, surface) if m.key.startswith(f"{phase}.{_CHORD}") else m for m in answers
    ]


def _known(surface: Measurement) -> bool:
    """Whether blur and noise are in its interval: they are what a chord lacks."""
    imaged = not {"imaging", "half-way"}.isdisjoint(surface.parts)
    return imaged and surface.value > 0 and math.isfinite(surface.uncertainty)


def _by_surface(m: Measurement, surface: Measurement) -> Measurement:
    seen = surface.as_segmented or surface.value
    value = m.value * seen / surface.value
    if not math.isfinite(value):
        return m
    parts = {name: part / surface.value * value for name, part in surface.parts.items()}
    size = math.sqrt(sum(part**2 for part in parts.values()))
    ends = (max(0.0, value - size), value + size)
    said = "; what blur and noise did to the surface is taken off" if seen != surface.value else ""
    return replace(
        m, value=value, parts=parts, uncertainty=size, interval95=ends, as_segmented=m.value,
        convention=m.convention + said,
    )  # fmt: skip
