"""From grey values to phases and marks: thresholds with uncertainty, labels, centres."""

from __future__ import annotations

from .blobs import BlobCentre, find_blobs, refine_centre
from .cleaning import fill_enclosed, merge_small
from .hand_placed import hand_placed_uncertainty
from .phase_cores import PhaseGrey, phase_grey
from .sampling import sample_blocks, spaced_blocks
from .segment import segment
from .thresholds import (
    ThresholdEstimate,
    otsu_thresholds,
    suggest_thresholds,
)

__all__ = [
    "BlobCentre",
    "PhaseGrey",
    "ThresholdEstimate",
    "fill_enclosed",
    "find_blobs",
    "hand_placed_uncertainty",
    "merge_small",
    "otsu_thresholds",
    "phase_grey",
    "refine_centre",
    "sample_blocks",
    "segment",
    "spaced_blocks",
    "suggest_thresholds",
]
