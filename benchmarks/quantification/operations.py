"""What is compared: the programs of each operation, how right they are, and what we aim for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import programs as p
from .volumes import BALL, grain_centres

OURS = "ours"


@dataclass(frozen=True)
class Operation:
    """One operation on one volume.

    Attributes
    ----------
    volume : str
        Of `VOLUMES`.
    programs : dict of str to callable
        Ours first.
    error : callable
        Of (result, volume, reference): how far off it is.
    error_is : str
        What the error is, in words.
    goal : tuple, optional
        The peer, how many times as fast we mean to be, and from which size on.
    largest : dict of str to int
        Sizes beyond which a program is not run, for it takes minutes or all the memory.
    reference : callable, optional
        What all results are compared with; our own result unless given.
    """

    volume: str
    programs: dict[str, p.Program]
    error: Callable[[Any, np.ndarray, Any], float]
    error_is: str
    goal: tuple[str, float, int] | None = None
    largest: dict[str, int] = field(default_factory=dict)
    reference: p.Program | None = None


def apart(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the greatest difference from ours."""
    return float(np.abs(np.asarray(found, float) - np.asarray(ours, float)).max())


def distance_error(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the greatest difference from exact distances, of the middle of the volume."""
    from scipy.ndimage import distance_transform_edt

    middle = tuple(slice(n // 2 - n // 4, n // 2 + n // 4) for n in volume.shape)
    wide = tuple(slice(max(0, s.start - 30), s.stop + 30) for s in middle)
    inner = tuple(
        slice(s.start - w.start, s.stop - w.start) for s, w in zip(middle, wide, strict=True)
    )
    exact = distance_transform_edt(volume[wide])[inner]
    near = exact < 30
    return float(np.abs(found[middle] - exact)[near].max())


def same_pieces(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the share of voxels whose piece is another than with ours, up to its number."""
    pairs = np.unique(np.stack([found.ravel(), ours.ravel()]), axis=1)
    return float(max(0, pairs.shape[1] - int(ours.max()) - 1) / (int(ours.max()) + 1))


def thickness_error(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the share of voxels further than 0.1 voxel from ours."""
    return float(np.mean(np.abs(found - ours)[volume] > 0.1))


def chord_error(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the greatest relative error of the mean chord: voxels over half of the ends seen."""
    worst = 0.0
    for axis, mean in enumerate(found):
        lines = np.moveaxis(volume, axis, 0)
        ends = np.count_nonzero(lines[1:] != lines[:-1]) / (lines.shape[0] - 1)
        truth = 2 * volume.mean() * lines[0].size / ends
        worst = max(worst, abs(mean / truth - 1))
    return worst


def correlation_error(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the greatest difference from pairs counted by FFT in shells of one voxel, to 30."""
    from scipy.fft import irfftn, rfftn

    size = volume.shape[0]
    spectrum = rfftn(volume.astype(np.float32))
    pairs = irfftn(np.abs(spectrum) ** 2, volume.shape) / volume.size
    lag = np.minimum(np.arange(size), size - np.arange(size)).astype(np.float32)
    r = np.sqrt(lag[:, None, None] ** 2 + lag[:, None] ** 2 + lag**2)
    distances, s2 = found
    asked = (distances >= 1) & (distances <= 30)
    worst = 0.0
    for at, value in zip(distances[asked], s2[asked], strict=True):
        shell = np.abs(r - at) <= 0.5
        worst = max(worst, abs(float(pairs[shell].mean()) - value))
    return worst


def ball_area_error(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the mean relative error of the surfaces of balls that are whole."""
    from scipy.spatial import cKDTree

    size = volume.shape[0]
    centres = grain_centres(size)
    inside = ((centres > BALL + 1) & (centres < size - BALL - 2)).all(axis=1)
    alone = cKDTree(centres).query(centres, k=2)[0][:, 1] > 2 * BALL
    labels, areas = found
    area = dict(zip(labels.tolist(), areas.tolist(), strict=True))
    ratios = [area[k + 1] / (4 * np.pi * BALL**2) for k in np.flatnonzero(inside & alone)]
    return float(np.mean(ratios) - 1) if ratios else float("nan")


def network_error(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the relative difference of what leads from face to face, each throat a round tube."""
    one, other = (_tubes_conduct(*network, len(volume)) for network in (found, ours))
    return float(one / other - 1)


def _tubes_conduct(places: Any, ends: Any, widths: Any, lengths: Any, layers: int) -> float:
    """Solve for the flow from the pores beyond the first layer to those beyond the last."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, laplacian
    from scipy.sparse.linalg import spsolve

    tubes = coo_array((widths**4 / lengths, tuple(ends.T)), shape=(len(places),) * 2)
    flow = laplacian((tubes + tubes.T).tocsr()).tocsr()
    first, last = places[:, 0] < -0.5, places[:, 0] > layers - 0.5
    parts = connected_components(tubes, directed=False)[1]
    free = np.isin(parts, parts[first | last]) & ~first & ~last
    pressure = first.astype(float)
    pressure[free] = spsolve(flow[free][:, free].tocsc(), -flow[free] @ pressure)
    return float((flow @ pressure)[first].sum())


def value_error(found: Any, volume: np.ndarray, ours: Any) -> float:
    """Return the relative difference."""
    return float(found / ours - 1)


OPERATIONS: dict[str, Operation] = {
    "distance": Operation(
        "porous", {OURS: p.distance, "edt": p.distance_edt}, distance_error,
        "greatest, voxel", ("edt", 4.0, 256),
    ),
    "components": Operation(
        "porous", {OURS: p.components, "scipy": p.components_scipy}, same_pieces,
        "pieces apart from ours",
    ),
    "local thickness": Operation(
        "porous", {OURS: p.thickness, "porespy bf": p.thickness_porespy}, thickness_error,
        "share > 0.1 voxel from ours, which is exact", ("porespy bf", 5.0, 256),
    ),
    "chords": Operation(
        "porous", {OURS: p.chords, "porespy": p.chords_porespy}, chord_error,
        "mean chord, relative", ("porespy", 20.0, 256), {"porespy": 256},
    ),
    "two-point correlation": Operation(
        "porous", {OURS: p.correlation, "porespy": p.correlation_porespy}, correlation_error,
        "greatest of S2 to 30 voxels", ("porespy", 150.0, 256), {"porespy": 256},
    ),
    "porosimetry": Operation(
        "porous", {OURS: p.porosimetry, "porespy, 25 sizes": p.porosimetry_porespy},
        thickness_error, "share > 0.1 voxel from ours, every size",
        ("porespy, 25 sizes", 5.0, 256), {"porespy, 25 sizes": 256},
    ),
    "pore network": Operation(
        "porous", {OURS: p.network, "porespy": p.network_porespy}, network_error,
        "of round tubes' permeability, relative to ours", ("porespy", 8.0, 256), {"porespy": 256},
    ),
    "objects with surface": Operation(
        "grains", {OURS: p.objects, "SimpleITK": p.objects_itk}, ball_area_error,
        "surface of balls, relative", ("SimpleITK", 10.0, 256),
    ),
    "D_eff": Operation(
        "porous",
        {OURS: p.diffusion, "TauFactor": p.diffusion_taufactor, "porespy": p.diffusion_porespy},
        value_error, "relative, from ours to 1e-6 (porespy's ends lie elsewhere)",
        ("TauFactor", 15.0, 256), {"TauFactor": 256, "porespy": 256}, p.diffusion_exact,
    ),
    "permeability": Operation(
        "packing", {OURS: p.flow}, value_error, "relative, from ours to 1e-4",
        largest={OURS: 128}, reference=p.flow_exact,
    ),
    "Gaussian": Operation(
        "grey", {OURS: p.gaussian, "dask-image": p.gaussian_dask, "scipy": p.gaussian_scipy},
        apart, "greatest, from ours", ("dask-image", 2.0, 256),
    ),
    "median": Operation(
        "grey", {OURS: p.median, "SimpleITK": p.median_itk}, apart, "greatest, from ours",
        ("SimpleITK", 10.0, 256), {"SimpleITK": 256},
    ),
    "features": Operation(
        "grey", {OURS: p.features, "scikit-image": p.features_skimage}, apart,
        "greatest of the first, from ours", ("scikit-image", 5.0, 128),
        {OURS: 128, "scikit-image": 128},
    ),
    "forest": Operation(
        "grey", {OURS: p.forest, "scikit-learn": p.forest_sklearn}, apart,
        "greatest, from ours", largest={OURS: 128, "scikit-learn": 128},
    ),
}  # fmt: skip
