"""An image of the workspace: its pixels at every level, and where they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DamagedImage, ScalebridgeError
from .calibration import no_voxel_size, partial_spacing_um
from .pyramid import level_origin_um
from .record import Record

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Level:
    """One level of an image's pyramid.

    Attributes
    ----------
    image : Image
    index : int
        0 is full resolution.
    factors : tuple of int
        Voxels of level 0 in one voxel here, per spatial axis.
    """

    image: Image
    index: int
    factors: tuple[int, ...]

    @cached_property
    def array(self) -> Any:
        """The zarr array; a missing or damaged chunk raises ``DamagedImage``."""
        return self.image.open_level(self.index)

    @property
    def shift_px(self) -> tuple[float, ...]:
        """From the centre of level 0's first voxel to that of this one, in voxels of level 0."""
        return tuple((factor - 1) / 2 for factor in self.factors)

    @property
    def shape(self) -> tuple[int, ...]:
        """All axes, as the array has them."""
        lead = self.image.shape[: len(self.image.shape) - self.image.ndim]
        spatial = self.image.shape[-self.image.ndim :]
        return (*lead, *(-(-n // f) for n, f in zip(spatial, self.factors, strict=True)))

    @property
    def spacing_um(self) -> tuple[float, ...]:
        """Voxel size per spatial axis [µm]; raises ``Uncalibrated`` without one."""
        return tuple(s * f for s, f in zip(self.image.spacing_um, self.factors, strict=True))

    @property
    def origin_um(self) -> tuple[float, ...]:
        """Centre of the first voxel per spatial axis [µm]."""
        return level_origin_um(self.image.origin_um, self.image.spacing_um, self.factors)


class Image:
    """An image as it stands in its record; the pixels are read when asked for.

    The record's fields are attributes too.

    Parameters
    ----------
    record : Record
    folder : Path
        Its OME-Zarr folder.
    gone : callable
        Says why the folder is missing.
    versions : callable
        Gives every version of the record, also later ones than `record`.
    """

    def __init__(
        self,
        record: Record,
        *,
        folder: Path,
        gone: Callable[[], ScalebridgeError],
        versions: Callable[[], Sequence[Record]],
    ) -> None:
        self.record = record
        self.folder = folder
        self._gone = gone
        self._versions = versions

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "record":
            raise AttributeError(name)
        return getattr(self.record, name)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        size = "uncalibrated"
        if self.calibrated:
            size = " x ".join(f"{s:.4g}" for s in self.spacing_um) + " µm"
        return f"<image {self.name!r}: {self.axes} {shape}, {self.dtype}, voxel {size}>"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<code>{escape(repr(self))}</code>"

    @property
    def shape(self) -> tuple[int, ...]:
        """All axes [voxel]."""
        return tuple(self.record.fields["shape"])

    @property
    def dtype(self) -> np.dtype:
        """Pixel type."""
        return np.dtype(self.record.fields["dtype"])

    @property
    def ndim(self) -> int:
        """2 or 3 spatial axes."""
        return sum(axis in "zyx" for axis in self.record.fields["axes"])

    @property
    def calibrated(self) -> bool:
        """Whether the voxel size is known."""
        return self.record.fields["spacing_um"] is not None

    @property
    def spacing_um(self) -> tuple[float, ...]:
        """Voxel size per spatial axis [µm].

        Raises
        ------
        Uncalibrated
        """
        size = self.record.fields["spacing_um"]
        if size is None:
            raise no_voxel_size(self.record)
        return tuple(size)

    @property
    def partial_spacing_um(self) -> tuple[float | None, ...]:
        """What is known of the voxel size, per spatial axis [µm]; None for what is not."""
        return partial_spacing_um(self.record)

    @property
    def nominal_spacing_um(self) -> tuple[float, ...] | None:
        """What the file said, kept beside a later calibration [µm]."""
        size = self.record.fields["nominal_spacing_um"]
        return None if size is None else tuple(size)

    @property
    def origin_um(self) -> tuple[float, ...]:
        """Centre of the first voxel in its frame, per spatial axis [µm]."""
        origin = self.record.fields["origin_um"]
        return (0.0,) * self.ndim if origin is None else tuple(origin)

    @property
    def voxel_to_frame(self) -> np.ndarray:
        """Homogeneous map from voxel index (z, y, x) to µm (z, y, x), shape (4, 4).

        A 2-D image stands in the plane z = 0 of its frame.
        """
        pad = 3 - self.ndim
        matrix = np.diag([1.0] * pad + list(self.spacing_um) + [1.0])
        matrix[pad:3, 3] = self.origin_um
        return matrix

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The pyramid, finest first."""
        return tuple(
            Level(self, index, tuple(factors))
            for index, factors in enumerate(self.record.fields["factors"])
        )

    def array(self, level: int = 0) -> np.ndarray:
        """Read a whole level into memory, all axes.

        Raises
        ------
        DamagedImage
        """
        return np.asarray(self.levels[level].array[...])

    def verify(self) -> pd.DataFrame:
        """Read every file of the image and compare it with what was recorded at import.

        The metadata are those of the newest version, also where this one is earlier.

        Returns
        -------
        DataFrame
            One row for the metadata and one a level: image, part, files, damaged (how many),
            compared_with, problem (of the first; empty where all is as it was written).
        """
        from .verifying import verify_image

        if not self.folder.is_dir():
            raise self._gone()
        newest = max((self.record, *self._versions()), key=lambda record: record.version)
        return verify_image(newest, self.folder)

    def _refuse_foreign_group(self) -> None:
        from .group import damaged_group, fingerprinted, group_problem

        problem = group_problem(self.folder, self.record)
        # a calibration may be newer than this handle, or its metadata not written yet
        versions = map(fingerprinted, self._versions() if problem else ())
        if problem and all(group_problem(self.folder, one) for one in versions):
            raise damaged_group(self.record, problem)

    def open_level(self, index: int) -> Any:
        """Open a level as a zarr array that refuses to invent pixels."""
        import zarr

        from .level_metadata import refuse_strange_level
        from .store import open_strictly

        if not self.folder.is_dir():
            raise self._gone()
        refuse_strange_level(self.record, self.folder, index, shape=self.levels[index].shape)
        self._refuse_foreign_group()
        store = open_strictly(
            self.folder, image=self.name, fingerprints=self.record.fields["fingerprints"]
        )
        try:
            return zarr.open_array(store=store, path=str(index), mode="r", zarr_format=3)
        except (OSError, ValueError, KeyError) as error:
            raise DamagedImage(
                f"level {index} of image {self.name!r} in {self.folder} cannot be opened "
                f"({error}): restore the folder from a backup, or import it again"
            ) from error
