"""Where a view looks, as the browser writes it and as Python reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .plane import AXES, Plane, Triple, check_axes


def look_of(explorer: Any, plane: Plane) -> dict[str, Any]:
    """Where an explorer looks, as the browser reads it."""
    return {
        "cursor_um": list(explorer.cursor_um.values()),
        "centre_um": list(explorer.centre_um.values()),
        "across": list(plane.across),
        "down": list(plane.down),
        "width_um": plane.width_um,
        "aspect": plane.height_um / plane.width_um,
    }


def plane_name(across: Triple, down: Triple) -> str:
    """``xy``, ``xz``, ``yz`` or ``oblique``."""
    return next((name for name, axes in AXES.items() if axes == (across, down)), "oblique")


def view_of(plane: Plane) -> dict[str, Any]:
    """A plane as the browser reads it."""
    return {
        "centre_um": list(plane.centre_um),
        "across": list(plane.across),
        "down": list(plane.down),
        "width_um": plane.width_um,
        "aspect": plane.height_um / plane.width_um,
    }


def plane_of(view: Mapping[str, Any]) -> Plane:
    """A plane as the browser tells it.

    Raises
    ------
    ValueError
        It is none: not finite, no size, or directions that are not at right angles.
    """
    across, down = triple_of(view["across"]), triple_of(view["down"])
    check_axes(across, down)
    width = float(view["width_um"])
    return Plane(
        centre_um=triple_of(view["centre_um"]),
        across=across,
        down=down,
        width_um=width,
        height_um=width * float(view["aspect"]),
    )


def triple_of(values: Any) -> Triple:
    """Three finite numbers that the browser sent.

    Raises
    ------
    ValueError
    """
    z, y, x = (float(value) for value in values)
    if not np.all(np.isfinite((z, y, x))):
        raise ValueError(f"a position needs three finite numbers, got {values}")
    return z, y, x
