"""Compiled loops for the eigenvalues of many small symmetric matrices.

Smith 1961, doi:10.1145/355578.366316, with cos(acos(r)/3) as a polynomial in sqrt((1 + r) / 2), in
which it has no kink: the compiler then works on several voxels at once. Each loop writes one line,
since the compiler gives up where more of them might overlap.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compiling import compiled

_ONE, _HALF, _TWO, _ZERO = np.float32(1), np.float32(0.5), np.float32(2), np.float32(0)
_THIRD, _SIXTH, _TINY = np.float32(1 / 3), np.float32(1 / 6), np.float32(1e-30)
_C = tuple(
    np.float32(c)
    for c in np.polynomial.Chebyshev.interpolate(
        lambda s: np.cos(np.arccos(s) * 2 / 3), 8, domain=(0, 1)
    )
    .convert(kind=np.polynomial.Polynomial)
    .coef
)
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8 = _C


@compiled
def _cosine_third(s: Any) -> Any:
    value = _C7 + s * _C8
    value = _C5 + s * (_C6 + s * value)
    value = _C3 + s * (_C4 + s * value)
    value = _C1 + s * (_C2 + s * value)
    return _C0 + s * value


@compiled
def _spread(out: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> None:
    for x in range(len(out)):
        q = (a[x] + b[x] + c[x]) * _THIRD
        u, v, w = a[x] - q, b[x] - q, c[x] - q
        off = d[x] * d[x] + e[x] * e[x] + f[x] * f[x]
        out[x] = math.sqrt((u * u + v * v + w * w + _TWO * off) * _SIXTH)


@compiled
def _angle(out: Any, p: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> None:
    for x in range(len(out)):
        q = (a[x] + b[x] + c[x]) * _THIRD
        scale = _ONE / (p[x] + _TINY)
        u, v, w = (a[x] - q) * scale, (b[x] - q) * scale, (c[x] - q) * scale
        g, h, i = d[x] * scale, e[x] * scale, f[x] * scale
        det = u * (v * w - i * i) - g * (g * w - i * h) + h * (g * i - v * h)
        r = det * _HALF
        r = r if r < _ONE else _ONE
        out[x] = r if r > -_ONE else -_ONE


@compiled
def _outer(out: Any, sign: Any, p: Any, r: Any, a: Any, b: Any, c: Any) -> None:
    for x in range(len(out)):
        q = (a[x] + b[x] + c[x]) * _THIRD
        s = math.sqrt((_ONE + sign * r[x]) * _HALF)
        out[x] = q + sign * (_TWO * p[x] * _cosine_third(s))


@compiled
def _middle(out: Any, large: Any, small: Any, a: Any, b: Any, c: Any) -> None:
    for x in range(len(out)):
        rest = a[x] + b[x] + c[x] - large[x] - small[x]
        rest = rest if rest < large[x] else large[x]
        out[x] = rest if rest > small[x] else small[x]


@compiled
def eigenvalues_3(out: Any, m: Any, work: Any) -> None:
    """Eigenvalues of 3 x 3 matrices, falling.

    Parameters
    ----------
    out : ndarray of float32, (3, n)
        Is written.
    m : ndarray of float32, (6, n)
        zz, yy, xx, zy, zx, yx.
    work : ndarray of float32, (2, n)
        Is written over.
    """
    p, r = work[0], work[1]
    _spread(p, m[0], m[1], m[2], m[3], m[4], m[5])
    _angle(r, p, m[0], m[1], m[2], m[3], m[4], m[5])
    _outer(out[0], _ONE, p, r, m[0], m[1], m[2])
    _outer(out[2], -_ONE, p, r, m[0], m[1], m[2])
    _middle(out[1], out[0], out[2], m[0], m[1], m[2])


@compiled
def eigenvalues_2(out: Any, m: Any) -> None:
    """Eigenvalues of 2 x 2 matrices, falling; `m` is yy, xx, yx."""
    large, small, a, b, c = out[0], out[1], m[0], m[1], m[2]
    for x in range(len(large)):
        u = (a[x] - b[x]) * _HALF
        large[x] = (a[x] + b[x]) * _HALF + math.sqrt(u * u + c[x] * c[x])
    for x in range(len(large)):
        small[x] = a[x] + b[x] - large[x]
