"""A stage of PyVista that needs no screen."""

from __future__ import annotations

from typing import Any


def off_screen_plotter(**given: Any) -> Any:
    """Make a stage for still pictures; keywords as of ``pyvista.Plotter``.

    VTK looks for a screen first and warns where there is none, which is as it should be on a
    server: that word is left out.
    """
    import pyvista as pv
    from vtkmodules.vtkCommonCore import vtkLogger

    usual = vtkLogger.GetCurrentVerbosityCutoff()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
    try:
        return pv.Plotter(off_screen=True, **given)
    finally:
        vtkLogger.SetStderrVerbosity(usual)
