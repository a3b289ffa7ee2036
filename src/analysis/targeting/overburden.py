"""What a beam goes through on its way to a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...quantities import format_length
from .beam_rays import BeamRays

if TYPE_CHECKING:
    import pandas as pd

_TOUCHING = 1e-6  # of the depth: what rounding leaves between two pieces
_COLUMNS = 13  # columns a side that the overburden is summed over


def in_the_way(obstacles: pd.DataFrame) -> str:
    """List what the beam goes through, in its order, and what else lies over the footprint.

    Examples
    --------
    >>> import pandas as pd
    >>> in_the_way(pd.DataFrame({"label": ["cap", "steel"], "from_um": [0.0, 2.0],
    ...     "to_um": [1.5, 82.0], "length_um": [1.5, 80.0]}))
    'cap 1.5 µm, then a gap of 500 nm, then steel 80 µm'
    """
    met = obstacles[obstacles["length_um"] > 0]
    beside = obstacles[obstacles["length_um"] == 0]["label"]
    gaps = met["from_um"].to_numpy()[1:] - met["to_um"].to_numpy()[:-1]
    said = []
    for row, gap in zip(met.itertuples(), [0.0, *gaps.tolist()], strict=False):
        if gap > _TOUCHING * row.to_um:
            said.append(f"a gap of {format_length(gap)}")
        said.append(f"{row.label} {format_length(row.length_um)}")
    words = [", then ".join(said) or "nothing"]
    return "; ".join([*words, *([f"beside it {', '.join(beside)}"] if len(beside) else [])])


def pieces_along(
    rays: BeamRays,
    target_um: NDArray[np.float64],
    depth_um: float,
    labels: NDArray | None,
    names: Mapping[int, str] | None,
) -> tuple[pd.DataFrame, float]:
    """Find the runs of one label along the beam, and how much of the way is material [µm]."""
    import pandas as pd

    at, solid, found = rays.along(target_um[None], depth_um, labels)
    solid, found = solid[0], found[0]
    step = depth_um / len(at)
    kinds = np.where(solid, found, -1)
    edges = np.flatnonzero(np.diff(kinds)) + 1
    rows = []
    for low, high in zip([0, *edges], [*edges, len(kinds)], strict=True):
        if kinds[low] >= 0:
            name = _named(int(kinds[low]), names)
            rows.append((name, low * step, high * step, (high - low) * step))
    table = pd.DataFrame(rows, columns=["label", "from_um", "to_um", "length_um"])
    return table, float(solid.sum() * step)


def with_volumes(
    rays: BeamRays,
    target_um: NDArray[np.float64],
    half_um: NDArray[np.float64],
    pieces: pd.DataFrame,
    labels: NDArray | None,
    names: Mapping[int, str] | None,
) -> tuple[pd.DataFrame, float]:
    """Add the volume of each label above the volume of interest, over its footprint [µm³].

    The footprint is the rectangle across the beam that holds the volume of interest.
    """
    import pandas as pd

    sides = np.abs(rays.across) @ half_um
    area = float(4 * np.prod(sides))
    if area == 0:
        return pieces.assign(volume_um3=0.0), 0.0
    share = (np.arange(_COLUMNS) + 0.5) / _COLUMNS * 2 - 1
    u, v = (axis.ravel() for axis in np.meshgrid(share * sides[0], share * sides[1]))
    feet = target_um - rays.direction * float(np.abs(rays.direction) @ half_um)
    feet = feet + u[:, None] * rays.across[0] + v[:, None] * rays.across[1]
    at, solid, found = rays.along(feet, rays.longest_um, labels)
    unit = rays.longest_um / len(at) * area / _COLUMNS**2
    kinds = np.where(solid, found, -1)
    volumes = {
        _named(int(kind), names): float((kinds == kind).sum() * unit)
        for kind in np.unique(kinds)
        if kind >= 0
    }
    beside = [name for name in volumes if name not in set(pieces["label"])]
    others = pd.DataFrame({"label": beside, "length_um": 0.0})
    table = pd.concat([pieces, others], ignore_index=True) if beside else pieces
    found_volumes = table["label"].map(volumes).fillna(0.0).to_numpy(float)
    return table.assign(volume_um3=found_volumes), float(solid.sum() * unit)


def _named(label: int, names: Mapping[int, str] | None) -> str:
    return (names or {}).get(label, "material" if label == 0 else f"label {label}")
