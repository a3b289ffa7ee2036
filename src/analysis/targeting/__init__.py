"""What to cut, where, and with which margin."""

from __future__ import annotations

from .candidates import rank_candidates
from .during import CutUpdate, update_cut
from .plan import TargetPlan, target_plan
from .section import cut_by_plane
from .surface_plane import Depth, SurfacePlane, depth_below, fit_surface

__all__ = [
    "CutUpdate",
    "Depth",
    "SurfacePlane",
    "TargetPlan",
    "cut_by_plane",
    "depth_below",
    "fit_surface",
    "rank_candidates",
    "target_plan",
    "update_cut",
]
