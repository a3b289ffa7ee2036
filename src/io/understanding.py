"""What was understood of a file, in words, before anything is written."""

from __future__ import annotations

from collections.abc import Collection

from ..quantities import format_length
from .description import ImageDescription


def summary(description: ImageDescription) -> str:
    """Say in a few lines what a file holds and what is missing.

    Examples
    --------
    >>> d = ImageDescription(path="a.tif", format="TIFF", shape=(512, 512), axes="yx",
    ...     dtype="uint8", spacing_um=(0.5, 0.5), spacing_source="answered", file_bytes=262500)
    >>> print(summary(d))
    a.tif
      format      TIFF
      shape       y 512, x 512 (uint8, 262 KB in memory, 262 KB on disk)
      voxel size  y 500 nm, x 500 nm (answered)
      extent      y 256 µm, x 256 µm
      modality    not stated
    """
    lines = [
        ("format", description.format),
        ("shape", _shape(description)),
        ("voxel size", _voxel_size(description)),
        ("extent", _extent(description)),
        ("modality", description.modality or "not stated"),
        ("channels", ", ".join(description.channel_names)),
        ("origin", _lengths(description.spatial_axes, description.origin_um)),
        ("stage", _stage(description)),
        ("instrument", description.instrument or ""),
        ("acquired", description.time or ""),
    ]
    said = [f"  {name:<11} {text}" for name, text in lines if text]
    said += [f"  note        {warning}" for warning in description.warnings]
    said += [f"  missing     {_missing(description, name)}" for name in description.missing]
    return "\n".join([description.path, *said])


def refusal(description: ImageDescription, *, only: Collection[str] | None = None) -> str | None:
    """Say why a script must not import this file as it is, and which answer would do.

    Parameters
    ----------
    description : ImageDescription
    only : collection of str, optional
        What of ``description.missing`` matters; everything if left out.

    Returns
    -------
    str or None
        None if nothing is missing.
    """
    missing = [name for name in description.missing if only is None or name in only]
    if not missing:
        return None
    wanted = "; ".join(_missing(description, name) for name in missing)
    return f"{description.path} cannot be imported without an answer: {wanted}"


def format_bytes(count: int) -> str:
    """Write a size with the unit that suits it.

    Examples
    --------
    >>> format_bytes(17 * 10**9), format_bytes(900)
    ('17 GB', '900 B')
    """
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def _shape(description: ImageDescription) -> str:
    sizes = ", ".join(f"{a} {n}" for a, n in zip(description.axes, description.shape, strict=True))
    return (
        f"{sizes} ({description.dtype}, {format_bytes(description.nbytes)} in memory, "
        f"{format_bytes(description.file_bytes)} on disk)"
    )


def _voxel_size(description: ImageDescription) -> str:
    known = zip(description.spatial_axes, description.partial_spacing_um, strict=False)
    sizes = description.spacing_um or ()
    if sizes:
        return f"{_lengths(description.spatial_axes, sizes)} ({description.spacing_source})"
    partly = ", ".join(f"{a} {format_length(v, digits=4)}" for a, v in known if v is not None)
    return f"{description.spacing_source}{f' (known: {partly})' if partly else ''}"


def _lengths(axes: str, values: tuple[float, ...] | None) -> str:
    pairs = zip(axes, values or (), strict=False)
    return ", ".join(f"{axis} {format_length(value, digits=4)}" for axis, value in pairs)


def _extent(description: ImageDescription) -> str:
    if description.spacing_um is None:
        return ""
    counts = description.shape[-description.ndim :]
    sizes = tuple(n * s for n, s in zip(counts, description.spacing_um, strict=True))
    return _lengths(description.spatial_axes, sizes)


def _stage(description: ImageDescription) -> str:
    words = []
    for name, value in description.stage.items():
        axis, _, unit = name.rpartition("_")
        shown = format_length(value, digits=6) if unit == "um" else f"{value:.4g}°"
        words.append(f"{axis} {shown}")
    return ", ".join(words)


def _missing(description: ImageDescription, name: str) -> str:
    if name == "flip":
        return (
            "the image is mirrored (its x, y, z steps are left-handed); "
            f"flip={description.flip_offered!r} takes it back, flip='' keeps it as it is"
        )
    axes = ",".join(description.spatial_axes)
    return (
        f"voxel size: {description.spacing_source}; give spacing_um=({axes}) in µm, in a shell "
        f"--voxel-um {axes}"
    )
