"""Compiled loops of image correlation: windows are followed from one image into the other.

Inverse-compositional Gauss-Newton (Baker & Matthews 2004,
doi:10.1023/B:VISI.0000011205.11775.fd): slopes are those of the reference and are taken once a
window, so that noise of the other image does not pull. A flat image is a volume of one plane.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

import numpy as np

from ...compiling import compiled

FOLLOWED, LEFT, FLAT, WANDERED, MASKED = range(5)
_PLAIN = 1e-4  # of the image's own scatter: ringing of a spline from elsewhere
_SINGULAR = 1e-8  # of the largest curvature: a direction along which a window shows nothing


@compiled
def _weights(t: float) -> Any:
    """Cubic B-spline between the second and the third of four knots: weights, then slopes."""
    s = 1.0 - t
    return (
        (s * s * s / 6, 2 / 3 - t * t * (1 - t / 2), 2 / 3 - s * s * (1 - s / 2), t * t * t / 6),
        (-s * s / 2, t * (1.5 * t - 2), s * (2 - 1.5 * s), t * t / 2),
    )


@compiled
def _knot(at: int, size: int) -> int:
    """Mirror a knot beyond a face, as the filter that made the coefficients did."""
    if at < 0:
        return min(-at, size - 1)
    return max(2 * size - 2 - at, 0) if at >= size else at


@compiled
def read(knots: Any, z: float, y: float, x: float) -> Any:
    """Value and slopes, by z, y, x, of the cubic spline through an image at one place [px]."""
    nz, ny, nx = knots.shape
    y0, x0 = min(int(y), ny - 2), min(int(x), nx - 2)
    wy, dy = _weights(y - y0)
    wx, dx = _weights(x - x0)
    low, high, z0 = 1, 2, 0
    wz, dz = (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)
    if nz > 1:
        low, high, z0 = 0, 4, min(int(z), nz - 2)
        wz, dz = _weights(z - z0)
    value, by_z, by_y, by_x = 0.0, 0.0, 0.0, 0.0
    for a in range(low, high):
        za = _knot(z0 + a - 1, nz)
        plane, plane_y, plane_x = 0.0, 0.0, 0.0
        for b in range(4):
            yb = _knot(y0 + b - 1, ny)
            row, row_x = 0.0, 0.0
            for c in range(4):
                here = knots[za, yb, _knot(x0 + c - 1, nx)]
                row += wx[c] * here
                row_x += dx[c] * here
            plane += wy[b] * row
            plane_y += dy[b] * row
            plane_x += wy[b] * row_x
        value += wz[a] * plane
        by_z += dz[a] * plane
        by_y += wz[a] * plane_y
        by_x += wz[a] * plane_x
    return value, by_z, by_y, by_x


@compiled
def _lay_out(
    knots: Any, counted: Any, centre: Any, half: Any, arms: Any, grey: Any, jac: Any
) -> int:
    """Write a window's voxels (arm, grey value, slope by each parameter); count them."""
    first = 1 if half[0] == 0 else 0
    d = 3 - first
    slopes = np.empty(3)
    m = 0
    for a in range(-half[0], half[0] + 1):
        for b in range(-half[1], half[1] + 1):
            for c in range(-half[2], half[2] + 1):
                z, y, x = centre[0] + a, centre[1] + b, centre[2] + c
                if counted.size > 0 and not counted[z, y, x]:
                    continue
                grey[m], slopes[0], slopes[1], slopes[2] = read(knots, z, y, x)
                arms[m, 0], arms[m, 1], arms[m, 2] = a, b, c
                for k in range(first, 3):
                    row = k - first
                    jac[m, row] = slopes[k]
                    for i in range(first, 3 if jac.shape[1] > d else first):
                        at = d + row * d + i - first
                        jac[m, at] = slopes[k] * arms[m, i] / half[i]
                m += 1
    return m


@compiled
def _standardised(grey: Any) -> float:
    """Take off the mean and divide by the norm, in place; return the norm."""
    grey -= grey.mean()
    norm = np.sqrt(np.sum(grey * grey))
    if norm > 0:
        grey /= norm
    return norm


@compiled
def _look(knots: Any, centre: Any, u: Any, stretch: Any, arms: Any, grey: Any) -> bool:
    """Read the other image where the window lies in it; False if a voxel lies outside."""
    nz, ny, nx = knots.shape
    for i in range(arms.shape[0]):
        z, y, x = centre[0] + u[0], centre[1] + u[1], centre[2] + u[2]
        for k in range(3):
            z += stretch[0, k] * arms[i, k]
            y += stretch[1, k] * arms[i, k]
            x += stretch[2, k] * arms[i, k]
        inside = 0 <= y <= ny - 1 and 0 <= x <= nx - 1 and (nz == 1 or 0 <= z <= nz - 1)
        if not inside:
            return False
        grey[i] = read(knots, z, y, x)[0]
    return True


@compiled
def _take_off(change: Any, half: Any, u: Any, stretch: Any) -> float:
    """Compose the map with the inverse of a change; return how far it moved anything [px]."""
    first = 1 if half[0] == 0 else 0
    d = 3 - first
    shift, small = np.zeros(3), np.eye(3)
    moved = 0.0
    for k in range(d):
        shift[first + k] = change[k]
        moved = max(moved, abs(change[k]))
        if change.size > d:
            for i in range(d):
                step = change[d + k * d + i]
                small[first + k, first + i] += step / half[first + i]
                moved = max(moved, abs(step))
    new = stretch @ np.linalg.inv(small)
    u -= new @ shift
    stretch[:] = new
    return moved


