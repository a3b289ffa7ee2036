"""Effective conductivity and diffusivity of a segmented image, with their errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..quantification.measurement import Check, Measurement, measurement_from_parts
from ..quantification.volume import checked_phase
from ..spacing import checked_image_ndim, checked_spacing
from ..threads import Workers
from .bounds import wiener_bounds
from .conduction import Conduction, doubled
from .lead_axis import lead_axis, led_first
from .regions import CHANGES, OUTSIDE, labels_within, own_share, words

BOUNDARIES = {
    "fixed": "ends fixed half a voxel outside the image, sides sealed",
    "periodic": "periodic in every axis",
}
_MOST = 2000
_COARSE = 16  # voxels along each axis from which coarser grids say something
_ROUNDING = 1e-6  # of single precision, in checks of bounds


@dataclass(frozen=True)
class EffectiveConductivity:
    """The conductivity of an image along one axis, and how well its equations were solved.

    Attributes
    ----------
    value : float
        Effective conductivity [unit of the conductivities]; D_eff/D_0 for a phase alone.
    lower, upper : float
        Where the exact solution on these voxels lies. `upper` is an energy and holds; `lower` is
        estimated from how fast the energy fell.
    parallel, series : float
        Wiener bounds [same unit]: all phases side by side, and one behind the other.
    axis : str
        Direction of the mean field.
    boundary : {"fixed", "periodic"}
    conducting_fraction, connected_fraction : float
        Share of all voxels that conduct, and that also lead from end to end.
    iterations : int
    converged : bool
        Whether ``upper - lower`` is as small as was asked.
    extrapolated : float or None
        Estimate for infinitely small voxels [same unit], where it was asked and the coarser
        voxels tell one.
    discretisation_error : float or None
        95 % half-width of `extrapolated` [same unit].
    region : str
        In words, where it is of a mask and not of the whole image; shares and bounds are of it.
    """

    value: float
    lower: float
    upper: float
    parallel: float
    series: float
    axis: str
    boundary: str
    conducting_fraction: float
    connected_fraction: float
    iterations: int
    converged: bool
    extrapolated: float | None = None
    discretisation_error: float | None = None
    region: str = ""

    @property
    def tortuosity_factor(self) -> float:
        """Mean over effective conductivity: epsilon D_0 / D_eff for a phase alone; no path, inf."""
        return self.parallel / self.value if self.value > 0 else math.inf

    @property
    def checks(self) -> tuple[Check, ...]:
        """Bounds that always hold, but in a mask whose cross-section changes, and convergence."""
        slack = _ROUNDING * self.parallel
        held: bool | None = self.series - slack <= self.value <= self.parallel + slack
        said = f"{self.series:.6g} <= {self.value:.6g} <= {self.parallel:.6g}"
        if not held and self.region.endswith(CHANGES):
            held, said = None, f"{said} need not hold: the mask's cross-section changes"
        return (
            Check("Wiener bounds", held, said),
            Check(
                "equations solved",
                self.converged,
                f"between {self.lower:.6g} and {self.upper:.6g} after {self.iterations} steps, "
                f"where {self.connected_fraction:.6g} of {self.conducting_fraction:.6g} leads from "
                f"end to end along {self.axis}",
            ),
        )

    def measurements(self, phase: str = "pore") -> tuple[Measurement, Measurement]:
        """Return relative conductivity and tortuosity factor with their parts of uncertainty.

        Where the discretisation was estimated, the values are the extrapolated ones; where it was
        not, its part of the uncertainty isn't known, and so the whole is NaN. Without a path the
        tortuosity factor is infinite: whether smaller voxels would find one isn't known either.
        """
        best = self.value if self.extrapolated is None else self.extrapolated
        said = f"along {self.axis}; {BOUNDARIES[self.boundary]}; harmonic means, 7 points"
        said += f"; {self.region}" if self.region else ""
        ratio, meaning = math.inf, f"no path leads through along {self.axis}"
        parts: dict[str, float] = {}
        if best > 0:
            ratio, meaning = self.parallel / best, f"volume fraction / (D_eff / D_0) {said}"
            parts["equations"] = max(self.upper - self.value, self.value - self.lower)
            if self.discretisation_error is not None:
                parts["discretisation"] = self.discretisation_error
        effective = measurement_from_parts(
            key=f"{phase}.effective_diffusivity_{self.axis}", name="D_eff / D_0", value=best,
            unit="1", convention=said, parts=parts, checks=self.checks,
            bounds=(self.series, self.parallel), as_segmented=self.value,
        )  # fmt: skip
        factor = measurement_from_parts(
            key=f"{phase}.tortuosity_factor_{self.axis}", name="Tortuosity factor", value=ratio,
            unit="1", convention=meaning,
            parts={name: ratio * part / best for name, part in parts.items()},
            checks=self.checks, bounds=(1.0, math.inf), as_segmented=self.tortuosity_factor,
        )  # fmt: skip
        if "discretisation" in parts:
            return effective, factor
        return effective.without_interval(), factor.without_interval()


def effective_diffusivity(
    phase: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    boundary: str = "fixed",
    relative_error: float = 1e-3,
    extrapolate: bool = False,
    mask: NDArray | None = None,
    threads: int | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> EffectiveConductivity:
    """Solve for the effective diffusivity of a phase, relative to that inside it.

    Use `effective_conductivity` where more than one phase conducts.

    Parameters
    ----------
    phase : ndarray of bool, (z, y, x) or (y, x)
        What diffuses is here.
    spacing_um : sequence of float
        Voxel size along each axis [µm]; only its ratios matter.
    axis : {"z", "y", "x"}
        Direction of the mean gradient.
    boundary : {"fixed", "periodic"}
        Fixed concentrations half a voxel outside the first and last layer and sealed sides, or
        periodic on all sides.
    relative_error : float
        Of the solution of the equations, estimated; the voxels have an error of their own.
    extrapolate : bool
        Also solve on every second and every fourth voxel, and extrapolate to voxels of size 0.
    mask : ndarray of bool, optional
        What lies outside is no specimen. Nothing crosses the side of the mask; the value is that
        of a homogeneous body of the mask's shape that conducts as much: for a core plug, of its
        own cross-section and length. The mask needs to lead from the first layer to the last;
        with periodic sides it needs to be a box (`largest_box_inside`).
    threads : int, optional
        All processors unless told. The result does not depend on it.
    progress : callable, optional
        Gets the iteration and the estimated relative error; raise from it to stop.

    Returns
    -------
    EffectiveConductivity
        Where no path leads through, 0 and an infinite tortuosity factor.

    References
    ----------
    Cooper et al. 2016, TauFactor, SoftwareX 5, 203, doi:10.1016/j.softx.2016.09.002 (definition
    of the tortuosity factor).

    Examples
    --------
    >>> import numpy as np
    >>> channel = np.zeros((4, 2, 2), bool); channel[:, 0] = True
    >>> found = effective_diffusivity(channel, spacing_um=(1, 1, 1))
    >>> found.value, found.tortuosity_factor
    (0.5, 1.0)
    >>> effective_diffusivity(channel, spacing_um=(1, 1, 1), axis="y").tortuosity_factor
    inf
    """
    return effective_conductivity(
        checked_phase(phase).view(np.uint8), (0.0, 1.0), spacing_um=spacing_um, axis=axis,
        boundary=boundary, relative_error=relative_error, extrapolate=extrapolate,
        mask=mask, threads=threads, progress=progress,
    )  # fmt: skip


def effective_conductivity(
    labels: NDArray,
    conductivities: Sequence[float] | Mapping[int, float],
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    boundary: str = "fixed",
    relative_error: float = 1e-3,
    extrapolate: bool = False,
    mask: NDArray | None = None,
    threads: int | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> EffectiveConductivity:
    """Solve for the effective conductivity of an image of several phases.

    Thermal, electric, or diffusive with a partition coefficient in the diffusivities. At
    contrasts of 100 and more, corners where phases meet converge slowly with the voxel size (a
    checkerboard of 1 and 100 at 64 pixels a square is 45 % low): look at `extrapolate`.

    Parameters
    ----------
    labels : ndarray of integer below 255, (z, y, x) or (y, x)
    conductivities : sequence or mapping of float
        One a label, at least 0; a label of a mapping that is missing insulates.

    Other parameters are those of `effective_diffusivity`.

    Returns
    -------
    EffectiveConductivity

    Examples
    --------
    >>> import numpy as np
    >>> layers = np.repeat([[0], [1]], 2, axis=0)
    >>> across = effective_conductivity(layers, (1, 3), spacing_um=(1, 1), axis="y")
    >>> round(across.value, 6)
    1.5
    """
    labels, sigma = _checked(labels, conductivities)
    spacing = checked_spacing(spacing_um, labels.ndim)
    front = lead_axis(axis, labels.ndim)
    if boundary not in BOUNDARIES:
        raise ValueError(f"boundary needs one of {tuple(BOUNDARIES)}, got {boundary!r}")
    if not 1e-14 <= relative_error < 1:
        raise ValueError(f"relative_error needs 1e-14 to 1, got {relative_error}")
    labels, sigma = labels_within(labels, sigma, mask, front, axis, periodic=boundary == "periodic")
    turned, steps = led_first(labels, spacing, front)
    workers = Workers(threads)
    if extrapolate:
        _checked_coarse(turned.shape)
    found = _solve(
        turned, sigma, steps, axis, boundary, relative_error, workers,
        progress,
    )  # fmt: skip
    if not extrapolate or found.value == 0:
        return found
    coarse = [_coarse_values(turned, sigma, steps, boundary, step, workers) for step in (2, 4)]
    return _extrapolated(found, *coarse)


def _solve(
    labels: NDArray[np.uint8],
    sigma: NDArray[np.float64],
    spacing: tuple[float, ...],
    axis: str,
    boundary: str,
    relative_error: float,
    workers: Workers,
    progress: Callable[[int, float], None] | None = None,
) -> EffectiveConductivity:
    counts = np.bincount(labels.ravel(), minlength=len(sigma))
    inside = labels.size - int(counts[OUTSIDE]) if len(sigma) > OUTSIDE else labels.size
    shares = counts[:OUTSIDE] / inside
    sigma_inside = sigma[:OUTSIDE]
    series, parallel = wiener_bounds(sigma_inside, shares)  # type: ignore[arg-type]
    conducting = float(shares[sigma_inside > 0].sum())
    periodic = boundary == "periodic"
    labels = doubled(labels, (0,)) if periodic else labels
    problem = Conduction(
        labels, sigma, spacing, periodic=periodic, axes=(0,), relative_error=relative_error,
        workers=workers,
    )  # fmt: skip
    masks = len(sigma) > OUTSIDE
    connected = problem.connected / (inside if masks else labels.size)
    nothing = EffectiveConductivity(
        0.0, 0.0, 0.0, parallel, series, axis, boundary, conducting, connected, 0, True
    )
    if masks:
        nothing = replace(nothing, region=words(labels != OUTSIDE))
    if not problem.connected:
        return nothing
    field = problem.solve(0, most=_MOST, progress=progress)
    own = own_share(labels != OUTSIDE, spacing, workers) if masks else 1.0
    upper = field.upper / own
    rest = max(0.0, min(field.minimum.rest / own, upper - series))
    return replace(
        nothing,
        value=float(upper - rest / 2), lower=float(upper - rest), upper=float(upper),
        iterations=field.minimum.iterations, converged=field.minimum.converged,
    )  # fmt: skip


def _coarse_values(
    labels: NDArray[np.uint8],
    sigma: NDArray[np.float64],
    spacing: tuple[float, ...],
    boundary: str,
    step: int,
    workers: Workers,
) -> NDArray[np.float64]:
    """Solve on every second or fourth voxel, from four places: the same body on a coarser grid."""
    half = step // 2
    values = []
    for offsets in ((0, 0, 0), (half, half, 0), (half, 0, half), (0, half, half)):
        cut = tuple(
            slice(o, None, step) if n > 1 else slice(None)
            for o, n in zip(offsets, labels.shape, strict=True)
        )
        part = np.ascontiguousarray(labels[cut])
        values.append(_solve(part, sigma, spacing, "z", boundary, 1e-4, workers).value)
    return np.array(values)


def _extrapolated(
    found: EffectiveConductivity, second: NDArray, fourth: NDArray
) -> EffectiveConductivity:
    """Extrapolate to voxels of size 0: seven points on a staircase are of first order."""
    best = 2 * found.value - second.mean()
    if best <= 0:  # coarser voxels miss walls that nearly close it: they tell nothing
        return found
    before = 2 * second.mean() - fourth.mean()
    scatter = 2 * second.std(ddof=1) / math.sqrt(len(second))
    error = max(abs(best - before), scatter, abs(found.value - second.mean()) / 4)
    best = min(max(best, found.series), found.parallel)
    return replace(found, extrapolated=float(best), discretisation_error=float(error))


def _checked(
    labels: NDArray, conductivities: Sequence[float] | Mapping[int, float]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    labels = np.asarray(labels)
    checked_image_ndim(labels.shape, "labels")
    if labels.dtype.kind not in "bui" or labels.min() < 0 or labels.max() > 254:
        raise ValueError(
            f"labels needs whole numbers from 0 to 254, got {labels.dtype} from {labels.min()} to "
            f"{labels.max()}: segment the image first"
        )
    named = (
        dict(conductivities)
        if isinstance(conductivities, Mapping)
        else dict(enumerate(conductivities))
    )
    sigma = np.zeros(max([int(labels.max()), *named]) + 1)
    for label, value in named.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(
                f"conductivities needs finite values of at least 0, got {value} for label {label}"
            )
        sigma[label] = value
    if not isinstance(conductivities, Mapping) and int(labels.max()) >= len(named):
        raise ValueError(
            f"conductivities needs one value for each label to {int(labels.max())}, got "
            f"{len(named)}: give them all, or a mapping"
        )
    return labels.astype(np.uint8, copy=False), sigma


def _checked_coarse(shape: tuple[int, ...]) -> None:
    """Refuse what every fourth voxel of would be too few."""
    if max(shape) == 1 or min(n for n in shape if n > 1) < _COARSE:
        raise ValueError(
            f"extrapolate needs at least {_COARSE} voxels along each axis, got {shape}: take a "
            "larger image, or leave it"
        )
