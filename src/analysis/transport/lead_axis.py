"""The axis along which something is led through an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..quantification.objects import AXIS_NAMES


def lead_axis(axis: str, ndim: int) -> int:
    """Return the index of an axis by its name, or refuse it.

    Examples
    --------
    >>> lead_axis("y", 3), lead_axis("y", 2)
    (1, 0)
    """
    names = AXIS_NAMES[ndim]
    if axis not in names:
        raise ValueError(f"axis needs one of {names}, got {axis!r}: name the direction")
    return names.index(axis)


def led_first(
    image: NDArray[Any], spacing: tuple[float, ...], lead: int
) -> tuple[NDArray[Any], tuple[float, ...]]:
    """Bring an axis to the front, with its spacing, and make an image a volume of one layer.

    Examples
    --------
    >>> turned, steps = led_first(np.zeros((2, 3)), (0.5, 2.0), 1)
    >>> turned.shape, steps
    ((3, 1, 2), (2.0, 1.0, 0.5))
    """
    turned = np.moveaxis(image, lead, 0)
    steps = (spacing[lead], *(h for i, h in enumerate(spacing) if i != lead))
    if image.ndim == 2:
        turned, steps = turned[:, None], (steps[0], 1.0, steps[1])
    return np.ascontiguousarray(turned), steps
