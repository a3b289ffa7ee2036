"""A layer whose pixels cannot be read: its place is kept, and nothing is drawn there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import DamagedImage, ReadLimit, Unreachable
from .coarse import coarse_copy
from .drawn import Drawn, drawn_layer
from .scene import GridLevel, Placed

#: For these the other layers are shown all the same, and the person is told.
UNSEEN = (Unreachable, DamagedImage, ReadLimit)


def unseen_layer(explorer: Any, item: Placed) -> Drawn:
    """How a panel keeps the place of a layer that cannot be read."""
    finest = item.levels[0]
    spacing = np.asarray(finest.spacing_um, float)
    shape = finest.array.shape
    count = np.asarray(shape[-item.dims :])
    blank = GridLevel(
        np.zeros((*shape[: -item.dims], *(1,) * item.dims), np.uint8),
        tuple((spacing * count).tolist()),
        tuple((np.asarray(finest.origin_um, float) + spacing * (count - 1) / 2).tolist()),
    )
    empty = replace(item, levels=(blank,), _limits={})
    drawn = drawn_layer(explorer, empty, coarse_copy(empty, time=explorer.time))
    return replace(drawn, spec={**drawn.spec, "visible": False})
