"""Stacks of sections: what the geometry of the cut says before anything is aligned."""

from __future__ import annotations

from .geometry import TiltCorrection, plane_geometry, slice_geometry

__all__ = ["TiltCorrection", "plane_geometry", "slice_geometry"]
