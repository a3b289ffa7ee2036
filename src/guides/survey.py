"""Survey: what images there are, at which scale, of which quality, and what stands out in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..analysis.imaging import ImageQuality, image_quality, technique_for, techniques
from ..columns import significant
from ..quantities import format_value
from ..widgets.picture import spacing_words
from ..workspace import Workspace

_SAMPLE_VOXELS = 2_000_000


@dataclass(frozen=True)
class ImageSurvey:
    """What there is, before anything is registered.

    Attributes
    ----------
    order : list of str
        Images, the largest field of view first, uncalibrated ones last.
    table : DataFrame
        One row an image: name, modality, size and voxel size (x × y × z), field of view, where
        the voxel size came from.
    scales : DataFrame
        ``name``, ``modality``, ``voxel_um``, ``field_um``, for `scalebridge.plots.length_scales`.
    quality : DataFrame
        Noise, contrast, saturation and edge width of each image.
    samples : dict of str to ndarray
        A sample of the grey values of each image.
    captions : dict of str to str
        Axes, shape and voxel size in words.
    modalities : dict of str to str or None
    problems : list of str
        What a person should know: missing calibrations, tilts that were not corrected.
    """

    order: list[str]
    table: pd.DataFrame
    scales: pd.DataFrame
    quality: pd.DataFrame
    samples: dict[str, np.ndarray]
    captions: dict[str, str]
    modalities: dict[str, str | None]
    problems: list[str]


def image_survey(ws: Workspace) -> ImageSurvey:
    """Describe every image of a workspace.

    Parameters
    ----------
    ws : Workspace
    """
    images = sorted(ws.images, key=lambda image: (-_field_um(image), image.name))
    samples = {image.name: sampled(image) for image in images}
    return ImageSurvey(
        order=[image.name for image in images],
        table=pd.DataFrame([_row(image) for image in images]),
        scales=pd.DataFrame([_scale_row(image) for image in images if image.calibrated]),
        quality=_quality(images, samples),
        samples=samples,
        captions={image.name: caption(image) for image in images},
        modalities={image.name: image.modality for image in images},
        problems=[problem for image in images for problem in _problems(image)],
    )


def sampled(image: Any) -> np.ndarray:
    """Read the middle of an image, at full resolution and at most two million voxels.

    Blocks and not strides: noise and sharpness are lost between strides.
    """
    shape = image.shape[-image.ndim :]
    share = min(1.0, (_SAMPLE_VOXELS / np.prod(shape, dtype=float)) ** (1 / image.ndim))
    middle = tuple(
        slice(int((n - max(1, n * share)) / 2), int((n + max(1, n * share)) / 2)) for n in shape
    )
    first = (0,) * (len(image.shape) - image.ndim)
    return np.asarray(image.levels[0].array[(*first, *middle)])


def caption(image: Any) -> str:
    """Say in words what an image is made of."""
    size = f"{times(image.shape[-image.ndim :])} px"
    if not image.calibrated:
        return f"{image.modality or 'image'}, {size}, uncalibrated: no lengths."
    kind = "pixel" if image.ndim == 2 else "voxel"
    voxel = f"{kind} {spacing_words(image.spacing_um)}"
    return f"{image.modality or 'image'}, {size}, {voxel}."


def _field_um(image: Any) -> float:
    if not image.calibrated:
        return 0.0
    lengths = zip(image.shape[-image.ndim :], image.spacing_um, strict=True)
    return float(max(count * size for count, size in lengths))


def _row(image: Any) -> dict[str, Any]:
    known = image.calibrated
    return {
        "image": image.name,
        "modality": image.modality or "not stated",
        "size [px]": times(image.shape[-image.ndim :]),
        "voxel [µm]": times(image.spacing_um) if known else "uncalibrated",
        "field_um": _field_um(image) if known else np.nan,
        "voxel size from": image.spacing_source or "not stated",
    }


def times(values: Any) -> str:
    r"""Write values along z, y, x as people do: x first; one where all are the same.

    Examples
    --------
    >>> times((1.0, 0.5, 0.25)), times((5.0, 5.0, 5.0)), times((162, 212, 212))
    ('0.25\xa0×\xa00.5\xa0×\xa01', '5', '212\xa0×\xa0212\xa0×\xa0162')
    """
    written = [f"{value:.4g}" for value in reversed(tuple(values))]
    alike = len(set(written)) == 1 and isinstance(values[0], float)
    return written[0] if alike else "\u00a0×\u00a0".join(written)


def _scale_row(image: Any) -> dict[str, Any]:
    technique = technique_for(image.modality) if image.modality else None
    return {
        "name": image.name,
        "modality": technique.name if technique else image.modality,
        "voxel_um": float(min(image.spacing_um)),
        "field_um": _field_um(image),
    }


def _quality(images: Sequence[Any], samples: dict[str, np.ndarray]) -> pd.DataFrame:
    table = pd.DataFrame([_quality_row(image, samples[image.name]) for image in images])
    for column in ("noise", "contrast") if len(table) else ():
        table[column] = significant(table[column])
    return table


def _quality_row(image: Any, sample: np.ndarray) -> dict[str, Any]:
    spacing = image.spacing_um if image.calibrated else None
    quality = image_quality(sample, spacing_um=spacing)
    return {
        "image": image.name,
        "noise": quality.noise,
        "contrast": quality.contrast,
        "CNR": round(quality.contrast_to_noise, 1),
        "saturated_percent": round(100 * (quality.saturated_low + quality.saturated_high), 2),
        "edge width [px]": _width_words(quality),
    }


def _width_words(quality: ImageQuality) -> str:
    if not np.isfinite(quality.edge_width_px):
        return "no clear edge"
    return format_value(quality.edge_width_px, 1.96 * quality.edge_width_error_px)


def _unknown_words(image: Any) -> str:
    """Say why an image has no voxel size."""
    return str(image.spacing_source or "no voxel size").removeprefix("uncalibrated: ")


def _problems(image: Any) -> list[str]:
    if not image.calibrated:
        return [
            f"{image.name} is uncalibrated ({_unknown_words(image)}): physical "
            "measurements refuse until somebody gives the voxel size with ws.calibrate(...), in a "
            "shell with scalebridge calibrate"
        ]
    found = []
    if image.nominal_spacing_um and tuple(image.nominal_spacing_um) != tuple(image.spacing_um):
        found.append(
            f"{image.name}: the file says {image.nominal_spacing_um} µm, somebody gave "
            f"{image.spacing_um} µm ({image.spacing_source})"
        )
    return found


def technique_reach() -> pd.DataFrame:
    """Give each technique's reach as `scalebridge.plots.length_scales` draws it."""
    names = {"name": "technique", "lower_um": "resolution_um", "upper_um": "field_um"}
    return techniques().rename(columns=names)
