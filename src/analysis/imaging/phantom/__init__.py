"""A corroding magnesium alloy that exists only as equations, and the instruments that look at it.

One specimen, analytic in every detail (:class:`Specimen`), seen by simple forward models of a
light microscope, an X-ray microscope at two scales and three times, a tilted SEM, a FIB-SEM and
an EDS detector. Each instrument samples the specimen itself, finer than its own pixel, with its
own pose, blur, contrast and noise. Nothing here reads or writes a file.
"""

from __future__ import annotations

from .cutting import exposed_face, face_view
from .ellipsoids import Ellipsoids
from .ionbeam import EDS_LINES
from .layout import LAYOUTS, Layout
from .session import IMAGE_NAMES, Picture, Session
from .specimen import PHASES, Pits, Specimen
from .truth import session_truth
from .views import SlicedView, View

__all__ = [
    "EDS_LINES",
    "IMAGE_NAMES",
    "LAYOUTS",
    "PHASES",
    "Ellipsoids",
    "Layout",
    "Picture",
    "Pits",
    "Session",
    "SlicedView",
    "Specimen",
    "View",
    "exposed_face",
    "face_view",
    "session_truth",
]
