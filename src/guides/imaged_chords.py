"""Mean chords without what imaging did to them: by the surface, whose part of it is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..analysis.quantification.measurement import Measurement
from ..analysis.quantification.phase_checks import RESOLUTION

_SURFACE = "surface_per_phase"
_CHORD = "mean_chord_"
_KIND = {2: math.pi, 3: 4.0}  # mean chord times surface per volume of the phase
DIRECTION = 0.10  # spread of chords over their mean, from which a medium has a direction


def chords_by_surface(
    answers: Sequence[Measurement], measured: Sequence[Measurement], phase: str
) -> list[Measurement]:
    """Take off mean chords what blur and noise did to them, and give them an interval.

    The mean chord of all directions is 4 over the surface per volume of the phase (in 2D pi over
    the length per area), which is known without blur and noise. Each axis keeps its ratio to the
    others. Where chords differ between the axes nothing follows; where features are too small for
    the voxels the interval alone does.

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
        Other answers as they were.
    """
    surface = next((m for m in measured if m.key.endswith(f"{phase}.{_SURFACE}")), None)
    chords = [m for m in answers if m.key.startswith(f"{phase}.{_CHORD}")]
    if surface is None or not chords or not _known(surface):
        return list(answers)
    per_um = 1 / np.array([m.value for m in chords])
    if np.ptp(per_um) > DIRECTION * per_um.mean():
        return list(answers)
    ratio = _KIND[len(chords)] / surface.value * float(per_um.mean())
    if any(c.name == RESOLUTION and c.passed is False for c in surface.checks):
        ratio = 1.0
    return [_by_surface(m, ratio, surface) if m in chords else m for m in answers]


def _known(surface: Measurement) -> bool:
    """Whether blur and noise are in its interval: they are what a chord lacks."""
    imaged = not {"imaging", "half-way"}.isdisjoint(surface.parts)
    return imaged and surface.value > 0 and math.isfinite(surface.uncertainty)


def _by_surface(m: Measurement, ratio: float, surface: Measurement) -> Measurement:
    value = m.value * ratio
    parts = {name: part / surface.value * value for name, part in surface.parts.items()}
    size = math.sqrt(sum(part**2 for part in parts.values()))
    ends = (max(0.0, value - size), value + size)
    said = "" if ratio == 1 else "; what blur and noise did is taken off as of the surface"
    return replace(
        m, value=value, parts=parts, uncertainty=size, interval95=ends, as_segmented=m.value,
        convention=m.convention + said,
    )  # fmt: skip
