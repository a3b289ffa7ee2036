"""From where a microscope looked at a surveyed surface: the pose of an orthographic picture.

The order of the files::

    view <- necker, sight <- relief, pose_error, pose_words <- pose, sightlines, further
    view <- rays, render <- likeness <- scene <- starts <- match
    plane: a pose as the map of an image's own frame
"""

from __future__ import annotations

from .further import errors_with_mark
from .match import ViewMatch, match_view
from .plane import onto_plane
from .pose import SurfacePose, fit_surface_pose
from .render import Rendered, render_surface
from .sightlines import SeenTwice, seen_twice
from .view import Angles, SurfaceView, raw_spacing

__all__ = [
    "Angles",
    "Rendered",
    "SeenTwice",
    "SurfacePose",
    "SurfaceView",
    "ViewMatch",
    "errors_with_mark",
    "fit_surface_pose",
    "match_view",
    "onto_plane",
    "raw_spacing",
    "render_surface",
    "seen_twice",
]
