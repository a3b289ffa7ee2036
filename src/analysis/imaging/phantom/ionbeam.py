"""The FIB-SEM stack and the EDS map of one of its faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .ellipsoids import Ellipsoids
from .noise import counted, curtains, grain
from .painting import Grid, Image, gather, paint
from .specimen import Specimen
from .views import SlicedView, View

# backscattered electrons, grey levels of 255
BACKSCATTER = {"pore": 38.0, "matrix": 108.0, "particle": 166.0, "dense": 236.0}

EDS_LINES = ("Mg", "Al", "O")
# mean counts of one pixel in Mg, Al, O
EDS_COUNTS = {
    "matrix": (92.0, 6.0, 2.5),
    "particle": (50.0, 46.0, 2.5),
    "oxide": (40.0, 3.0, 62.0),
    "pore": (6.0, 0.8, 6.0),
    "dense": (2.0, 0.5, 1.5),
}

_FACE_FINER = 2
_INFORMATION_DEPTH_UM = 0.06
_PSF_PIXELS = 0.8
_NOISE = 9.0
_EDS_SPREAD_UM = 0.35


def fibsem_stack(
    specimen: Specimen, view: SlicedView, rng: np.random.Generator
) -> NDArray[np.unsignedinteger]:
    """Slice and view: a (slice, y, x) uint8 stack, neither aligned nor tilt-corrected.

    Every slice shows the face that lies at its own uneven position, foreshortened, shifted by
    the geometry and by the drift; two samples within the information depth and 2 x 2 across.
    """
    grid = _faces_grid(view)
    _, dy, dx = view.spacing_um
    softness = dx / _FACE_FINER
    slabs = []
    for _, slab in grid.slabs():
        fine = backscatter(specimen, view, slab, softness)
        across = gather(fine, 2, _FACE_FINER, _PSF_PIXELS * dx, dx / _FACE_FINER)
        slabs.append(gather(across, 1, _FACE_FINER, _PSF_PIXELS * dy, dy / _FACE_FINER))
    image = gather(np.concatenate(slabs), 0, 2, 0.0, 1.0)
    image *= curtains(rng, view.shape, 0.02)
    image += grain(rng, view.shape, _NOISE)
    return counted(image, np.uint8)


def eds_map(
    specimen: Specimen, view: View, rng: np.random.Generator
) -> NDArray[np.unsignedinteger]:
    """Count X-rays on one face: (line, y, x) uint16 counts of ``EDS_LINES``, Poisson.

    The pixel gathers what an interaction volume of 0.35 um (sigma) around it holds. The oxide
    film on the walls of the pores shows in the oxygen map only here.
    """
    factor = 2
    grid = Grid.finer(view.shape, view.spacing_um, factors=(1, factor, factor))
    step = view.spacing_um[1] / factor
    film = _grown(specimen.pores, specimen.film_um)
    stages = (
        ("particle", specimen.particles),
        ("oxide", film),
        ("pore", specimen.pores),
        ("dense", specimen.dense),
    )
    lines = []
    for channel in range(len(EDS_LINES)):
        fine = np.full((1, *grid.shape), EDS_COUNTS["matrix"][channel], np.float32)
        for name, solids in stages:
            seen = solids.seen_through(view.matrix, view.offset_um)
            paint(fine, grid, seen, EDS_COUNTS[name][channel], softness_um=step)
        blurred = gather(
            gather(fine, 2, factor, _EDS_SPREAD_UM, step), 1, factor, _EDS_SPREAD_UM, step
        )
        lines.append(rng.poisson(blurred[0]))
    return np.stack(lines).astype(np.uint16)


def _faces_grid(view: SlicedView) -> Grid:
    """Two layers a slice, at the slices' true positions, each shifted against its drift."""
    plane = Grid.finer((1, *view.shape[1:]), view.spacing_um, factors=(1, _FACE_FINER, _FACE_FINER))
    half = _INFORMATION_DEPTH_UM / 4
    layers = (view.positions_um[:, None] + np.array([-half, half])).ravel()
    shift = np.repeat(-view.drift_um, 2, axis=0)
    return Grid(layers, plane.start_um, plane.step_um, plane.shape, shift)


def backscatter(specimen: Specimen, view: View, grid: Grid, softness_um: float) -> Image:
    """Paint what backscattered electrons see on the layers of a fine grid."""
    image = np.full((len(grid.z_um), *grid.shape), BACKSCATTER["matrix"], np.float32)
    stages = (
        ("particle", specimen.particles),
        ("pore", specimen.pores),
        ("dense", specimen.dense),
    )
    for name, solids in stages:
        seen = solids.seen_through(view.matrix, view.offset_um)
        paint(image, grid, seen, BACKSCATTER[name], softness_um=softness_um)
    return image


def _grown(spheres: Ellipsoids, film_um: float) -> Ellipsoids:
    return Ellipsoids.spheres(spheres.centres_um, spheres.bounding_radii_um + film_um)
