"""One known number: its value, its unit, and what else is known about it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Truth = dict[str, dict[str, Any]]


def entry(value: ArrayLike, unit: str, **extra: Any) -> dict[str, Any]:
    """Write a number or an array as plain JSON types beside its unit."""
    return {"value": np.asarray(value).tolist(), "unit": unit, **extra}
