"""A chain of instruments from a large length to a small one, from modes that really exist.

A mode is a field of view together with its voxel. The largest field and the finest voxel of an
instrument are seldom one mode: its camera has so many pixels and no more.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...quantities import format_length
from .techniques import TECHNIQUES, Technique

if TYPE_CHECKING:
    import pandas as pd

_TYPICAL = "editable, typical"
_ULTRA = "Merkle & Gelb 2013, doi:10.1017/S1551929513000060; fields for 1024 pixels"
_PIXELS = {
    "X-ray microCT": 2000, "XRM": 1024, "FIB-SEM": 4096, "PFIB-SEM": 4096,
    "laser serial sectioning": 4096, "SEM": 6144, "EDS": 1024, "TEM": 4096, "AFM": 1024,
    "Raman": 512, "confocal": 2048, "STED": 2048,
}  # fmt: skip
_LADDER = 4.0  # from one field of an instrument to its next


@dataclass(frozen=True)
class ModeCheck:
    """Whether a field and a voxel can be had together.

    Attributes
    ----------
    possible : bool
    needed_px : int
        Pixels across that they ask for.
    camera_px : int
        Pixels that there are.
    offers : tuple of tuple of float
        What there is instead: (voxel, field) with the wanted field, and with the wanted voxel [µm];
        empty when it is possible.
    statement : str
        In words.
    """

    possible: bool
    needed_px: int
    camera_px: int
    offers: tuple[tuple[float, float], ...]
    statement: str


@dataclass(frozen=True)
class Chain:
    """Instruments that bridge two lengths.

    Attributes
    ----------
    found : bool
    table : DataFrame
        One row a step: `technique`, `field_um`, `voxel_um`, `resolution_um`, `is_3d`,
        `destructive`, `overlap` (field over the resolution of the step before), `source`.
    statement : str
        In words; without a chain, where it breaks.
    """

    found: bool
    table: pd.DataFrame
    statement: str


def check_mode(*, field_um: float, voxel_um: float, camera_px: int) -> ModeCheck:
    """Tell whether a field of view can be had at a voxel size, and what there is instead.

    Parameters
    ----------
    field_um, voxel_um : float
        As wanted, or as a data sheet lists the best of each [µm].
    camera_px : int
        Pixels across the camera, or points across a scan.

    Returns
    -------
    ModeCheck
        Offers are rounded to two digits so that they can be had.

    Examples
    --------
    >>> wanted = check_mode(field_um=65, voxel_um=0.016, camera_px=1024)
    >>> wanted.possible, wanted.needed_px, wanted.offers
    (False, 4063, ((0.064, 65.0), (0.016, 16.0)))
    """
    for name, value in (("field_um", field_um), ("voxel_um", voxel_um), ("camera_px", camera_px)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name} needs a value above 0, got {value!r}")
    needed = math.ceil(field_um / voxel_um * (1 - 1e-12))
    if needed <= camera_px:
        words = f"{_pair(voxel_um, field_um)} needs {needed} of {camera_px} pixels"
        return ModeCheck(True, needed, int(camera_px), (), words)
    offers = (
        (_rounded(field_um / camera_px, up=True), float(field_um)),
        (float(voxel_um), _rounded(voxel_um * camera_px, up=False)),
    )
    listed = " or ".join(_pair(*offer) for offer in offers)
    words = (
        f"{_pair(voxel_um, field_um)} cannot be had together: it needs {needed} pixels and there "
        f"are {camera_px}; there is {listed}"
    )
    return ModeCheck(False, needed, int(camera_px), offers, words)


def modes(pixels: dict[str, int] | None = None) -> pd.DataFrame:
    """Return modes of the techniques, to be edited for one's own instruments.

    Each technique's largest field with the voxel that its pixels allow, and smaller fields until
    its resolution is reached. The resolution of a mode is at least two voxels; a detector's blur
    may ask for more (pixels below 150 nm resolve 700 nm in one laboratory microscope).

    Parameters
    ----------
    pixels : dict of str to int, optional
        Pixels across, by technique; typical ones unless told. A technique without (a stitched
        mosaic) has one mode, with its whole field at its own resolution.

    Returns
    -------
    DataFrame
        `technique`, `field_um`, `voxel_um`, `resolution_um`, `is_3d`, `destructive`, `source`.

    Examples
    --------
    >>> table = modes()
    >>> table[table["technique"] == "nano-XRM"][["field_um", "voxel_um"]].values.tolist()
    [[65.0, 0.064], [16.0, 0.016]]
    """
    import pandas as pd

    known = {**_PIXELS, **(pixels or {})}
    unknown = set(known) - {technique.name for technique in TECHNIQUES}
    if unknown:
        raise ValueError(f"pixels needs names of techniques, got {sorted(unknown)}")
    rows = [row for technique in TECHNIQUES for row in _modes_of(technique, known)]
    columns = ["technique", "field_um", "voxel_um", "resolution_um", "is_3d", "destructive"]
    return pd.DataFrame(rows, columns=[*columns, "source"])


def _modes_of(technique: Technique, pixels: dict[str, int]) -> list[tuple]:
    kind = (technique.is_3d, technique.destructive)
    if technique.name == "nano-XRM" and technique.name not in pixels:
        pairs = [(65.0, 0.064), (16.0, 0.016)]
        return [
            (technique.name, field, voxel, max(technique.lower_um, 2 * voxel), *kind, _ULTRA)
            for field, voxel in pairs
        ]
    across = pixels.get(technique.name)
    if across is None:
        voxel = technique.lower_um / 2
        return [
            (technique.name, technique.upper_um, voxel, technique.lower_um, *kind, technique.source)
        ]
    rows, field = [], float(technique.upper_um)
    source = f"{technique.source}; {across} pixels ({_TYPICAL})"
    while True:
        voxel = field / across
        resolution = max(technique.lower_um, 2 * voxel)
        rows.append((technique.name, field, voxel, resolution, *kind, source))
        if resolution == technique.lower_um:
            return rows
        field = max(field / _LADDER, technique.lower_um / 2 * across)


def plan_chain(
    length_from_um: float,
    length_to_um: float,
    *,
    overlap: float = 5.0,
    modes_table: pd.DataFrame | None = None,
    only: Sequence[str] | None = None,
    in_3d: bool = False,
) -> Chain:
    """Find the fewest instruments that lead from a large length to a small one.

    Parameters
    ----------
    length_from_um : float
        What the first image has to hold [µm].
    length_to_um : float
        What the last image has to resolve [µm].
    overlap : float
        Least ratio of each field to the resolution of the step before: how many resolved details of
        the coarser image the finer one holds, to be found again by.
    modes_table : DataFrame, optional
        An edited `modes`.
    only : sequence of str, optional
        Techniques that there are.
    in_3d : bool
        Whether every step must give a volume.

    Returns
    -------
    Chain
        Fewest instruments, then fewest images, then the largest of the smallest overlaps. What
        destroys the specimen comes last.

    Examples
    --------
    >>> chain = plan_chain(5_000, 0.05, overlap=5, only=["XRM", "nano-XRM", "FIB-SEM"])
    >>> chain.table["technique"].tolist()
    ['XRM', 'FIB-SEM']
    """
    if not 0 < length_to_um < length_from_um or not np.isfinite(length_from_um):
        raise ValueError(
            "length_from_um needs to be larger than length_to_um, and both above 0, "
            f"got {length_from_um!r} and {length_to_um!r}"
        )
    if not overlap >= 1:
        raise ValueError(f"overlap needs 1 or more, got {overlap!r}")
    table = modes() if modes_table is None else modes_table
    if only is not None:
        missing = set(only) - set(table["technique"])
        if missing:
            raise ValueError(f"only needs techniques of the table, got {sorted(missing)}")
        table = table[table["technique"].isin(only)]
    if in_3d:
        table = table[table["is_3d"]]
    table = table.reset_index(drop=True)
    ends = (length_from_um, length_to_um)
    way = _shortest(table, *ends, overlap)
    if way is None:
        return Chain(False, table.head(0).assign(overlap=[]), _broken(table, *ends, overlap))
    steps = table.iloc[way].reset_index(drop=True)
    before = steps["resolution_um"].shift()
    steps.insert(6, "overlap", steps["field_um"] / before)
    return Chain(True, steps, _said(steps, *ends))


def _shortest(
    table: pd.DataFrame, first_um: float, last_um: float, overlap: float
) -> list[int] | None:
    """Dijkstra over modes; a label is (instruments, images, minus the smallest overlap)."""
    field, detail = table["field_um"].to_numpy(float), table["resolution_um"].to_numpy(float)
    names, gone = table["technique"].tolist(), table["destructive"].to_numpy(bool)
    queue = [((1, 1, -math.inf), k, [k]) for k in np.flatnonzero(field >= first_um).tolist()]
    heapq.heapify(queue)
    done: set[int] = set()
    while queue:
        (instruments, images, worst), here, way = heapq.heappop(queue)
        if detail[here] <= last_um:
            return way
        if here in done:
            continue
        done.add(here)
        ratio = field / detail[here]
        open_ = (detail < detail[here]) & (field <= field[here]) & (ratio >= overlap)
        if gone[here]:
            open_ &= gone
        for k in np.flatnonzero(open_).tolist():
            label = (
                instruments + (names[k] != names[here]), images + 1, max(worst, -float(ratio[k])),
            )  # fmt: skip
            heapq.heappush(queue, (label, k, [*way, k]))
    return None


def _broken(table: pd.DataFrame, first_um: float, last_um: float, overlap: float) -> str:
    ends = f"{format_length(first_um)} to {format_length(last_um)}"
    if table.empty or table["field_um"].max() < first_um:
        return f"no chain from {ends}: no field of view holds {format_length(first_um)}"
    if table["resolution_um"].min() > last_um:
        return f"no chain from {ends}: nothing resolves {format_length(last_um)}"
    for less in np.linspace(overlap, 1, 20)[1:].tolist():
        way = _shortest(table, first_um, last_um, less)
        if way is not None:
            names = " → ".join(_mode_words(table.iloc[k]) for k in way)
            return (
                f"no chain from {ends} with an overlap of {overlap:g}; with {less:.2g} there is "
                f"{names}"
            )
    return f"no chain from {ends}: the fields and resolutions leave a gap between them"


def _said(steps: pd.DataFrame, first_um: float, last_um: float) -> str:
    names = " → ".join(_mode_words(row) for _, row in steps.iterrows())
    least = steps["overlap"].min()
    close = "" if np.isnan(least) else f"; the smallest overlap is {least:.2g}"
    return f"{format_length(first_um)} to {format_length(last_um)}: {names}{close}"


def _mode_words(row: pd.Series) -> str:
    return f"{row['technique']} {_pair(row['voxel_um'], row['field_um'])}"


def _pair(voxel_um: float, field_um: float) -> str:
    return f"{format_length(voxel_um, digits=2)}/{format_length(field_um, digits=2)}"


def _rounded(value: float, *, up: bool) -> float:
    """Round to two digits, up or down."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    count = value / unit
    whole = math.ceil(count - 1e-9) if up else math.floor(count + 1e-9)
    return float(f"{whole * unit:.2g}")
