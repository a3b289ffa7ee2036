"""Candidates: compact features of the map that may be worth going to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..analysis.quantification.objects import label_objects, object_table
from ..analysis.segmentation import ThresholdEstimate, segment, suggest_thresholds
from ..analysis.targeting import more_like, rank_candidates, score_candidates
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
    objects : DataFrame
        Everything that was found, not ranked; its index is the column ``candidate`` of the table.
    """

    table: pd.DataFrame
    caption: str
    objects: pd.DataFrame

    def like(self, candidate: int, *, most: int = 20) -> pd.DataFrame:
        """Find more like one: of the same size and brightness, and shape where it was measured.

        Parameters
        ----------
        candidate : int
            Of the column ``candidate``.
        most : int
            Rows returned.
        """
        found = more_like(self.objects, candidate, features=_features(self.objects), most=most)
        return _shown(found.reset_index(), ["distance", "like"])


def candidates(
    ws: Workspace, image: str, *, values: Mapping[str, float] | None = None
) -> Candidates:
    """Rank the bright compact features of an image.

    Parameters
    ----------
    ws : Workspace
    image : str
        Calibrated; a volume or a picture with one channel.
    values : mapping of str to float, optional
        Weights of ``"rarity"``, ``"size"`` and ``"representativeness"``, as in
        `score_candidates`; size, contrast and isolation unless told.
    """
    handle = ws.images[image]
    grey = handle.array()
    air, bright = _thresholds(grey)
    threshold = bright.values[0]
    labels = segment(grey, thresholds=(threshold,), smoothing_px=1.0, min_size_px=_SMALLEST_PX)
    objects = object_table(
        label_objects(labels == 1, connectivity=6 if grey.ndim == 3 else 4),
        spacing_um=handle.spacing_um,
        connectivity=6 if grey.ndim == 3 else 4,
        origin_um=handle.origin_um,
        image=grey,
        surface=values is not None,
    )
    by = "size, contrast and isolation" if values is None else ", ".join(values)
    return Candidates(
        _shown(_ranked(objects, values, bright.class_means[0]), ["score"]),
        f"Bright features of {image}, ranked by {by}: what is brighter "
        f"than {threshold:.4g} in the specimen (grey values above {air:.4g}). A suggestion; "
        "nothing is decided by it.",
        objects.set_index("object"),
    )


def _ranked(
    objects: pd.DataFrame, values: Mapping[str, float] | None, matrix_grey: float
) -> pd.DataFrame:
    if values is None:
        return rank_candidates(objects, matrix_grey=matrix_grey)
    return score_candidates(objects, values=values, features=_features(objects))


def _features(objects: pd.DataFrame) -> list[str]:
    names = ("equivalent_diameter_um", "mean_grey", "sphericity", "circularity")
    return [name for name in names if name in objects]


def _shown(table: pd.DataFrame, figures: list[str]) -> pd.DataFrame:
    """Keep what a person reads."""
    places = ["x_um", "y_um", "z_um", "equivalent_diameter_um", "why"]
    columns = ["rank", "object", *figures, *places]
    said = {"object": "candidate", "equivalent_diameter_um": "diameter_um"}
    kept = table[[column for column in columns if column in table]]
    return kept.rename(columns=said).round(dict.fromkeys(figures, 2))


def _thresholds(grey: np.ndarray) -> tuple[float, ThresholdEstimate]:
    """Part air from the specimen first: it outweighs the few bright features by far."""
    air = suggest_thresholds(grey, classes=2).values[0]
    return air, suggest_thresholds(grey, classes=2, mask=grey > air)
