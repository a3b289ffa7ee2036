"""Registration: what the landmarks of two frames say, and who accepted it.

The order of the files::

    standing <- pair, checks, measurements <- fitting <- overview, verdicts
"""

from __future__ import annotations

from .fitting import landmark_pairs, register_pair
from .overview import (
    comparison_table,
    error_field,
    error_maps_figure,
    errors_figure,
    models_table,
    overlays_sheet,
)
from .pair import PairResult
from .stage_frames import OnStage, join_by_stage, stage_transform
from .standing import accepted_transform
from .verdicts import record_verdicts, settle

__all__ = [
    "OnStage",
    "PairResult",
    "accepted_transform",
    "comparison_table",
    "error_field",
    "error_maps_figure",
    "errors_figure",
    "join_by_stage",
    "landmark_pairs",
    "models_table",
    "overlays_sheet",
    "record_verdicts",
    "register_pair",
    "settle",
    "stage_transform",
]
