"""Bins of sizes and their ticks, alike in a plot and in a histogram that is clicked."""

from __future__ import annotations

import numpy as np

from ..quantities import format_length


def size_edges(sizes: np.ndarray, bins: int) -> np.ndarray:
    """Ends of bins that are equally wide in the logarithm, (bins + 1,)."""
    low, high = float(sizes.min()), float(sizes.max())
    if high / low < 1.01:
        low, high = low / 1.2, high * 1.2
    return np.geomspace(low, high, bins + 1)


def size_ticks(edges: np.ndarray) -> list[tuple[float, str]]:
    """Round sizes between the ends, each with its words."""
    low, high = edges[0], edges[-1]
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    wide = np.log10(high / low) > 2
    steps = (1.0,) if wide else (1.0, 2.0, 5.0)
    places = [s * 10.0**p for p in powers for s in steps]
    kept = [p for p in places if low / 1.02 <= p <= high * 1.02]
    return [(p, format_length(p)) for p in kept or [float(low), float(high)]]
