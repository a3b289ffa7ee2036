"""A voxel size that was found after the import."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import Uncalibrated
from .record import Record

if TYPE_CHECKING:
    from .image import Image
    from .images import Images


def no_voxel_size(image: Record) -> Uncalibrated:
    """Say that an image has no voxel size, and how to give it one."""
    fields = image.fields
    why = (fields["spacing_source"] or "none stated").removeprefix("uncalibrated: ")
    return Uncalibrated(
        f"image {image.name!r} has no voxel size ({why}): "
        f"give it with ws.calibrate({image.name!r}, spacing_um=({_wanted(image)}), "
        "source='...'), in a shell with scalebridge calibrate"
    )


def partial_spacing_um(image: Record) -> tuple[float | None, ...]:
    """Give what is known of the voxel size, per spatial axis [µm]; None for what is not."""
    spatial = sum(axis in "zyx" for axis in image.fields["axes"])
    known = image.fields["spacing_um"] or image.fields["source"].get("partial_spacing_um") or ()
    return tuple(known) if len(known) == spatial else (None,) * spatial


def _wanted(image: Record) -> str:
    """What ``ws.calibrate`` wants, with what the file said filled in."""
    known = partial_spacing_um(image)
    if not any(known):
        return "..."
    letters = (axis for axis in image.fields["axes"] if axis in "zyx")
    named = zip(letters, known, strict=True)
    return ", ".join(axis if value is None else f"{value:.6g}" for axis, value in named)


def calibrate_image(
    images: Images,
    key: str,
    *,
    spacing_um: Sequence[float | None],
    source: str,
    uncertainty: float | None = None,
) -> Image:
    """Record a voxel size with its source; the nominal one stays beside it.

    Parameters
    ----------
    images : Images
    key : str
        Name or id.
    spacing_um : sequence of (float or None)
        Per spatial axis [µm]; None keeps what is known already.
    source : str
        How it is known.
    uncertainty : float, optional
        Relative standard uncertainty.

    Raises
    ------
    ValueError
        For values that are no lengths, and without a source.
    """
    image = images.get(key)
    values = _completed(tuple(spacing_um), image)
    if not source.strip():
        raise ValueError("source needs words that say how the voxel size is known, got none")
    calibrated: Image = images.edit(
        image.id,
        version=image.version,
        spacing_um=values,
        spacing_source=source,
        spacing_uncertainty=uncertainty,
    )
    return calibrated


def _completed(given: tuple[float | None, ...], image: Image) -> tuple[float, ...]:
    axes = [axis for axis in image.axes if axis in "zyx"]
    known = image.partial_spacing_um
    if len(given) == len(axes):
        values = [new if new is not None else old for new, old in zip(given, known, strict=True)]
        lengths = tuple(math.nan if value is None else float(value) for value in values)
        if all(math.isfinite(length) and length > 0 for length in lengths):
            return lengths
    raise ValueError(
        f"spacing_um needs {len(axes)} positive lengths in µm ({', '.join(axes)}), got {given}; "
        f"None keeps what is known: {known}"
    )
