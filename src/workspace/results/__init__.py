"""What follows from a workspace's images and decisions: the questions that the templates answer.

Nothing here is stored: the same images and records give the same answers, to the bit.
"""

from .coverage import Coverage, coverage
from .decisions import decided

__all__ = ["Coverage", "coverage", "decided"]
