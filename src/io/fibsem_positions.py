"""Positions for OpenFIBSEM and fibsemOS: YAML in metres and radians."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Literal

import pandas as pd

from .serialem_nav import refuse_unknown

_NEEDED = ("name", "x_um", "y_um", "z_um", "rotation_deg", "tilt_deg")


def write_fibsem_positions(
    items: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    coordinate_system: Literal["RAW", "SPECIMEN"] = "RAW",
) -> Path:
    """Write stage positions as OpenFIBSEM keeps them.

    Parameters
    ----------
    items : DataFrame
        ``name``, ``x_um``, ``y_um``, ``z_um`` as the stage reads them [um], ``rotation_deg`` and
        ``tilt_deg`` of the stage [degree].
    path : str or path
        ``*.yaml``.
    coordinate_system : {"RAW", "SPECIMEN"}
        Of the stage's readings.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        No item, a missing column, or a number that is not known: a stage that is sent to a tilt
        that nobody stated may hit a lens.

    References
    ----------
    OpenFIBSEM, ``fibsem.structures.FibsemStagePosition``; Cleeve et al. 2023,
    doi:10.1016/j.jsb.2023.107967.

    Examples
    --------
    >>> import tempfile
    >>> one = pd.DataFrame({"name": ["pit"], "x_um": [1.5], "y_um": [-2.0], "z_um": [0.0],
    ...                     "rotation_deg": [0.0], "tilt_deg": [52.0]})
    >>> file = write_fibsem_positions(one, tempfile.mkdtemp() + "/positions.yaml")
    >>> file.read_text().splitlines()[1:3]
    ['  x: 1.500000000000e-06', '  y: -2.000000000000e-06']
    """
    file = Path(path)
    if file.suffix not in (".yaml", ".yml"):
        raise ValueError(f"a positions file needs a name that ends in .yaml, got {file.name}")
    if coordinate_system not in ("RAW", "SPECIMEN"):
        raise ValueError(f"coordinate_system needs RAW or SPECIMEN, got {coordinate_system!r}")
    refuse_unknown(items, _NEEDED, who="a positions file")
    lines = []
    for row in items.to_dict("records"):
        lines.append(f"- name: {json.dumps(str(row['name']), ensure_ascii=False)}")
        lines += [f"  {axis}: {_number(row[f'{axis}_um'] * 1e-6)}" for axis in "xyz"]
        lines.append(f"  r: {_number(math.radians(row['rotation_deg']))}")
        lines.append(f"  t: {_number(math.radians(row['tilt_deg']))}")
        lines.append(f"  coordinate_system: {coordinate_system}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return file


def _number(value: float) -> str:
    """Thirteen digits with point and signed exponent: YAML takes ``1e-05`` for a word."""
    return f"{value:.12e}"
