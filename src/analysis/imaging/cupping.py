"""Cupping: a material that looks darker in the middle than at its rim, as beam hardening does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing

if TYPE_CHECKING:
    import pandas as pd

_BORDER_PX = 3.0  # beside the surface, where blur mixes the material with what is outside
_SHELLS, _SECTORS = 12, 12
_FEWEST = 500
_SURE = 1.96


@dataclass(frozen=True)
class Cupping:
    """The grey value of one material over its depth below the specimen's surface.

    Attributes
    ----------
    share : float
        (rim - middle) / (rim - air): positive for cupping, negative for a brighter middle.
    error : float
        Standard uncertainty, from twelve sectors of the specimen.
    rim, middle : float
        Of the fitted profile, at the surface and at the greatest depth [grey value].
    profile : DataFrame
        `depth_um`, `grey`, `voxels`.
    """

    share: float
    error: float
    rim: float
    middle: float
    profile: pd.DataFrame

    @property
    def told(self) -> bool:
        """Whether the share differs from 0 beyond its 95 % interval."""
        return abs(self.share) > _SURE * self.error

    def table(self) -> pd.DataFrame:
        """Return one row: the share with its error, the two ends, and what that says."""
        import pandas as pd

        words = "cupping" if self.share > 0 else "brighter in the middle"
        return pd.DataFrame(
            {
                "share": [self.share],
                "error": [self.error],
                "rim": [self.rim],
                "middle": [self.middle],
                "said": [words if self.told else "none beyond its error"],
            }
        )


def cupping(
    image: NDArray,
    *,
    material: NDArray,
    air: float,
    spacing_um: Sequence[float],
    specimen: NDArray | None = None,
) -> Cupping:
    """Measure how the grey value of one material changes with depth below the surface.

    Rays through the middle of a specimen are harder than those through its rim, so that one
    material seems to attenuate less there. The profile is fitted by a + b u², where u is 1 at the
    surface and 0 at the greatest depth.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values that are linear in attenuation.
    material : ndarray of bool, same shape
        Voxels of one material.
    air : float
        Grey value of nothing; 0 where grey values are attenuation.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    specimen : ndarray of bool, same shape, optional
        What depth is counted from; the material with its holes filled, plane by plane, unless
        given.

    Returns
    -------
    Cupping

    Raises
    ------
    ValueError
        Too few voxels of the material below its blurred border, or no contrast with air.

    Notes
    -----
    A density that really changes with depth, scattered rays, and a scan of a part of the specimen
    (whose profile bends upwards at the rim) look alike. Depth is counted within the image: where
    the specimen reaches beyond it across the axis, give nothing to this function.

    References
    ----------
    Herman 1979, doi:10.1088/0031-9155/24/1/008.

    Examples
    --------
    >>> y, x = np.indices((81, 81)) - 40
    >>> r = np.hypot(y, x) / 36
    >>> image = np.where(r < 1, 100 - 20 * (1 - r**2), 0.0)
    >>> found = cupping(image, material=r < 1, air=0, spacing_um=(1, 1))
    >>> round(found.share, 2), found.told
    (0.2, True)
    """
    image = np.asarray(image)
    spacing = checked_spacing(spacing_um, checked_image_ndim(image.shape))
    inside = _checked(material, "material", image.shape)
    body = _filled(inside) if specimen is None else _checked(specimen, "specimen", image.shape)
    depth, used = _depth(body, inside, spacing)
    grey, below = image[used].astype(float), depth[used]
    if not np.isfinite(grey).all():
        raise ValueError("image needs numbers in the material, got NaN or inf")
    deepest = float(depth.max())
    sector = _sectors(body, used)
    rim, middle = _ends(grey, below, deepest)
    if not abs(rim - air) > 0:
        raise ValueError(f"air needs another grey value than the material's, got {air}")
    return Cupping(
        share=(rim - middle) / (rim - air),
        error=_error(grey, below, sector, deepest, air),
        rim=rim,
        middle=middle,
        profile=_profile(grey, below, deepest),
    )


def _error(
    grey: NDArray, depth: NDArray, sector: NDArray[np.intp], deepest: float, air: float
) -> float:
    """Leave one sector out after the other (jackknife)."""
    shares = []
    for number in range(_SECTORS):
        kept = sector != number
        if 0 < kept.sum() < len(kept):
            rim, middle = _ends(grey[kept], depth[kept], deepest)
            shares.append((rim - middle) / (rim - air))
    n = len(shares)
    if n < _SECTORS // 2:
        return float("nan")
    return float(np.sqrt((n - 1) * np.var(shares)))


def _profile(grey: NDArray, depth: NDArray, deepest: float) -> pd.DataFrame:
    import pandas as pd

    shell = np.minimum((depth / deepest * _SHELLS).astype(int), _SHELLS - 1)
    voxels = np.bincount(shell, minlength=_SHELLS)
    filled = voxels > 0
    means = [np.bincount(shell, each, _SHELLS)[filled] / voxels[filled] for each in (depth, grey)]
    return pd.DataFrame({"depth_um": means[0], "grey": means[1], "voxels": voxels[filled]})


def _checked(mask: NDArray, name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    found = np.asarray(mask)
    if found.dtype != bool or found.shape != shape:
        raise ValueError(
            f"{name} needs truth values of shape {shape}, got {found.dtype} of {found.shape}"
        )
    return found


def _filled(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy.ndimage import binary_fill_holes

    if inside.ndim == 2:
        return np.asarray(binary_fill_holes(inside))
    return np.stack([binary_fill_holes(plane) for plane in inside])


def _depth(
    body: NDArray[np.bool_], inside: NDArray[np.bool_], spacing: tuple[float, ...]
) -> tuple[NDArray, NDArray[np.bool_]]:
    """Depth below the surface in each plane across the axis, and voxels clear of every border."""
    from scipy.ndimage import binary_erosion, distance_transform_edt

    flat = body.ndim == 2
    across = spacing[-2:]
    planes = [
        distance_transform_edt(np.pad(plane, 1), sampling=across)[1:-1, 1:-1]
        for plane in (body[None] if flat else body)
    ]
    depth = planes[0] if flat else np.stack(planes)
    cross = np.zeros((3,) * body.ndim, bool)
    for axis in range(body.ndim):
        place = [1] * body.ndim
        place[axis] = slice(None)  # type: ignore[call-overload]
        cross[tuple(place)] = True
    clear = binary_erosion(inside, cross, iterations=int(_BORDER_PX))
    used = clear & (depth > _BORDER_PX * max(across))
    if used.sum() < _FEWEST:
        raise ValueError(
            f"material needs {_FEWEST} voxels or more {_BORDER_PX:.0f} px below its border, got "
            f"{int(used.sum())}: choose the material that fills most"
        )
    return depth, used


def _sectors(body: NDArray[np.bool_], used: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Number of the sector around the specimen's middle in which each used voxel lies."""
    places = np.argwhere(used)[:, -2:]
    y, x = (places - np.argwhere(body)[:, -2:].mean(axis=0)).T
    turn = (np.arctan2(y, x) / (2 * np.pi)) % 1.0
    return np.minimum((turn * _SECTORS).astype(np.intp), _SECTORS - 1)


def _ends(grey: NDArray, depth: NDArray, deepest: float) -> tuple[float, float]:
    """Grey value at the surface and at the greatest depth, by the fit of a + b u²."""
    square = (1 - depth / deepest) ** 2
    slope, start = np.polyfit(square, grey, 1)
    return float(start + slope), float(start)
