"""Compact marks (fiducials, particles) found with sub-voxel centres and their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing
from .bead_on_interface import fit_bead_on_interface
from .noise_correlation import noise_correlation, noise_of_neighbours, spread_of_noise

if TYPE_CHECKING:
    import pandas as pd

AXIS_NAMES = {2: ("y", "x"), 3: ("z", "y", "x")}
_BRIGHT_SIDE = 0.9  # quantile of the surroundings that counts as background
_FOOT = 0.5  # of the contrast: 0 takes a bead on a surface 0.13 voxel too deep, this 0.03
_FLOOR_PX = 0.02  # interpolation and pixel window of a centroid, 1 sigma an axis


@dataclass(frozen=True)
class BlobCentre:
    """A refined centre.

    Attributes
    ----------
    position_um : tuple of float
        (z, y, x) or (y, x), in the frame of the image [µm].
    sigma_um : tuple of float
        Standard uncertainty along each axis [µm].
    contrast, noise : float
        Mean grey value above (below) the local background, and the scatter of that [grey value].
    at_border : bool
        Whether the window reaches over the border of the image.
    moved_um : float
        Distance from the guess [µm].
    """

    position_um: tuple[float, ...]
    sigma_um: tuple[float, ...]
    contrast: float
    noise: float
    at_border: bool
    moved_um: float


def find_blobs(
    image: NDArray,
    *,
    spacing_um: Sequence[float],
    diameter_um: float,
    bright: bool = True,
    min_snr: float = 5.0,
    max_blobs: int = 1000,
    origin_um: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Find compact bright (or dark) marks of about a given diameter.

    Maxima of the scale-normalised Laplacian of Gaussian, matched to the diameter in every
    direction also where voxels are not cubes, refined by the centroid above the local background.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    diameter_um : float
        Expected diameter [µm]; half to twice of it is found.
    bright : bool
        Brighter than their surroundings, else darker.
    min_snr : float
        Least response in units of its scatter over the image; noise alone reaches 5 about once.
    max_blobs : int
        The strongest are kept.
    origin_um : sequence of float, optional
        Centre of voxel 0 [µm]; 0 unless told.

    Returns
    -------
    DataFrame
        Strongest first: `x_um`, `y_um`, `z_um` (no z in 2D), `sigma_x_um` .., `snr`, `contrast`,
        `noise`, `at_border`. Marks cut by the border have centres that are not to be trusted.

    References
    ----------
    Lindeberg 1998, doi:10.1023/A:1008045108935 (blobs); Thompson, Larson & Webb 2002,
    doi:10.1016/S0006-3495(02)75618-X (uncertainty of centroids).

    Examples
    --------
    >>> image = np.zeros((21, 21)); image[9:12, 12:15] = 1.0
    >>> find_blobs(image, spacing_um=(1, 1), diameter_um=3)[["x_um", "y_um"]].round(2)
       x_um  y_um
    0  13.0  10.0
    """
    import pandas as pd

    image, spacing, origin = _checked(image, spacing_um, diameter_um, origin_um)
    grey = image.astype(np.float32) if bright else -image.astype(np.float32)
    peaks, snr = _peaks(grey, spacing, diameter_um, min_snr, max_blobs)
    names, alike = AXIS_NAMES[grey.ndim], noise_correlation(image)
    found = _apart(
        [
            (_centroid(grey, peak.astype(float), spacing, diameter_um, alike), strength)
            for peak, strength in zip(peaks, snr, strict=True)
        ],
        diameter_um / 2 / spacing,
    )
    rows: list[dict[str, object]] = []
    for centroid, strength in found:
        centre = _with_surface(centroid, spacing, diameter_um)
        at = np.array(centre.position_um)
        row = {f"{n}_um": at[a] + origin[a] for a, n in reversed(list(enumerate(names)))}
        row |= {f"sigma_{n}_um": centre.sigma_um[a] for a, n in reversed(list(enumerate(names)))}
        row |= {"snr": float(strength), "contrast": centre.contrast if bright else -centre.contrast}
        rows.append(row | {"noise": centre.noise, "at_border": centre.at_border})
    columns = [f"{n}_um" for n in reversed(names)] + [f"sigma_{n}_um" for n in reversed(names)]
    return pd.DataFrame(rows, columns=[*columns, "snr", "contrast", "noise", "at_border"])


