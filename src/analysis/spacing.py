"""The voxel spacing: required wherever a physical answer comes out, and checked once."""

from __future__ import annotations

import math
from collections.abc import Sequence

_AXES = {2: "(y, x)", 3: "(z, y, x)"}


def checked_spacing(spacing_um: Sequence[float], ndim: int) -> tuple[float, ...]:
    """Return the spacing as floats, or say what is wrong with it.

    Parameters
    ----------
    spacing_um : sequence of float
        Distance of voxel centres along each axis [µm].
    ndim : {2, 3}
        Number of spatial axes of the image.

    Returns
    -------
    tuple of float
        One finite, positive value an axis [µm].

    Raises
    ------
    TypeError
        It is not a sequence of numbers.
    ValueError
        Wrong number of values, or a value that is not finite and positive.

    Examples
    --------
    >>> checked_spacing((2, 1, 1), 3)
    (2.0, 1.0, 1.0)
    """
    names = _AXES.get(ndim, f"{ndim} axes")
    try:
        values = tuple(float(value) for value in spacing_um)
    except TypeError:
        raise TypeError(
            f"spacing_um needs {ndim} numbers {names}, got {spacing_um!r}: "
            "give one voxel size an axis"
        ) from None
    if len(values) != ndim:
        raise ValueError(
            f"spacing_um needs {ndim} values {names}, got {len(values)}: {values}; "
            "give one voxel size an axis"
        )
    if not all(math.isfinite(value) and value > 0 for value in values):
        raise ValueError(
            f"spacing_um needs finite, positive values [µm], got {values}: "
            "calibrate the image first"
        )
    return values


def checked_image_ndim(shape: tuple[int, ...], what: str = "image") -> int:
    """Return the number of axes of a 2D or 3D array, or refuse another number.

    Examples
    --------
    >>> checked_image_ndim((64, 64))
    2
    """
    if len(shape) not in _AXES:
        raise ValueError(
            f"{what} needs 2 axes (y, x) or 3 axes (z, y, x), got shape {shape}: "
            "choose one channel and one time point"
        )
    if 0 in shape:
        raise ValueError(
            f"{what} needs at least one voxel an axis, got shape {shape}: nothing here"
        )
    return len(shape)
