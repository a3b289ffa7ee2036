"""Compiled loops of a bending grid: where it moves points, and how points pull at it."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

from ..compiling import compiled_fused


@compiled_fused
def _weights(place: Any, count: int) -> Any:
    """First of the four knots around a place, and their weights; one knot stands for itself."""
    if count == 1:
        return 0, (1.0, 0.0, 0.0, 0.0)
    place = min(max(place, 1.0), count - 2.0 - 1e-9)
    at = int(place)
    t = place - at
    r = 1.0 - t
    return at - 1, (
        r * r * r / 6.0,
        (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0,
        (4.0 - 6.0 * r * r + 3.0 * r * r * r) / 6.0,
        t * t * t / 6.0,
    )


@compiled_fused
def displace(points: Any, knots: Any, origin: Any, spacing: Any, out: Any) -> None:
    """Add the displacement of a cubic B-spline to places.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 3)
    knots : ndarray of float64, shape (z, y, x, 3)
    origin, spacing : ndarray of float64, shape (3,)
        Of the knots, in the units of the points.
    out : ndarray of float64, shape (n, 3)
        Is added to.
    """
    nz, ny, nx = knots.shape[:3]
    for i in range(points.shape[0]):
        z0, wz = _weights((points[i, 0] - origin[0]) / spacing[0], nz)
        y0, wy = _weights((points[i, 1] - origin[1]) / spacing[1], ny)
        x0, wx = _weights((points[i, 2] - origin[2]) / spacing[2], nx)
        for a in range(4):
            if wz[a] == 0.0:
                continue
            for b in range(4):
                across = wz[a] * wy[b]
                if across == 0.0:
                    continue
                for c in range(4):
                    weight = across * wx[c]
                    if weight == 0.0:
                        continue
                    for k in range(3):
                        out[i, k] += weight * knots[z0 + a, y0 + b, x0 + c, k]


@compiled_fused
def gather(points: Any, forces: Any, origin: Any, spacing: Any, out: Any) -> None:
    """Add to each knot what pulls at the places that it moves: the transpose of `displace`.

    Parameters
    ----------
    points, origin, spacing
        As for `displace`.
    forces : ndarray of float64, shape (n, 3)
    out : ndarray of float64, shape (z, y, x, 3)
        Is added to.
    """
    nz, ny, nx = out.shape[:3]
    for i in range(points.shape[0]):
        if forces[i, 0] == 0.0 and forces[i, 1] == 0.0 and forces[i, 2] == 0.0:
            continue
        z0, wz = _weights((points[i, 0] - origin[0]) / spacing[0], nz)
        y0, wy = _weights((points[i, 1] - origin[1]) / spacing[1], ny)
        x0, wx = _weights((points[i, 2] - origin[2]) / spacing[2], nx)
        for a in range(4):
            if wz[a] == 0.0:
                continue
            for b in range(4):
                across = wz[a] * wy[b]
                if across == 0.0:
                    continue
                for c in range(4):
                    weight = across * wx[c]
                    if weight == 0.0:
                        continue
                    for k in range(3):
                        out[z0 + a, y0 + b, x0 + c, k] += weight * forces[i, k]
