"""The X-ray microscope: attenuation, a point spread, rings, a little cupping, noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .ellipsoids import Ellipsoids
from .noise import correlated_grain, counted, rings
from .painting import Grid, Image, gather, paint, paint_outside
from .specimen import Specimen
from .views import View

# attenuation relative to the alloy's matrix; the dense fiducials saturate the reconstruction
ATTENUATION = {"outside": 0.0, "pore": 0.0, "matrix": 1.0, "particle": 1.65, "dense": 3.4}

_PSF_VOXELS = 0.7
_FINER = 2
_NOISE = 0.10
_GREY_ZERO, _GREY_MATRIX = 3000.0, 900.0


def xray_volume(
    specimen: Specimen, view: View, rng: np.random.Generator
) -> NDArray[np.unsignedinteger]:
    """Scan the specimen: a (z, y, x) uint16 volume on the view's grid.

    Each voxel gathers 2 x 2 x 2 samples of the analytic specimen, blurred by a Gaussian of 0.7
    voxel; contrast to noise is 10 between matrix and air, 6.5 between matrix and intermetallic.
    """
    image = _attenuation(specimen, view)
    image *= 1 - 0.015 * _cupping(view.shape[1:])
    image += rings(rng, view.shape[1:], 0.12 * _NOISE)
    image += correlated_grain(rng, view.shape, _NOISE)
    image *= np.float32(_GREY_MATRIX)
    image += np.float32(_GREY_ZERO)
    return counted(image, np.uint16)


def _attenuation(specimen: Specimen, view: View) -> Image:
    grid = Grid.finer(view.shape, view.spacing_um, factors=(_FINER,) * 3)
    step = view.spacing_um[0] / _FINER
    sigma = _PSF_VOXELS * view.spacing_um[0]
    stages = _stages(specimen, view)
    normals, limits = faces_seen(specimen, view)
    slabs = []
    for _, slab in grid.slabs():
        fine = np.full((len(slab.z_um), *slab.shape), ATTENUATION["matrix"], np.float32)
        for name in ("particle", "pore"):
            paint(fine, slab, stages[name], ATTENUATION[name], softness_um=step)
        paint_outside(fine, slab, normals, limits, ATTENUATION["outside"], softness_um=step)
        for name in ("outside", "dense"):
            paint(fine, slab, stages[name], ATTENUATION[name], softness_um=step)
        slabs.append(gather(gather(fine, 2, _FINER, sigma, step), 1, _FINER, sigma, step))
    return gather(np.concatenate(slabs), 0, _FINER, sigma, step)


def _stages(specimen: Specimen, view: View) -> dict[str, Ellipsoids]:
    solids = {
        "particle": specimen.particles,
        "pore": specimen.pores,
        "outside": specimen.pits.at(view.time),
        "dense": specimen.dense,
    }
    return {name: solid.seen_through(view.matrix, view.offset_um) for name, solid in solids.items()}


def faces_seen(specimen: Specimen, view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The block's six faces as unit normals and limits in nominal coordinates."""
    outward, limits = specimen.faces()
    limits = limits - outward @ view.offset_um
    normals = outward @ view.matrix
    length = np.linalg.norm(normals, axis=1)
    return normals / length[:, None], limits / length


def _cupping(shape: tuple[int, int]) -> Image:
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    return 1 - np.minimum(y[:, None] ** 2 + x[None, :] ** 2, 1)
