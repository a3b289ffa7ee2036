"""The voxel size that a registration finds, against the one that the file states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable
from ..distributions import norm, student
from .surprise import worst_of
from .tangent import columns
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

_SIGNIFICANT = 0.01


@dataclass(frozen=True, eq=False)
class VoxelSizeTest:
    """Nominal and fitted voxel size of the moving image, axis by axis.

    Attributes
    ----------
    axes : tuple of str
        ``z``, ``y``, ``x`` as far as the moving image has them.
    nominal_um : (k,) array
        As stated [um].
    scale : (k,) array
        Length in the fixed frame over length in the moving frame.
    sigma : (k,) array
        Its standard deviation, that of the nominal sizes included.
    interval95 : (k, 2) array
        Of the scale.
    p : (k,) array
        Chance that honest landmarks of images with the right voxel sizes show a scale as far from
        1, along this axis.
    p_any : float
        The same of the farthest of all axes.
    fitted_um : (k,) array
        Nominal times scale: the voxel size that agrees with the fixed image [um].
    statement : str
        In words.
    """

    axes: tuple[str, ...]
    nominal_um: np.ndarray
    scale: np.ndarray
    sigma: np.ndarray
    interval95: np.ndarray
    p: np.ndarray
    p_any: float
    fitted_um: np.ndarray
    statement: str

    @property
    def significant(self) -> bool:
        """Whether the voxel sizes disagree beyond chance (p below 0.01)."""
        return bool(self.p_any < _SIGNIFICANT)

    def table(self) -> pd.DataFrame:
        """One row an axis: axis, nominal_um, fitted_um, scale, sigma, lower, upper, p."""
        import pandas as pd

        return pd.DataFrame(
            {
                "axis": self.axes,
                "nominal_um": self.nominal_um,
                "fitted_um": self.fitted_um,
                "scale": self.scale,
                "sigma": self.sigma,
                "lower": self.interval95[:, 0],
                "upper": self.interval95[:, 1],
                "p": self.p,
            }
        ).iloc[::-1]


def compare_voxel_size(
    transform: AffineTransform, *, nominal_um: ArrayLike, sigma_nominal: float = 0.0
) -> VoxelSizeTest:
    """Compare the voxel size of the moving image with the one that the registration finds.

    A similarity has one scale for all axes, an affine map one for each; which of the two images is
    wrong it cannot tell.

    Parameters
    ----------
    transform : AffineTransform
        A similarity or affine fit with a covariance.
    nominal_um : float, (2,) or (3,) array
        Stated voxel size of the moving image, z, y, x [um].
    sigma_nominal : float
        Relative standard deviation of the ratio of the stated sizes, 0.01 for one per cent.

    Returns
    -------
    VoxelSizeTest

    Raises
    ------
    ValueError
        For a rigid fit, whose scale is not free, and for other shapes.
    CovarianceUnavailable
        If the fit states no error.

    Notes
    -----
    To first order in the errors of the landmarks; across the plane of a 2-D image nothing is
    known.

    Examples
    --------
    >>> import numpy as np
    >>> from scalebridge.analysis.registration import fit_landmarks
    >>> places = 50.0 * np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
    >>> fit = fit_landmarks(places, 1.02 * places, model="similarity", sigma_um=0.1)
    >>> test = compare_voxel_size(fit.transform, nominal_um=5.0)
    >>> test.fitted_um.round(3), test.significant
    (array([5.1, 5.1, 5.1]), True)
    """
    if transform.model == "rigid":
        raise ValueError(
            "a rigid fit takes both voxel sizes as they are, so it cannot test them: fit a "
            "similarity or an affine map"
        )
    if transform.covariance is None:
        raise CovarianceUnavailable(
            f"the {transform.model} fit states no error, so the voxel sizes cannot be tested: add "
            "landmarks, or state sigma_um"
        )
    ndim = transform.ndim_moving
    nominal = _nominal(nominal_um, ndim)
    if not (np.isfinite(sigma_nominal) and sigma_nominal >= 0):
        raise ValueError(f"sigma_nominal needs a number of 0 or more, got {sigma_nominal!r}")
    scale, own = _stretches(transform)
    sigma = np.hypot(own, sigma_nominal * scale)
    chance, half = _significance(transform.nu, np.abs(scale - 1) / sigma)
    tests = 1 if transform.model == "similarity" else ndim
    any_of = float(worst_of(chance.min(), tests))
    axes = ("z", "y", "x")[3 - ndim :]
    interval = scale[:, None] + half * sigma[:, None] * np.array([-1.0, 1.0])
    return VoxelSizeTest(
        axes,
        nominal,
        scale,
        sigma,
        interval,
        chance,
        any_of,
        nominal * scale,
        _statement(transform.model, axes, nominal, scale, half * sigma, chance, any_of),
    )


def _nominal(nominal_um: ArrayLike, ndim: int) -> np.ndarray:
    given = np.asarray(nominal_um, dtype=float)
    if given.shape not in {(), (ndim,), (3,)} or not (given > 0).all():
        raise ValueError(f"nominal_um needs one value or {ndim} above 0 [um], got {nominal_um!r}")
    return np.broadcast_to(given if given.ndim == 0 else given[-ndim:], (ndim,)).copy()


def _stretches(transform: AffineTransform) -> tuple[np.ndarray, np.ndarray]:
    """Stretch along each axis of the moving image, and its standard deviation: two (k,)."""
    ndim = transform.ndim_moving
    if transform.model == "similarity":
        return (
            np.full(ndim, transform.scale),
            np.full(ndim, transform.scale_sigma * transform.scale),
        )
    scale = np.linalg.norm(transform.matrix, axis=0)[3 - ndim :]
    free = columns("affine", transform.ndim_moving, transform.ndim_fixed)
    slopes = np.zeros((ndim, 12))
    for row, axis in enumerate(range(3 - ndim, 3)):
        slopes[row, 3 + axis :: 3] = transform.matrix[:, axis] / scale[row]
    slopes = slopes[:, free]
    covariance = np.asarray(transform.covariance, dtype=float)
    return scale, np.sqrt(np.sum((slopes @ covariance) * slopes, axis=1))


def _significance(nu: float | None, far: np.ndarray) -> tuple[np.ndarray, float]:
    """Two-sided chances of deviations in standard deviations, and the half width of 95 %."""
    if nu is None or not np.isfinite(nu):
        return 2 * np.asarray(norm.cdf(-far)), float(norm.ppf(0.975))
    return 2 * np.asarray(student.cdf(-far, nu)), float(student.ppf(0.975, nu))


def _statement(
    model: str,
    axes: tuple[str, ...],
    nominal: np.ndarray,
    scale: np.ndarray,
    half: np.ndarray,
    chance: np.ndarray,
    any_of: float,
) -> str:
    same = model == "similarity"
    parts = [
        f"{'all axes' if same else axis} {s:.4f} ± {h:.2g}"
        + (f" (p = {c:.2g})" if not same else "")
        for axis, s, h, c in zip(axes, scale, half, chance, strict=True)
    ]
    said = parts[0] if same else ", ".join(parts[::-1])
    if any_of >= _SIGNIFICANT:
        return f"the stated voxel sizes agree: scale {said}, p = {any_of:.2g}"
    fitted = " × ".join(f"{value:.5g}" for value in (nominal * scale)[::-1])
    stated = " × ".join(f"{value:.5g}" for value in nominal[::-1])
    return (
        f"the stated voxel sizes disagree: scale {said}, p = {any_of:.2g}; {fitted} µm would agree "
        f"with the fixed image where {stated} µm ({', '.join(axes[::-1])}) is stated"
    )
