"""Landmark pairs that were picked elsewhere, on their way into the workspace."""

from __future__ import annotations

import os
from typing import Any

from ..widgets.pair_files import PairFiles
from ..workspace import Workspace


def import_landmarks(
    ws: Workspace,
    path: str | os.PathLike[str],
    *,
    moving: str,
    fixed: str,
    fixed_path: str | os.PathLike[str] | None = None,
) -> list[Any]:
    """Write the pairs of a BigWarp, 3D Slicer or plain file as landmarks between two frames.

    Pairs that were placed in one image only are left out; pairs that are switched off come in
    inactive. Pairs that are there already are left as they are, so a cell can be run again.

    Parameters
    ----------
    ws : Workspace
    path : path
        BigWarp's CSV, its lengths in micrometres; a table with a header that states units; or the
        moving image's point list of 3D Slicer (``.mrk.json``, ``.fcsv``).
    moving, fixed : str
        Images. The moving one is that of BigWarp's first three numbers.
    fixed_path : path, optional
        The fixed image's point list of 3D Slicer; by default beside the other.

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
        The file is no such file.
    """
    return PairFiles(ws, moving=moving, fixed=fixed).import_pairs(path, fixed_path)
