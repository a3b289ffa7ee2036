"""Where a point of one image lies in another, and how well that is known.

Points and matrices are z, y, x and micrometres. A transform maps the moving to the fixed frame.
"""

from __future__ import annotations

from .adequacy import Adequacy, judge_adequacy
from .choice import ModelChoice, choose_model
from .constellation import ConstellationMatch, match_constellation
from .containment import ball_probability, containment_probability, margin_for_probability
from .cut import Containment, box_containment, box_margin
from .design import errors_with_landmark, next_landmark
from .displacement import DisplacementField
from .fit import LandmarkFit, fit_landmarks
from .graph import FrameGraph
from .kinds import transform_from_dict
from .located import Located
from .path import Edge, FramePath
from .regions import Region, confidence_region, region_factor
from .repeatability import Repeatability, picking_repeatability
from .robust import RobustFit, fit_robust
from .simpleitk import field_from_sitk, from_sitk, to_sitk
from .sound import refuse_unsound
from .spline import ThinPlateSpline
from .spline_fit import SPLINE, SplineFit, SplineMap, fit_spline
from .surprise import surprise_outside, surprises
from .tangent import MODELS, Model
from .transform import AffineTransform
from .voxel_size import VoxelSizeTest, compare_voxel_size

__all__ = [
    "MODELS",
    "SPLINE",
    "Adequacy",
    "AffineTransform",
    "ConstellationMatch",
    "Containment",
    "DisplacementField",
    "Edge",
    "FrameGraph",
    "FramePath",
    "LandmarkFit",
    "Located",
    "Model",
    "ModelChoice",
    "Region",
    "Repeatability",
    "RobustFit",
    "SplineFit",
    "SplineMap",
    "ThinPlateSpline",
    "VoxelSizeTest",
    "ball_probability",
    "box_containment",
    "box_margin",
    "choose_model",
    "compare_voxel_size",
    "confidence_region",
    "containment_probability",
    "errors_with_landmark",
    "field_from_sitk",
    "fit_landmarks",
    "fit_robust",
    "fit_spline",
    "from_sitk",
    "judge_adequacy",
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
