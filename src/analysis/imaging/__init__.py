"""What an image is worth, what lies near a place in it, and the techniques with their lengths."""

from __future__ import annotations

from .clear_edges import EdgeWidth, edge_width
from .cupping import Cupping, cupping
from .deconvolution import Deconvolution, richardson_lucy
from .denoising import Denoised, denoise
from .denoising_cost import DenoisingCost, denoising_cost
from .edges import EdgeBlur, edge_blur
from .information_thresholds import bit_threshold, sigma_threshold
from .one_image import OneImageResolution, one_image_resolution
from .planner import Chain, ModeCheck, check_mode, modes, plan_chain
from .point_spread import gaussian_psf
from .projection_halves import ProjectionHalves, attenuation, back_project, projection_halves
from .quality import ImageQuality, image_quality, noise_sigma
from .rings import RingStrength, ring_strength
from .shell_correlation import ShellCorrelation, shell_correlation
from .shell_crossing import Resolution
from .snapping import KINDS, Snap, snap
from .soft_windows import soft_mask
from .techniques import TECHNIQUES, Technique, technique_for, techniques

__all__ = [
    "KINDS",
    "TECHNIQUES",
    "Chain",
    "Cupping",
    "Deconvolution",
    "Denoised",
    "DenoisingCost",
    "EdgeBlur",
    "EdgeWidth",
    "ImageQuality",
    "ModeCheck",
    "OneImageResolution",
    "ProjectionHalves",
    "Resolution",
    "RingStrength",
    "ShellCorrelation",
    "Snap",
    "Technique",
    "attenuation",
    "back_project",
    "bit_threshold",
    "check_mode",
    "cupping",
    "denoise",
    "denoising_cost",
    "edge_blur",
    "edge_width",
    "gaussian_psf",
    "image_quality",
    "modes",
    "noise_sigma",
    "one_image_resolution",
    "plan_chain",
    "projection_halves",
    "richardson_lucy",
    "ring_strength",
    "shell_correlation",
    "sigma_threshold",
    "snap",
    "soft_mask",
    "technique_for",
    "techniques",
]
