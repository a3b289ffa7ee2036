"""What to cut, where, and with which margin."""

from __future__ import annotations

from ..registration.instrument import InstrumentError
from .candidates import rank_candidates
from .offsets import Offset, offset_table, offsets
from .parts import UncertaintySplit, split_uncertainty
from .plan import TargetPlan, target_plan
from .seen import SeenFiducial
from .stage import StageFit, fit_stage
from .stage_axes import StageAxes
from .surface_plane import Depth, SurfacePlane, depth_below, fit_surface
from .views import BeamView, beam_view, fib_sem_views

__all__ = [
    "BeamView",
    "Depth",
    "InstrumentError",
    "Offset",
    "SeenFiducial",
    "StageAxes",
    "StageFit",
    "SurfacePlane",
    "TargetPlan",
    "UncertaintySplit",
    "beam_view",
    "depth_below",
    "fib_sem_views",
    "fit_stage",
    "fit_surface",
    "offset_table",
    "offsets",
    "rank_candidates",
    "split_uncertainty",
    "target_plan",
]
