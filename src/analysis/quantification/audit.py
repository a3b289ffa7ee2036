"""How far a pipeline can be trusted on material like one's own: bias and scatter, on phantoms.

Phantoms with the material's own volume fraction, surface and correlation length are drawn finely,
so that their truth is known, imaged as the user's images are, and go through the user's very
pipeline. What comes back, divided by the truth, is the pipeline's bias.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..distributions import student
from ..spacing import checked_spacing
from .ball_pack import BallPack, surface_of_distances
from .level_set import level_set_area
from .phase_quantities import phase_figures
from .random_medium import Medium, draw_field, field_for
from .rendering import Imaging, image_noise, render

if TYPE_CHECKING:
    import pandas as pd

Pipeline = Callable[[NDArray[np.float32]], Mapping[str, float]]
_FULL = {2: 8, 3: 26}


@dataclass(frozen=True)
class FinePhantom:
    """One phantom, several voxels for each of the image.

    Attributes
    ----------
    field : ndarray of float32
        The phase is where this exceeds `level`, between voxels too.
    level : float
    spacing_um : tuple of float
        Of the fine voxels [µm].
    of_distances : bool
        Whether the field is the distance to the surface [µm].
    """

    field: NDArray[np.float32]
    level: float
    spacing_um: tuple[float, ...]
    of_distances: bool = False

    @property
    def phase(self) -> NDArray[np.bool_]:
        """Whether the middle of each fine voxel is in the phase."""
        return self.field > self.level

    @property
    def specific_surface(self) -> float:
        """Interface per volume [1/µm], in 2D length per area."""
        if self.of_distances:
            step = min(self.spacing_um)
            return surface_of_distances(self.field, level=self.level, step_um=step)
        return level_set_area(self.field, level=self.level, spacing_um=self.spacing_um)

    def shares(self, finer: int) -> NDArray[np.float32]:
        """Share of each voxel of the image that the phase fills."""
        parts = [(n // finer, finer) for n in self.field.shape]
        blocks = self.phase.reshape([size for pair in parts for size in pair])
        return blocks.mean(axis=tuple(range(1, 2 * len(parts), 2)), dtype=np.float32)


@dataclass(frozen=True)
class AuditRow:
    """One quantity: what the pipeline makes of what is there.

    Attributes
    ----------
    quantity : str
    true, measured : tuple of float
        For each phantom.
    """

    quantity: str
    true: tuple[float, ...]
    measured: tuple[float, ...]

    @property
    def ratios(self) -> NDArray[np.float64]:
        """Measured over true, where both are numbers and the truth is not 0."""
        true, measured = np.asarray(self.true, float), np.asarray(self.measured, float)
        known = np.isfinite(true) & np.isfinite(measured) & (true != 0)
        return np.asarray(measured[known] / true[known])

    @property
    def bias(self) -> float:
        """Mean of measured over true, less 1."""
        return float(self.ratios.mean() - 1) if len(self.ratios) else math.nan

    @property
    def bias_uncertainty(self) -> float:
        """95 % half-width of the bias, from the scatter between phantoms."""
        n = len(self.ratios)
        if n < 2:
            return math.nan
        return float(student.ppf(0.975, n - 1)) * self.scatter / math.sqrt(n)

    @property
    def scatter(self) -> float:
        """Standard deviation of measured over true: what one image of this size may be off."""
        return float(self.ratios.std(ddof=1)) if len(self.ratios) > 1 else math.nan

    def words(self) -> str:
        """Say it as one would to a colleague; ± is the 95 % half-width of the bias.

        Examples
        --------
        >>> AuditRow("permeability", (1.0, 1.0, 1.0), (1.12, 1.18, 1.24)).words()
        'permeability is 18 ± 15 % high'
        """
        failed = len(self.true) - len(self.ratios)
        if len(self.ratios) < 2:
            return f"{self.quantity} was measured on {len(self.ratios)} phantoms: nothing is known"
        more = f"; {failed} of {len(self.true)} gave no number" if failed else ""
        side = "high" if self.bias > 0 else "low"
        size, half = _together(100 * abs(self.bias), 100 * self.bias_uncertainty)
        if abs(self.bias) < self.bias_uncertainty:
            return f"{self.quantity} shows no bias ({size} ± {half} % {side}){more}"
        return f"{self.quantity} is {size} ± {half} % {side}{more}"


@dataclass(frozen=True)
class Audit:
    """A pipeline's bias and scatter on phantoms that are like the user's material.

    Attributes
    ----------
    rows : tuple of AuditRow
        One for each quantity that pipeline and truth both know.
    like : Medium
        What was asked for.
    drawn : Medium
        What the phantoms are, mean over them.
    voxels_a_chord : float
        Mean chord through the phase over the geometric mean of the voxel's sides.
    phantoms : int
    shape : tuple of int
        Of the images.
    only_measured : tuple of str
        Quantities of the pipeline whose truth is not known here.
    """

    rows: tuple[AuditRow, ...]
    like: Medium
    drawn: Medium
    voxels_a_chord: float
    phantoms: int
    shape: tuple[int, ...]
    only_measured: tuple[str, ...]

    def __iter__(self) -> Iterator[AuditRow]:
        return iter(self.rows)

    def __getitem__(self, quantity: str) -> AuditRow:
        for row in self.rows:
            if row.quantity == quantity:
                return row
        raise KeyError(f"{quantity!r} was not audited: {', '.join(r.quantity for r in self.rows)}")

    def words(self) -> str:
        """Say all of it, with how many voxels a chord has."""
        said = "; ".join(row.words() for row in self.rows)
        return f"At {self.voxels_a_chord:.2g} voxels a chord: {said}."

    def table(self) -> pd.DataFrame:
        """Return one row a quantity: bias with its interval, and scatter [%]."""
        import pandas as pd

        rows = [
            {
                "quantity": row.quantity,
                "true": float(np.nanmean(row.true)),
                "measured": float(np.nanmean(row.measured)),
                "bias_percent": 100 * row.bias,
                "bias_half_width_percent": 100 * row.bias_uncertainty,
                "scatter_percent": 100 * row.scatter,
                "phantoms": len(row.ratios),
                "words": row.words(),
            }
            for row in self.rows
        ]
        return pd.DataFrame(rows)


def audit(
    pipeline: Pipeline,
    *,
    like: Medium,
    imaging: Imaging,
    spacing_um: Sequence[float],
    shape: Sequence[int] | None = None,
    truth: Callable[[FinePhantom], Mapping[str, float]] | None = None,
    grains: BallPack | None = None,
    phantoms: int = 6,
    finer: int = 3,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Send phantoms that are like a material through a pipeline, and compare with their truth.

    The phantoms are level cuts of random fields, or balls that touch: shapes of one kind. They say
    what voxels, blur, noise and a pipeline's own choices do to features of this size; they say
    nothing about materials whose shapes differ much at the same three numbers, such as thin cracks.

    Parameters
    ----------
    pipeline : callable
        From a grey image, (z, y, x) or (y, x), to its numbers by name.
    like : Medium
        The material, `Medium.of` a segmentation or typed.
    imaging : Imaging
        Grey values of what is not the phase and of the phase, their noises, blur and the noise's
        correlation.
    spacing_um : sequence of float
        Voxel size of the images along each axis [µm].
    shape : sequence of int, optional
        Of the images; 96 voxels along each axis, in 2D 512, unless told.
    truth : callable, optional
        From a `FinePhantom` to the true numbers by name; `geometry_truth` unless told.
    grains : BallPack, optional
        Draw balls that touch, in 3D, with the material's volume fraction; else random fields.
    phantoms : int
        How many, each with its own shapes and noise.
    finer : int
        Fine voxels a voxel, along each axis.
    seed : int
    progress : callable, optional
        Gets the phantoms that are done and how many there are; what it raises ends the run.

    Returns
    -------
    Audit

    Raises
    ------
    ValueError
        Where numbers cannot be meant, or pipeline and truth share no name.

    Examples
    --------
    >>> imaging = Imaging((50.0, 150.0), (5.0, 5.0), (0.7, 0.7), 0.0)
    >>> found = audit(lambda grey: {"volume_fraction": float(np.mean(grey > 100))},
    ...               like=Medium(0.4, 0.2, 6.0, 2), imaging=imaging, spacing_um=(1.0, 1.0),
    ...               shape=(128, 128), phantoms=4)
    >>> abs(found["volume_fraction"].bias) < 0.02
    True
    """
    spacing = checked_spacing(spacing_um, like.ndim)
    size = _checked_shape(shape, like.ndim)
    _check_counts(phantoms, finer, imaging, like.ndim)
    known = truth or geometry_truth
    draw = grains.field if grains is not None else partial(draw_field, field_for(like))
    trues, measured, drawn = [], [], []
    for number in range(phantoms):
        rng = np.random.default_rng([seed, number])
        fine_spacing = tuple(step / finer for step in spacing)
        values = draw(shape=[n * finer for n in size], spacing_um=fine_spacing, rng=rng)
        # the level that leaves the wanted share in this phantom: small ones would differ much
        level = float(np.quantile(values, 1 - like.volume_fraction))
        fine = FinePhantom(values, level, fine_spacing, of_distances=grains is not None)
        grey = _imaged(fine.shares(finer), imaging, [seed, number, 1])
        drawn.append(Medium.of(fine.phase, spacing_um=fine_spacing))
        trues.append(dict(known(fine)))
        measured.append(dict(pipeline(grey)))
        if progress is not None:
            progress(number + 1, phantoms)
    side = float(np.prod(spacing)) ** (1 / like.ndim)
    shared, alone = _shared(trues, measured)
    return Audit(
        tuple(_row(name, trues, measured) for name in shared),
        like,
        _mean(drawn),
        like.mean_chord_um / side,
        phantoms,
        size,
        alone,
    )


