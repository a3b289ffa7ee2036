"""The windows of image correlation, laid over the reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

_SMALLEST = 5  # below, an affine window has more parameters than independent grey values


@dataclass(frozen=True, eq=False)
class Windows:
    """Two images as knots of splines, and the windows that are followed between them.

    Attributes
    ----------
    values, others : ndarray of float32, shape (z, y, x)
        Grey values; a flat image has one plane.
    reference, deformed : ndarray of float32, shape (z, y, x)
        Knots of the cubic splines through them, of mean 0 and variance 1.
    counted : ndarray of bool, shape (z, y, x) or (0, 0, 0)
    centres_px : ndarray of int64, shape (n, 3)
    half_px : ndarray of int64, shape (3,)
    step_px : ndarray of int64, shape (d,)
    grid : tuple of int
    spacing_um : ndarray, shape (d,)
    """

    values: np.ndarray
    others: np.ndarray
    reference: np.ndarray
    deformed: np.ndarray
    counted: np.ndarray
    centres_px: np.ndarray
    half_px: np.ndarray
    step_px: np.ndarray
    grid: tuple[int, ...]
    spacing_um: np.ndarray

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return len(self.grid)


def laid_over(
    reference: ArrayLike,
    deformed: ArrayLike,
    *,
    spacing_um: ArrayLike,
    window_px: int,
    step_px: int | None,
    mask: ArrayLike | None,
) -> Windows:
    """Check two images and lay windows over the first, evenly, from its middle."""
    first, second = np.asarray(reference), np.asarray(deformed)
    _refuse(first, second, window_px)
    spacing = np.asarray(spacing_um, float).ravel()
    d = first.ndim
    if spacing.shape != (d,) or not np.isfinite(spacing).all() or (spacing <= 0).any():
        raise ValueError(
            f"spacing_um needs {d} lengths above 0 ({'z, y, x'[-3 * d + 2 :]}), "
            f"got {spacing.tolist()}"
        )
    counted = np.zeros((0, 0, 0), bool)
    if mask is not None:
        counted = np.asarray(mask, bool)
        if counted.shape != first.shape:
            raise ValueError(f"mask needs the image's shape {first.shape}, got {counted.shape}")
        counted = np.ascontiguousarray(_solid(counted))
    step = window_px // 2 + 1 if step_px is None else int(step_px)
    if step < 1:
        raise ValueError(f"step_px needs 1 or more, got {step_px}")
    half = np.array([0] * (3 - d) + [window_px // 2] * d)
    values, others = (np.ascontiguousarray(_solid(i), np.float32) for i in (first, second))
    lines = [_evenly(size, h, step) for size, h in zip(values.shape, half, strict=True)]
    centres = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    return Windows(
        values=values,
        others=others,
        reference=_knots(values),
        deformed=_knots(others),
        counted=counted,
        centres_px=np.ascontiguousarray(centres, np.int64),
        half_px=half,
        step_px=np.full(d, step),
        grid=tuple(len(line) for line in lines[3 - d :]),
        spacing_um=spacing,
    )


def kept(rows: np.ndarray, size: int) -> np.ndarray:
    """Put zeros before rows until they are `size` long, as a new contiguous array."""
    rows = np.asarray(rows, float)
    out = np.zeros((len(rows), size))
    out[:, size - rows.shape[1] :] = rows
    return out


def _refuse(first: np.ndarray, second: np.ndarray, window_px: int) -> None:
    if first.ndim not in (2, 3) or first.shape != second.shape:
        raise ValueError(
            "reference and deformed need one shape, (z, y, x) or (y, x), got "
            f"{first.shape} and {second.shape}: crop or resample one"
        )
    for name, image in (("reference", first), ("deformed", second)):
        if not np.isfinite(image).all():
            raise ValueError(f"{name} needs finite grey values, got NaN or infinity: fill and mask")
    if window_px < _SMALLEST or window_px % 2 == 0 or window_px > min(first.shape):
        raise ValueError(
            f"window_px needs an odd number from {_SMALLEST} to the image's smallest side "
            f"{min(first.shape)}, got {window_px}"
        )


def _solid(image: np.ndarray) -> np.ndarray:
    return image[None] if image.ndim == 2 else image


def _evenly(size: int, half: int, step: int) -> np.ndarray:
    """Middles of windows that fit, the rest shared by both ends."""
    room = size - 1 - 2 * half
    count = room // step + 1
    return half + (room - (count - 1) * step) // 2 + step * np.arange(count)


def _knots(values: np.ndarray) -> np.ndarray:
    from scipy.ndimage import spline_filter1d

    out = values.astype(np.float64)
    out -= out.mean()  # float32 keeps the small differences of a bright image
    out /= out.std() or 1.0
    for axis, size in enumerate(values.shape):
        if size > 1:
            out = spline_filter1d(out, 3, axis=axis, mode="mirror")
    return np.ascontiguousarray(out, np.float32)
