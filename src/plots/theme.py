"""The design of every plot: colours by name, light and dark ground, type, line widths.

Phases and modalities take their colours from the palette of Okabe and Ito (2008), which stays
distinguishable with any colour vision. A name has the same colour everywhere, whatever else is
in the picture. Nothing here needs HoloViews, Bokeh or Matplotlib.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

OKABE_ITO = {
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#8C8C8C",
}
"""Okabe & Ito, *Color Universal Design*; black and white are left to ink and ground."""

STATUS = {
    "information": OKABE_ITO["blue"],
    "attention": OKABE_ITO["orange"],
    "refused": OKABE_ITO["vermilion"],
}
"""What a colour of state means. A word or sign always stands beside it."""

STATUS_SIGN = {"information": "i", "attention": "!", "refused": "×"}

_PHASES = {
    "matrix": "grey",
    "solid": "grey",
    "background": "grey",
    "resin": "grey",
    "pore": "sky blue",
    "void": "sky blue",
    "air": "sky blue",
    "water": "blue",
    "crack": "blue",
    "particle": "orange",
    "inclusion": "orange",
    "precipitate": "orange",
    "intermetallic": "orange",
    "fibre": "green",
    "fiber": "green",
    "cell": "green",
    "corrosion": "vermilion",
    "oxide": "vermilion",
    "neuropil": "purple",
    "coating": "purple",
    "binder": "purple",
    "fiducial": "yellow",
}

_MODALITIES = {
    "light": "orange",
    "optical": "orange",
    "lm": "orange",
    "fluorescence": "green",
    "fluo": "green",
    "confocal": "green",
    "xrm": "blue",
    "xray": "blue",
    "xct": "blue",
    "microct": "blue",
    "nanoct": "blue",
    "ct": "blue",
    "fibsem": "purple",
    "fib": "purple",
    "sbem": "purple",
    "eds": "vermilion",
    "edx": "vermilion",
    "sem": "sky blue",
    "em": "sky blue",
    "tem": "yellow",
    "stem": "yellow",
    "afm": "grey",
    "raman": "grey",
}

_FREE = ("orange", "sky blue", "green", "blue", "purple", "vermilion")


def _words(name: str) -> list[str]:
    plain = "".join(c if c.isalnum() else " " for c in name.casefold().replace("x-ray", "xray"))
    words = plain.replace("micro ct", "microct").replace("fib sem", "fibsem").split()
    return ["".join(words), *words]


def _color(name: str, known: dict[str, str]) -> str:
    for word in _words(name):
        for form in (word, word.removesuffix("s")):
            if form in known:
                return OKABE_ITO[known[form]]
    return OKABE_ITO[_FREE[crc32(name.casefold().strip().encode()) % len(_FREE)]]


def phase_color(name: str) -> str:
    """Give the colour of a phase: the same for the same name, in every view.

    Names of the field (matrix, pore, particle, fibre ...) have a fixed colour, alone or within
    a longer name; any other name keeps the one that its letters decide.

    Examples
    --------
    >>> phase_color("pore"), phase_color("Open pores")
    ('#56B4E9', '#56B4E9')
    """
    return _color(name, _PHASES)


def modality_color(name: str | None) -> str:
    """Give the colour of a modality: the same for the same name, in every view.

    Examples
    --------
    >>> modality_color("XRM") == modality_color("X-ray microscopy") == modality_color("micro-CT")
    True
    """
    return _color(name, _MODALITIES) if name else OKABE_ITO["grey"]


def modality_key(name: str) -> str:
    """Give one short word for a modality, however it is written.

    Examples
    --------
    >>> modality_key("FIB-SEM"), modality_key("X-ray microscopy"), modality_key("Neutron")
    ('fibsem', 'xray', 'neutron')
    """
    words = _words(name)
    return next((word for word in words if word in _MODALITIES), words[0] if words else "")


@dataclass(frozen=True)
class Ground:
    """What a plot is drawn on, and the inks that can be read there.

    Attributes
    ----------
    name : str
        ``"light"`` or ``"dark"``.
    paper, ink, quiet, line, wash : str
        Background; words and data without a colour; secondary words; grid; pale fills.
    picture : str
        Name of the continuous colour map.
    """

    name: str
    paper: str
    ink: str
    quiet: str
    line: str
    wash: str
    picture: str = "viridis"


LIGHT = Ground("light", "#FFFFFF", "#1F2328", "#5B626A", "#E3E6E9", "#C9CED3")
DARK = Ground("dark", "#111111", "#E8EAED", "#A3A9B0", "#2B2F33", "#4A5057")


def ground_of(name: str | Ground) -> Ground:
    """Return the ground of that name.

    Raises
    ------
    ValueError
        If the name is neither ``"light"`` nor ``"dark"``.
    """
    if isinstance(name, Ground):
        return name
    if name in ("light", "dark"):
        return LIGHT if name == "light" else DARK
    raise ValueError(f"ground needs 'light' or 'dark', got {name!r}")


FONTS = ("DejaVu Sans",)
"""Of stills: it comes with Matplotlib (the same picture everywhere) and has tabular figures."""

SCREEN_FONTS = "var(--jp-ui-font-family, system-ui), 'DejaVu Sans', Arial, sans-serif"
SIZE_PT = 9.0
SMALL_PT = 8.0
WIDTH_PX = 720
"""Natural width of a figure: one column of the report."""
MARGINS_PX = (66, 10, 26, 46)
"""Left, right, top and bottom of a frame with equal axes: for ticks, labels and title."""
BAR_PX = 84
"""Beside a frame with a colour bar."""
DPI = 100
"""At which a still has its natural width."""


def rc_params(ground: str | Ground = "light") -> dict[Any, Any]:
    """Give Matplotlib's settings for figures drawn by hand: ``with rc_context(rc_params()):``.

    Parameters
    ----------
    ground : {"light", "dark"}
        What the figure stands on.

    Returns
    -------
    dict
        For `matplotlib.rc_context`.

    Examples
    --------
    >>> rc_params("dark")["axes.spines.top"]
    False
    """
    g = ground_of(ground)
    return {
        "figure.dpi": DPI,
        "figure.facecolor": g.paper,
        "savefig.facecolor": g.paper,
        "font.family": "sans-serif",
        "font.sans-serif": list(FONTS),
        "font.size": SIZE_PT,
        "text.color": g.ink,
        "axes.facecolor": g.paper,
        "axes.edgecolor": g.quiet,
        "axes.labelcolor": g.ink,
        "axes.labelsize": SIZE_PT,
        "axes.titlesize": SIZE_PT,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.unicode_minus": True,
        "axes.formatter.useoffset": False,
        "grid.color": g.line,
        "grid.linewidth": 0.8,
        "xtick.color": g.quiet,
        "ytick.color": g.quiet,
        "xtick.labelcolor": g.ink,
        "ytick.labelcolor": g.ink,
        "xtick.labelsize": SMALL_PT,
        "ytick.labelsize": SMALL_PT,
        "lines.linewidth": 1.6,
        "legend.frameon": False,
        "image.cmap": g.picture,
        "svg.hashsalt": "scalebridge",
    }
