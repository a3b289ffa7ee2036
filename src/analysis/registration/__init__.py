"""Where a point of one image lies in another, and how well that is known.

Points and matrices are z, y, x and micrometres. A transform maps the moving to the fixed frame.
"""

from __future__ import annotations

from .fit import LandmarkFit, fit_landmarks
from .graph import FrameGraph, Located
from .path import Edge, FramePath
from .regions import Region, confidence_region, region_factor
from .spline import ThinPlateSpline, transform_from_dict
from .tangent import MODELS, Model
from .transform import AffineTransform

__all__ = [
    "MODELS",
    "AffineTransform",
    "Edge",
    "FrameGraph",
    "FramePath",
    "LandmarkFit",
    "Located",
    "Model",
    "Region",
    "ThinPlateSpline",
    "confidence_region",
    "fit_landmarks",
    "region_factor",
    "transform_from_dict",
]
