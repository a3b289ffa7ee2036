"""Plots: one design, interactive in a notebook and as a still picture in a report.

Every function takes plain arrays or DataFrames and returns a HoloViews object with options for
both of its backends (Bokeh to explore, Matplotlib for stills). `still` turns it into PNG bytes.
`phase_color`, `modality_color` and `STATUS` are the colours of the whole project; they load
neither HoloViews nor Matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "DARK": ".theme",
    "LIGHT": ".theme",
    "STATUS": ".theme",
    "Ground": ".theme",
    "modality_color": ".theme",
    "phase_color": ".theme",
    "rc_params": ".theme",
    "still": ".stills",
    "length_scales": ".scales",
    "nested_boxes": ".coverage",
    "box_corners": ".coverage",
    "grey_histogram": ".histogram",
    "grey_histograms": ".histogram",
    "landmark_errors": ".landmarks",
    "error_map": ".predicted_errors",
    "error_maps": ".predicted_errors",
    "errors_overview": ".landmarks",
    "offset_overlay": ".offset_overlays",
    "size_distribution": ".sizes",
    "pore_size_curves": ".size_meanings",
    "chord_distribution": ".chord_curves",
    "phase_profile": ".axis_profiles",
    "two_point_curve": ".correlations",
    "shell_correlation_curve": ".shell_curves",
    "capillary_pressure_curve": ".two_fluids",
    "relative_permeability_curve": ".two_fluids",
    "target_views": ".targets",
    "value_over_time": ".series",
    "against_truth": ".compare",
    "scene_picture": ".volumes3d",
    "go_live": ".live",
    "is_live": ".live",
    "live_plot": ".live",
}

__all__ = [
    "DARK",
    "LIGHT",
    "STATUS",
    "Ground",
    "against_truth",
    "box_corners",
    "capillary_pressure_curve",
    "chord_distribution",
    "error_map",
    "error_maps",
    "errors_overview",
    "go_live",
    "grey_histogram",
    "grey_histograms",
    "is_live",
    "landmark_errors",
    "length_scales",
    "live_plot",
    "modality_color",
    "nested_boxes",
    "offset_overlay",
    "phase_color",
    "phase_profile",
    "pore_size_curves",
    "rc_params",
    "relative_permeability_curve",
    "scene_picture",
    "shell_correlation_curve",
    "size_distribution",
    "still",
    "target_views",
    "two_point_curve",
    "value_over_time",
]

if TYPE_CHECKING:
    from .axis_profiles import phase_profile
    from .chord_curves import chord_distribution
    from .compare import against_truth
    from .correlations import two_point_curve
    from .coverage import box_corners, nested_boxes
    from .histogram import grey_histogram, grey_histograms
    from .landmarks import errors_overview, landmark_errors
    from .live import go_live, is_live, live_plot
    from .offset_overlays import offset_overlay
    from .predicted_errors import error_map, error_maps
    from .scales import length_scales
    from .series import value_over_time
    from .shell_curves import shell_correlation_curve
    from .size_meanings import pore_size_curves
    from .sizes import size_distribution
    from .stills import still
    from .targets import target_views
    from .theme import DARK, LIGHT, STATUS, Ground, modality_color, phase_color, rc_params
    from .two_fluids import capillary_pressure_curve, relative_permeability_curve
    from .volumes3d import scene_picture


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'scalebridge.plots' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
