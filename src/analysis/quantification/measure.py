"""One call for the geometry of labelled phases: tidy tables with units, conventions and checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_spacing
from .geometry_job import GeometryJob
from .geometry_parts import PARTS
from .interfaces import checked_labels
from .measurement import Measurement
from .measurement_list import MeasurementList
from .phase_inputs import checked_names, chosen_labels
from .sampling_error import Values, field_scatter
from .volume import checked_mask

if TYPE_CHECKING:
    import pandas as pd

_BLOCK = 128  # voxels along an axis of the blocks whose scatter is looked at, at most
# Averages over the volume, by part; totals, counts, bottlenecks and what comes in from the border
# are no such thing.
_AVERAGES = {
    "interfaces": ("interface_density",),
    "triple_lines": ("triple_line_density",),
    "euler": ("euler_density",),
    "curvature": ("mean_curvature", "gaussian_curvature"),
    "chords": ("mean_chord_",),
    "correlation": ("specific_surface_s2",),
    "local_thickness": ("local_thickness_",),
    "bodies": ("bodies_",),
    "paths": ("path_ratio_",),
}
_ABSENT = {"interfaces": 0.0, "triple_lines": 0.0}  # what a block without them has of them


@dataclass(frozen=True)
class GeometryMeasurements(MeasurementList):
    """Geometry of the phases of one labelled image.

    Attributes
    ----------
    measurements : tuple of Measurement
        Keys are ``"<phase>.<quantity>"``. The uncertainty is that of digitisation and counting,
        NaN where it is not known; that of the segmentation is not part of it. Averages over the
        volume know their `sampling`.
    tables : dict of str to DataFrame
        Distributions and lists, by what was asked for; units are in the column names.
    """

    measurements: tuple[Measurement, ...]
    tables: dict[str, pd.DataFrame]


def measure(
    labels: NDArray,
    *,
    spacing_um: Sequence[float],
    what: Sequence[str] = ("phases", "connectivity"),
    names: Sequence[str] | None = None,
    phase: str | int | None = None,
    mask: NDArray | None = None,
    connectivity: int | None = None,
    threads: int | None = None,
    sampling: bool = True,
) -> GeometryMeasurements:
    """Measure the geometry of labelled phases.

    Parameters
    ----------
    labels : ndarray of int or bool, (z, y, x) or (y, x)
        Phases 0, 1, ...
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    what : sequence of str
        Any of ``"phases"`` (fraction, surface, sizes of objects), ``"interfaces"``,
        ``"triple_lines"``, ``"euler"``, ``"curvature"``, ``"chords"``, ``"correlation"``,
        ``"local_thickness"``, ``"porosimetry"``, ``"bodies"``, ``"connectivity"``, ``"paths"``,
        ``"skeleton"``, ``"objects"``, ``"representative_volume"``, ``"profiles"``.
    names : sequence of str, optional
        One a phase; ``"class 0"`` and so on unless told.
    phase : str or int, optional
        Measure only this one.
    mask : ndarray of bool, optional
        Where the specimen is.
    connectivity : int, optional
        26 or 6 (8 or 4 in 2D); 26 (8) unless told.
    threads : int, optional
        All cores unless told.
    sampling : bool
        Measure blocks of up to 128 voxels, two along each axis, for what their scatter says about
        the material (`field_scatter`).

    Returns
    -------
    GeometryMeasurements

    Raises
    ------
    ValueError
        Bad spacing, labels, mask, names or `what`, in words.

    See Also
    --------
    measure_phases : From grey values, with the uncertainty of thresholds and imaging.

    Examples
    --------
    >>> import numpy as np
    >>> box = np.zeros((16, 16, 16), int); box[4:12, 4:12, 4:12] = 1
    >>> found = measure(box, spacing_um=(0.5, 0.5, 0.5), names=("matrix", "grain"))
    >>> found["grain.volume_fraction"].value
    0.125
    """
    labels = checked_labels(labels)
    spacing = checked_spacing(spacing_um, labels.ndim)
    unknown = [name for name in what if name not in PARTS]
    if unknown or isinstance(what, str):
        raise ValueError(f"what needs a list of some of {tuple(PARTS)}, got {what!r}")
    classes = int(labels.max()) + 1
    classes = max(classes, 0 if names is None else len(names))
    titles = checked_names(names, classes)
    job = GeometryJob(
        labels,
        spacing,
        titles,
        chosen_labels(phase, titles),
        (26 if labels.ndim == 3 else 8) if connectivity is None else connectivity,
        None if mask is None else checked_mask(mask, labels.shape),
        threads,
    )
    measurements: list[Measurement] = []
    tables: dict[str, pd.DataFrame] = {}
    for name in dict.fromkeys(what):
        found = PARTS[name](job)
        measurements += _sampled(found.measurements, job, name) if sampling else found.measurements
        tables |= found.tables
    return GeometryMeasurements(tuple(measurements), tables)


def _sampled(measurements: list[Measurement], job: GeometryJob, name: str) -> list[Measurement]:
    """Say of each average of a part by how much the image may differ from the material."""
    averages = _AVERAGES.get(name, ())

    def values(labels: NDArray, inside: NDArray[np.bool_] | None) -> Values:
        found = PARTS[name](replace(job, labels=labels, inside=inside))
        return {m.key: m.value for m in found.measurements if _is_one_of(m, averages)}

    if not any(_is_one_of(m, averages) for m in measurements):
        return measurements
    try:
        scatter = field_scatter(
            job.labels, values, mask=job.inside, largest=_BLOCK, absent=_ABSENT.get(name, np.nan)
        )
    except ValueError:  # one of the blocks has nothing of it
        return measurements
    if scatter is None:
        return measurements
    voxels = job.labels.size if job.inside is None else int(np.count_nonzero(job.inside))
    found = []
    for m in measurements:
        half = scatter.half_width(m.key, voxels)
        if half is not None:  # a block may see less of what is long than the image does
            half = math.hypot(half, float(scatter.values[m.key].mean()) - m.value)
        found.append(m if half is None else replace(m, sampling=half))
    return found


def _is_one_of(m: Measurement, averages: tuple[str, ...]) -> bool:
    return m.key.rsplit(".", 1)[1].startswith(averages)
