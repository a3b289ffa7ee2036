"""The table of objects: one row for each connected piece of a phase."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .euler import checked_connectivity
from .label_sums import LabelSums, label_sums
from .volume import checked_phase

if TYPE_CHECKING:
    import pandas as pd

#: Smaller objects have no size of their own: it is that of the voxels.
SPECK_VOXELS = {2: 5, 3: 8}
AXIS_NAMES = {2: ("y", "x"), 3: ("z", "y", "x")}


def label_objects(phase: NDArray, *, connectivity: int) -> NDArray:
    """Number the connected pieces of a phase from 1; 0 is outside.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
    connectivity : {26, 6} for a volume, {8, 4} for an image

    Returns
    -------
    ndarray of unsigned int

    Examples
    --------
    >>> import numpy as np
    >>> int(label_objects(np.eye(3, dtype=bool), connectivity=4).max())
    3
    """
    import cc3d

    phase = checked_phase(phase)
    checked_connectivity(connectivity, phase.ndim)
    neighbours: Any = connectivity
    # as labels: told that they are binary, cc3d 4.1.1 parts what touches by corners in 2D
    return cc3d.connected_components(phase.astype(np.uint8), connectivity=neighbours)


def object_table(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    connectivity: int,
    origin_um: Sequence[float] | None = None,
    image: NDArray | None = None,
    surface: bool = False,
    shape: bool = False,
    contacts: bool = False,
    threads: int | None = None,
) -> pd.DataFrame:
    """Measure every object of a phase, in one sweep over the image.

    Parameters
    ----------
    phase : ndarray, (z, y, x) or (y, x)
        Bool, or integer labels of objects that are already separated (0 is outside).
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    connectivity : {26, 6} for a volume, {8, 4} for an image
        Used when `phase` is bool.
    origin_um : sequence of float, optional
        Centre of voxel 0 [µm]; 0 unless told.
    image : ndarray, optional
        Grey values; adds `mean_grey`.
    surface : bool
        Also the surface by Crofton inside the image, and the sphericity; the latter is NaN for
        objects that the border cuts, whose cut face is no surface of theirs.
    shape : bool
        Also the shape: the axes of the ellipsoid (ellipse) with the same second moments, the
        direction of the longest, and the tensor of these moments.
    contacts : bool
        Also the number of neighbours that it touches, and the surface shared with them.
    threads : int, optional
        All cores unless told; the table is the same to the bit for any number.

    Returns
    -------
    DataFrame
        `object`, `x_um`, `y_um`, `z_um` (centroid; no z in 2D), `volume_um3` (`area_um2`),
        `voxels`, `equivalent_diameter_um`, `size_x_um` .. (bounding box), `at_border`; on request
        `mean_grey`; `surface_um2` (`perimeter_um`), `sphericity` (`circularity`); `long_axis_um`,
        `middle_axis_um`, `short_axis_um` (no middle in 2D), `direction_x` .. (unit vector, z or y
        not negative), `moment_xx_um2` ..; `neighbours`, `contact_um2` (`contact_um`).

    Examples
    --------
    >>> import numpy as np
    >>> square = np.zeros((5, 5), bool); square[1:3, 1:3] = True
    >>> object_table(square, spacing_um=(2, 1), connectivity=8)[["x_um", "y_um", "area_um2"]]
       x_um  y_um  area_um2
    0   1.5   3.0       8.0
    """
    import pandas as pd

    labels, spacing = _labels_and_spacing(phase, spacing_um, connectivity)
    ndim, names = labels.ndim, AXIS_NAMES[labels.ndim]
    found = label_sums(
        labels, spacing_um=spacing, surface=surface, contacts=contacts, threads=threads
    )
    rows = np.nonzero(found.voxels)[0]
    origin = np.zeros(ndim) if origin_um is None else np.asarray(origin_um, dtype=float)
    measure = found.voxels[rows] * float(np.prod(spacing))
    position = found.mean[rows] * spacing + origin
    table: dict[str, NDArray] = {"object": rows}
    table |= {f"{names[a]}_um": position[:, a] for a in reversed(range(ndim))}
    table["volume_um3" if ndim == 3 else "area_um2"] = measure
    table["voxels"] = found.voxels[rows]
    table["equivalent_diameter_um"] = equivalent_diameter_um(measure, ndim=ndim)
    size = (found.high[rows] - found.low[rows]) * np.asarray(spacing)
    table |= {f"size_{names[a]}_um": size[:, a] for a in reversed(range(ndim))}
    table["at_border"] = (found.low[rows] == 0).any(1) | (found.high[rows] == labels.shape).any(1)
    if image is not None:
        grey = np.bincount(labels.ravel(), np.asarray(image, dtype=float).ravel())
        table["mean_grey"] = grey[rows] / found.voxels[rows]
    if surface:
        whole = np.where(table["at_border"], np.nan, measure)
        table |= _surface_columns(found.surface_um2[rows], whole, ndim)
    if shape:
        table |= shape_columns(found.covariance[rows], spacing)
    if contacts:
        table |= _contact_columns(found, rows, ndim)
    return pd.DataFrame(table)


def contact_table(
    labels: NDArray, *, spacing_um: Sequence[float], threads: int | None = None
) -> pd.DataFrame:
    """List the pairs of objects that touch, with the surface that they share.

    Parameters
    ----------
    labels : ndarray of int, (z, y, x) or (y, x)
        Objects that are already separated; 0 is outside.
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    DataFrame
        `object`, `neighbour` (the larger label), `contact_um2` (`contact_um` in 2D), by Crofton.
        Objects touch where voxels of them share a face, an edge or a corner.

    Examples
    --------
    >>> import numpy as np
    >>> contact_table(np.array([[1, 2, 0, 3]]), spacing_um=(1, 1))[["object", "neighbour"]]
       object  neighbour
    0       1          2
    """
    import pandas as pd

    labels, spacing = _labels_and_spacing(np.asarray(labels), spacing_um, 0)
    found = label_sums(labels, spacing_um=spacing, moments=False, contacts=True, threads=threads)
    area = "contact_um2" if labels.ndim == 3 else "contact_um"
    return pd.DataFrame(
        {"object": found.pairs[:, 0], "neighbour": found.pairs[:, 1], area: found.contact_um2}
    )


def equivalent_diameter_um(measure: NDArray, *, ndim: int) -> NDArray:
    """Return the diameter of the sphere of a volume (3), or of the circle of an area (2) [µm].

    Examples
    --------
    >>> import numpy as np
    >>> equivalent_diameter_um(np.array([np.pi / 6 * 8]), ndim=3)
    array([2.])
    """
    return np.cbrt(6 * measure / pi) if ndim == 3 else np.sqrt(4 * measure / pi)


def have_size(table: pd.DataFrame, *, ndim: int) -> NDArray:
    """Say which objects of a table have a size of their own, (n,) bool.

    Not those that the border cuts, and no specks of fewer than `SPECK_VOXELS` voxels.
    """
    kept = ~table["at_border"] & (table["voxels"] >= SPECK_VOXELS[ndim])
    return kept.to_numpy(bool)


def _labels_and_spacing(
    phase: NDArray, spacing_um: Sequence[float], connectivity: int
) -> tuple[NDArray, tuple[float, ...]]:
    phase = np.asarray(phase)
    spacing = checked_spacing(spacing_um, phase.ndim)
    if phase.dtype == bool:
        return label_objects(phase, connectivity=connectivity), spacing
    unsigned = np.issubdtype(phase.dtype, np.unsignedinteger)
    if not unsigned and (not np.issubdtype(phase.dtype, np.integer) or phase.min() < 0):
        raise TypeError(
            f"phase needs bool or labels of 0 and more, got {phase.dtype}: segment the image first"
        )
    if phase.max() > phase.size:
        raise ValueError(
            f"phase needs labels up to its number of voxels, got {phase.max()}: renumber the labels"
        )
    return phase, spacing


def _surface_columns(area: NDArray, measure: NDArray, ndim: int) -> dict[str, NDArray]:
    d = equivalent_diameter_um(measure, ndim=ndim)
    with np.errstate(divide="ignore", invalid="ignore"):
        round_ = (pi * d**2 if ndim == 3 else pi * d) / area
    if ndim == 3:
        return {"surface_um2": area, "sphericity": round_}
    return {"perimeter_um": area, "circularity": round_**2}


def shape_columns(covariance: NDArray, spacing: tuple[float, ...]) -> dict[str, NDArray]:
    """Return axes, direction and second moments of objects from their voxels' covariance."""
    ndim = len(spacing)
    scale = np.asarray(spacing)
    moments = covariance * scale[:, None] * scale + np.diag(scale**2 / 12)  # each voxel is a box
    values, vectors = np.linalg.eigh(moments)
    lengths = 2 * np.sqrt(np.maximum(values[:, ::-1], 0) * (5 if ndim == 3 else 4))
    titles = ("long", "middle", "short") if ndim == 3 else ("long", "short")
    columns = {f"{title}_axis_um": lengths[:, k] for k, title in enumerate(titles)}
    longest = vectors[:, :, -1]
    longest = longest * np.where(longest[:, :1] < 0, -1.0, 1.0)
    names = AXIS_NAMES[ndim]
    columns |= {f"direction_{names[a]}": longest[:, a] for a in reversed(range(ndim))}
    for a in reversed(range(ndim)):
        for b in reversed(range(a + 1)):
            columns[f"moment_{names[a]}{names[b]}_um2"] = moments[:, a, b]
    return columns


def _contact_columns(found: LabelSums, rows: NDArray, ndim: int) -> dict[str, NDArray]:
    size = len(found.voxels)
    ends = found.pairs.ravel(order="F")
    area = np.bincount(ends, np.tile(found.contact_um2, 2), minlength=size)
    name = "contact_um2" if ndim == 3 else "contact_um"
    return {"neighbours": np.bincount(ends, minlength=size)[rows], name: area[rows]}
