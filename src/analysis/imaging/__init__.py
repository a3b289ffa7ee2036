"""What an image is worth, what lies near a place in it, and the techniques with their lengths."""

from __future__ import annotations

from .clear_edges import EdgeWidth, edge_width
from .edges import EdgeBlur, edge_blur
from .quality import ImageQuality, image_quality, noise_sigma
from .snapping import KINDS, Snap, snap
from .techniques import TECHNIQUES, Technique, technique_for, techniques

__all__ = [
    "KINDS",
    "TECHNIQUES",
    "EdgeBlur",
    "EdgeWidth",
    "ImageQuality",
    "Snap",
    "Technique",
    "edge_blur",
    "edge_width",
    "image_quality",
    "noise_sigma",
    "snap",
    "technique_for",
    "techniques",
]
