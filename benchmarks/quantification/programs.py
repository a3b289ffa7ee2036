"""One function a program: takes the volume, returns what its accuracy is told from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ONE = (1.0, 1.0, 1.0)
Program = Callable[[np.ndarray], Any]


def _ours() -> Any:
    from scalebridge.analysis import quantification

    return quantification


def _porespy() -> Any:
    import porespy

    porespy.settings.tqdm["disable"] = True
    return porespy


def distance(v: np.ndarray) -> Any:
    return _ours().distance_transform(v, spacing_um=ONE)


def distance_edt(v: np.ndarray) -> Any:
    import edt

    return edt.edt(v, parallel=2)


def components(v: np.ndarray) -> Any:
    from scalebridge.analysis.segmentation.components import connected_components

    return connected_components(v, connectivity=6).labels


def components_scipy(v: np.ndarray) -> Any:
    from scipy.ndimage import label

    return label(v)[0]


def thickness(v: np.ndarray) -> Any:
    return _ours().local_thickness(v, spacing_um=ONE)


def thickness_porespy(v: np.ndarray) -> Any:
    return 2 * _porespy().filters.local_thickness(v, method="bf")


def chords(v: np.ndarray) -> Any:
    means = _ours().chord_lengths(v, spacing_um=ONE).mean_um
    return [means[axis] for axis in "zyx"]


def chords_porespy(v: np.ndarray) -> Any:
    ps = _porespy()
    found = [
        ps.metrics.chord_length_distribution(ps.filters.apply_chords(v, axis=a, spacing=1))
        for a in range(3)
    ]
    return [float(np.sum(f.bin_centers * f.pdf * f.bin_widths)) for f in found]


def correlation(v: np.ndarray) -> Any:
    reach = min(40, v.shape[0] // 4)
    found = _ours().two_point_correlation(v, spacing_um=ONE, periodic=True, reach_um=reach)
    return found.table["distance_um"].to_numpy(), found.table["s2"].to_numpy()


def correlation_porespy(v: np.ndarray) -> Any:
    found = _porespy().metrics.two_point_correlation(v)
    return np.asarray(found.distance), np.asarray(found.probability_scaled)


def porosimetry(v: np.ndarray) -> Any:
    return _ours().porosimetry(v, spacing_um=ONE).diameter_um


def porosimetry_porespy(v: np.ndarray) -> Any:
    return 2 * _porespy().filters.porosimetry(v, sizes=25)


_NETWORK = ("pore.coords", "throat.conns", "throat.inscribed_diameter", "throat.total_length")


def network(v: np.ndarray) -> Any:
    from scalebridge.analysis.transport import extract_network

    sizes = extract_network(v, spacing_um=ONE).sizes
    return tuple(sizes[name] for name in _NETWORK)


def network_porespy(v: np.ndarray) -> Any:
    """Return what porespy finds on the whole volume: in parts it takes longer and cuts layers."""
    rim = 3
    found = _porespy().networks.snow2(v, boundary_width=rim, parallel_kw=None).network
    coords, *others = (np.asarray(found[name]) for name in _NETWORK)
    return coords - rim, *others


def objects(n: np.ndarray) -> Any:
    table = _ours().object_table(n, spacing_um=ONE, connectivity=26, surface=True)
    return table["object"].to_numpy(), table["surface_um2"].to_numpy()


def objects_itk(n: np.ndarray) -> Any:
    import SimpleITK as sitk

    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.ComputePerimeterOn()
    shapes.Execute(sitk.GetImageFromArray(n))
    labels = shapes.GetLabels()
    return np.array(labels), np.array([shapes.GetPerimeter(k) for k in labels])


def diffusion(v: np.ndarray, relative_error: float = 1e-3) -> Any:
    from scalebridge.analysis.transport import effective_diffusivity

    return effective_diffusivity(v, spacing_um=ONE, relative_error=relative_error).value


def diffusion_exact(v: np.ndarray) -> Any:
    return diffusion(v, 1e-6 if v.shape[0] <= 256 else 1e-4)


def diffusion_taufactor(v: np.ndarray) -> Any:
    import taufactor
    import torch

    torch.set_num_threads(2)
    solver = taufactor.Solver(v.astype(np.uint8), device="cpu")
    solver.solve(verbose=False, conv_crit=1e-3)
    return float(np.ravel(solver.D_eff)[0])


def diffusion_porespy(v: np.ndarray) -> Any:
    found = _porespy().simulations.tortuosity_fd(v, axis=0)
    return float(found.effective_porosity / found.tortuosity)


def flow(v: np.ndarray, relative_error: float = 1e-2) -> Any:
    from scalebridge.analysis.transport import permeability

    options: dict[str, Any] = {"boundary": "periodic", "relative_error": relative_error}
    return permeability(v, spacing_um=ONE, **options).value_um2


def flow_exact(v: np.ndarray) -> Any:
    return flow(v, 1e-4)


def gaussian(g: np.ndarray) -> Any:
    from scalebridge.analysis.segmentation import gaussian as ours

    return ours(g, sigma_um=2.0, spacing_um=ONE)


def gaussian_dask(g: np.ndarray) -> Any:
    import dask.array
    import dask_image.ndfilters

    # chunks by which dask-image is fastest on two cores
    lazy = dask.array.from_array(g, chunks=tuple(max(64, n // 2) for n in g.shape))
    return dask_image.ndfilters.gaussian_filter(lazy, 2).compute()


def gaussian_scipy(g: np.ndarray) -> Any:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(g, 2)


def median(g: np.ndarray) -> Any:
    from scalebridge.analysis.segmentation import median_of_neighbours

    return median_of_neighbours(g)


def median_itk(g: np.ndarray) -> Any:
    import SimpleITK as sitk

    image = sitk.Median(sitk.GetImageFromArray(g), [1, 1, 1])
    return sitk.GetArrayFromImage(image)


def features(g: np.ndarray) -> Any:
    from scalebridge.analysis.segmentation import PixelFeatures, pixel_features

    scales = tuple(2.0**k for k in range(-1, 5))
    kinds = ("gaussian", "gradient", "hessian")
    chosen = PixelFeatures(scales, kinds=kinds, intensity=False)
    return pixel_features(g, chosen, spacing_um=ONE)[0]


def features_skimage(g: np.ndarray) -> Any:
    from skimage.feature import multiscale_basic_features

    found = multiscale_basic_features(g, sigma_min=0.5, sigma_max=16)
    return found[..., 0]


def _forest(g: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return a forest that scikit-learn trained, and values of 64^3 voxels: feature, voxel."""
    from sklearn.ensemble import RandomForestClassifier

    from scalebridge.analysis.segmentation import PixelFeatures, pixel_features

    if not _TRAINED:
        part = g[:64, :64, :64]
        values = pixel_features(part, PixelFeatures((1.0, 2.0, 4.0)), spacing_um=ONE)
        flat = np.ascontiguousarray(values.reshape(len(values), -1))
        rng = np.random.default_rng(0)
        chosen = rng.choice(flat.shape[1], min(3000, flat.shape[1]), replace=False)
        noise = rng.normal(scale=0.02, size=len(chosen))
        model = RandomForestClassifier(100, max_depth=16, random_state=0, n_jobs=2)
        model.fit(flat[:, chosen].T, np.digitize(flat[5, chosen] + noise, (0.45, 0.55)))
        _TRAINED.append((model, flat))
    return _TRAINED[0]


_TRAINED: list[tuple[Any, np.ndarray]] = []


def forest(g: np.ndarray) -> Any:
    from scalebridge.analysis.segmentation.forest import forest_of

    model, flat = _forest(g)
    return forest_of(model).probabilities(flat)


def forest_sklearn(g: np.ndarray) -> Any:
    model, flat = _forest(g)
    return model.predict_proba(np.ascontiguousarray(flat.T))