def geometry_truth(fine: FinePhantom) -> dict[str, float]:
    """Measure what is there: the quantities of `measure_phases`, surfaces from the field itself.

    Examples
    --------
    >>> ramp = np.broadcast_to(np.arange(9.0)[:, None], (9, 9))
    >>> round(geometry_truth(FinePhantom(ramp, 3.5, (1.0, 1.0)))["specific_surface"], 3)
    0.111
    """
    ndim = fine.field.ndim
    found = phase_figures(fine.phase, spacing_um=fine.spacing_um, connectivity=_FULL[ndim])
    area = fine.specific_surface
    fraction = found.values["volume_fraction"]
    exact = {"specific_surface": area, "surface_per_phase": area / fraction if fraction else 0.0}
    return found.values | exact


def _imaged(
    shares: NDArray[np.float32], imaging: Imaging, seed: Sequence[int]
) -> NDArray[np.float32]:
    noise = image_noise(shares.shape, imaging, seed)
    rest = np.zeros(shares.shape, np.uint8)
    return render(rest, imaging, noise, label=1, occupied=shares)


def _row(name: str, trues: list[dict], measured: list[dict]) -> AuditRow:
    return AuditRow(
        name,
        tuple(float(one.get(name, math.nan)) for one in trues),
        tuple(float(one.get(name, math.nan)) for one in measured),
    )


