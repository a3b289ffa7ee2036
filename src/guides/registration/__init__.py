"""Registration: what the landmarks of two frames say, and who accepted it.

The order of the files::

    standing <- pair, checks, measurements <- fitting <- overview, verdicts
    surface_pose: a tilted picture of the surface, by marks or by renderings
"""

from __future__ import annotations

from .automatic import Proposal, accept_proposal, register_images
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
from .surface_pose import SurfaceRegistration, register_surface
from .usable import grey_image, usable
from .verdicts import record_verdicts, settle

__all__ = [
    "OnStage",
    "PairResult",
    "Proposal",
    "SurfaceRegistration",
    "accept_proposal",
    "accepted_transform",
    "comparison_table",
    "error_field",
    "error_maps_figure",
    "errors_figure",
    "grey_image",
    "join_by_stage",
    "landmark_pairs",
    "models_table",
    "overlays_sheet",
    "record_verdicts",
    "register_images",
    "register_pair",
    "register_surface",
    "settle",
    "stage_transform",
    "usable",
]
