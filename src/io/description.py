"""What a file says about its image, before a pixel of it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import prod
from typing import Any

import numpy as np

AXES = "tczyx"


@dataclass(frozen=True, kw_only=True)
class ImageDescription:
    """What was understood of one image.

    Attributes
    ----------
    path, format : str
        Where it came from (with ``::entry`` for one image of several), and the reader's name.
    shape : tuple of int
        Pixels along `axes`.
    axes : str
        A part of ``"tczyx"`` in that order, so that spatial axes come last.
    dtype : str
        numpy's name of the pixel type, such as ``"uint16"``.
    spacing_um : tuple of float or None
        Voxel size [µm] along the spatial axes, ``None`` while any of them is unknown.
    partial_spacing_um : tuple of (float or None)
        The same with what is known when something is missing.
    spacing_source : str
        Where the voxel size came from, or why there is none.
    origin_um : tuple of float or None
        Centre of the first voxel in the file's own coordinates [µm].
    frame : str
        Name of those coordinates where several images share them, such as ``"stage"``.
    entries : tuple of str
        Every image of a file that holds several, to be asked for as ``path::entry``.
    stage : dict
        Stage position: ``x_um, y_um, z_um, rotation_deg, tilt_deg``, as far as it is known.
    channel_names : tuple of str
    modality : str or None
        Only if the metadata say so.
    time : str or None
        When it was acquired, ISO 8601 without a zone.
    instrument : str or None
        Make and serial number: what an answer is remembered by.
    metadata : dict
        The instrument's own, untouched apart from being plain JSON types.
    warnings : tuple of str
    missing : tuple of str
        What a person has to answer: ``"voxel size"``, ``"flip"``.
    flip_offered : str or None
        The axes whose reversal takes a mirrored image back, for ``Answers(flip=...)``.
    file_bytes : int
        Size on disk.
    """

    path: str
    format: str
    shape: tuple[int, ...]
    axes: str
    dtype: str
    spacing_um: tuple[float, ...] | None
    spacing_source: str
    partial_spacing_um: tuple[float | None, ...] = ()
    origin_um: tuple[float, ...] | None = None
    frame: str = ""
    entries: tuple[str, ...] = ()
    stage: Mapping[str, float] = field(default_factory=dict)
    channel_names: tuple[str, ...] = ()
    modality: str | None = None
    time: str | None = None
    instrument: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    flip_offered: str | None = None
    file_bytes: int = 0

    @property
    def spatial_axes(self) -> str:
        """The spatial part of `axes`: ``"zyx"`` or ``"yx"``."""
        return "".join(axis for axis in self.axes if axis in "zyx")

    @property
    def ndim(self) -> int:
        """Spatial dimensions: 2 or 3."""
        return len(self.spatial_axes)

    @property
    def calibrated(self) -> bool:
        """Whether every spatial axis has a voxel size."""
        return self.spacing_um is not None

    @property
    def nbytes(self) -> int:
        """Size of the pixels once they are unpacked [byte]."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize

    def to_dict(self) -> dict[str, Any]:
        """Write as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ImageDescription:
        """Read what `to_dict` wrote."""
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in plain.items() if key in known}
        return cls(**{key: _frozen(value) for key, value in values.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
