"""Features near a place: spots, edges and blobs, found between the voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...quantities import format_length

_SCALE_PX = 1.0  # smoothing before a spot or an edge is looked for, so that noise is none
_LEAST_QUALITY = 5.0  # the highest of some hundred values of noise reaches four
_EDGE_SHARE = 0.5  # of the steepest slope within reach: an edge that a person would follow
_SCALES = 8


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The part of an image that is looked at.

    Attributes
    ----------
    values : ndarray
        Grey values, finite.
    spacing : (d,) array
        Voxel size [um].
    first : (d,) array
        Index of its first voxel in the image.
    start : (d,) array
        Where to look, in its own indices.
    reach_um : float
        How far a feature may be away [um].
    step : float
        Between neighbouring grey values; 0 where they are continuous.
    """

    values: np.ndarray
    spacing: np.ndarray
    first: np.ndarray
    start: np.ndarray
    reach_um: float
    step: float = 0.0

    @classmethod
    def around(
        cls,
        image: np.ndarray,
        spacing: np.ndarray,
        start: np.ndarray,
        reach_um: float,
        *,
        step: float = 0.0,
    ) -> Surroundings:
        """Cut what a search needs out of an image."""
        index = start / spacing
        wide = 2 * reach_um / spacing + 4
        low = np.maximum(np.floor(index - wide), 0).astype(int)
        high = np.minimum(np.ceil(index + wide) + 1, image.shape).astype(int)
        part = image[tuple(map(slice, low, high))]
        middle = np.median(part[np.isfinite(part)]) if np.isfinite(part).any() else 0.0
        part = np.where(np.isfinite(part), part, middle)
        return cls(part, spacing, low, index - low, reach_um, step)

    @property
    def distance_um(self) -> np.ndarray:
        """Distance of every voxel from the start [um]."""
        offsets = np.indices(self.values.shape) - self.start.reshape(-1, *[1] * self.values.ndim)
        return np.sqrt(
            np.sum((offsets * self.spacing.reshape(-1, *[1] * self.values.ndim)) ** 2, 0)
        )

    def noise(self, response: np.ndarray) -> float:
        """Standard deviation of the noise in a filter's response to these values.

        What a filter makes of the finest structure is noise and little else: its size is that of
        the second differences, which slopes and wide features leave alone. Whole grey values have
        at least the noise of their rounding.
        """
        rough = self.values
        for axis in range(rough.ndim):
            if rough.shape[axis] > 2:
                rough = np.diff(rough, n=2, axis=axis) / np.sqrt(6)
        white = max(float(np.median(np.abs(rough)) / 0.6745), self.step / np.sqrt(12))
        return white * float(np.sqrt(np.sum(response**2)))


Found = tuple[np.ndarray | None, float, str]
"""Where, in indices of the surroundings (None: nowhere), quality, and words."""


def find_spot(seen: Surroundings, sign: float, kind: str) -> Found:
    """Find the highest (sign 1) or lowest (sign -1) place of the smoothed values."""
    smooth = sign * ndimage.gaussian_filter(seen.values, _SCALE_PX)
    near = seen.distance_um <= seen.reach_um
    peak = (smooth == ndimage.maximum_filter(smooth, 3)) & near & _inner(smooth.shape)
    if not peak.any():
        side = "rise" if sign > 0 else "fall"
        within = reach_words(seen.reach_um)
        return None, np.nan, f"no {kind} within {within}: the grey values still {side} at the rim"
    best = _highest(np.where(peak, smooth, -np.inf))
    height = float(smooth[best] - np.median(smooth[near]))
    response = ndimage.gaussian_filter(_impulse((9,) * smooth.ndim), _SCALE_PX)
    quality = _over(height, seen.noise(response))
    if quality < _LEAST_QUALITY or height < seen.step:
        return None, np.nan, _too_faint(kind, quality, seen.reach_um)
    return _between(smooth, best), quality, ""


