"""Surfaces of labels, and of phases between thresholds, from a level that is coarse enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from traitlets import Float, Int, TraitError, Tuple, Unicode, validate

from ..plots.theme import phase_color
from .colors import label_color
from .phase_record import recipe_of
from .scene import Placed
from .space import Octant, Surface
from .state import State
from .training_record import is_trained
from .volumes import MOST_VOXELS, level_within

_MOST_LABELS = 40
_SOFT_PX = 0.7  # a mask has steps of a voxel, which light makes loud


class LabelSurfaces(State):
    """Which labels are shown as surfaces; every trait may be set at any time."""

    source = Unicode(help="Name of a layer of labels, or of a segmentation of the workspace.")
    phases = Tuple(help="Names of the phases shown; empty: all but the most abundant.")
    opacity = Float(1.0, help="0 to 1.")
    most_voxels = Int(MOST_VOXELS, help="The finest level of at most so many voxels is used.")

    @validate("opacity")
    def _check_opacity(self, proposal: Any) -> float:
        value = float(proposal["value"])
        if not 0 < value <= 1:
            raise TraitError(f"opacity needs more than 0 and at most 1, got {value}")
        return value


@dataclass(frozen=True)
class Labelled:
    """Labels of a level, where it stands, and the names and colours of its phases."""

    labels: NDArray[Any]
    spacing_um: NDArray[np.float64]
    origin_um: NDArray[np.float64]
    phases: tuple[dict[str, Any], ...]


def surfaces_of(
    shown: LabelSurfaces,
    labelled: Labelled,
    locate: Any,
    *,
    octant: Octant | None = None,
) -> tuple[Surface, ...]:
    """Wrap each phase in triangles (marching cubes); to be looked at, not measured.

    Steps of a voxel are softened, which takes some per cent off small objects.

    Parameters
    ----------
    shown : LabelSurfaces
    labelled : Labelled
    locate : callable
        Own positions (n, 3) [µm] to those of the scene.
    octant : Octant, optional
        Nothing is drawn in it.
    """
    found = []
    for phase in _chosen(shown, labelled):
        wrapped = _wrapped(labelled.labels == phase["label"])
        if wrapped is None:
            continue
        vertices, faces = wrapped
        placed = np.asarray(locate(vertices * labelled.spacing_um + labelled.origin_um), float)
        if octant is not None:
            faces = faces[~octant.holds(placed[faces].mean(axis=1))]
        found.append(
            Surface(
                name=phase["name"],
                vertices_um=placed,
                faces=faces,
                color=phase["color"],
                opacity=shown.opacity,
            )
        )
    return tuple(found)


def labelled_layer(item: Placed, *, time: int, most_voxels: int) -> Labelled:
    """Labels of a layer of labels."""
    level, stride = level_within(item.levels, item.dims, most_voxels)
    chosen, steps = item.levels[level], (slice(None, None, stride),) * item.dims
    labels = np.asarray(chosen.array[(*item.select(time=time), *steps)])
    phases = item.layer.phases or tuple(
        {"label": int(label), "name": f"label {label}", "color": label_color(int(label))}
        for label in np.unique(labels)[:_MOST_LABELS]
        if label != 0
    )
    spacing = np.asarray(chosen.spacing_um, float) * stride
    return Labelled(labels, spacing, np.asarray(chosen.origin_um, float), phases)


def labelled_record(record: Any, image: Any, *, most_voxels: int) -> Labelled:
    """Phases of a segmentation's record, from the grey values of a level."""
    from ..analysis.segmentation import segment
    from ..analysis.segmentation.segment import coarser

    if is_trained(record):
        raise ValueError(
            f"{record.name} is learned from scribbles, for the finest level only: apply it, and "
            "show the image of labels"
        )
    level, stride = level_within(image.levels, image.ndim, most_voxels)
    chosen, steps = image.levels[level], (slice(None, None, stride),) * image.ndim
    before = {"t": record.parameters.get("time", 0), "c": record.parameters.get("channel", 0)}
    select = tuple(int(before[axis]) for axis in image.axes if axis in "tc")
    spacing = np.asarray(chosen.spacing_um, float) * stride
    factors = spacing / np.asarray(image.spacing_um, float)
    recipe = recipe_of(record)
    labels = segment(
        np.asarray(chosen.array[(*select, *steps)]),
        recipe=coarser(recipe, factors.tolist()),
        spacing_um=(spacing if recipe.length_unit == "um" else factors).tolist(),
    )
    phases = tuple(
        {**phase, "color": phase.get("color") or phase_color(phase["name"])}
        for phase in record.phases
    )
    return Labelled(labels, spacing, np.asarray(chosen.origin_um, float), phases)


def _chosen(shown: LabelSurfaces, labelled: Labelled) -> Sequence[dict[str, Any]]:
    names = [phase["name"] for phase in labelled.phases]
    unknown = [name for name in shown.phases if name not in names]
    if unknown:
        raise ValueError(
            f"{shown.source} has the phases {', '.join(names)}, got {', '.join(unknown)}"
        )
    if shown.phases:
        return [phase for phase in labelled.phases if phase["name"] in shown.phases]
    if len(names) < 2 or not _fills(labelled):
        return labelled.phases
    counts = [np.count_nonzero(labelled.labels == phase["label"]) for phase in labelled.phases]
    return [phase for n, phase in enumerate(labelled.phases) if n != int(np.argmax(counts))]


def _fills(labelled: Labelled) -> bool:
    """Whether the phases fill the volume, so that the most abundant would hide all others."""
    named = np.isin(labelled.labels, [phase["label"] for phase in labelled.phases])
    return bool(named.mean() > 0.95)


def _wrapped(
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.int64]] | None:
    """Vertices in voxels and triangles around a mask; closed where the volume ends."""
    from scipy.ndimage import gaussian_filter
    from skimage.measure import marching_cubes

    if not mask.any():
        return None
    padded = np.pad(mask.astype(np.float32), 1)
    soft = gaussian_filter(padded, _SOFT_PX, truncate=3)
    soft[[0, -1]], soft[:, [0, -1]], soft[:, :, [0, -1]] = 0, 0, 0
    if soft.max() <= 0.5:  # single voxels are gone after the filter
        soft = padded
    vertices, faces, _, _ = marching_cubes(soft, 0.5, allow_degenerate=False)
    return vertices.astype(float) - 1, faces.astype(np.int64)
