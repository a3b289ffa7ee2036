"""What an image is worth: quality, sharpness of edges, and the techniques with their lengths."""

from __future__ import annotations

from .edges import EdgeBlur, edge_blur
from .quality import ImageQuality, image_quality, noise_sigma
from .techniques import TECHNIQUES, Technique, technique_for, techniques

__all__ = [
    "TECHNIQUES",
    "EdgeBlur",
    "ImageQuality",
    "Technique",
    "edge_blur",
    "image_quality",
    "noise_sigma",
    "technique_for",
    "techniques",
]
