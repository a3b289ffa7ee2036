"""Where a point of one image lies in another, and how well that is known.

Points and matrices are z, y, x and micrometres. A transform maps the moving to the fixed frame.
"""

from __future__ import annotations

from .adjustment import Adjusted, adjust
from .choice import ModelChoice, choose_model
from .constellation import ConstellationMatch, match_constellation
from .containment import ball_probability, containment_probability, margin_for_probability
from .cut import Containment, box_containment, box_margin
from .degrees import effective_nu
from .design import errors_with_landmark, next_landmark
from .direction import DirectionTest, judge_direction
from .fit import LandmarkFit, fit_landmarks
from .graph import FrameGraph
from .grey_image import GreyImage
from .information_value import USUAL_MINUTES, Action, minutes_to, rank_actions
from .instrument import InstrumentError
from .inverse import inverted
from .located import Located
from .milling_volume import MillingVolume, volume_containment, volume_margin
from .path import FramePath
from .regions import Region, confidence_region, region_factor
from .register import Registration, register
from .repeatability import Repeatability, picking_repeatability
from .simpleitk import from_sitk, to_sitk
from .sound import refuse_unsound
from .spline import ThinPlateSpline, transform_from_dict
from .spline_fit import SPLINE, SplineFit, SplineMap, fit_spline
from .step import Edge
from .surprise import surprise_outside, surprises
from .tangent import MODELS, Model
from .transform import AffineTransform

__all__ = [
    "MODELS",
    "SPLINE",
    "USUAL_MINUTES",
    "Action",
    "Adjusted",
    "AffineTransform",
    "ConstellationMatch",
    "Containment",
    "DirectionTest",
    "Edge",
    "FrameGraph",
    "FramePath",
    "GreyImage",
    "InstrumentError",
    "LandmarkFit",
    "Located",
    "MillingVolume",
    "Model",
    "ModelChoice",
    "Region",
    "Registration",
    "Repeatability",
    "SplineFit",
    "SplineMap",
    "ThinPlateSpline",
    "adjust",
    "ball_probability",
    "box_containment",
    "box_margin",
    "choose_model",
    "confidence_region",
    "containment_probability",
    "effective_nu",
    "errors_with_landmark",
    "fit_landmarks",
    "fit_spline",
    "from_sitk",
    "inverted",
    "judge_direction",
    "margin_for_probability",
    "match_constellation",
    "minutes_to",
    "next_landmark",
    "picking_repeatability",
    "rank_actions",
    "refuse_unsound",
    "region_factor",
    "register",
    "surprise_outside",
    "surprises",
    "to_sitk",
    "transform_from_dict",
    "volume_containment",
    "volume_margin",
]
