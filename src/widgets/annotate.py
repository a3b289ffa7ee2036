"""Marks on pictures: scale bar, crosshair, ellipses, numbers, words, with smooth edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..quantities import format_length

# Marks are drawn this many times larger and reduced: PIL's own lines have hard steps.
_FINER = 3
_BAND_PX = 32
_HALO = (0, 0, 0, 170)
_PLATE = (14, 14, 16, 130)  # under words that would else stand on whatever grey there is
WHITE = (255, 255, 255, 255)

Color = tuple[int, int, int, int]
Point = Sequence[float] | NDArray[np.float64]


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans as matplotlib brings it (it has µ, ±, ², Greek), else Pillow's own font."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    spec = find_spec("matplotlib")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / name
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)


def text_width(text: str, size: int, bold: bool = False) -> float:
    """Width of one line of text [px]."""
    return float(font(size, bold).getlength(text))


def shortened(text: str, size: int, width_px: float, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits, on one line."""
    line = " ".join(text.split())
    if text_width(line, size, bold) <= width_px:
        return line
    while line and text_width(line + "…", size, bold) > width_px:
        line = line[:-1]
    return line + "…"


def grey_words(value: float) -> str:
    """Write a grey value, those of 16 bits without an exponent.

    Examples
    --------
    >>> grey_words(65535.0), grey_words(0.12345678)
    ('65535', '0.12346')
    """
    return f"{value:.5g}"


def scale_bar_length(width_um: float, *, share: float = 0.25) -> float:
    """A length of 1, 2 or 5 times a power of ten [µm] that takes at most a share of the width.

    Examples
    --------
    >>> scale_bar_length(900.0), scale_bar_length(0.05)
    (200.0, 0.01)
    """
    if not (math.isfinite(width_um) and width_um > 0):
        raise ValueError(f"width_um needs a positive length [µm], got {width_um!r}")
    limit = width_um * share * (1 + 1e-9)
    power = 10.0 ** math.floor(math.log10(limit))
    return float(next(step * power for step in (5.0, 2.0, 1.0) if step * power <= limit))


class Marks:
    """A transparent sheet over a picture; positions in canvas pixels, right and down."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.size = (width_px, height_px)
        self._sheet = Image.new("RGBA", (width_px * _FINER, height_px * _FINER), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._sheet)

    def line(
        self,
        points: Sequence[Point] | NDArray[np.float64],
        *,
        color: Color = WHITE,
        width: float = 1.0,
        halo: bool = True,
    ) -> None:
        """Draw a line through points, with a dark rim so that it reads on any grey."""
        path = [(float(x) * _FINER, float(y) * _FINER) for x, y in points]
        if halo:
            self._draw.line(path, fill=_HALO, width=round((width + 1.6) * _FINER), joint="curve")
        self._draw.line(path, fill=color, width=max(1, round(width * _FINER)), joint="curve")

    def disc(self, centre: Point, radius: float, *, fill: Color) -> None:
        """Draw a filled disc."""
        x, y = centre
        box = [(x - radius) * _FINER, (y - radius) * _FINER]
        self._draw.ellipse([*box, (x + radius) * _FINER, (y + radius) * _FINER], fill=fill)

    def box(self, corner: Point, size: Point, *, fill: Color) -> None:
        """Draw a filled box from its top left corner."""
        left, top = (float(value) * _FINER for value in corner)
        right, bottom = left + float(size[0]) * _FINER - 1, top + float(size[1]) * _FINER - 1
        if right >= left and bottom >= top:
            self._draw.rectangle([left, top, right, bottom], fill=fill)

    def plate(self, corner: Point, size: Point) -> None:
        """Darken what lies under words."""
        self.box(corner, size, fill=_PLATE)

    def text(
        self,
        position: Point,
        text: str,
        *,
        size: int = 13,
        color: Color = WHITE,
        anchor: str = "la",
        bold: bool = False,
        halo: bool = True,
    ) -> None:
        """Write one line; ``anchor`` as in Pillow (``"la"`` is left, top)."""
        self._draw.text(
            (position[0] * _FINER, position[1] * _FINER),
            text,
            font=font(size * _FINER, bold),
            fill=color,
            anchor=anchor,
            stroke_width=round(1.2 * _FINER) if halo else 0,
            stroke_fill=_HALO if halo else None,
        )

    def over(self, picture: Image.Image) -> Image.Image:
        """The picture with these marks on it, as RGB."""
        seen = picture.convert("RGB").copy()
        width, height = self._sheet.size
        for top in range(0, height, _BAND_PX * _FINER):  # most of a sheet is empty
            band = self._sheet.crop((0, top, width, min(height, top + _BAND_PX * _FINER)))
            if (drawn := band.getbbox()) is None:
                continue
            left, right = drawn[0] // _FINER, -(-drawn[2] // _FINER)
            part = band.crop((left * _FINER, 0, right * _FINER, band.height)).convert("RGBa")
            marks = part.resize((right - left, band.height // _FINER), Image.Resampling.BOX)
            place = (left, top // _FINER)
            box = (*place, left + marks.width, place[1] + marks.height)
            under = seen.crop(box).convert("RGBA")
            seen.paste(Image.alpha_composite(under, marks.convert("RGBA")).convert("RGB"), place)
        return seen


class RecordedMarks(Marks):
    """A sheet that keeps what is drawn on it, for a browser to draw."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.size = (width_px, height_px)
        self.shapes: list[dict[str, Any]] = []

    def line(
        self,
        points: Sequence[Point] | NDArray[np.float64],
        *,
        color: Color = WHITE,
        width: float = 1.0,
        halo: bool = True,
    ) -> None:
        """Keep a line."""
        self._keep("line", points, color, size=width, halo=halo)

    def disc(self, centre: Point, radius: float, *, fill: Color) -> None:
        """Keep a filled disc."""
        self._keep("disc", [centre], fill, size=radius)

    def box(self, corner: Point, size: Point, *, fill: Color) -> None:
        """Keep a filled box."""
        end = (float(corner[0]) + float(size[0]), float(corner[1]) + float(size[1]))
        self._keep("box", [corner, end], fill)

    def text(
        self,
        position: Point,
        text: str,
        *,
        size: int = 13,
        color: Color = WHITE,
        anchor: str = "la",
        bold: bool = False,
        halo: bool = True,
    ) -> None:
        """Keep one line of text."""
        self._keep(
            "text", [position], color, size=size, text=text, anchor=anchor, bold=bold, halo=halo
        )

    def over(self, picture: Image.Image) -> Image.Image:
        """Refuse: the browser draws these."""
        raise TypeError("recorded marks are drawn by the browser, not over a picture")

    def _keep(self, kind: str, at: Any, color: Color, **more: Any) -> None:
        places = [[float(x), float(y)] for x, y in at]
        self.shapes.append({"kind": kind, "at": places, "color": list(color), **more})


