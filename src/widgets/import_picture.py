"""The first picture of a file that is on its way in: its middle, from every n-th pixel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .annotate import Marks, draw_scale_bar, grey_words
from .page import compose_page, panel_width, text_size
from .picture import spacing_words

if TYPE_CHECKING:
    from ..io import ImageDescription, Preview

# A panel is at most this many times higher than wide; what is longer is cut at both ends.
_TALLEST = 1.5
_LIMITS = (0.5, 99.5)


def import_picture(preview: Preview, *, width_px: int = 900, theme: str = "light") -> Image.Image:
    """Draw the middle plane of a preview, and of a volume the middle cut along z too.

    Parameters
    ----------
    preview : Preview
    width_px : int
    theme : {"light", "dark"}

    Returns
    -------
    PIL.Image.Image
        With scale bars; in pixels where the voxel size is not known.
    """
    said = preview.description
    grey, channel = _one_channel(preview)
    planes = {"xy": grey[len(grey) // 2]}
    if len(grey) > 1:
        planes["xz"] = grey[:, grey.shape[1] // 2]
    width = panel_width(width_px, panels=len(planes), legend=False)
    pixel = _pixel_sizes(preview)
    low, high = _contrast(grey)
    panels = [
        _panel(plane, name, width, text_size(width_px), pixel, low, high, known=said.calibrated)
        for name, plane in planes.items()
    ]
    return compose_page(
        panels, width_px=width_px, caption=[_caption(preview, channel, low, high)], theme=theme
    )


def _one_channel(preview: Preview) -> tuple[NDArray, str]:
    """Planes, rows, columns of the first time and channel; colours stay a last axis."""
    axes = preview.description.axes
    image = preview.image[0] if "t" in axes else preview.image
    axes = axes.replace("t", "")
    names = preview.description.channel_names
    channel = ""
    if axes.startswith("c"):
        if len(image) >= 3 and image.dtype == np.uint8 and names[:1] == ("red",):
            image = np.moveaxis(image[:3], 0, -1)
        else:
            image, channel = image[0], names[0] if names else "channel 0"
        axes = axes[1:]
    return (image if "z" in axes else image[None]), channel


def _pixel_sizes(preview: Preview) -> dict[str, float]:
    said = preview.description
    steps = dict(zip(said.axes, preview.step, strict=True))
    sizes = dict(zip(said.spatial_axes, said.spacing_um or (1.0,) * said.ndim, strict=True))
    return {axis: steps[axis] * sizes[axis] for axis in said.spatial_axes}


def _contrast(grey: NDArray) -> tuple[float, float]:
    if grey.ndim == 4:
        return 0.0, 255.0
    finite = grey[np.isfinite(grey)] if grey.dtype.kind == "f" else grey
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, _LIMITS)
    if high <= low:
        low, high = float(finite.min()), float(finite.max())
    return float(low), float(high) if high > low else float(low) + 1.0


def _panel(
    plane: NDArray,
    name: str,
    width_px: int,
    size: int,
    pixel: dict[str, float],
    low: float,
    high: float,
    *,
    known: bool,
) -> Image.Image:
    shown = np.nan_to_num((plane.astype(np.float64) - low) / (high - low))
    picture = Image.fromarray((np.clip(shown, 0, 1) * 255).astype(np.uint8))
    scale = width_px / plane.shape[1]
    height = max(1, round(plane.shape[0] * scale * pixel[name[1]] / pixel["x"]))
    part = min(1.0, width_px * _TALLEST / height)
    cut = plane.shape[0] * (1 - part) / 2
    height = max(1, round(height * part))
    box = (0.0, cut, float(plane.shape[1]), plane.shape[0] - cut)
    picture = picture.resize((width_px, height), Image.Resampling.BILINEAR, box=box)
    if height < 4 * size:
        return picture.convert("RGB")
    marks = Marks(width_px, height)
    draw_scale_bar(marks, pixel_um=pixel["x"] / scale, size=size, unit="um" if known else "px")
    marks.text((size * 0.6, size * 0.4), name, size=size)
    return marks.over(picture)


def _caption(preview: Preview, channel: str, low: float, high: float) -> str:
    said = preview.description
    planes = preview.planes
    which = f" Plane {planes[len(planes) // 2]} of z." if len(planes) > 0 else ""
    step = preview.step[-1]
    thinned = f" One pixel in {step} along x and y." if step > 1 else ""
    rest = "" if preview.complete else " More planes did not come in time."
    return (
        f"{Path(said.path).name}: {shape_words(said)}, {voxel_words(said)}."
        f"{f' Channel {channel}.' if channel else ''}{which}{thinned} "
        f"Grey {grey_words(low)} to {grey_words(high)}.{rest}"
    )


def shape_words(said: ImageDescription) -> str:
    """Axes, shape and pixel type in words."""
    return f"{said.axes} {' x '.join(map(str, said.shape))} {said.dtype}"


def voxel_words(said: ImageDescription) -> str:
    """Voxel size in words, or that there is none."""
    if said.spacing_um is None:
        return "voxel size not known"
    return f"{'pixel' if said.ndim == 2 else 'voxel'} {spacing_words(said.spacing_um)}"