def find_blob(seen: Surroundings) -> Found:
    """Find the strongest extremum of the scale-normalised Laplacian."""
    smallest = float(seen.spacing.max())
    scales = np.geomspace(smallest, max(1.01 * smallest, seen.reach_um / 1.5), _SCALES)
    near = (seen.distance_um <= seen.reach_um) & _inner(seen.values.shape)
    best: tuple[float, np.ndarray, tuple[int, ...], float] | None = None
    for scale in scales:
        response = _laplacian(seen.values, scale, seen.spacing)
        for sign in (-1.0, 1.0):  # a bright blob curves downwards
            signed = sign * response
            peak = (signed == ndimage.maximum_filter(signed, 3)) & near & (signed > 0)
            if not peak.any():
                continue
            index = _highest(np.where(peak, signed, -np.inf))
            if best is None or signed[index] > best[0]:
                best = (float(signed[index]), signed, index, float(scale * -sign))
    if best is None:
        return None, np.nan, f"no blob within {reach_words(seen.reach_um)}"
    height, signed, index, scale = best
    impulse = _impulse(tuple(2 * int(np.ceil(4 * abs(scale) / s)) + 1 for s in seen.spacing))
    quality = _over(height, seen.noise(_laplacian(impulse, abs(scale), seen.spacing)))
    if quality < _LEAST_QUALITY or height < seen.step:
        return None, np.nan, _too_faint("blob", quality, seen.reach_um)
    # of a Gaussian blob with deviation s the response is largest at the scale s sqrt(2 / d)
    diameter = 2.355 * abs(scale) * np.sqrt(seen.values.ndim / 2)
    tone = "bright" if scale > 0 else "dark"
    return _between(signed, index), quality, f"{tone} blob, about {format_length(diameter)} wide,"


def _laplacian(values: np.ndarray, scale_um: float, spacing: np.ndarray) -> np.ndarray:
    """Scale-normalised Laplacian [grey value]."""
    sigma = scale_um / spacing
    out = np.zeros(values.shape)
    for axis in range(values.ndim):
        order = [2 if other == axis else 0 for other in range(values.ndim)]
        out += sigma[axis] ** 2 * ndimage.gaussian_filter(values, sigma, order=order)
    return out


def find_edge(seen: Surroundings) -> Found:
    """Find the nearest place of a steep slope where it is steepest along its own direction."""
    slopes = _slopes(seen.values, seen.spacing)
    steep = np.sqrt(np.sum(slopes**2, axis=0))
    near = (seen.distance_um <= seen.reach_um) & _inner(steep.shape)
    ridge = near & _on_ridge(steep, slopes, seen.spacing)
    if near.any():
        ridge &= steep >= _EDGE_SHARE * steep[near].max()
    if not ridge.any():
        return (
            None, np.nan,
            f"no edge within {reach_words(seen.reach_um)}: the steepest slope lies beyond its rim",
        )  # fmt: skip
    index = _highest(np.where(ridge, -seen.distance_um, -np.inf))
    responses = _slopes(_impulse((9,) * steep.ndim), seen.spacing)
    quality = _over(float(steep[index]), max(map(seen.noise, responses)))
    if quality < _LEAST_QUALITY or steep[index] * seen.spacing.max() < seen.step:
        return None, np.nan, _too_faint("edge", quality, seen.reach_um)
    along = np.array([slope[index] for slope in slopes])
    step = _steps(along, seen.spacing)
    places = np.array(index, float) + np.outer([-1.0, 0.0, 1.0], step)
    summit = _summit(*ndimage.map_coordinates(steep, places.T, order=3, mode="nearest"))
    return _slid(np.array(index, float) + summit * step, along, seen), quality, ""


