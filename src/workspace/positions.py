"""Points as people give them: by name, or as an array that states its order.

A bare array is refused: z, y, x and x, y, z look alike and the mistake is found at the beam.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    pass

Order = Literal["zyx", "xyz"]
_NAMES = ("z_um", "y_um", "x_um")


def points_by_name(points: Any, *, order: Order | None = None, planar: bool = False) -> np.ndarray:
    """Bring points to an array in z, y, x.

    Parameters
    ----------
    points : DataFrame, dict, list of dict, or array_like of shape (n, 3) or (3,)
        [µm]. Tables and dicts need ``x_um``, ``y_um`` and ``z_um``.
    order : {"zyx", "xyz"}, optional
        Required for arrays.
    planar : bool
        The frame is that of a 2-D image, so a missing ``z_um`` is its plane, 0.

    Returns
    -------
    ndarray of shape (n, 3)
        z, y, x [µm].

    Raises
    ------
    ValueError
        For bare arrays, missing names and values that are not finite.
    """
    if isinstance(points, Mapping):
        array = _from_columns(points, planar=planar)
    elif isinstance(points, list | tuple) and points and isinstance(points[0], Mapping):
        array = np.concatenate([_from_columns(point, planar=planar) for point in points])
    elif hasattr(points, "columns"):
        array = _from_columns({name: points[name] for name in points.columns}, planar=planar)
    else:
        array = _from_array(points, order=order)
    if not np.isfinite(array).all():
        raise ValueError(f"positions need finite micrometres, got {array.tolist()}")
    return array


def position_by_name(point: Any, *, order: Order | None = None) -> dict[str, float]:
    """Bring one point to ``{"z_um": ..., "y_um": ..., "x_um": ...}``.

    Examples
    --------
    >>> position_by_name([1.0, 2.0, 3.0], order="xyz")
    {'z_um': 3.0, 'y_um': 2.0, 'x_um': 1.0}
    """
    array = points_by_name(point, order=order)
    if array.shape != (1, 3):
        raise ValueError(f"expected one point, got {len(array)}")
    return dict(zip(_NAMES, array[0].tolist(), strict=True))


def _from_columns(columns: Mapping[Any, Any], *, planar: bool) -> np.ndarray:
    needed = ("y_um", "x_um") if planar else _NAMES
    missing = [name for name in needed if name not in columns]
    if missing:
        raise ValueError(
            f"positions need x_um, y_um and z_um, got {', '.join(map(str, columns))}: "
            f"add {', '.join(missing)}"
        )
    values = [np.atleast_1d(np.asarray(columns.get(name, 0.0), dtype=float)) for name in _NAMES]
    return np.stack(np.broadcast_arrays(*values), axis=1)


def _from_array(points: Any, *, order: Order | None) -> np.ndarray:
    array = np.atleast_2d(np.asarray(points, dtype=float))
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"positions need shape (n, 3), got {np.shape(points)}")
    if order not in ("zyx", "xyz"):
        raise ValueError(
            f"an array of positions needs order='zyx' or order='xyz', got order={order!r}: "
            "say which, or give names: {'x_um': ..., 'y_um': ..., 'z_um': ...}"
        )
    return array if order == "zyx" else array[:, ::-1].copy()
