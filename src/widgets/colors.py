"""Colour maps and phase colours, as lookup tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..plots.theme import OKABE_ITO

# Labels that nobody named; 0 is matrix or background.
_LABEL_ORDER = ("grey", "orange", "sky blue", "green", "purple", "blue", "vermilion", "yellow")
CONTINUOUS = ("grey", "cividis", "viridis", "magma")
# One hue from black, for images that are added to each other.
HUES = ("orange", "sky blue", "green", "vermilion", "blue", "purple")
COLOR_MAPS = (*CONTINUOUS, *HUES)
# Blue below, white at nothing, red above: for differences alone, with symmetric limits.
DIFFERENCE = "difference"
# Matplotlib's maps of these names, the last its RdBu_r: it is half a second away, a file is not.
_TABLES = Path(__file__).with_name("color_maps.bin")
_STORED = ("cividis", "viridis", "magma", DIFFERENCE)


def rgb(color: str) -> tuple[int, int, int]:
    """Read an Okabe-Ito name or ``#rrggbb``.

    Examples
    --------
    >>> rgb("#E69F00"), rgb("sky blue")
    ((230, 159, 0), (86, 180, 233))
    """
    code = OKABE_ITO.get(color, color)
    digits = code.removeprefix("#")
    if re.fullmatch("#[0-9a-fA-F]{6}", code) is None:
        raise ValueError(f"a colour needs #rrggbb or one of {', '.join(OKABE_ITO)}, got {color!r}")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def hex_of(color: Sequence[int] | NDArray[np.uint8]) -> str:
    """Write red, green, blue as ``#rrggbb``."""
    return "#" + "".join(f"{int(part):02x}" for part in color)


def label_color(label: int) -> str:
    """The colour of a phase that nobody chose one for: the same in every view."""
    return OKABE_ITO[_LABEL_ORDER[label % len(_LABEL_ORDER)]]


@cache
def table(name: str) -> NDArray[np.uint8]:
    """Colour map as 256 colours.

    Returns
    -------
    ndarray of uint8, shape (256, 3)
        Red, green, blue; read-only.
    """
    if name == "grey":
        colors = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    elif name in HUES:
        colors = np.rint(np.linspace(0, 1, 256)[:, None] * np.array(rgb(name))).astype(np.uint8)
    elif name in _STORED:
        stored = np.frombuffer(_TABLES.read_bytes(), np.uint8).reshape(-1, 256, 3)
        colors = stored[_STORED.index(name)].copy()
    else:
        raise ValueError(f"colour map needs one of {', '.join(COLOR_MAPS)}, got {name!r}")
    colors.setflags(write=False)
    return colors
