"""From grey values to phases and marks: thresholds with uncertainty, labels, centres."""

from __future__ import annotations

from .agreement import Agreement, JointHistogram, agreement, joint_histogram
from .blobs import BlobCentre, find_blobs, refine_centre
from .class_shares import class_shares
from .cleaning import fill_enclosed, merge_small
from .components import Components, connected_components
from .corrections import Corrections, correct
from .cross_scale import CalibratedThreshold, averaged_onto, calibrate_threshold
from .hand_placed import hand_placed_uncertainty
from .hysteresis import hysteresis_labels
from .levelling import levelled
from .median import median_of_neighbours
from .opening import closed, opened
from .phase_cores import PhaseGrey, phase_grey
from .pixel_classes import (
    Classified,
    ClassifiedBox,
    PixelClassifier,
    classify_blocks,
    classify_box,
)
from .pixel_features import PixelFeatures, pixel_features
from .pixel_training import train_pixel_classes, variants
from .recipe import SegmentationRecipe
from .sampling import sample_blocks, spaced_blocks
from .scribbles import ScribbledVoxels, scribbled_voxels
from .segment import segment
from .segment_blocks import segment_blocks
from .smoothing import gaussian
from .splitting import cut_touching, split_touching
from .strokes import Stroke
from .three_phases import ThreePhases, three_phases
from .thresholds import (
    ThresholdEstimate,
    otsu_thresholds,
    suggest_thresholds,
)
from .training import Training, class_recipe

__all__ = [
    "Agreement",
    "BlobCentre",
    "CalibratedThreshold",
    "Classified",
    "ClassifiedBox",
    "Components",
    "Corrections",
    "JointHistogram",
    "PhaseGrey",
    "PixelClassifier",
    "PixelFeatures",
    "ScribbledVoxels",
    "SegmentationRecipe",
    "Stroke",
    "ThreePhases",
    "ThresholdEstimate",
    "Training",
    "agreement",
    "averaged_onto",
    "calibrate_threshold",
    "class_recipe",
    "class_shares",
    "classify_blocks",
    "classify_box",
    "closed",
    "connected_components",
    "correct",
    "cut_touching",
    "fill_enclosed",
    "find_blobs",
    "gaussian",
    "hand_placed_uncertainty",
    "hysteresis_labels",
    "joint_histogram",
    "levelled",
    "median_of_neighbours",
    "merge_small",
    "opened",
    "otsu_thresholds",
    "phase_grey",
    "pixel_features",
    "refine_centre",
    "sample_blocks",
    "scribbled_voxels",
    "segment",
    "segment_blocks",
    "spaced_blocks",
    "split_touching",
    "suggest_thresholds",
    "three_phases",
    "train_pixel_classes",
    "variants",
]
