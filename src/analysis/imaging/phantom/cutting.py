"""A face that somebody cuts anywhere through the specimen, and its backscatter picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ionbeam import BACKSCATTER, backscatter
from .noise import counted, curtains, grain
from .painting import Grid, gather, paint, paint_outside
from .specimen import Specimen
from .views import View
from .xray import faces_seen

_FINER = 2
_DEPTH_PIXELS = 0.25  # of what the electrons see, in pixels
_OUTSIDE = 10.0  # grey level of 255
_PSF_PIXELS = 0.8
_NOISE = 9.0


def face_view(
    middle_um: ArrayLike,
    *,
    normal: Sequence[float],
    shape: tuple[int, int],
    pixel_um: float,
    time: int = 2,
) -> View:
    """Look straight at a face that was cut.

    Parameters
    ----------
    middle_um : array_like, shape (3,)
        Middle of the picture in the specimen, z, y, x [um].
    normal : sequence of float
        Away from the one who looks: the way in which the cut proceeds.
    shape : tuple of int
        Pixels y, x; y points down into the specimen as far as the face allows.
    pixel_um : float
    time : int
        Which of the three time points the specimen is in.

    Examples
    --------
    >>> view = face_view([40, 0, 0], normal=[0, 1, 0], shape=(11, 21), pixel_um=1.0)
    >>> view.to_specimen(np.array([[0.0, 5, 10], [2, 5, 10], [0, 6, 10]])).round(6).tolist()
    [[40.0, 0.0, 0.0], [40.0, 2.0, 0.0], [41.0, 0.0, 0.0]]
    """
    ahead = np.asarray(normal, float) / np.linalg.norm(normal)
    down = np.array([1.0, 0, 0]) - ahead[0] * ahead
    if np.linalg.norm(down) < 1e-6:
        down = np.array([0.0, 1, 0])
    down /= np.linalg.norm(down)
    matrix = np.stack([ahead, down, np.cross(ahead, down)], axis=1)
    centre = np.array([0, (shape[0] - 1) / 2, (shape[1] - 1) / 2]) * pixel_um
    offset = np.asarray(middle_um, float) - matrix @ centre
    return View("face", (1, *shape), (pixel_um,) * 3, matrix, offset, time=time)


def exposed_face(
    specimen: Specimen, view: View, rng: np.random.Generator
) -> NDArray[np.unsignedinteger]:
    """Take a backscatter picture of a face: (y, x) uint8, not foreshortened.

    Contrast, point spread, curtains and noise are those of `fibsem_stack`.
    """
    grid = Grid.finer(view.shape, view.spacing_um, factors=(1, _FINER, _FINER))
    step = view.spacing_um[1] / _FINER
    reach = _DEPTH_PIXELS * view.spacing_um[1] / 2
    grid = Grid(
        np.array([-reach, reach]), grid.start_um, grid.step_um, grid.shape, np.zeros((2, 2))
    )
    fine = backscatter(specimen, view, grid, step)
    normals, limits = faces_seen(specimen, view)
    paint_outside(fine, grid, normals, limits, _OUTSIDE, softness_um=step)
    pits = specimen.pits.at(view.time).seen_through(view.matrix, view.offset_um)
    paint(fine, grid, pits, _OUTSIDE, softness_um=step)
    dense = specimen.dense.seen_through(view.matrix, view.offset_um)
    paint(fine, grid, dense, BACKSCATTER["dense"], softness_um=step)
    sigma = _PSF_PIXELS * view.spacing_um[1]
    image = gather(gather(fine, 2, _FINER, sigma, step), 1, _FINER, sigma, step)
    image = image.mean(axis=0, keepdims=True)
    image *= curtains(rng, view.shape, 0.02)
    image += grain(rng, view.shape, _NOISE)
    return counted(image[0], np.uint8)
