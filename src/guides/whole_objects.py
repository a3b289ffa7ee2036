"""One object that lies whole in its image: its volume, surface and inmost place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..analysis.quantification.measurement import Measurement
from ..analysis.quantification.phases import measure_phases
from ..analysis.segmentation import Corrections, levelled
from ..widgets.phase_record import corrections_of
from ..workspace import Workspace
from .measured_settings import Settings
from .quantification import grey_values

_RIM_PX = 8
_TOTALS = {
    "volume_fraction": ("volume_um3", "volume", "µm³", "voxels counted, of the whole object"),
    "specific_surface": (
        "surface_um2",
        "surface",
        "µm²",
        "Crofton with weights for the voxel shape, of the whole object",
    ),
}


def whole_object(ws: Workspace, settings: Settings, *, phase: str) -> tuple[Measurement, ...]:
    """Measure the volume and the surface of an object, as segmented.

    Only the part of the image around the object is looked at, so the numbers do not depend on how
    much else was imaged. What blur and noise may do widens the intervals; nothing is taken off.

    Parameters
    ----------
    ws : Workspace
    settings : Settings
        As `segmentations_to_measure` gives.
    phase : str
        Name of the object's phase.

    Returns
    -------
    tuple of Measurement
        ``quantification.<image>.<phase>.volume_um3`` and ``.surface_um2``.

    Raises
    ------
    Uncalibrated
        The image has no voxel size.
    ValueError
        It is no volume, or the phase is not in it.
    """
    if settings.trained:
        raise ValueError(
            f"{settings.name} needs thresholds to find a whole object, and it is learned from "
            "scribbles: part it with SegmentationSliders"
        )
    image = ws.images[settings.image]
    spacing = image.spacing_um
    if image.ndim != 3:
        raise ValueError(f"{image.name} needs to be a volume to hold a whole object, got {image!r}")
    grey, recipe = grey_values(image, settings), settings.recipe
    if recipe.method == "local":  # before the box is cut out, whose border has no surroundings
        scale = recipe.scale(spacing, image.ndim)
        grey = levelled(grey, window_um=recipe.window, spacing_um=scale, shape=recipe.window_shape)
        recipe = recipe.levelled()
    box = _box(_inside(grey, settings.thresholds, settings.phases.index(phase)))
    found = measure_phases(
        grey[box],
        thresholds=settings.thresholds,
        threshold_uncertainty=settings.uncertainty,
        spacing_um=spacing,
        spacing_uncertainty=image.spacing_uncertainty or 0.0,
        names=settings.phases,
        phase=phase,
        recipe=recipe,
        corrections=_corrections(image, settings, box),
        correct=False,
    )
    volume = float(np.prod(grey[box].shape) * np.prod(spacing))
    start = f"quantification.{image.name}.{phase}"
    return tuple(_total(found[f"{phase}.{key}"], volume, start, *_TOTALS[key]) for key in _TOTALS)


@dataclass(frozen=True)
class Inmost:
    """The place of an object that is furthest from its surface.

    Attributes
    ----------
    position : dict
        ``z_um``, ``y_um``, ``x_um`` in the image's frame.
    depth_um : float
        How far its surface is [µm].
    """

    position: dict[str, float]
    depth_um: float


def inmost_place(ws: Workspace, image: str, *, threshold: float) -> Inmost:
    """Find the voxel of a bright object in a volume that is furthest from the object's surface.

    Parameters
    ----------
    ws : Workspace
    image : str
        A calibrated volume.
    threshold : float
        Least grey value of the object.

    Returns
    -------
    Inmost
    """
    from scipy.ndimage import distance_transform_edt

    handle = ws.images[image]
    inside = handle.array() >= threshold
    box = _box(inside)
    depth = distance_transform_edt(inside[box], sampling=handle.spacing_um)
    first = [edge.start for edge in box]
    index = np.unravel_index(int(depth.argmax()), depth.shape) + np.array(first)
    matrix = np.asarray(handle.voxel_to_frame)
    place = matrix[:3, :3] @ index + matrix[:3, 3]
    position = dict(zip(("z_um", "y_um", "x_um"), place.tolist(), strict=True))
    return Inmost(position, float(depth.max()))


def _inside(grey: np.ndarray, thresholds: Sequence[float], label: int) -> np.ndarray:
    found = np.ones(grey.shape, bool)
    if label > 0:
        found &= grey >= thresholds[label - 1]
    if label < len(thresholds):
        found &= grey < thresholds[label]
    return found


def _box(inside: np.ndarray) -> tuple[slice, ...]:
    if not inside.any():
        raise ValueError("expected an object in the image, got none at these thresholds")
    box = []
    for axis in range(inside.ndim):
        others = tuple(other for other in range(inside.ndim) if other != axis)
        taken = np.flatnonzero(inside.any(axis=others))
        box.append(slice(max(0, taken[0] - _RIM_PX), taken[-1] + 1 + _RIM_PX))
    return tuple(box)


def _total(
    share: Measurement, volume: float, start: str, key: str, name: str, unit: str, convention: str
) -> Measurement:
    """Turn an amount per imaged volume into an amount."""
    low, high = share.interval95
    return replace(
        share,
        key=f"{start}.{key}",
        name=f"{name} of the {start.rsplit('.', 1)[1]}",
        value=share.value * volume,
        interval95=(low * volume, high * volume),
        uncertainty=share.uncertainty * volume,
        unit=unit,
        convention=convention,
        parts={part: size * volume for part, size in share.parts.items()},
        as_segmented=None if share.as_segmented is None else share.as_segmented * volume,
    )


def _corrections(image: Any, settings: Settings, box: tuple[slice, ...]) -> Corrections | None:
    """What was corrected by hand, on the grid of a box of the image."""
    whole = settings.record and corrections_of(settings.record, image)
    if not whole:
        return None
    start = np.array([part.start for part in box])
    origin = np.asarray(whole.origin_um) + start * np.asarray(whole.spacing_um)
    return replace(whole, origin_um=tuple(origin.tolist()))
