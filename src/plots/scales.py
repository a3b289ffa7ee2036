"""Technique against length scale, with a workspace's own images drawn over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..quantities import format_length
from .marks import boxes, hv, lines, words
from .panels import panel
from .tables import need
from .theme import WIDTH_PX, Ground, ground_of, modality_color, modality_key

_LANE_PX = 17
_FRAME_PX = WIDTH_PX - 130
_CHARACTER_PX = 5.6  # of the small type, for room beside a bar


def length_scales(
    images: pd.DataFrame,
    *,
    techniques: pd.DataFrame | None = None,
    ground: str | Ground = "light",
) -> hv.Overlay:
    """Draw what each technique can see, from its resolution to its field, and what is here.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns ``name``, ``modality``, ``voxel_um`` (the smallest spacing), ``field_um`` (the
        longest side), one row an image. Images without voxel size (NaN) are left out.
    techniques : pandas.DataFrame, optional
        Columns ``technique``, ``resolution_um``, ``field_um`` and, where the name of the
        technique is not how images call it, ``modality``. A modality of an image that the table
        lacks gets a row of its own.
    ground : {"light", "dark"}
        What the plot stands on.

    Returns
    -------
    holoviews.Overlay
        Pale bars: the techniques. Full bars: the images, from voxel size to field of view.

    Raises
    ------
    ValueError
        If a column is missing, there is nothing to draw, or a range runs backwards.
    """
    need(images, ("name", "modality", "voxel_um", "field_um"), who="length_scales")
    images = images.dropna(subset=["voxel_um", "field_um"])
    if not len(images):
        raise ValueError("length_scales needs a calibrated image, got none: calibrate one first")
    if techniques is not None:
        need(techniques, ("technique", "resolution_um", "field_um"), who="length_scales")
    rows = _rows(images, techniques)
    g, low, high = ground_of(ground), *_limits(images, techniques)
    while high / low < 1e18 and not _all_labels_fit(images, (low, high)):
        high *= 10
    marks: list[Any] = []
    for row in rows:
        marks += _row_marks(row, g, (low, high))
    lanes = rows[-1].top
    return panel(
        marks,
        xlabel="length, from voxel size to field of view [nm, µm, mm]",
        ylabel="",
        xlim=(low, high),
        ylim=(-0.4, lanes + 0.2),
        xticks=_decades(low, high),
        yticks=[(row.middle, row.label) for row in rows],
        logx=True,
        grid="x",
        ground=g,
        size_px=(WIDTH_PX, int(70 + _LANE_PX * (lanes + 0.6))),
    )


@dataclass(frozen=True)
class _Row:
    """One technique: where it stands, what it reaches, the images made with it."""

    label: str
    color: str
    reach_um: tuple[float, float] | None
    images: pd.DataFrame
    bottom: float

    @property
    def lanes(self) -> float:
        return max(1.0, float(len(self.images)))

    @property
    def top(self) -> float:
        return self.bottom + self.lanes + 0.7

    @property
    def middle(self) -> float:
        return self.bottom + self.lanes / 2


def _rows(images: pd.DataFrame, techniques: pd.DataFrame | None) -> list[_Row]:
    entries: list[tuple[str, str, tuple[float, float] | None]] = []
    if techniques is not None:
        for row in techniques.to_dict("records"):
            called = str(row.get("modality") or row["technique"])
            fine, wide = float(row["resolution_um"]), float(row["field_um"])
            if not 0 < fine < wide:
                raise ValueError(f"{called}: needs 0 < resolution < field, got {fine}, {wide} µm")
            entries.append((str(row["technique"]), called, (fine, wide)))
    homes = (
        images["modality"]
        .fillna("unknown")
        .map(lambda modality: _home(str(modality), [called for _, called, _ in entries]))
    )
    for label in dict.fromkeys(homes):
        if label not in [called for _, called, _ in entries]:
            entries.append((label, label, None))
    size = images.groupby(homes)["field_um"].max()
    entries.sort(key=lambda e: e[2][1] if e[2] else float(size[e[1]]))
    rows, bottom = [], 0.0
    for label, called, reach in entries:
        mine = images[homes == called].sort_values(["field_um", "name"])
        rows.append(_Row(label, modality_color(called), reach, mine, bottom))
        bottom = rows[-1].top
    return rows


def _home(modality: str, called: list[str]) -> str:
    """Name of the technique that an image was made with: the same word, else the same kind."""
    for name in called:
        if _letters(name) == _letters(modality):
            return name
    kin = (name for name in called if modality_key(name) == modality_key(modality))
    return next(kin, modality)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _limits(images: pd.DataFrame, techniques: pd.DataFrame | None) -> tuple[float, float]:
    lows, highs = [images["voxel_um"].min()], [images["field_um"].max()]
    if techniques is not None:
        lows.append(techniques["resolution_um"].min())
        highs.append(techniques["field_um"].max())
    return 10 ** np.floor(np.log10(min(lows))) / 1.5, 10 ** np.ceil(np.log10(max(highs))) * 1.5


def _row_marks(row: _Row, g: Ground, limits: tuple[float, float]) -> list[Any]:
    marks: list[Any] = []
    if row.reach_um:
        low, high = row.reach_um
        bar = (low, row.bottom - 0.1, high, row.bottom + row.lanes + 0.1)
        marks.append(boxes([bar], color=row.color, alpha=0.22))
    for lane, image in enumerate(row.images.to_dict("records")):
        y = row.bottom + lane + 0.5
        low, high = float(image["voxel_um"]), float(image["field_um"])
        about = {"image": [image["name"]], "voxel": [format_length(low)]}
        about |= {"field": [format_length(high)]}
        marks.append(boxes([(low, y - 0.27, high, y + 0.27)], color=row.color, about=about))
        marks.append(lines([np.array([[low, y - 0.4], [low, y + 0.4]])], color=row.color))
        marks.append(_label(image, y, g, limits))
    return marks


def _said(image: dict[str, Any]) -> str:
    low, high = (format_length(float(image[k])) for k in ("voxel_um", "field_um"))
    return f"{image['name']}: {low} to {high}"


def _room(image: dict[str, Any], limits: tuple[float, float]) -> tuple[float, float]:
    """Decades that are free left and right of an image's bar, less what its label needs."""
    decades = np.log10(limits[1] / limits[0])
    needed = (len(_said(image)) * _CHARACTER_PX + 8) / _FRAME_PX * decades
    left = np.log10(float(image["voxel_um"]) / limits[0]) - needed
    return float(left), float(np.log10(limits[1] / float(image["field_um"])) - needed)


def _all_labels_fit(images: pd.DataFrame, limits: tuple[float, float]) -> bool:
    return all(max(_room(image, limits)) > 0 for image in images.to_dict("records"))


def _label(image: dict[str, Any], y: float, g: Ground, limits: tuple[float, float]) -> hv.Labels:
    gap = (limits[1] / limits[0]) ** (6 / _FRAME_PX)
    if _room(image, limits)[1] > 0:
        return words([float(image["field_um"]) * gap], [y], [_said(image)], color=g.ink)
    return words([float(image["voxel_um"]) / gap], [y], [_said(image)], color=g.ink, align="right")


def _decades(low: float, high: float) -> list[tuple[float, str]]:
    powers = range(int(np.ceil(np.log10(low))), int(np.floor(np.log10(high))) + 1)
    return [(10.0**p, format_length(10.0**p)) for p in powers]
