"""A bead on a surface: the material below must not draw its centre down."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.segmentation import refine_centre
from scalebridge.analysis.segmentation.bead_on_interface import _drawn

FINER, EDGE = 4, 24
RADIUS, BLUR = 2.8, 0.77  # [voxels]


def picture(offset: np.ndarray, *, sunk: float = 0.0, below: float = 1.0) -> tuple:
    """A dense ball that touches a half-space, or is sunk into it; its centre in voxels."""
    step = (np.arange(EDGE * FINER) + 0.5) / FINER - 0.5
    z, y, x = np.meshgrid(step, step, step, indexing="ij", sparse=True)
    centre = np.full(3, EDGE / 2) + offset
    fine = np.where(z > centre[0] + RADIUS * (1 - sunk), below, 0.0) + 0 * y + 0 * x
    fine = fine.astype(np.float32)
    fine[np.sqrt((z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2) < RADIUS] = 3.4
    fine = gaussian_filter(fine, np.sqrt(BLUR**2 - 1 / 12) * FINER)
    return fine.reshape([EDGE, FINER] * 3).mean(axis=(1, 3, 5)), centre


@pytest.mark.parametrize("sunk", [0.0, 0.3])
def test_a_bead_on_a_surface_is_not_drawn_into_it(sunk: float) -> None:
    rng = np.random.default_rng(3)
    errors = []
    for _ in range(6):
        image, centre = picture(rng.uniform(-0.5, 0.5, 3), sunk=sunk)
        image = image + rng.normal(0, 0.1, image.shape)
        found = refine_centre(
            image, centre + 0.4, spacing_um=(1, 1, 1), diameter_um=2 * RADIUS, bright=True
        )
        errors.append((np.array(found.position_um) - centre, found.sigma_um))
    off, stated = (np.array(part) for part in zip(*errors, strict=True))
    assert abs(off[:, 0].mean()) < 0.02
    assert np.sqrt(np.mean((off / stated) ** 2)) < 1.5


def test_a_bead_in_one_material_keeps_its_centroid() -> None:
    image, centre = picture(np.array([0.2, -0.1, 0.3]), below=0.0)
    found = refine_centre(
        image, centre + 0.3, spacing_um=(1, 1, 1), diameter_um=2 * RADIUS, bright=True
    )
    assert np.array(found.position_um) == pytest.approx(centre, abs=0.02)


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_derivatives_of_bead_and_surface_are_those_of_the_picture(ndim: int) -> None:
    rng = np.random.default_rng(ndim)
    places, normal = rng.normal(size=(ndim, 60)), rng.normal(size=ndim)
    given = np.concatenate([rng.normal(0, 0.1, ndim), normal, [1.1, 0.25, 1, 0.05, 0.4, 0.8, 0.3]])
    _, derivatives = _drawn(given, places)
    step = 1e-6 * np.eye(len(given))
    differences = [
        (_drawn(given + s, places)[0] - _drawn(given - s, places)[0]) / 2e-6 for s in step
    ]
    assert derivatives == pytest.approx(np.stack(differences, axis=1), abs=1e-7)
