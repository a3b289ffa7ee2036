"""Where phases meet, as parts of `measure`: interfaces of two, lines of three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .directions import parallel_planes
from .geometry_job import Found, GeometryJob
from .interfaces import interface_table, triple_line_table
from .surface import surface

if TYPE_CHECKING:
    import pandas as pd

_RIM = 0.5  # longest sides of a voxel by which the third phase moves the rim of an interface
_STRAIGHT, _WINDING, _CHORD_PX, _POWER = 0.05, 0.02, 10.0, 2.6  # see `triple_line_table`


def interfaces(job: GeometryJob) -> Found:
    """Interface between each pair of phases, as a table and per volume."""
    table = interface_table(
        job.labels, spacing_um=job.spacing, mask=job.inside, threads=job.threads
    )
    found = Found(tables={"interfaces": _named(table, job, ("phase", "other"))})
    ndim = job.labels.ndim
    total, density = table.columns[2:]
    shapes = {label: _Shape(job, label) for label in np.unique(table[["phase", "other"]])}
    rims = _rims(job) if ndim == 3 and len(shapes) > 2 else {}
    for row in table.to_dict("records"):
        pair = (int(row["phase"]), int(row["other"]))
        radius = min(shapes[label].radius_px for label in pair)
        turned = (
            max(shapes[label].anisotropy for label in pair) * parallel_planes(job.spacing).error
        )
        edge = sum(length for triple, length in rims.items() if {*pair} < {*triple})
        rim = _RIM * max(job.spacing) * edge
        share = 0.02 / radius + 0.13 / radius**2 + turned + rim / row[total]
        _add(
            found, job, pair, "interface_density", row[density], "1/µm", share,
            "interface per volume" if ndim == 3 else "interface length per area",
            f"Crofton, {13 if ndim == 3 else 4} directions; half the surfaces of both less that of "
            "both together, per imaged volume",
        )  # fmt: skip
    return found


def triple_lines(job: GeometryJob) -> Found:
    """Lines where three phases meet, as a table and per volume."""
    table = triple_line_table(job.labels, spacing_um=job.spacing, mask=job.inside)
    columns = ("first", "second", "third")
    found = Found(tables={"triple_lines": _named(table, job, columns)})
    shapes = {label: _Shape(job, label) for label in np.unique(table[list(columns)])}
    for row in table.to_dict("records"):
        triple = tuple(int(row[c]) for c in columns)
        chord = min(shapes[label].radius_px for label in triple) * 4 / 3
        _add(
            found, job, triple, "triple_line_density", row["length_um_per_um3"], "1/µm²",
            _STRAIGHT + _WINDING * (_CHORD_PX / chord) ** _POWER, "triple line per volume",
            "chains of voxel edges, smoothed and extrapolated to no smoothing",
        )  # fmt: skip
    return found


class _Shape:
    """Size and preferred direction of one phase."""

    def __init__(self, job: GeometryJob, label: int) -> None:
        area = surface(job.labels == label, spacing_um=job.spacing, mask=job.inside)
        ndim = job.labels.ndim
        voxel = float(np.prod(job.spacing)) ** (1 / ndim)
        self.radius_px = ndim / area.per_phase_um2_per_um3 / voxel
        self.anisotropy = area.anisotropy


def _rims(job: GeometryJob) -> Mapping[tuple[int, ...], float]:
    lines = triple_line_table(job.labels, spacing_um=job.spacing, mask=job.inside)
    rows = lines[["first", "second", "third", "length_um"]].itertuples(index=False)
    return {(a, b, c): length for a, b, c, length in rows}


def _add(
    found: Found,
    job: GeometryJob,
    labels: Sequence[int],
    quantity: str,
    value: float,
    unit: str,
    share: float,
    words: str,
    convention: str,
) -> None:
    titles = [job.titles[label] for label in labels]
    together = f"{', '.join(titles[:-1])} and {titles[-1]}"
    found.add(
        f"{together}.{quantity}", f"{together}: {words}", value, unit, convention,
        parts={"voxels": abs(value) * share},
    )  # fmt: skip


def _named(table: pd.DataFrame, job: GeometryJob, columns: tuple[str, ...]) -> pd.DataFrame:
    return table.assign(**{c: [job.titles[label] for label in table[c]] for c in columns})
