"""Registration: what the landmarks of two frames say, and who accepted it.

The order of the files::

    standing <- pair, checks, measurements <- fitting <- overview, verdicts
"""

from __future__ import annotations

from .automatic import Proposal, accept_proposal, register_images
from .fitting import landmark_pairs, register_pair
from .overview import (
    comparison_table,
    error_field,
    error_maps_figure,
    errors_figure,
    models_table,
    overlays_sheet,
)
from .pair import PairResult
from .standing import accepted_transform
from .usable import grey_image, usable
from .verdicts import record_verdicts, settle

__all__ = [
    "PairResult",
    "Proposal",
    "accept_proposal",
    "accepted_transform",
    "comparison_table",
    "error_field",
    "error_maps_figure",
    "errors_figure",
    "grey_image",
    "landmark_pairs",
    "models_table",
    "overlays_sheet",
    "record_verdicts",
    "register_images",
    "register_pair",
    "settle",
    "usable",
]