def _shared(trues: list[dict], measured: list[dict]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that both know in the pipeline's order, and those that only the pipeline knows."""
    names = list(dict.fromkeys(name for one in measured for name in one))
    true = {name for one in trues for name in one}
    if not true.intersection(names):
        raise ValueError(
            f"the pipeline measures {', '.join(names) or 'nothing'} and the truth knows "
            f"{', '.join(sorted(true)) or 'nothing'}: give a truth with the pipeline's names"
        )
    return tuple(n for n in names if n in true), tuple(n for n in names if n not in true)


def _mean(drawn: list[Medium]) -> Medium:
    fraction, surface, length = np.mean(
        [(m.volume_fraction, m.specific_surface, m.correlation_length_um) for m in drawn], axis=0
    )
    return Medium(float(fraction), float(surface), float(length), drawn[0].ndim)


def _checked_shape(shape: Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    if shape is None:
        return (96,) * 3 if ndim == 3 else (512,) * 2
    size = tuple(int(n) for n in shape)
    if len(size) != ndim or min(size) < 16:
        raise ValueError(f"shape needs {ndim} numbers of 16 voxels at least, got {tuple(shape)}")
    return size


def _check_counts(phantoms: int, finer: int, imaging: Imaging, ndim: int) -> None:
    if phantoms < 2:
        raise ValueError(f"phantoms needs to be 2 at least, got {phantoms}: one tells no scatter")
    if not 2 <= finer <= 8:
        raise ValueError(f"finer needs to lie between 2 and 8, got {finer}")
    if len(imaging.greys) != 2 or len(imaging.blur_px) != ndim:
        raise ValueError(
            f"imaging needs two grey values and {ndim} blurs, got {len(imaging.greys)} and "
            f"{len(imaging.blur_px)}: those of what is not the phase and of the phase"
        )


def _together(size: float, spread: float) -> tuple[str, str]:
    """Write two shares to the same digit, the second significant one of the spread below 10."""
    digits = max(0, -math.floor(math.log10(spread))) if 0 < spread < 1 else 0
    return f"{size:.{digits}f}", f"{spread:.{digits}f}"
