"""What is measured of one phase: names, units, conventions and the figures themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .connectivity import connectivity_of
from .measurement import Check, Measurement, measurement_from_parts
from .objects import label_objects, object_table
from .size_distribution import CORRECTION, SizeDistribution, size_distribution
from .surface import surface
from .volume import volume_fraction


@dataclass(frozen=True)
class Quantity:
    """One quantity of a phase.

    Attributes
    ----------
    key, name : str
    unit : dict of int to str
        For 2D and 3D.
    convention : str
        With ``{c}`` for the connectivity.
    length_power : dict of int to int
        How it scales with the voxel size, in 2D and 3D.
    corrected : bool
        Whether the bias found by re-imaging is taken off; else the interval is widened by it.
    bounds : tuple of float
    """

    key: str
    name: dict[int, str]
    unit: dict[int, str]
    convention: str
    length_power: dict[int, int]
    corrected: bool
    bounds: tuple[float, float]

    def measurement(
        self,
        phase: str,
        value: float,
        parts: Mapping[str, float],
        *,
        ndim: int,
        connectivity: int,
        checks: tuple[Check, ...] = (),
        as_segmented: float | None = None,
        of: str = "",
    ) -> Measurement:
        """Say what was found of a phase, with the interval that its parts make.

        Parameters
        ----------
        phase : str
            Name of the phase.
        value : float
            [unit of the quantity].
        parts : mapping of str to float
            95 % half-width from each source [same unit].
        ndim, connectivity : int
            Of the image, and of the pieces in it.
        checks : tuple of Check
        as_segmented : float, optional
            Before any correction [same unit]; the value itself unless told.
        of : str
            What is added to the name.
        """
        return measurement_from_parts(
            key=f"{phase}.{self.key}",
            name=f"{phase}: {self.name[ndim]}{of}",
            value=float(value),
            unit=self.unit[ndim],
            convention=self.convention.format(c=connectivity),
            parts=parts,
            checks=checks,
            as_segmented=float(value if as_segmented is None else as_segmented),
            bounds=self.bounds,
        )


_POSITIVE, _SHARE = (0.0, float("inf")), (0.0, 1.0)
_ONE, _LENGTH, _PER_LENGTH = {2: "1", 3: "1"}, {2: "µm", 3: "µm"}, {2: "1/µm", 3: "1/µm"}


def _both(text: str) -> dict[int, str]:
    return {2: text, 3: text}


QUANTITIES = (
    Quantity(
        "volume_fraction",
        {2: "area fraction", 3: "volume fraction"},
        _ONE,
        "share of voxels, of the imaged volume",
        {2: 0, 3: 0},
        True,
        _SHARE,
    ),
    Quantity(
        "specific_surface",
        {2: "interface length per area", 3: "surface per volume"},
        _PER_LENGTH,
        "Crofton with weights for the voxel shape, per imaged volume",
        {2: -1, 3: -1},
        True,
        _POSITIVE,
    ),
    Quantity(
        "surface_per_phase",
        {2: "interface length per area of the phase", 3: "surface per volume of the phase"},
        _PER_LENGTH,
        "Crofton surface over the volume of the phase",
        {2: -1, 3: -1},
        True,
        _POSITIVE,
    ),
    Quantity(
        "mean_diameter",
        _both("mean diameter, by number"),
        _LENGTH,
        f"equivalent diameter of {{c}}-connected objects; {CORRECTION}",
        {2: 1, 3: 1},
        True,
        _POSITIVE,
    ),
    Quantity(
        "mean_diameter_by_volume",
        {2: "mean diameter, by area", 3: "mean diameter, by volume"},
        _LENGTH,
        f"equivalent diameter of {{c}}-connected objects; {CORRECTION}",
        {2: 1, 3: 1},
        True,
        _POSITIVE,
    ),
    Quantity(
        "object_density",
        {2: "objects per area", 3: "objects per volume"},
        {2: "1/µm²", 3: "1/µm³"},
        f"{{c}}-connected objects; {CORRECTION}",
        {2: -2, 3: -3},
        False,
        _POSITIVE,
    ),
    Quantity(
        "largest_fraction",
        _both("share in the largest piece"),
        _ONE,
        "share of the phase in its largest {c}-connected piece",
        {2: 0, 3: 0},
        False,
        _SHARE,
    ),
)


BESIDE = "beside the piece that crosses"
#: Quantities of objects, which say little of a phase that is one piece.
OF_OBJECTS = ("mean_diameter", "mean_diameter_by_volume", "object_density")


@dataclass(frozen=True)
class PhaseFigures:
    """All quantities of one phase, with the table they come from; `anisotropy` as of `Surface`."""

    values: dict[str, float]
    sizes: SizeDistribution
    percolates: dict[str, bool]
    anisotropy: float = 0.0

    def said_of(self, key: str) -> str:
        """Say what objects are where most of the phase is one piece that the border cuts."""
        share = self.values["largest_fraction"]
        if key not in OF_OBJECTS or share <= 0.5 or not any(self.percolates.values()):
            return ""
        return f", of the {1 - share:.1%} {BESIDE}"


def phase_figures(
    phase: NDArray[np.bool_],
    *,
    spacing_um: tuple[float, ...],
    connectivity: int,
    mask: NDArray[np.bool_] | None = None,
) -> PhaseFigures:
    """Measure every quantity of one phase on its segmentation.

    Examples
    --------
    >>> box = np.zeros((9, 9, 9), bool); box[3:6, 3:6, 3:6] = True
    >>> found = phase_figures(box, spacing_um=(1.0, 1.0, 1.0), connectivity=26)
    >>> round(found.values["volume_fraction"], 3)
    0.037
    """
    inside = phase if mask is None else phase & mask
    area = surface(phase, spacing_um=spacing_um, mask=mask)
    labels = label_objects(inside, connectivity=connectivity)
    table = object_table(labels, spacing_um=spacing_um, connectivity=connectivity)
    sizes = size_distribution(table, shape=phase.shape, spacing_um=spacing_um)
    pieces = connectivity_of(inside, connectivity=connectivity)
    values = {
        "volume_fraction": volume_fraction(phase, mask=mask),
        "specific_surface": area.specific_um2_per_um3,
        "surface_per_phase": area.per_phase_um2_per_um3,
        "mean_diameter": sizes.mean_um,
        "mean_diameter_by_volume": sizes.mean_by_volume_um,
        "object_density": _density(sizes, table, phase.shape, spacing_um, mask),
        "largest_fraction": pieces.largest_fraction,
    }
    return PhaseFigures(values, sizes, pieces.percolates, area.anisotropy)


def _density(
    sizes: SizeDistribution,
    table: object,
    shape: tuple[int, ...],
    spacing_um: tuple[float, ...],
    mask: NDArray[np.bool_] | None,
) -> float:
    from .size_distribution import edge_weights

    if sizes.left_out and not sizes.objects:  # the border cuts each of them: nothing is known
        return float("nan")
    size = float(np.prod(shape) if mask is None else np.count_nonzero(mask))
    weights = edge_weights(table, shape=shape, spacing_um=spacing_um)  # type: ignore[arg-type]
    return float(weights.sum() / (size * np.prod(spacing_um)))
