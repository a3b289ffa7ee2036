"""A target: how well its place is known, what is wanted, what is cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..quantities import format_length
from .coverage import box_corners
from .marks import hv
from .projections import Outline, projected, shadow
from .theme import OKABE_ITO, STATUS, Ground, ground_of

_NEAR = 1.0  # sizes of what is drawn that the surface may be away and still be drawn itself
_CIRCLE = np.linspace(0, 2 * np.pi, 90, endpoint=False)


def ellipse_outline(covariance_um2: np.ndarray, *, factor: float) -> np.ndarray:
    """Outline ``(90, 2)`` of ``xᵀ C⁻¹ x = factor`` for a 2 x 2 covariance, about the origin.

    Examples
    --------
    >>> import numpy as np
    >>> outline = ellipse_outline(np.diag([4.0, 1.0]), factor=1.0)
    >>> np.abs(outline).max(axis=0).round(2).tolist()
    [2.0, 1.0]
    """
    values, vectors = np.linalg.eigh(np.asarray(covariance_um2, float))
    radii = np.sqrt(np.clip(values, 0, None) * factor)
    return (np.column_stack([np.cos(_CIRCLE), np.sin(_CIRCLE)]) * radii) @ vectors.T


def target_views(
    position_um: ArrayLike,
    *,
    covariance_um2: ArrayLike,
    factor: float | None,
    half_size_um: ArrayLike | None = None,
    margin_um: ArrayLike | None = None,
    surface_z_um: float | None = None,
    name: str = "target",
    level: float = 0.95,
    factor50: float | None = None,
    ground: str | Ground = "light",
) -> hv.Layout:
    """Draw a target from above and from the side with its region, volume and margin.

    The ellipses are the shadows of the 95 % ellipsoid ``eᵀ C⁻¹ e <= factor``.

    Parameters
    ----------
    position_um : array_like (3,)
        z, y, x [µm].
    covariance_um2 : array_like (3, 3)
        Of the position, z, y, x [µm²].
    factor : float or None
        Square of the ellipsoid's radius in units of the covariance: D·F(D, ν), or χ² where the
        localisation error is known. None: too few landmarks to say, no ellipse is drawn and a
        label says so.
    half_size_um : array_like (3,), optional
        Half edges z, y, x of the volume of interest [µm].
    margin_um : float or array_like (3,), optional
        What is cut beyond the volume of interest, on every side [µm].
    surface_z_um : float, optional
        Height of the specimen's surface, drawn in the side view where it is near; of one far
        off, an arrow says how far.
    name : str
        Of the target.
    level : float
        What the region claims, for its label.
    factor50 : float, optional
        As `factor`, of the 50 % ellipsoid, drawn inside.
    ground : {"light", "dark"}
        What the plot stands on.

    Returns
    -------
    holoviews.Layout
        Two panels at one scale, y and z growing downwards.
    """
    centre, covariance = np.asarray(position_um, float), np.asarray(covariance_um2, float)
    if centre.shape != (3,) or covariance.shape != (3, 3):
        raise ValueError(
            "target_views needs a position (3,) and a covariance (3, 3) in z, y, x, got "
            f"{centre.shape} and {covariance.shape}"
        )
    g = ground_of(ground)
    half = None if half_size_um is None else np.asarray(half_size_um, float)
    things = _boxes(centre, half, margin_um)
    if factor is not None:
        things.append(_region(centre, covariance, factor, level))
    if factor is not None and factor50 is not None:
        things.append(_region(centre, covariance, factor50, 0.5))
    if not things:
        raise ValueError("target_views has nothing to draw: needs a factor or half_size_um")
    return projected(
        things,
        ground=g,
        stacked=False,
        titles={"xy": f"{name}: from above", "xz": "from the side"},
        cross_um={"xy": centre[[2, 1]], "xz": centre[[2, 0]]},
        lines_um={"xz": _surface(things, centre, surface_z_um) + _unsaid(centre, factor, level)},
    )


def _boxes(
    centre: np.ndarray, half: np.ndarray | None, margin_um: ArrayLike | None
) -> list[Outline]:
    things: list[Outline] = []
    if half is None:
        return things
    if margin_um is not None:
        margin = np.broadcast_to(np.asarray(margin_um, float), (3,))
        spans = sorted({format_length(float(m), digits=2) for m in margin})
        said = f"cut: margin {' to '.join(dict.fromkeys([spans[0], spans[-1]]))}"
        reach = half + margin
        things.append(_box(said, centre - reach, centre + reach, STATUS["attention"], "dashed"))
    said = "volume of interest"
    things.append(_box(said, centre - half, centre + half, OKABE_ITO["green"], "solid"))
    return things


def _box(said: str, low: np.ndarray, high: np.ndarray, color: str, dash: str) -> Outline:
    corners = box_corners(low, high)
    seen = {projection: shadow(corners, projection) for projection in ("xy", "xz")}
    return Outline(said, seen, color, dash=dash)


def _region(centre: np.ndarray, covariance: np.ndarray, factor: float, level: float) -> Outline:
    seen = {}
    for projection, rows in (("xy", [2, 1]), ("xz", [2, 0])):
        outline = ellipse_outline(covariance[np.ix_(rows, rows)], factor=factor)
        seen[projection] = centre[rows] + outline
    return Outline(f"{level * 100:g} % region", seen, STATUS["information"], alpha=0.25)


def _surface(
    things: list[Outline], centre: np.ndarray, surface_z_um: float | None
) -> list[tuple[np.ndarray, str]]:
    """The surface where it is near; else an arrow towards it, or it would leave a speck of all."""
    if surface_z_um is None:
        return []
    seen = np.vstack([thing.points_um["xz"] for thing in things])
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    size = max(bottom - top, right - left)
    if top - _NEAR * size <= surface_z_um <= bottom + _NEAR * size:
        return [(np.array([[left, surface_z_um], [right, surface_z_um]]), "surface")]
    above = surface_z_um < top
    away = format_length(abs(float(centre[0]) - surface_z_um), digits=2)
    said = f"surface {away} {'above' if above else 'below'}"
    tail, step = (top, -size) if above else (bottom, size)
    return [(_arrow(float(centre[2]), tail + 0.06 * step, 0.2 * step), said)]


def _arrow(x: float, z: float, length: float) -> np.ndarray:
    """A vertical arrow as one line from its tail."""
    tip, barb = z + length, 0.35 * length
    side = abs(0.2 * length)
    return np.array([[x, z], [x, tip], [x - side, tip - barb], [x, tip], [x + side, tip - barb]])


def _unsaid(centre: np.ndarray, factor: float | None, level: float) -> list[tuple[np.ndarray, str]]:
    if factor is not None:
        return []
    return [(np.array([centre[[2, 0]]] * 2), f"{level * 100:g} % region: too few to say")]
