"""Where a point of one image lies in another, and how well that is known.

Points and matrices are z, y, x and micrometres. A transform maps the moving to the fixed frame.
"""

from __future__ import annotations

from .adequacy import Adequacy, judge_adequacy
from .adjustment import Adjusted, adjust
from .bend_offer import BendOffer, offer_bend
from .bending import Bending, bent
from .choice import ModelChoice, choose_model
from .constellation import ConstellationMatch, match_constellation
from .containment import ball_probability, containment_probability, margin_for_probability
from .cut import Containment, box_containment, box_margin
from .degrees import effective_nu
from .design import errors_with_landmark, next_landmark
from .direction import DirectionTest, judge_direction
from .displacement import DisplacementField
from .fit import LandmarkFit, fit_landmarks
from .graph import FrameGraph
from .grey_image import GreyImage
from .height_map import height_map_volume
from .information_value import USUAL_MINUTES, Action, minutes_to, rank_actions
from .instrument import InstrumentError
from .inverse import inverted
from .kinds import transform_from_dict
from .located import Located
from .milling_volume import MillingVolume, volume_containment, volume_margin
from .moments import starts_by_moments
from .path import FramePath
from .point_map import PointMap
from .regions import Region, confidence_region, region_factor
from .register import Registration, register
from .repeatability import Repeatability, picking_repeatability
from .richer_maps import RicherMaps, richer_maps
from .robust import RobustFit, fit_robust
from .series import SeriesRegistration, register_series
from .signed_distance import signed_distance
from .simpleitk import field_from_sitk, from_sitk, to_sitk
from .sound import refuse_unsound
from .spline import ThinPlateSpline
from .spline_fit import SPLINE, SplineFit, SplineMap, fit_spline
from .step import Edge
from .surprise import surprise_outside, surprises
from .tangent import MODELS, Model
from .transform import AffineTransform
from .voxel_size import VoxelSizeTest, compare_voxel_size

__all__ = [
    "MODELS",
    "SPLINE",
    "USUAL_MINUTES",
    "Action",
    "Adequacy",
    "Adjusted",
    "AffineTransform",
    "BendOffer",
    "Bending",
    "ConstellationMatch",
    "Containment",
    "DirectionTest",
    "DisplacementField",
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
    "PointMap",
    "Region",
    "Registration",
    "Repeatability",
    "RicherMaps",
    "RobustFit",
    "SeriesRegistration",
    "SplineFit",
    "SplineMap",
    "ThinPlateSpline",
    "VoxelSizeTest",
    "adjust",
    "ball_probability",
    "bent",
    "box_containment",
    "box_margin",
    "choose_model",
    "compare_voxel_size",
    "confidence_region",
    "containment_probability",
    "effective_nu",
    "errors_with_landmark",
    "field_from_sitk",
    "fit_landmarks",
    "fit_robust",
    "fit_spline",
    "from_sitk",
    "height_map_volume",
    "inverted",
    "judge_adequacy",
    "judge_direction",
    "margin_for_probability",
    "match_constellation",
    "minutes_to",
    "next_landmark",
    "offer_bend",
    "picking_repeatability",
    "rank_actions",
    "refuse_unsound",
    "region_factor",
    "register",
    "register_series",
    "richer_maps",
    "signed_distance",
    "starts_by_moments",
    "surprise_outside",
    "surprises",
    "to_sitk",
    "transform_from_dict",
    "volume_containment",
    "volume_margin",
]
