"""Half the edges of a box, as a person gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def half_sizes(half_size: Any, *, name: str = "half_size") -> dict[str, float] | None:
    """Lengths along three axes by name [µm], as half the edges of a box; one stands for all."""
    if half_size is None:
        return None
    names = ("z_um", "y_um", "x_um")
    if isinstance(half_size, Mapping):
        if set(half_size) != set(names):
            raise ValueError(f"{name} needs x_um, y_um and z_um, got {sorted(half_size)}")
        values = {axis: float(half_size[axis]) for axis in names}
    elif np.ndim(half_size) == 0:
        values = dict.fromkeys(names, float(half_size))
    else:
        raise ValueError(
            f"{name} needs one number or x_um, y_um, z_um by name [µm], got {half_size!r}"
        )
    if not all(np.isfinite(value) and value > 0 for value in values.values()):
        raise ValueError(f"{name} needs positive lengths [µm], got {half_size!r}")
    return values
