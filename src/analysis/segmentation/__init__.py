"""From grey values to phases and marks: thresholds with uncertainty, labels, centres."""

from __future__ import annotations

from .blobs import BlobCentre, find_blobs, refine_centre
from .class_shares import class_shares
from .cleaning import fill_enclosed, merge_small
from .components import Components, connected_components
from .corrections import Corrections, Stroke, correct
from .hand_placed import hand_placed_uncertainty
from .hysteresis import hysteresis_labels
from .levelling import levelled
from .opening import closed, opened
from .phase_cores import PhaseGrey, phase_grey
from .recipe import SegmentationRecipe
from .sampling import sample_blocks, spaced_blocks
from .segment import segment
from .segment_blocks import segment_blocks
from .splitting import cut_touching, split_touching
from .thresholds import (
    ThresholdEstimate,
    otsu_thresholds,
    suggest_thresholds,
)

__all__ = [
    "BlobCentre",
    "Components",
    "Corrections",
    "PhaseGrey",
    "SegmentationRecipe",
    "Stroke",
    "ThresholdEstimate",
    "class_shares",
    "closed",
    "connected_components",
    "correct",
    "cut_touching",
    "fill_enclosed",
    "find_blobs",
    "hand_placed_uncertainty",
    "hysteresis_labels",
    "levelled",
    "merge_small",
    "opened",
    "otsu_thresholds",
    "phase_grey",
    "refine_centre",
    "sample_blocks",
    "segment",
    "segment_blocks",
    "spaced_blocks",
    "split_touching",
    "suggest_thresholds",
]
