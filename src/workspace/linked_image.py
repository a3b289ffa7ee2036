"""An image of the workspace whose pixels stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ReadOnly, ScalebridgeError
from .image import Image, Level
from .links import Links
from .record import Record

if TYPE_CHECKING:
    import pandas as pd


class LinkedLevel(Level):
    """One level of a linked pyramid, where its own metadata put it.

    Attributes
    ----------
    factors : tuple of float
        As of `Level`, but whole only where the image was halved exactly.
    """

    @cached_property
    def array(self) -> Any:
        """An array that fetches what is cut out of it, see `LinkedArray`."""
        return self.image.open_level(self.index)

    @property
    def shape(self) -> tuple[int, ...]:
        """All axes, as the array has them."""
        return tuple(self._said["shape"])

    @property
    def shift_px(self) -> tuple[float, ...]:
        """From the centre of level 0's first voxel to that of this one, in voxels of level 0."""
        return tuple(self._said["shift_px"])

    @property
    def origin_um(self) -> tuple[float, ...]:
        """Centre of the first voxel per spatial axis [µm]."""
        image = self.image
        steps = zip(image.origin_um, image.spacing_um, self.shift_px, strict=True)
        return tuple(o + s * shift for o, s, shift in steps)

    @property
    def _said(self) -> Any:
        return self.image.record.fields["link"]["levels"][self.index]


class LinkedImage(Image):
    """An image as it stands in its record; chunks are fetched when they are seen.

    Parameters
    ----------
    record : Record
    links : Links
    versions : callable
        Gives every version of the record.
    """

    def __init__(
        self, record: Record, *, links: Links, versions: Callable[[], Sequence[Record]]
    ) -> None:
        self.record = record
        self._links = links
        self._versions = versions

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, linked to {self.address}>"

    @property
    def folder(self) -> Any:  # type: ignore[override]
        """There is none in the workspace: what wants files has to import the image."""
        raise ReadOnly(
            f"expected files of image {self.name!r} in the workspace, it is linked to "
            f"{self.address} and only read there: import it for a copy"
        )

    @property
    def address(self) -> str:
        """Where the pixels are."""
        return str(self.record.fields["link"]["address"])

    @property
    def problem(self) -> str:
        """Why it could not be read when it was asked for last; empty if it could, or was not."""
        return self._links.problems.get(self.id, "")

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The pyramid, finest first; nothing is fetched for it."""
        return tuple(
            LinkedLevel(self, index, tuple(level["factors"]))
            for index, level in enumerate(self.record.fields["link"]["levels"])
        )

    def open_level(self, index: int) -> Any:
        """Give a level as an array; its metadata are compared when pixels are wanted."""
        from ..io.linked_array import LinkedArray

        level = self.record.fields["link"]["levels"][index]
        return LinkedArray(
            tuple(level["shape"]),
            np.dtype(self.dtype),
            opened=lambda: self._links.levels(self.record)[index],
            place=f"{self.address}/{level['path']}",
            limit_mb=lambda: self._links.limit_mb,
            tell=lambda error: self._links.tell(self.record, error),
        )

    def verify(self) -> pd.DataFrame:
        """Fetch every metadata document and compare it with what was recorded.

        Pixels are not compared: no sums of them were taken.

        Returns
        -------
        DataFrame
            As :meth:`Image.verify`, one row a document.
        """
        import pandas as pd

        from .verifying import COLUMNS

        rows = [self._row(*item) for item in self.record.fields["link"]["documents"].items()]
        return pd.DataFrame(rows, columns=COLUMNS)

    def _row(self, key: str, recorded: str) -> tuple[Any, ...]:
        from zarr.core.sync import sync

        problem = ""
        try:
            found = sync(self._links.store_of(self.record).fetch(key))
        except ScalebridgeError as error:
            problem = str(error)
        else:
            if found is None:
                problem = f"{self.address}/{key} is not there"
            elif sha256(found.to_bytes()).hexdigest() != recorded:
                problem = f"{self.address}/{key} is not what it was when it was linked"
        words = "the record; linked pixels are not compared"
        return self.name, key, 1, int(bool(problem)), words, problem
