"""A small TIFF to practise on: pores of known volume, and no voxel size in the file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.quantification.sphere_scene import SphereScene, sphere_scene

#: Voxel size of the practice volume, which the operator knows and the file does not say.
VOXEL_UM = (0.8, 0.8, 0.8)


def practice_scene() -> SphereScene:
    """Place the pores: spheres of 4 to 8 µm radius that do not touch."""
    return sphere_scene(
        shape=(80, 96, 96),
        spacing_um=VOXEL_UM,
        radii_um=(4.0, 8.0),
        fraction=0.12,
        gap_um=3.0,
        seed=3,
    )


def write_practice_tiff(folder: str | Path | None = None) -> Path:
    """Write the practice volume as it would come from somebody's desk: 8 bit, no voxel size.

    Parameters
    ----------
    folder : path, optional
        A temporary one by default.

    Returns
    -------
    pathlib.Path
        Of ``practice.tif``: dark pores in a bright matrix, blurred and noisy.
    """
    import tifffile

    grey = practice_scene().image(blur_um=0.6, noise=9.0, greys=(165.0, 70.0), seed=3)
    path = Path(folder or tempfile.mkdtemp(prefix="scalebridge-")) / "practice.tif"
    tifffile.imwrite(path, np.clip(np.rint(grey), 0, 255).astype(np.uint8))
    return path


def practice_truth(measurements: Iterable[Any]) -> pd.DataFrame:
    """Put measurements of the pores beside what the spheres say.

    Parameters
    ----------
    measurements : iterable of Measurement
        Of the practice volume; those without a known truth are left out.

    Returns
    -------
    DataFrame
        ``name``, ``value``, ``uncertainty`` (95 % half-width), ``truth``, ``unit``.
    """
    truth = practice_scene().truth()
    found = [(m, truth.get(m.key.rsplit(".", 1)[1])) for m in measurements]
    return pd.DataFrame(
        [
            {
                "name": m.name,
                "value": m.value,
                "uncertainty": m.uncertainty,
                "truth": known,
                "unit": m.unit,
            }
            for m, known in found
            if known is not None
        ]
    )
