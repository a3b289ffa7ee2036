"""What to cut, where, and with which margin."""

from __future__ import annotations

from ..registration.instrument import InstrumentError
from .approach import ApproachDepth, approach_table, depth_along
from .candidates import rank_candidates
from .duration import Duration, milling_time, total_time
from .during import CutUpdate, update_cut
from .lift_out import Chunk, lift_out_chunk
from .likeness import more_like
from .methods_of_removal import MethodChoice, choose_method, removal_methods
from .offsets import Offset, offset_table, offsets
from .parts import UncertaintySplit, split_uncertainty
from .plan import TargetPlan, target_plan
from .plan_steps import PlannedStep, Stage, StagedPlan, sigma_along, staged_plan
from .rates import RemovalRate, removal_rate, removal_rates, sputter_rate, sputter_yield
from .section import cut_by_plane
from .seen import SeenFiducial
from .stage import StageFit, fit_stage
from .stage_axes import StageAxes
from .surface_plane import Depth, SurfacePlane, depth_below, fit_surface
from .trench import BEAM_ANGLES_DEG, Obstacle, Trench, Visibility, bottom_visible, ramped_trench
from .value import VALUES, phase_distance, score_candidates
from .views import BeamView, beam_view, fib_sem_views

__all__ = [
    "BEAM_ANGLES_DEG",
    "VALUES",
    "ApproachDepth",
    "BeamView",
    "Chunk",
    "CutUpdate",
    "Depth",
    "Duration",
    "InstrumentError",
    "MethodChoice",
    "Obstacle",
    "Offset",
    "PlannedStep",
    "RemovalRate",
    "SeenFiducial",
    "Stage",
    "StageAxes",
    "StageFit",
    "StagedPlan",
    "SurfacePlane",
    "TargetPlan",
    "Trench",
    "UncertaintySplit",
    "Visibility",
    "approach_table",
    "beam_view",
    "bottom_visible",
    "choose_method",
    "cut_by_plane",
    "depth_along",
    "depth_below",
    "fib_sem_views",
    "fit_stage",
    "fit_surface",
    "lift_out_chunk",
    "milling_time",
    "more_like",
    "offset_table",
    "offsets",
    "phase_distance",
    "ramped_trench",
    "rank_candidates",
    "removal_methods",
    "removal_rate",
    "removal_rates",
    "score_candidates",
    "sigma_along",
    "split_uncertainty",
    "sputter_rate",
    "sputter_yield",
    "staged_plan",
    "target_plan",
    "total_time",
    "update_cut",
]