def _slid(place: np.ndarray, along: np.ndarray, seen: Surroundings) -> np.ndarray:
    """Slide along the edge towards the start, within the voxel: the nearest place of the edge."""
    normal = along / np.linalg.norm(along)
    off = (seen.start - place) * seen.spacing
    slide = (off - (off @ normal) * normal) / seen.spacing
    return place + slide * min(1.0, 0.5 / max(float(np.abs(slide).max()), 1e-12))


def _slopes(values: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Gradient of the smoothed values, (d, ...) [grey value / um]."""
    parts = []
    for axis in range(values.ndim):
        order = [int(other == axis) for other in range(values.ndim)]
        parts.append(ndimage.gaussian_filter(values, _SCALE_PX, order=order) / spacing[axis])
    return np.array(parts)


def _on_ridge(steep: np.ndarray, slopes: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Where the slope is steepest along its own direction."""
    places, steps = np.indices(steep.shape).astype(float), _steps(slopes, spacing)
    ahead = ndimage.map_coordinates(steep, places + steps, order=1, mode="nearest")
    behind = ndimage.map_coordinates(steep, places - steps, order=1, mode="nearest")
    return np.asarray((steep >= ahead) & (steep > behind))


def _steps(slopes: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """One step of the finest voxel along a slope, in indices."""
    length = np.sqrt(np.sum(slopes**2, axis=0))
    sizes = spacing.reshape(-1, *[1] * (slopes.ndim - 1))
    return slopes / np.where(length > 0, length, 1.0) * spacing.min() / sizes


def _between(values: np.ndarray, index: tuple[int, ...]) -> np.ndarray:
    """Place a peak between voxels: the summit of a quadratic fitted to its neighbourhood."""
    d = values.ndim
    offsets = np.indices((3,) * d).reshape(d, -1).T - 1.0
    pairs = [(i, j) for i in range(d) for j in range(i, d)]
    terms = [np.ones(len(offsets)), *offsets.T, *(offsets[:, i] * offsets[:, j] for i, j in pairs)]
    around = values[tuple(slice(i - 1, i + 2) for i in index)].ravel()
    fitted = np.linalg.lstsq(np.column_stack(terms), around, rcond=None)[0]
    curvature = np.zeros((d, d))
    for value, (i, j) in zip(fitted[1 + d :], pairs, strict=True):
        curvature[i, j] += value
        curvature[j, i] += value
    place = np.array(index, float)
    if np.linalg.eigvalsh(curvature)[-1] >= 0:
        return place
    shift = -np.linalg.solve(curvature, fitted[1 : 1 + d])
    return place + (shift if np.abs(shift).max() <= 1.0 else 0.0)


def _summit(before: float, here: float, after: float) -> float:
    """Summit of the parabola through three values, -0.5 to 0.5.

    Examples
    --------
    >>> round(_summit(0.91, 0.99, 0.67), 9)
    -0.3
    """
    bend = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _inner(shape: tuple[int, ...]) -> np.ndarray:
    """Voxels that have neighbours on every side."""
    inner = np.zeros(shape, bool)
    inner[(slice(1, -1),) * len(shape)] = True
    return inner


def _impulse(shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    out[tuple(n // 2 for n in shape)] = 1.0
    return out


def _highest(values: np.ndarray) -> tuple[int, ...]:
    """Index of the largest value."""
    return tuple(map(int, np.unravel_index(np.argmax(values), values.shape)))


def _over(height: float, noise: float) -> float:
    """Height over noise; a noise of rounding is none."""
    return height / noise if noise > 1e-9 * abs(height) else np.inf


def _too_faint(kind: str, quality: float, reach_um: float) -> str:
    why = (
        f"the strongest has {quality:.2g} times the noise, {_LEAST_QUALITY:g} are needed"
        if quality < _LEAST_QUALITY
        else "the strongest is lower than one step of the grey values"
    )
    return f"no {kind} within {reach_words(reach_um)} that stands out: {why}"


def reach_words(reach_um: float) -> str:
    """The reach in words."""
    return format_length(reach_um)
