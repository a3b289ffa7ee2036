"""What to cut, where, and with which margin."""

from __future__ import annotations

from .candidates import rank_candidates
from .plan import TargetPlan, target_plan
from .surface_plane import Depth, SurfacePlane, depth_below, fit_surface

__all__ = [
    "Depth",
    "SurfacePlane",
    "TargetPlan",
    "depth_below",
    "fit_surface",
    "rank_candidates",
    "target_plan",
]
