"""Landmark pairs that were picked elsewhere, on their way into the workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..io.bigwarp import read_bigwarp
from ..workspace import Workspace
from .coverage import field_points

_RIM = 0.05  # of the field of view, by which a pick may lie outside
_AGREE_UM = 1e-9


def import_landmarks(
    ws: Workspace, path: str | os.PathLike[str], *, moving: str, fixed: str
) -> list[Any]:
    """Write the pairs of a BigWarp file as landmarks between two images' frames.

    Pairs that were placed in one image only are left out; pairs that BigWarp had switched off come
    in inactive. Pairs that are there already are left as they are, so a cell can be run again.

    Parameters
    ----------
    ws : Workspace
    path : path
        BigWarp's CSV; its lengths are micrometres.
    moving, fixed : str
        Images. The moving one is that of the file's first three numbers.

    Returns
    -------
    list of Record
        The pairs of the file, in its order.

    Raises
    ------
    ValueError
        A landmark lies outside its image: the images are swapped, or the lengths are not in µm.
        Or a pair of that name stands elsewhere already.
    Uncalibrated
        An image has no voxel size.
    ReadError
        The file is no BigWarp file.
    """
    table = read_bigwarp(path).dropna().reset_index(drop=True)
    frames = {"moving": ws.images[moving].frame, "fixed": ws.images[fixed].frame}
    for side, image in (("moving", moving), ("fixed", fixed)):
        _refuse_outside(ws.images[image], table, side)
    standing = {
        record.name: record
        for record in ws.landmarks
        if (record.moving_frame, record.fixed_frame) == (frames["moving"], frames["fixed"])
    }
    with ws.transaction():
        return [
            _same(standing[row["name"]], row)
            if row["name"] in standing
            else _written(ws, row, frames, Path(path).name)
            for row in table.to_dict("records")
        ]


def _place(row: Any, side: str) -> dict[str, float]:
    return {f"{axis}_um": float(row[f"{side}_{axis}_um"]) for axis in "zyx"}


def _written(ws: Workspace, row: Any, frames: dict[str, str], file: str) -> Any:
    return ws.landmarks.add(
        name=row["name"],
        moving_frame=frames["moving"],
        fixed_frame=frames["fixed"],
        moving=_place(row, "moving"),
        fixed=_place(row, "fixed"),
        active=bool(row["active"]),
        placed_by="person",
        note=f"from {file}",
    )


def _same(record: Any, row: Any) -> Any:
    for side in ("moving", "fixed"):
        there, here = getattr(record, side), _place(row, side)
        if any(abs(there[axis] - here[axis]) > _AGREE_UM for axis in here):
            raise ValueError(
                f"landmark {record.name} of the file lies at {here} in the {side} image, but "
                f"{record.who} has it at {there}: rename or remove one of them"
            )
    return record


def _refuse_outside(image: Any, table: pd.DataFrame, side: str) -> None:
    _ = image.spacing_um  # Uncalibrated: landmarks are in micrometres
    corners = field_points(image, grid=2)
    rim = _RIM * np.ptp(corners, axis=0).max()
    low, high = corners.min(axis=0) - rim, corners.max(axis=0) + rim
    for row in table.to_dict("records"):
        place = np.array([row[f"{side}_{axis}_um"] for axis in "zyx"])
        if np.any(place < low) or np.any(place > high):
            x, y, z = place[::-1]
            raise ValueError(
                f"landmark {row['name']} lies at x, y, z = {x:.5g}, {y:.5g}, {z:.5g} µm, outside "
                f"{image.name}, the {side} image: are moving and fixed swapped, or are the file's "
                "lengths not in µm?"
            )
