"""The logic of templates and walk-throughs; shared by notebooks, reports and validation.

Nothing here is stored: the same images and records give the same answers, to the bit.
"""

from __future__ import annotations

from ..analysis.quantification.objects import SPECK_VOXELS
from .aligned_copy import CopyErrors, compare_with_copy
from .answer_methods import AnswerMethod, methods_of, segmentation_methods
from .answering import answer_questions
from .audited import with_audits
from .auditing import PhaseAudit, audit_phases, audit_table
from .candidates import Candidates, candidates
from .coverage import Coverage, coverage
from .cut_exports import CutFiles, view_pictures, write_cut_files
from .cut_files import plan_dict, write_plan_boxes, write_plan_json, write_stage_positions
from .cut_records import accept_plan, plan_doubts, plan_findings, record_plan
from .cutting import FacePlane, look_at_face, looks_table, next_face, predicted_face
from .decisions import (
    choose_instrument,
    choose_map,
    chosen_target,
    cutting_frame,
    decided,
    map_images,
)
from .depth_surfaces import depth_surface, surface_segmentation
from .example import example_specimen
from .fiducials import seen_fiducials
from .fluids import Fluids
from .landmark_files import import_landmarks
from .lifted_out import record_lift_out
from .measured_settings import segmentations_to_measure
from .milling import MillingPlan, plan_milling
from .next_actions import action_table, next_actions
from .next_places import next_places
from .overlap import Overlap, overlap
from .phase_answers import PhaseAnswers, answer_table
from .practice_tiff import VOXEL_UM, practice_truth, write_practice_tiff
from .quantification import (
    connectivity_table,
    phase_results,
    record_segmentation,
    segmentation_widget,
    size_brush,
)
from .questions import QUESTIONS, Question, checked_questions
from .reaching import Reach, reach_target
from .registration import (
    MapChoice,
    accept_proposal,
    comparison_table,
    error_at_places,
    error_field,
    error_maps_figure,
    errors_figure,
    graph_with_fits,
    image_drift,
    landmark_pairs,
    loops_table,
    models_table,
    note_level,
    open_loops,
    overlay_of,
    overlays_sheet,
    proposal_checks,
    proposal_measurements,
    proposal_overlay,
    record_proposal,
    record_verdicts,
    register_distance_maps,
    register_heights,
    register_images,
    register_pair,
    register_surface,
    register_time_points,
    search_transform,
    settle,
    settle_proposal,
    stale_statements,
    surface_picker,
)
from .stages import record_stage
from .step_bar import step_bar
from .steps import StepProgress
from .survey import image_survey, technique_reach
from .targeting import plan_cut
from .transform_files import export_transform, import_transform
from .walkthrough import begin, bring, data_folder, file_beside
from .whole_objects import Inmost, inmost_place, whole_object

__all__ = [
    "QUESTIONS",
    "SPECK_VOXELS",
    "VOXEL_UM",
    "AnswerMethod",
    "Candidates",
    "CopyErrors",
    "Coverage",
    "CutFiles",
    "FacePlane",
    "Fluids",
    "Inmost",
    "MapChoice",
    "MillingPlan",
    "Overlap",
    "PhaseAnswers",
    "PhaseAudit",
    "Question",
    "Reach",
    "StepProgress",
    "accept_plan",
    "accept_proposal",
    "action_table",
    "answer_questions",
    "answer_table",
    "audit_phases",
    "audit_table",
    "begin",
    "bring",
    "candidates",
    "checked_questions",
    "choose_instrument",
    "choose_map",
    "chosen_target",
    "compare_with_copy",
    "comparison_table",
    "connectivity_table",
    "coverage",
    "cutting_frame",
    "data_folder",
    "decided",
    "depth_surface",
    "error_at_places",
    "error_field",
    "error_maps_figure",
    "errors_figure",
    "example_specimen",
    "export_transform",
    "file_beside",
    "graph_with_fits",
    "image_drift",
    "image_survey",
    "import_landmarks",
    "import_transform",
    "inmost_place",
    "landmark_pairs",
    "look_at_face",
    "looks_table",
    "loops_table",
    "map_images",
    "methods_of",
    "models_table",
    "next_actions",
    "next_face",
    "next_places",
    "note_level",
    "open_loops",
    "overlap",
    "overlay_of",
    "overlays_sheet",
    "phase_results",
    "plan_cut",
    "plan_dict",
    "plan_doubts",
    "plan_findings",
    "plan_milling",
    "practice_truth",
    "predicted_face",
    "proposal_checks",
    "proposal_measurements",
    "proposal_overlay",
    "reach_target",
    "record_lift_out",
    "record_plan",
    "record_proposal",
    "record_segmentation",
    "record_stage",
    "record_verdicts",
    "register_distance_maps",
    "register_heights",
    "register_images",
    "register_pair",
    "register_surface",
    "register_time_points",
    "search_transform",
    "seen_fiducials",
    "segmentation_methods",
    "segmentation_widget",
    "segmentations_to_measure",
    "settle",
    "settle_proposal",
    "size_brush",
    "stale_statements",
    "step_bar",
    "surface_picker",
    "surface_segmentation",
    "technique_reach",
    "view_pictures",
    "whole_object",
    "with_audits",
    "write_cut_files",
    "write_plan_boxes",
    "write_plan_json",
    "write_practice_tiff",
    "write_stage_positions",
]
