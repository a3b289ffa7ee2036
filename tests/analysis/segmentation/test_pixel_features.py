"""Features agree with scipy's and numpy's, do not depend on blocks or threads, know the voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, median_filter

from scalebridge.analysis.segmentation import (
    PixelFeatures,
    gaussian,
    median_of_neighbours,
    pixel_features,
)

SHAPES = {3: (13, 18, 21), 2: (29, 34)}
SPACING = {3: (2.0, 1.0, 0.5), 2: (1.0, 0.5)}


def noise(ndim: int) -> np.ndarray:
    return np.random.default_rng(ndim).random(SHAPES[ndim], dtype=np.float32)


def expected_tensors(image, sigma, spacing):
    """Hessian and structure tensor times the scale squared, in float64, by shifted arrays."""
    smooth = gaussian_filter(image.astype(float), [sigma / h for h in spacing])
    padded = np.pad(smooth, 1, mode="symmetric")
    unit = np.eye(image.ndim, dtype=int)

    def shifted(step):
        ends = zip(step, image.shape, strict=True)
        return padded[tuple(slice(1 + s, 1 + s + n) for s, n in ends)]

    slope = [(shifted(u) - shifted(-u)) * sigma / 2 / h for u, h in zip(unit, spacing, strict=True)]
    hessian = np.empty((*image.shape, image.ndim, image.ndim))
    structure = np.empty_like(hessian)
    for i, u in enumerate(unit):
        for j, v in enumerate(unit):
            if i == j:
                corners = 4 * (shifted(u) + shifted(-u) - 2 * shifted(0 * u))
            else:
                corners = shifted(u + v) - shifted(u - v) - shifted(v - u) + shifted(-u - v)
            hessian[..., i, j] = corners * sigma**2 / 4 / spacing[i] / spacing[j]
            outer = [sigma / 2 / h for h in spacing]
            structure[..., i, j] = gaussian_filter(slope[i] * slope[j], outer)
    return smooth, slope, hessian, structure


@pytest.mark.parametrize("ndim", [2, 3])
def test_features_are_those_of_scipy_and_numpy_on_voxels_of_any_shape(ndim):
    image, spacing = noise(ndim), SPACING[ndim]
    features = PixelFeatures((0.8, 2.0))
    found = dict(
        zip(features.names(ndim), pixel_features(image, features, spacing_um=spacing), strict=True)
    )
    np.testing.assert_array_equal(found["intensity"], image)
    for sigma in features.sigmas_um:
        smooth, slope, hessian, structure = expected_tensors(image, sigma, spacing)
        near = {"atol": 2e-6, "rtol": 0}
        np.testing.assert_allclose(found[f"gaussian {sigma:g} µm"], smooth, **near)
        length = np.sqrt(sum(s**2 for s in slope))
        np.testing.assert_allclose(found[f"gradient {sigma:g} µm"], length, **near)
        for kind, tensor in (("hessian", hessian), ("structure", structure)):
            values = np.linalg.eigvalsh(tensor)[..., ::-1]
            for k in range(ndim):
                mine = found[f"{kind} {sigma:g} µm, {k + 1}"]
                np.testing.assert_allclose(mine, values[..., k], atol=2e-5, rtol=0)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_box_has_the_features_of_the_whole_to_the_bit_for_any_number_of_threads(ndim):
    image, features = noise(ndim), PixelFeatures((0.5, 1.5))
    whole = pixel_features(image, features, spacing_um=SPACING[ndim], threads=1)
    rng = np.random.default_rng(5)
    for threads in (1, 2, 3, 5):
        ends = [sorted(rng.choice(n + 1, 2, replace=False)) for n in image.shape]
        box = tuple(slice(int(a), int(b)) for a, b in ends)
        part = pixel_features(image, features, spacing_um=SPACING[ndim], box=box, threads=threads)
        np.testing.assert_array_equal(part, whole[(slice(None), *box)])


def test_only_the_surroundings_of_a_plane_are_read():
    class Watched:
        shape = (60, 20, 20)

        def __getitem__(self, box):
            self.read = box
            return np.zeros([part.stop - part.start for part in box])

    source, features = Watched(), PixelFeatures((1.0,))
    box = (slice(30, 31), slice(0, 20), slice(0, 20))
    pixel_features(source, features, spacing_um=(0.5, 0.5, 0.5), box=box)
    assert features.reach_px((0.5,) * 3) == (13, 13, 13)
    assert source.read[0] == slice(30 - 13, 31 + 13)


def test_a_sheet_has_one_large_eigenvalue_across_it_whatever_its_direction():
    for axis, spacing in ((0, (0.5, 1.0, 1.0)), (2, (2.0, 1.0, 0.5))):
        place = (np.arange(41) - 20) * spacing[axis]
        shape = np.ones(3, int)
        shape[axis] = 41
        image = np.broadcast_to(np.exp(-(place**2) / 8).reshape(shape), (41, 41, 41))
        features = PixelFeatures((1.0,), kinds=("hessian",), intensity=False)
        middle = pixel_features(image, features, spacing_um=spacing)[:, 20, 20, 20]
        # a sheet of sigma 2 under a Gaussian of 1: 2 / 5^1.5, the difference of finite steps apart
        assert middle[2] == pytest.approx(-2 / 5**1.5, rel=0.03)
        np.testing.assert_allclose(middle[:2], 0, atol=1e-6)


def test_names_and_values_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match=r"increasing values, got \(2.0, 1.0\)"):
        PixelFeatures((2.0, 1.0))
    with pytest.raises(ValueError, match="got 'edges'"):
        PixelFeatures((1.0,), kinds=("edges",))
    with pytest.raises(ValueError, match="at least one voxel"):
        pixel_features(np.zeros((4, 4)), PixelFeatures((1.0,)), spacing_um=(1, 1),
                       box=(slice(4, 9), slice(0, 2)))  # fmt: skip


@pytest.mark.parametrize("sigma", [0.0, 0.7, 2.0, 9.0])
def test_the_gaussian_is_scipys_and_round_in_micrometres(sigma):
    image = noise(3)
    expected = gaussian_filter(image.astype(float), [sigma / h for h in SPACING[3]])
    found = gaussian(image, sigma_um=sigma, spacing_um=SPACING[3])
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)
    np.testing.assert_array_equal(
        found, gaussian(image, sigma_um=sigma, spacing_um=SPACING[3], threads=4)
    )


@pytest.mark.parametrize("dtype", ["u2", "f4"])
@pytest.mark.parametrize("shape", [(9, 11, 40), (2, 3, 5), (1, 8, 9), (13, 17), (3, 1)])
def test_the_median_is_scipys(shape, dtype):
    image = (np.random.default_rng(1).random(shape) * 250).astype(dtype)
    size = 3 if shape[0] > 1 or len(shape) == 2 else (1, 3, 3)
    np.testing.assert_array_equal(
        median_of_neighbours(image), median_filter(image, size, mode="nearest")
    )


def test_the_median_refuses_what_cannot_be_sorted():
    with pytest.raises(ValueError, match="got NaN"):
        median_of_neighbours(np.array([[1.0, np.nan]]))
    with pytest.raises(TypeError, match="complex128"):
        median_of_neighbours(np.ones((3, 3), complex))
