"""Do two segmentations of one place agree: of two scans, two scales, two modalities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.segmentation import agreement, averaged_onto, segment_blocks
from ..errors import ScalebridgeError
from ..widgets.applied import segmented_source
from ..widgets.finer_scale import finer_scale
from ..widgets.phase_record import corrections_of, names_of, recipe_of
from ..workspace import Workspace
from .quantification import PhaseResults


def agreement_table(ws: Workspace, result: PhaseResults) -> pd.DataFrame:
    """Compare a segmentation with every other accepted one that covers some of its place.

    Phases are compared by name. On one grid voxel by voxel; else the finer one is averaged over
    the voxels of the coarser one, which count as what they are most of.

    Parameters
    ----------
    ws : Workspace
    result : PhaseResults

    Returns
    -------
    DataFrame
        with, phase, share_here, share_there, dice, voxels; those that could not be compared with
        the reason in `in words`.

    Raises
    ------
    ValueError
        There is no other one.
    """
    own = result.settings
    others = [
        record
        for record in ws.segmentations
        if record.accepted and record.name != own.name and "surface" not in record.tags
    ]
    if not others:
        raise ValueError("no other segmentation is accepted: segment the place in another image")
    rows: list[dict[str, Any]] = []
    for record in others:
        title = f"{record.name} of {record.image}"
        try:
            here, there, shares = _on_one_grid(ws, result, record)
        except (ScalebridgeError, ValueError) as error:
            rows.append({"with": title, "in words": str(error)})
            continue
        rows += [
            {"with": title, **row}
            for row in _rows(own.phases, names_of(record), here, there, shares)
        ]
    return pd.DataFrame(rows)


def _on_one_grid(
    ws: Workspace, result: PhaseResults, record: Any
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, float]]:
    """Labels of both on the coarser grid, −1 where the finer one is not; shares known better."""
    mine, other = ws.images[result.image], ws.images[record.image]
    labels = result.found.labels
    own = result.settings.record
    moments = [0 if one is None else int(one.parameters.get("time", 0)) for one in (own, record)]
    if moments[0] != moments[1] and mine.name == other.name:
        raise ValueError(f"it is of time point {moments[1]}, and this of {moments[0]}")
    same = mine.frame == other.frame and mine.ndim == other.ndim
    if same and np.array_equal(mine.voxel_to_frame, other.voxel_to_frame):
        theirs = _labels(ws, record)
        if theirs.shape == labels.shape:
            return labels.astype(np.int64), theirs.astype(np.int64), {}
    if np.prod(other.spacing_um) < np.prod(mine.spacing_um):
        coarse, fine, shares = _averaged(ws, mine.name, labels, record)
        return coarse, fine, shares
    if own is None:
        raise ValueError("thresholds by parameter can be compared with finer segmentations only")
    theirs = _labels(ws, record)
    coarse, fine, _ = _averaged(ws, other.name, theirs, own)
    return fine, coarse, {}


def _averaged(
    ws: Workspace, image: str, labels: NDArray, record: Any
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[str, float]]:
    finer = finer_scale(ws, image, record, coarse=labels)
    shares = [
        averaged_onto(
            finer.labels == number,
            shape=finer.coarse.shape,
            coarse_spacing_um=finer.coarse_spacing_um,
            fine_spacing_um=finer.fine_spacing_um,
            coarse_to_fine=finer.coarse_to_fine,
        )
        for number in range(len(finer.names))
    ]
    known = np.isfinite(shares[0])
    if not known.any():
        raise ValueError(f"{image} has no voxel that {record.image} covers whole")
    most = np.where(known, np.argmax(np.nan_to_num(np.stack(shares)), axis=0), -1)
    exact = {
        name: float(share[known].mean(dtype=np.float64))
        for name, share in zip(finer.names, shares, strict=True)
    }
    return finer.coarse.astype(np.int64), most, exact


def _labels(ws: Workspace, record: Any) -> NDArray[np.uint8]:
    image = ws.images[record.image]
    return np.asarray(
        segment_blocks(
            segmented_source(image, record), recipe_of(record),
            spacing_um=image.spacing_um if image.calibrated else None,
            corrections=corrections_of(record, image),
        )
    )  # fmt: skip


def _rows(
    mine: tuple[str, ...],
    theirs: tuple[str, ...],
    here: NDArray[np.int64],
    there: NDArray[np.int64],
    shares: dict[str, float],
) -> list[dict[str, Any]]:
    known = (here >= 0) & (there >= 0)
    number = {name: k for k, name in enumerate(dict.fromkeys((*mine, *theirs)))}
    first = np.array([number[name] for name in mine])[here[known]]
    second = np.array([number[name] for name in theirs])[there[known]]
    found = agreement(first, second).table.set_index("label")
    rows = []
    for name in dict.fromkeys((*mine, *theirs)):
        if number[name] not in found.index:
            continue
        row = found.loc[number[name]]
        rows.append(
            {
                "phase": name,
                "share_here": round(float(row["share_a"]), 4),
                "share_there": round(shares.get(name, float(row["share_b"])), 4),
                "dice": round(float(row["dice"]), 3),
                "voxels": int(known.sum()),
            }
        )
    return rows
