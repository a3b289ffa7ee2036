"""Candidates: compact features of the map that may be worth going to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..analysis.quantification.objects import label_objects, object_table
from ..analysis.segmentation import ThresholdEstimate, segment, suggest_thresholds
from ..analysis.targeting.candidates import rank_candidates
from ..workspace import Workspace

_SMALLEST_PX = 30


@dataclass(frozen=True)
class Candidates:
    """Ranked features.

    Attributes
    ----------
    table : DataFrame
        Best first: rank, score, why, position and size.
    caption : str
        How they were found: a suggestion, no decision.
    """

    table: pd.DataFrame
    caption: str


def candidates(ws: Workspace, image: str) -> Candidates:
    """Rank the bright compact features of an image.

    Parameters
    ----------
    ws : Workspace
    image : str
        Calibrated; a volume or a picture with one channel.
    """
    handle = ws.images[image]
    grey = handle.array()
    air, bright = _thresholds(grey)
    values = (bright.values[0],)
    labels = segment(grey, thresholds=values, smoothing_px=1.0, min_size_px=_SMALLEST_PX)
    objects = object_table(
        label_objects(labels == 1, connectivity=6 if grey.ndim == 3 else 4),
        spacing_um=handle.spacing_um,
        connectivity=6 if grey.ndim == 3 else 4,
        origin_um=handle.origin_um,
        image=grey,
    )
    ranked = rank_candidates(objects, matrix_grey=bright.class_means[0])
    shown = ["rank", "score", "x_um", "y_um", "z_um", "equivalent_diameter_um", "why"]
    return Candidates(
        ranked[[column for column in shown if column in ranked]]
        .rename(columns={"equivalent_diameter_um": "diameter_um"})
        .round({"score": 2}),
        f"Bright features of {image}, ranked by size, contrast and isolation: what is brighter "
        f"than {values[0]:.4g} in the specimen (grey values above {air:.4g}). A suggestion; "
        "nothing is decided by it.",
    )


def _thresholds(grey: np.ndarray) -> tuple[float, ThresholdEstimate]:
    """Part air from the specimen first: it outweighs the few bright features by far."""
    air = suggest_thresholds(grey, classes=2).values[0]
    return air, suggest_thresholds(grey, classes=2, mask=grey > air)
