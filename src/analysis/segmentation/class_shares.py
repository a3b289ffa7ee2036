"""How much of an image each class takes, counted over all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .corrections import Corrections
from .recipe import SegmentationRecipe
from .segment_blocks import labels_in_blocks
from .tiles import tiles


def class_shares(
    source: Any,
    recipe: SegmentationRecipe,
    *,
    spacing_um: Sequence[float] | None = None,
    block: Sequence[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    corrections: Corrections | None = None,
    folder: Any = None,
) -> NDArray[np.float64]:
    """Return the share of the voxels of each class; parameters as `segment_blocks`.

    Returns
    -------
    ndarray of float, (classes,)
        Their sum is 1.

    Examples
    --------
    >>> import numpy as np
    >>> class_shares(np.array([[1, 1, 7, 9]]), SegmentationRecipe((5.0, 8.0))).tolist()
    [0.5, 0.25, 0.25]
    """
    counts = np.zeros(len(recipe.thresholds) + 1, np.int64)
    with labels_in_blocks(
        source, recipe, spacing_um=spacing_um, block=block,
        progress=progress, cancelled=cancelled, corrections=corrections, folder=folder,
    ) as labels:  # fmt: skip
        none = (0,) * len(labels.shape)
        size = (64,) * len(labels.shape) if len(labels.shape) == 3 else (2048, 2048)
        for tile in tiles(labels.shape, block=size, before=none, after=none):
            values = np.asarray(labels[tile.core]).ravel()
            counts += np.bincount(values, minlength=len(counts))
    return np.asarray(counts / counts.sum())
