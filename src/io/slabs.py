"""What every open source has in common: a description, and slabs that cover the image."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import numpy as np

from .blocks import boxes
from .description import ImageDescription


class Slabs:
    """An open image that can be read box by box.

    Attributes
    ----------
    description : ImageDescription
    sequential : bool
        Whether jumping to a later part means reading everything before it.
    """

    description: ImageDescription
    sequential: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along the description's axes."""
        return self.description.shape

    def read(self, selection: tuple[slice, ...] | None = None) -> np.ndarray:
        """Read one box; everything if left out."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the file."""
        raise NotImplementedError

    def blocks(
        self, *, depth: int | None = None, block_mb: float = 32.0
    ) -> Iterator[tuple[tuple[slice, ...], np.ndarray]]:
        """Stream the image in slabs along z.

        Parameters
        ----------
        depth : int, optional
            Planes a slab; as many as fit into `block_mb` if left out.
        block_mb : float
            Largest slab [MiB]; a plane that is larger is cut into bands of rows.

        Yields
        ------
        selection : tuple of slice
        block : ndarray
        """
        for box in boxes(self.description, depth=depth, block_mb=block_mb):
            yield box, self.read(box)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