def draw_scale_bar(marks: Marks, *, pixel_um: float, size: int = 13, unit: str = "um") -> float:
    """Draw a scale bar at the bottom left.

    Returns
    -------
    float
        Its length [µm]; on the canvas it is this over ``pixel_um`` pixels long.
    """
    width, height = marks.size
    length_um = scale_bar_length(width * pixel_um)
    thick, margin = max(3, size // 4), round(size * 1.1)
    left, top = margin, height - margin - thick
    length_px = length_um / pixel_um
    words = format_length(length_um) if unit == "um" else f"{length_um:g} px (voxel size not known)"
    wide, edge = max(length_px, text_width(words, size)), margin / 2
    tall = size * 1.35 + thick
    marks.plate((left - edge, top - 4 - size * 1.2), (wide + 2 * edge, tall + 4 + edge))
    marks.box((left - 1.5, top - 1.5), (length_px + 3, thick + 3), fill=_HALO)
    marks.box((left, top), (length_px, thick), fill=WHITE)
    marks.text((left, top - 4), words, size=size, anchor="lb")
    return length_um


def draw_crosshair(marks: Marks, centre: Point, *, gap_px: float = 12) -> None:
    """Thin lines to the edges, interrupted around the centre so that the place stays visible."""
    (x, y), (width, height) = centre, marks.size
    faint = (255, 255, 255, 190)
    for start, end in (
        ((0, y), (x - gap_px, y)),
        ((x + gap_px, y), (width, y)),
        ((x, 0), (x, y - gap_px)),
        ((x, y + gap_px), (x, height)),
    ):
        if end[0] >= start[0] and end[1] >= start[1]:
            marks.line([start, end], color=faint, width=0.8)


def ellipse_points(
    centre: Point, covariance: NDArray[np.float64], factor: float, count: int = 72
) -> NDArray[np.float64]:
    """Outline of the points with ``d' C^-1 d = factor``.

    Parameters
    ----------
    centre : sequence of 2 float
        Right and down.
    covariance : ndarray, shape (2, 2)
        In the square of the same unit.
    factor : float
        Squared radius in units of the covariance (5.99 for 95 % in two dimensions).

    Returns
    -------
    ndarray, shape (count + 1, 2)
    """
    values, axes = np.linalg.eigh(np.asarray(covariance, float))
    radii = np.sqrt(np.clip(values, 0, None) * factor)
    angle = np.linspace(0, 2 * np.pi, count + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(centre, float) + (circle * radii) @ axes.T


def draw_mark(marks: Marks, centre: Point, label: str, *, color: Color, size: int = 13) -> None:
    """A small ring with a number or name beside it."""
    angle = np.linspace(0, 2 * np.pi, 33)
    ring = np.asarray(centre) + 5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    marks.line(ring, color=color, width=1.6)
    marks.text(
        (centre[0] + 8, centre[1] - 8), label, size=size, color=color, anchor="lm", bold=True
    )
