"""A voxel size that was found after the import."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .image import Image
    from .images import Images


def calibrate_image(
    images: Images,
    key: str,
    *,
    spacing_um: Sequence[float],
    source: str,
    uncertainty: float | None = None,
) -> Image:
    """Record a voxel size with its source; the nominal one stays beside it.

    Parameters
    ----------
    images : Images
    key : str
        Name or id.
    spacing_um : sequence of float
        Per spatial axis [µm].
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
    values = tuple(float(value) for value in spacing_um)
    axes = [axis for axis in image.axes if axis in "zyx"]
    if len(values) != len(axes) or not all(math.isfinite(v) and v > 0 for v in values):
        raise ValueError(
            f"spacing_um needs {len(axes)} positive lengths in µm ({', '.join(axes)}), got {values}"
        )
    if not source.strip():
        raise ValueError("source needs words that say how the voxel size is known, got none")
    calibrated = images.edit(
        image.id,
        version=image.version,
        spacing_um=values,
        spacing_source=source,
        spacing_uncertainty=uncertainty,
    )
    images.publish_metadata(calibrated)
    return calibrated