def refine_centre(
    image: NDArray,
    guess_um: Sequence[float],
    *,
    spacing_um: Sequence[float],
    diameter_um: float,
    bright: bool | None = None,
    origin_um: Sequence[float] | None = None,
) -> BlobCentre:
    """Move a guess to the centre of the mark under it ("snap").

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values.
    guess_um : sequence of float
        (z, y, x) or (y, x), in the frame of the image [µm].
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    diameter_um : float
        Diameter of the mark [µm].
    bright : bool, optional
        Whether it is brighter than its surroundings; decided at the guess unless told.
    origin_um : sequence of float, optional
        Centre of voxel 0 [µm]; 0 unless told.

    Returns
    -------
    BlobCentre

    Raises
    ------
    ValueError
        The guess lies outside the image, or no mark is within one diameter.

    Examples
    --------
    >>> image = np.zeros((21, 21)); image[9:12, 12:15] = 1.0
    >>> refine_centre(image, (11, 12), spacing_um=(1, 1), diameter_um=3).position_um
    (10.0, 13.0)
    """
    image, spacing, origin = _checked(image, spacing_um, diameter_um, origin_um)
    guess = (np.asarray(guess_um, dtype=float) - origin) / spacing
    if (
        guess.shape != (image.ndim,)
        or np.any(guess < -0.5)
        or np.any(guess > np.array(image.shape) - 0.5)
    ):
        raise ValueError(
            f"guess_um needs a point of the image, got {tuple(np.ravel(guess_um))}: "
            f"click inside ({image.ndim} coordinates)"
        )
    low, part = _neighbourhood(image, guess, spacing, diameter_um)
    if bright is None:
        bright = _is_bright(part, guess - low, spacing, diameter_um)
    grey = part if bright else -part
    start = _strongest_near(grey, guess - low, spacing, diameter_um)
    centroid = _centroid(grey, start, spacing, diameter_um, noise_correlation(image))
    found = _with_surface(centroid, spacing, diameter_um)
    position = np.array(found.position_um) + low * spacing
    moved = float(np.linalg.norm(position - guess * spacing))
    if moved > diameter_um or not found.contrast > 3 * found.noise * 0.2:
        raise ValueError(
            f"image needs a {'bright' if bright else 'dark'} mark of {diameter_um:g} µm within "
            f"one diameter of the guess, got contrast {found.contrast:.3g} with noise "
            f"{found.noise:.3g}: "
            "click nearer, or give another diameter"
        )
    at_border = bool(
        np.any(position / spacing - diameter_um / spacing / 2 < -0.5)
        or np.any(position / spacing + diameter_um / spacing / 2 > np.array(image.shape) - 0.5)
    )
    return BlobCentre(
        position_um=tuple((position + origin).tolist()),
        sigma_um=found.sigma_um,
        contrast=found.contrast if bright else -found.contrast,
        noise=found.noise,
        at_border=at_border,
        moved_um=moved,
    )


def _checked(
    image: NDArray,
    spacing_um: Sequence[float],
    diameter_um: float,
    origin_um: Sequence[float] | None,
) -> tuple[NDArray, NDArray, NDArray]:
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    spacing = np.array(checked_spacing(spacing_um, ndim))
    if not (np.isfinite(diameter_um) and diameter_um > 0):
        raise ValueError(f"diameter_um needs a positive length [µm], got {diameter_um}")
    if diameter_um < spacing.min():
        raise ValueError(
            f"diameter_um needs at least one voxel ({spacing.min():g} µm), got {diameter_um:g}: "
            "marks smaller than that cannot be centred"
        )
    origin = np.zeros(ndim) if origin_um is None else np.asarray(origin_um, dtype=float)
    return image, spacing, origin


