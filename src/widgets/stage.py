"""A scene drawn by VTK without a screen. VTK is handed arrays alone: it never reads a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..plots.off_screen import off_screen_plotter
from .colors import rgb
from .compose import GROUND
from .plane import Plane
from .space import EDGES, Block, Box, Sheet, Space, Surface

_SAMPLES = 4  # a pixel, for smooth edges
_STEP = 0.5  # of a voxel, along a ray of light


def xyz(points_zyx: ArrayLike) -> NDArray[np.float64]:
    """Positions or directions as VTK and the browser want them: the one place where axes swap.

    Examples
    --------
    >>> xyz([[3.0, 2.0, 1.0]]).tolist()
    [[1.0, 2.0, 3.0]]
    """
    return np.ascontiguousarray(np.asarray(points_zyx, float)[..., ::-1])


def matrix_xyz(block: Block) -> NDArray[np.float64]:
    """A volume's way into the scene as a 4 x 4 matrix for x, y, z."""
    matrix = np.eye(4)
    matrix[:3, :3] = block.matrix[::-1, ::-1]
    matrix[:3, 3] = xyz(block.offset_um)
    return matrix


def render(space: Space, plane: Plane, *, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Draw what stands in space, seen along the normal of a plane.

    Parameters
    ----------
    space : Space
    plane : Plane
        What the picture shows; it is seen without perspective.
    width_px, height_px : int

    Returns
    -------
    ndarray of uint8, shape (height_px, width_px, 3)
    """
    plotter = off_screen_plotter(window_size=[width_px, height_px], lighting="none")
    try:
        plotter.set_background([value / 255 for value in GROUND])
        plotter.enable_anti_aliasing("msaa", multi_samples=_SAMPLES)
        add_all(plotter, space, scale=max(1.0, width_px / 700))
        look(plotter, plane, space)
        return np.asarray(plotter.screenshot(None, return_img=True))[..., :3].copy()
    finally:
        plotter.close()


def add_all(plotter: Any, space: Space, *, scale: float = 1.0) -> None:
    """Put everything on a stage, with a light beside the eye."""
    import pyvista as pv

    plotter.add_light(pv.Light(light_type="headlight", intensity=0.6))
    beside = pv.Light(light_type="camera light", intensity=0.6)
    beside.position = (-0.7, 0.8, 1.0)
    plotter.add_light(beside)
    for box in space.boxes:
        _add_box(plotter, box, scale)
    for sheet in space.sheets:
        _add_sheet(plotter, sheet)
    # what light passes comes after what it does not
    for surface in sorted(space.surfaces, key=lambda one: -one.opacity):
        _add_surface(plotter, surface)
    for block in space.blocks:
        _add_block(plotter, block)


def look(plotter: Any, plane: Plane, space: Space) -> None:
    """Point a plotter's camera so that it shows a plane, without perspective."""
    far = 4 * max(plane.width_um, plane.height_um, *_reach(space))
    centre, normal = np.asarray(plane.centre_um), plane.normal
    camera = plotter.camera
    camera.parallel_projection = True
    camera.focal_point = xyz(centre)
    camera.position = xyz(centre - far * normal)
    camera.up = xyz(-np.asarray(plane.down))
    camera.parallel_scale = plane.height_um / 2
    camera.clipping_range = (1e-3 * far, 2 * far)


def _reach(space: Space) -> list[float]:
    return [float(np.ptp(box.corners_um, axis=0).max()) for box in space.boxes]


def _add_box(plotter: Any, box: Box, scale: float) -> None:
    import pyvista as pv

    edges = np.column_stack([np.full(len(EDGES), 2), EDGES]).ravel()
    plotter.add_mesh(
        pv.PolyData(xyz(box.corners_um), lines=edges),
        color=box.color,
        line_width=box.width_px * scale,
        lighting=False,
        reset_camera=False,
    )


def _add_sheet(plotter: Any, sheet: Sheet) -> None:
    import pyvista as pv

    texture = pv.Texture(np.ascontiguousarray(sheet.pixels))
    texture.SetInterpolate(True)
    texture.SetRepeat(False)
    for polygon, places in zip(sheet.polygons, sheet.places, strict=True):
        mesh = pv.PolyData(xyz(polygon), faces=[len(polygon), *range(len(polygon))])
        mesh.active_texture_coordinates = np.column_stack([places[:, 0], 1 - places[:, 1]])
        plotter.add_mesh(mesh, texture=texture, lighting=False, reset_camera=False)


def _add_surface(plotter: Any, surface: Surface) -> None:
    import pyvista as pv

    if not len(surface.faces):
        return
    faces = np.column_stack([np.full(len(surface.faces), 3), surface.faces]).ravel()
    plotter.add_mesh(
        pv.PolyData(xyz(surface.vertices_um), faces=faces),
        color=[value / 255 for value in rgb(surface.color)],
        opacity=surface.opacity,
        smooth_shading=True,
        split_sharp_edges=False,
        ambient=0.1,
        specular=0.15,
        reset_camera=False,
    )


def _add_block(plotter: Any, block: Block) -> None:
    import pyvista as pv
    import vtk
    from vtkmodules.util.numpy_support import numpy_to_vtk

    grid = pv.ImageData(
        dimensions=block.rgba.shape[2::-1],
        spacing=xyz(block.spacing_um),
        origin=xyz(block.origin_um),
    )
    values = numpy_to_vtk(np.ascontiguousarray(block.rgba).reshape(-1, 4), deep=True)
    values.SetName("rgba")
    grid.GetPointData().SetScalars(values)
    mapper = vtk.vtkGPUVolumeRayCastMapper()
    mapper.SetInputDataObject(grid)
    mapper.SetAutoAdjustSampleDistances(False)
    mapper.SetSampleDistance(float(block.spacing_um.min() * _STEP))
    volume = vtk.vtkVolume()
    volume.SetMapper(mapper)
    volume.SetProperty(_light_of(block))
    volume.SetUserMatrix(pv.vtkmatrix_from_array(matrix_xyz(block)))
    plotter.add_actor(volume, reset_camera=False)


def _light_of(block: Block) -> Any:
    import vtk

    opacity, colors = vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
    opacity.AddPoint(0, 0)
    opacity.AddPoint(255, 1)
    colors.AddRGBPoint(0, 0, 0, 0)
    colors.AddRGBPoint(255, 1, 1, 1)
    light = vtk.vtkVolumeProperty()
    light.IndependentComponentsOff()
    light.SetInterpolationTypeToLinear()
    light.SetScalarOpacity(opacity)
    light.SetColor(colors)
    light.SetScalarOpacityUnitDistance(block.opaque_um)
    light.ShadeOn()
    light.SetAmbient(0.55)
    light.SetDiffuse(1.15)
    light.SetSpecular(0.15)
    light.SetSpecularPower(12)
    return light
