"""What makes a shell correlation doubtful, in words: shared noise, shifts, masks, thin shells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .shell_crossing import Resolution

if TYPE_CHECKING:
    import pandas as pd

_BAND = 0.9  # of the highest full shell: from there on signal is rare and noise is all
_SHARED, _SIGMAS = 0.02, 4.0  # correlation there that is worth a word, and sure to be no chance
_AGAIN = 3  # shells in a row above the criterion, after it was crossed
_BY_MASK = 0.1
_ROW, _CONTRARY = 7, 0.05  # shells, and a mean below 0 in them that is worth a word


def shell_notes(
    curve: pd.DataFrame, resolution: Resolution, shift: tuple[int, ...]
) -> tuple[str, ...]:
    """Return what makes the figures doubtful.

    Parameters
    ----------
    curve : DataFrame
        As in `ShellCorrelation`.
    resolution : Resolution
        By the half-bit criterion.
    shift : tuple of int
        Of the second half beside the first [px].
    """
    notes = [
        _shared(curve), _again(curve, resolution), _against(curve), _shifted(shift), _masked(curve),
    ]  # fmt: skip
    if not curve["full"].all():
        share = int((~curve["full"]).sum())
        notes.append(
            f"{share} of {len(curve)} shells lie beyond the Nyquist frequency of the coarsest axis "
            "and hold the other directions only"
        )
    return tuple(note for note in notes if note)


def _shared(curve: pd.DataFrame) -> str:
    """Tell of a correlation at the end of the full shells, where no signal is expected."""
    full = curve[curve["full"]]
    end = full[full["frequency_per_um"] >= _BAND * full["frequency_per_um"].iloc[-1]]
    weight = end["independent_voxels"].to_numpy()
    mean = float(np.average(end["correlation"], weights=weight))
    error = 1 / float(np.sqrt(weight.sum()))
    if mean < max(_SHARED, _SIGMAS * error):
        return ""
    return (
        f"near the Nyquist frequency the halves still correlate by {mean:.2f} ± {error:.2f}: "
        "signal up to there, or something that both share beside the specimen (flat field, rings, "
        "interpolation, a hard mask, one image twice); then the resolution is too good"
    )


def _again(curve: pd.DataFrame, resolution: Resolution) -> str:
    if not np.isfinite(resolution.resolution_um):
        return ""
    beyond = curve[curve["frequency_per_um"] > 1.1 / resolution.resolution_um]
    above = (beyond["correlation"] > beyond["half_bit"]).to_numpy()
    if len(above) < _AGAIN:
        return ""
    starts = np.flatnonzero(np.convolve(above, np.ones(_AGAIN, int), mode="valid") == _AGAIN)
    if not len(starts):
        return ""
    period = float(beyond["period_um"].iloc[int(starts[0])])
    return (
        f"the correlation rises above the half-bit curve again at {period:.3g} µm: noise that both "
        "halves share, or a contrast that vanishes at one frequency"
    )


def _against(curve: pd.DataFrame) -> str:
    """Tell of shells in a row where the halves contradict each other."""
    weight = curve["independent_voxels"].to_numpy()
    box = np.ones(min(_ROW, len(weight)))
    sums = np.convolve(weight, box, mode="valid")
    means = np.convolve(weight * curve["correlation"].to_numpy(), box, mode="valid") / sums
    least = int(np.argmin(means))
    if means[least] > -max(_CONTRARY, _SIGMAS / np.sqrt(sums[least])):
        return ""
    period = float(curve["period_um"].iloc[least + len(box) // 2])
    return (
        f"at {period:.3g} µm the halves correlate by {means[least]:.2f}: they contradict each "
        "other, as streaks of too few projections do away from the axis, or a shift; mask the "
        "specimen"
    )


def _shifted(shift: tuple[int, ...]) -> str:
    if not any(shift):
        return ""
    axes = "z, y, x" if len(shift) == 3 else "y, x"
    return f"the second half lies {shift} voxels ({axes}) beside the first: register them first"


def _masked(curve: pd.DataFrame) -> str:
    if "by_mask" not in curve:
        return ""
    random = curve.loc[curve["masked"] != curve["correlation"], "by_mask"]
    if not len(random) or (most := float(random.max())) < _BY_MASK:
        return ""
    return (
        f"the mask alone makes a correlation of up to {most:.2f}, which was taken off: a softer "
        "mask makes less"
    )
