"""What an image is worth, what lies near a place in it, and the techniques with their lengths."""

from __future__ import annotations

from .clear_edges import EdgeWidth, edge_width
from .edges import EdgeBlur, edge_blur
from .planner import Chain, ModeCheck, check_mode, modes, plan_chain
from .quality import ImageQuality, image_quality, noise_sigma
from .snapping import KINDS, Snap, snap
from .techniques import TECHNIQUES, Technique, technique_for, techniques

__all__ = [
    "KINDS",
    "TECHNIQUES",
    "Chain",
    "EdgeBlur",
    "EdgeWidth",
    "ImageQuality",
    "ModeCheck",
    "Snap",
    "Technique",
    "check_mode",
    "edge_blur",
    "edge_width",
    "image_quality",
    "modes",
    "noise_sigma",
    "plan_chain",
    "snap",
    "technique_for",
    "techniques",
]
