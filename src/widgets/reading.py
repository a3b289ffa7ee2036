"""What the images say at a point, and how well that point is known in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CovarianceUnavailable
from ..quantities import format_length
from .graph_words import typed_words
from .layers import Layer
from .sampling import sample
from .world import World

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "layer", "value", "x_um", "y_um", "z_um", "sx_um", "sy_um", "sz_um", "error_source",
)  # fmt: skip


def read_layers(
    world: World, layers: Sequence[Layer], point_um: NDArray[np.float64], *, time: int = 0
) -> pd.DataFrame:
    """Grey value, position, its standard uncertainty and whence that is, in every layer's image."""
    import pandas as pd

    rows = []
    for layer, item in zip(layers, world.placed(layers), strict=True):
        own = item.placement.apply(point_um)
        slab = max(item.levels[0].spacing_um) if item.dims == 2 else None
        seen = sample(
            item.levels,
            own.reshape(1, 1, 3),
            select=item.select(time=time),
            nearest=layer.mode == "labels",
            slab_um=slab,
        )
        value = float(seen.values[0, 0]) if seen.inside[0, 0] else np.nan
        sigma, source = _sigma_um(world, point_um, world.images[layer.image].frame)
        rows.append((layer.name, value, *own[::-1], *sigma[::-1], source))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def reading_words(
    table: pd.DataFrame, cursor_um: dict[str, float], *, frame: str, unit: str = "um"
) -> str:
    """The cursor and what lies there, as a sentence.

    Parameters
    ----------
    table : DataFrame
        As `read_layers` gives it, the first layer at the bottom.
    cursor_um : dict
        By name [µm].
    frame : str
        That the cursor is given in.
    unit : {"um", "px"}
    """
    sign = "px" if unit == "px" else "µm"
    place = ", ".join(f"{axis} = {cursor_um[f'{axis}_um']:.5g}" for axis in "xyz")
    covered = table[np.isfinite(table["value"])][::-1]
    if not len(covered):
        return f"{place} {sign} in {frame}: no image covers this place"
    told = []
    for row in covered.itertuples():
        sigma = float(np.sqrt(row.sx_um**2 + row.sy_um**2 + row.sz_um**2))
        typed = typed_words(str(row.error_source))
        doubt = "" if sigma == 0 else f" (its place ± {format_length(sigma)}{typed})"
        doubt = " (how well it is placed is not known)" if np.isnan(sigma) else doubt
        told.append(f"{row.layer} {row.value:.5g}{doubt}")
    return f"{place} {sign} in {frame}: {'; '.join(told)}"


def _sigma_um(world: World, point_um: NDArray[np.float64], frame: str) -> tuple[Any, str]:
    if frame == world.frame:
        return np.zeros(3), ""
    try:
        located = world.graph().locate(point_um.reshape(1, 3), world.frame, frame)
    except CovarianceUnavailable:
        return np.full(3, np.nan), ""
    return np.sqrt(np.diagonal(located.covariance_um2[0])), located.error_source
