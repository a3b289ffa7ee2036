"""Which images are shown of a frame."""

from __future__ import annotations

from typing import Any


def images_of(ws: Any, frame: str) -> list[str]:
    """Calibrated images that stand in a frame, the largest voxels first."""
    standing = [image for image in ws.images if image.frame == frame]
    found = [image for image in standing if image.calibrated]
    if standing and not found:
        _ = standing[0].spacing_um  # Uncalibrated, with what to do about it
    if not found:
        raise ValueError(f"no calibrated image stands in frame {frame!r}: name images to show")
    return [image.name for image in sorted(found, key=lambda image: -max(image.spacing_um))]
