"""What an image is worth: quality, sharpness of edges, and the techniques with their lengths."""

from __future__ import annotations

from .clear_edges import EdgeWidth, edge_width
from .edges import EdgeBlur, edge_blur
from .quality import ImageQuality, image_quality, noise_sigma
from .techniques import TECHNIQUES, Technique, technique_for, techniques

__all__ = [
    "TECHNIQUES",
    "EdgeBlur",
    "EdgeWidth",
    "ImageQuality",
    "Technique",
    "edge_blur",
    "edge_width",
    "image_quality",
    "noise_sigma",
    "technique_for",
    "techniques",
]
