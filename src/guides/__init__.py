"""The logic of the four templates, a file a template; shared by notebooks, reports and validation.

Nothing here is stored: the same images and records give the same answers, to the bit.
"""

from .candidates import Candidates, candidates
from .coverage import Coverage, coverage
from .decisions import (
    choose_instrument,
    choose_map,
    chosen_target,
    cutting_frame,
    decided,
    map_images,
)
from .quantification import (
    connectivity_table,
    phase_results,
    record_segmentation,
    segmentations_to_measure,
)
from .registration import (
    comparison_table,
    error_field,
    landmark_pairs,
    record_verdicts,
    register_pair,
    settle,
)
from .survey import image_survey, technique_reach
from .targeting import plan_cut, surface_segmentation

__all__ = [
    "Candidates",
    "Coverage",
    "candidates",
    "choose_instrument",
    "choose_map",
    "chosen_target",
    "comparison_table",
    "connectivity_table",
    "coverage",
    "cutting_frame",
    "decided",
    "error_field",
    "image_survey",
    "landmark_pairs",
    "map_images",
    "phase_results",
    "plan_cut",
    "record_segmentation",
    "record_verdicts",
    "register_pair",
    "segmentations_to_measure",
    "settle",
    "surface_segmentation",
    "technique_reach",
]