@compiled
def _pull(slopes: Any, off: Any, q: int) -> Any:
    """Sums of slopes times what is left, of the first q parameters, with the minus of a step."""
    out = np.zeros(q)
    for i in range(off.size):
        for k in range(q):
            out[k] -= slopes[i, k] * off[i]
    return out


@compiled
def _curvature(left: Any, right: Any, grey: Any) -> Any:
    """Sums of products of slopes, with what brightness and contrast explain taken off."""
    m = left.shape[0]
    a, b = left.sum(axis=0), right.sum(axis=0)
    along_a, along_b = left.T @ grey, right.T @ grey
    return left.T @ right - np.outer(a, b) / m - np.outer(along_a, along_b)


@compiled
def follow(
    reference: Any,
    other: Any,
    counted: Any,
    centres: Any,
    half: Any,
    affine: Any,
    tolerance: Any,
    rounds: Any,
    u: Any,
    stretch: Any,
    curvature: Any,
    crossed: Any,
    facts: Any,
) -> None:
    """Follow windows: first as they are, then, if asked, stretched and sheared.

    Parameters
    ----------
    reference, other : ndarray of float32, shape (z, y, x)
        Knots of the cubic splines through both images, scaled to a variance of 1.
    counted : ndarray of bool, shape (z, y, x) or (0, 0, 0)
        Voxels of the reference that count; none where all do.
    centres : ndarray of int64, shape (n, 3)
        Middle voxels; windows lie wholly inside the reference.
    half : ndarray of int64, shape (3,)
        A window has ``2 * half + 1`` voxels along an axis.
    affine : bool
    tolerance : float
        No voxel of the window moves further in the last round [px].
    rounds : int
        At most, of either kind.
    u : ndarray of float64, shape (n, 3)
        Start of the displacement, and the displacement [px].
    stretch : ndarray of float64, shape (n, 3, 3)
        As `u`, for the deformation gradient.
    curvature, crossed : ndarray of float64, shape (n, p, p)
        Are written: products of the reference's slopes, and of its with the other's.
    facts : ndarray of float64, shape (n, 4)
        Are written: how it ended, correlation, variance of what is left, voxels.
    """
    size = (2 * half[0] + 1) * (2 * half[1] + 1) * (2 * half[2] + 1)
    p = curvature.shape[1]
    d = 2 if half[0] == 0 else 3
    arms, jac, theirs = np.empty((size, 3)), np.empty((size, p)), np.empty((size, p))
    grey, seen = np.empty(size), np.empty(size)
    for w in range(centres.shape[0]):
        m = _lay_out(reference, counted, centres[w], half, arms, grey, jac)
        facts[w, 0], facts[w, 1], facts[w, 3] = MASKED, np.nan, m
        if m < size / 2:
            continue
        here, slopes, found = grey[:m], jac[:m], seen[:m]
        norm = _standardised(here)
        h = _curvature(slopes, slopes, here)
        bends = np.linalg.eigvalsh(h[:d, :d])
        facts[w, 0] = FLAT
        if norm <= _PLAIN * np.sqrt(m) or bends[0] <= _SINGULAR * bends[-1]:
            continue
        end = LEFT
        contrast = 0.0
        for stage in range(2 if affine else 1):
            q = p if stage == 1 else d
            end = WANDERED
            for _ in range(rounds):
                if not _look(other, centres[w], u[w], stretch[w], arms[:m], found):
                    end = LEFT
                    break
                contrast = _standardised(found)
                if contrast <= 0:
                    break
                off = (here - found) * norm
                change = np.linalg.solve(h[:q, :q].copy(), _pull(slopes, off, q))
                if np.abs(change[:d]).max() > half.max():
                    break
                if _take_off(change, half, u[w], stretch[w]) < tolerance:
                    end = FOLLOWED
                    break
            if end != FOLLOWED:
                break
        facts[w, 0] = end
        if end == LEFT or contrast <= 0:
            continue
        if not _look(other, centres[w], u[w], stretch[w], arms[:m], found):
            facts[w, 0] = LEFT
            continue
        contrast = _standardised(found)
        off = (here - found) * norm
        facts[w, 1] = np.sum(here * found)
        facts[w, 2] = np.sum(off * off) / (m - p - 2)
        curvature[w] = h
        _cross(other, centres[w], half, u[w], stretch[w], arms[:m], theirs[:m])
        crossed[w] = _curvature(slopes, theirs[:m], here) * (norm / contrast)


@compiled
def _cross(
    other: Any, centre: Any, half: Any, u: Any, stretch: Any, arms: Any, theirs: Any
) -> None:
    """Write the other image's slopes by each parameter, as `_lay_out` does the reference's."""
    p = theirs.shape[1]
    first = 1 if half[0] == 0 else 0
    d = 3 - first
    by, turned = np.empty(3), np.empty(3)
    for i in range(arms.shape[0]):
        z, y, x = centre[0] + u[0], centre[1] + u[1], centre[2] + u[2]
        for k in range(3):
            z += stretch[0, k] * arms[i, k]
            y += stretch[1, k] * arms[i, k]
            x += stretch[2, k] * arms[i, k]
        _, by[0], by[1], by[2] = read(other, z, y, x)
        for k in range(3):
            turned[k] = stretch[0, k] * by[0] + stretch[1, k] * by[1] + stretch[2, k] * by[2]
        for k in range(d):
            theirs[i, k] = turned[first + k]
            for j in range(d if p > d else 0):
                theirs[i, d + k * d + j] = turned[first + k] * arms[i, first + j] / half[first + j]
