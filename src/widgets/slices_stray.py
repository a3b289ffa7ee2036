"""How far single places of a stack of slices stray from the map that its landmarks tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..quantities import format_length

SLICED = "FIB-SEM"
# Nobody states these of a workspace's instrument, so what is usual stands for it, and is said:
# slices 15 % uneven (`slice_unsteadiness`), pictures steady to a fifth of a pixel.
STEADY_PX = 0.2


def strayed(fit: Any, images: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """Let single places of a stack stray with their slice, and say by how much.

    Landmarks tell the mean map, and the better the more of them there are; a place shares the
    error of its own slice. A fit without covariance, or that bends, is left as it is.

    Parameters
    ----------
    fit : LandmarkFit or SplineFit
    images : mapping of str to Image
        ``moving`` and ``fixed``.
    """
    from ..analysis.registration import AffineTransform
    from ..analysis.registration.stack import slice_unsteadiness, with_unsteadiness

    transform, said = fit.transform, []
    if not isinstance(transform, AffineTransform) or transform.covariance is None:
        return fit, ()
    for side, image in images.items():
        if image.modality != SLICED or image.ndim != 3 or not image.calibrated:
            continue
        along, *across = image.spacing_um
        own = slice_unsteadiness(along, image_um=[STEADY_PX * step for step in across])
        transform = with_unsteadiness(
            transform, own, stack="fixed" if side == "fixed" else "moving"
        )
        sizes = [format_length(float(size), digits=2) for size in own.diagonal() ** 0.5]
        said.append(
            f"Single places of {image.name} stray with their slice, by {', '.join(sizes)} "
            "(z, y, x): slices are taken to be 15 % uneven and pictures steady to a fifth of a "
            "pixel, which nobody has stated."
        )
    return (replace(fit, transform=transform) if said else fit), tuple(said)