def _peaks(
    grey: NDArray, spacing: NDArray, diameter_um: float, min_snr: float, max_blobs: int
) -> tuple[NDArray, NDArray]:
    from scipy.ndimage import gaussian_filter, maximum_filter

    # the scale at which a ball answers most: radius / sqrt(dimensions)
    sigma = diameter_um / 2 / np.sqrt(grey.ndim) / spacing
    response = gaussian_filter(grey, sigma) - gaussian_filter(grey, 1.6 * sigma)
    scatter = _robust_scatter(response)
    size = np.maximum(3, 2 * np.round(diameter_um / 2 / spacing).astype(int) + 1)
    top = (response == maximum_filter(response, tuple(size))) & (response > min_snr * scatter)
    top &= response > 0.02 * response.max()
    where = np.argwhere(top)
    strength = response[top] / max(scatter, np.finfo(np.float32).tiny)
    order = np.argsort(strength)[::-1][:max_blobs]
    return where[order], strength[order]


def _robust_scatter(response: NDArray) -> float:
    values = response.ravel()[:: max(1, response.size // 1_000_000)]
    scatter = float(np.median(np.abs(values - np.median(values)))) / 0.6745
    return scatter if scatter > 0 else 1e-6 * float(np.ptp(values))


@dataclass(frozen=True)
class _Centroid:
    """A centroid with the surroundings that it was found in."""

    start: NDArray[np.float64]  # [voxels]
    centre: NDArray[np.float64]  # [voxels]
    sigma_um: list[float]
    contrast: float
    background: float
    noise: float
    cut: bool
    part: NDArray
    offsets: list[NDArray]


def _apart(found: list[tuple[_Centroid, float]], least: NDArray) -> list[tuple[_Centroid, float]]:
    """Keep marks that stand out, and of those nearer than `least` voxels the strongest."""
    kept: list[tuple[_Centroid, float]] = []
    for centroid, strength in found:
        far = all(
            np.linalg.norm((centroid.centre - other.centre) / least) >= 1 for other, _ in kept
        )
        if centroid.contrast > 0 and far:
            kept.append((centroid, strength))
    return kept


def _centroid(
    grey: NDArray, start: NDArray, spacing: NDArray, diameter_um: float, alike: NDArray
) -> _Centroid:
    """Iterate the centroid above the local background inside a soft ball around the last centre."""
    centre = start.astype(float)
    for _ in range(12):
        part, offsets = _window(grey, centre, spacing, diameter_um)
        distance = np.sqrt(sum(o**2 for o in offsets)) / (diameter_um / 2)
        ball = np.clip((1.6 - distance) / 0.4, 0, 1)  # a soft rim: no jumps between iterations
        ring = (distance > 1.6) & (distance <= 2.2)
        background, noise = _background(part, ring, distance)
        core = distance <= 0.7
        peak = float(np.median(part[core])) if core.any() else float(part.max())
        # above the foot of the mark: its blur differs between its sides where those differ
        foot = background + _FOOT * max(peak - background, 0.0)
        weights = ball * np.maximum(part - foot, 0.0)
        total = float(weights.sum())
        if total <= 0:
            break
        shift = np.array([float((weights * o).sum()) for o in offsets]) / total
        shift = np.clip(shift, -diameter_um / 2, diameter_um / 2) / spacing
        centre = np.clip(centre + shift, 0, np.array(grey.shape) - 1)
        if np.all(np.abs(shift) < 1e-3):
            break
    contrast = float((part[core].mean() if core.any() else part.max()) - background)
    counted = ball * (weights > 0)
    spread = [spread_of_noise(counted * o, alike) for o in offsets]
    # what stands in the surroundings scatters there as well, and moves no centre
    own = noise_of_neighbours(part, distance > 1.2, alike)
    fine = noise if own is None else min(own, noise)
    sigma = [
        float(np.hypot(fine * s / max(total, 1e-30), _FLOOR_PX * step))
        for s, step in zip(spread, spacing, strict=True)
    ]
    reach = diameter_um / 2 / spacing
    cut = np.any(centre - reach < -0.5) or np.any(centre + reach > np.array(grey.shape) - 0.5)
    return _Centroid(
        start, centre, sigma, contrast, background, noise, bool(cut), part, offsets
    )  # fmt: skip


def _with_surface(found: _Centroid, spacing: NDArray, diameter_um: float) -> BlobCentre:
    """Fit mark and interface together from the centroid, where the two sides of a mark differ.

    Not where the border of the image cuts the mark: its centre is not to be trusted anyway.
    """
    centre, sigma, noise = found.centre, found.sigma_um, found.noise
    fit = None
    if not found.cut:
        fit = fit_bead_on_interface(
            found.part, found.offsets, radius_um=diameter_um / 2,
            peak=found.background + found.contrast,
        )  # fmt: skip
    if fit is not None:
        centre, noise = centre + fit.shift_um / spacing, fit.noise
        sigma = np.hypot(fit.sigma_um, _FLOOR_PX * spacing).tolist()
    return BlobCentre(
        position_um=tuple((centre * spacing).tolist()),
        sigma_um=tuple(sigma),
        contrast=found.contrast,
        noise=noise,
        at_border=found.cut,
        moved_um=float(np.linalg.norm((centre - found.start) * spacing)),
    )


def _window(
    grey: NDArray, centre: NDArray, spacing: NDArray, diameter_um: float
) -> tuple[NDArray, list[NDArray]]:
    reach = np.maximum(2, np.ceil(1.1 * diameter_um / spacing)).astype(int)
    nearest = np.round(centre).astype(int)
    low = np.maximum(0, nearest - reach)
    high = np.minimum(grey.shape, nearest + reach + 1)
    part = grey[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    axes = [
        (np.arange(a, b) - c) * s for a, b, c, s in zip(low, high, centre, spacing, strict=True)
    ]
    return part, list(np.meshgrid(*axes, indexing="ij", sparse=True))


def _background(part: NDArray, ring: NDArray, distance: NDArray) -> tuple[float, float]:
    values = part[ring] if np.count_nonzero(ring) >= 8 else part[distance > 1.0]
    if values.size == 0:
        return float(part.min()), 0.0
    middle = float(np.median(values))
    # the brighter side: a bead on a surface must not be pulled towards the material below it
    level = float(np.quantile(values, _BRIGHT_SIDE))
    return level, float(np.median(np.abs(values - middle))) / 0.6745


def _neighbourhood(
    image: NDArray, guess: NDArray, spacing: NDArray, diameter_um: float
) -> tuple[NDArray, NDArray]:
    reach = np.ceil(2.5 * diameter_um / spacing).astype(int) + 1
    low = np.maximum(0, np.round(guess).astype(int) - reach)
    high = np.minimum(image.shape, np.round(guess).astype(int) + reach + 1)
    part = image[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return low, np.asarray(part, dtype=np.float32)


def _is_bright(part: NDArray, guess: NDArray, spacing: NDArray, diameter_um: float) -> bool:
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(part, diameter_um / 4 / spacing)
    distance = _distance(part.shape, guess, spacing)
    near = smooth[distance <= diameter_um / 2]
    middle = np.median(part)
    return bool(near.max() - middle >= middle - near.min()) if near.size else True


def _strongest_near(grey: NDArray, guess: NDArray, spacing: NDArray, diameter_um: float) -> NDArray:
    from scipy.ndimage import gaussian_filter

    sigma = diameter_um / 2 / np.sqrt(grey.ndim) / spacing
    response = gaussian_filter(grey, sigma) - gaussian_filter(grey, 1.6 * sigma)
    response[_distance(grey.shape, guess, spacing) > diameter_um] = -np.inf
    return np.array(np.unravel_index(int(np.argmax(response)), grey.shape), dtype=float)


def _distance(shape: tuple[int, ...], centre: NDArray, spacing: NDArray) -> NDArray:
    axes = [(np.arange(n) - c) * s for n, c, s in zip(shape, centre, spacing, strict=True)]
    return np.sqrt(sum(o**2 for o in np.meshgrid(*axes, indexing="ij", sparse=True)))
