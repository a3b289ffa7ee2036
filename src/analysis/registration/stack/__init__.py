"""Stacks of cut slices: the image's drift, and where the cuts lie."""

from __future__ import annotations

from .drift import StackDrift, remove_drift
from .thickness import SlicePositions, slice_positions

__all__ = ["SlicePositions", "StackDrift", "remove_drift", "slice_positions"]
