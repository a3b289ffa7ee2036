"""Registration: what the landmarks of two frames say, and who accepted it.

The order of the files::

    standing <- pair, checks, measurements <- fitting <- overview, verdicts
    surface_picking
    proposed_records <- automatic, surface_pose, heights <- proposal_views <- proposals; graph_loops
    automatic <- series_registration; distance_maps
    fitting, proposals <- map_choice

Automatic registration compares grey values; surface_pose places a tilted picture of the surface, by
marks or by renderings.
"""

from __future__ import annotations

from .automatic import Proposal, register_images
from .distance_maps import DistanceMaps, register_distance_maps
from .fitting import landmark_pairs, register_pair
from .graph_loops import graph_with, loops_table, note_level, open_loops, stale_statements
from .heights import register_heights
from .map_choice import MapChoice
from .overview import (
    comparison_table,
    error_field,
    error_maps_figure,
    errors_figure,
    models_table,
    overlays_sheet,
)
from .pair import PairResult
from .proposal_views import (
    error_at_places,
    overlay_of,
    proposal_measurements,
    proposal_overlay,
)
from .proposals import (
    accept_proposal,
    graph_with_fits,
    objections,
    proposal_checks,
    record_proposal,
    search_transform,
    settle_proposal,
)
from .series_registration import (
    SeriesProposals,
    TimePointProposal,
    image_drift,
    register_time_points,
)
from .stage_frames import OnStage, join_by_stage, stage_transform
from .standing import accepted_transform
from .surface_picking import surface_picker
from .surface_pose import SurfaceRegistration, register_surface
from .usable import grey_image, usable
from .verdicts import record_verdicts, settle

__all__ = [
    "DistanceMaps",
    "MapChoice",
    "OnStage",
    "PairResult",
    "Proposal",
    "SeriesProposals",
    "SurfaceRegistration",
    "TimePointProposal",
    "accept_proposal",
    "accepted_transform",
    "comparison_table",
    "error_at_places",
    "error_field",
    "error_maps_figure",
    "errors_figure",
    "graph_with",
    "graph_with_fits",
    "grey_image",
    "image_drift",
    "join_by_stage",
    "landmark_pairs",
    "loops_table",
    "models_table",
    "note_level",
    "objections",
    "open_loops",
    "overlay_of",
    "overlays_sheet",
    "proposal_checks",
    "proposal_measurements",
    "proposal_overlay",
    "record_proposal",
    "record_verdicts",
    "register_distance_maps",
    "register_heights",
    "register_images",
    "register_pair",
    "register_surface",
    "register_time_points",
    "search_transform",
    "settle",
    "settle_proposal",
    "stage_transform",
    "stale_statements",
    "surface_picker",
    "usable",
]
