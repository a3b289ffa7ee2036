"""Colour maps and phase colours, as lookup tables."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Okabe & Ito 2008, "Color Universal Design".
OKABE_ITO = {
    "grey": "#999999",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "black": "#000000",
}
# Label 0 is the matrix or background: grey.
PHASE_ORDER = ("grey", "orange", "sky", "green", "yellow", "blue", "vermilion", "purple")
CONTINUOUS = ("grey", "cividis", "viridis", "magma")
# One hue from black, for images that are added to each other.
HUES = ("orange", "sky", "green", "vermilion", "blue", "purple")
COLOUR_MAPS = (*CONTINUOUS, *HUES)


def rgb(colour: str) -> tuple[int, int, int]:
    """Read an Okabe-Ito name or ``#rrggbb``.

    Examples
    --------
    >>> rgb("#E69F00"), rgb("sky")
    ((230, 159, 0), (86, 180, 233))
    """
    code = OKABE_ITO.get(colour, colour)
    digits = code.removeprefix("#")
    if (
        not code.startswith("#")
        or len(digits) != 6
        or set(digits.lower()) - set("0123456789abcdef")
    ):
        raise ValueError(f"a colour needs #rrggbb or one of {', '.join(OKABE_ITO)}, got {colour!r}")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def phase_colour(label: int) -> str:
    """The colour of a phase that nobody chose one for: the same in every view."""
    return OKABE_ITO[PHASE_ORDER[label % len(PHASE_ORDER)]]


@cache
def table(name: str) -> NDArray[np.uint8]:
    """Colour map as 256 colours.

    Returns
    -------
    ndarray of uint8, shape (256, 3)
        Red, green, blue; read-only.
    """
    if name == "grey":
        colours = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    elif name in HUES:
        colours = np.rint(np.linspace(0, 1, 256)[:, None] * np.array(rgb(name))).astype(np.uint8)
    elif name in CONTINUOUS:
        colours = _matplotlib_table(name)
    else:
        raise ValueError(f"colour map needs one of {', '.join(COLOUR_MAPS)}, got {name!r}")
    colours.setflags(write=False)
    return colours


def _matplotlib_table(name: str) -> NDArray[np.uint8]:
    from matplotlib import colormaps

    rgba: Any = colormaps[name](np.arange(256), bytes=True)
    return np.ascontiguousarray(rgba[:, :3])
