"""The guided application: four steps in one page, served to this machine alone.

The order of the files::

    steps <- contents, report_run <- page <- serving
    front_end, access <- serving

Panel, which serves the page, rewires how Jupyter's widgets talk to their browser; it is imported
only where the page is served (`front_end`, `page`, `serving`), never by importing Scalebridge.
"""

from __future__ import annotations

from .steps import Step, steps_of

__all__ = ["Step", "steps_of"]
