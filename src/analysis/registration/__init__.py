"""Where a point of one image lies in another, and how well that is known.

Points and matrices are z, y, x and micrometres. A transform maps the moving to the fixed frame.
"""

from __future__ import annotations

from .choice import ModelChoice, choose_model
from .constellation import ConstellationMatch, match_constellation
from .containment import ball_probability, containment_probability, margin_for_probability
from .cut import Containment, box_containment, box_margin
from .design import errors_with_landmark, next_landmark
from .fit import LandmarkFit, fit_landmarks
from .graph import FrameGraph
from .located import Located
from .path import Edge, FramePath
from .point_map import PointMap
from .regions import Region, confidence_region, region_factor
from .repeatability import Repeatability, picking_repeatability
from .simpleitk import from_sitk, to_sitk
from .sound import refuse_unsound
from .spline import ThinPlateSpline, transform_from_dict
from .spline_fit import SPLINE, SplineFit, SplineMap, fit_spline
from .surprise import surprise_outside, surprises
from .tangent import MODELS, Model
from .transform import AffineTransform

__all__ = [
    "MODELS",
    "SPLINE",
    "AffineTransform",
    "ConstellationMatch",
    "Containment",
    "Edge",
    "FrameGraph",
    "FramePath",
    "LandmarkFit",
    "Located",
    "Model",
    "ModelChoice",
    "PointMap",
    "Region",
    "Repeatability",
    "SplineFit",
    "SplineMap",
    "ThinPlateSpline",
    "ball_probability",
    "box_containment",
    "box_margin",
    "choose_model",
    "confidence_region",
    "containment_probability",
    "errors_with_landmark",
    "fit_landmarks",
    "fit_spline",
    "from_sitk",
    "margin_for_probability",
    "match_constellation",
    "next_landmark",
    "picking_repeatability",
    "refuse_unsound",
    "region_factor",
    "surprise_outside",
    "surprises",
    "to_sitk",
    "transform_from_dict",
]
