"""What a perfect segmentation would measure: exact pore and particle statistics in a field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ellipsoids import Ellipsoids
from .specimen import PHASES, Specimen
from .views import View

Floats = NDArray[np.floating]

_POINTS = 4096
_SLACK_UM = 0.6  # uneven slices and drift move a border by less than this


@dataclass(frozen=True)
class FieldStatistics:
    """One phase of solids inside one field of view.

    Solids wholly inside count with their closed forms. Of those that the border cuts, surfaces
    are integrated with 4096 evenly spread points each, whose binomial standard error is stated,
    and volumes with as many chords, cut exactly by the flat faces; half the chords say how well.

    Attributes
    ----------
    volume_um3, volume_error_um3 : float
    surface_um2, surface_error_um2 : float
        Curved surface inside the field; the cut by its border is not counted.
    field_um3 : float
        True volume of the field of view.
    diameters_um : array
        Volume-equivalent diameters of the solids wholly inside, ascending [um].
    touching : int
        Solids with any part inside.
    """

    volume_um3: float
    volume_error_um3: float
    surface_um2: float
    surface_error_um2: float
    field_um3: float
    diameters_um: Floats
    touching: int


def field_statistics(solids: Ellipsoids, specimen: Specimen, view: View) -> FieldStatistics:
    """Measure a population inside a volume's field of view and inside the block.

    Parameters
    ----------
    solids : Ellipsoids
        Disjoint, in specimen coordinates.
    specimen : Specimen
        Particles are cut flush where they pass the block's top; beads lie wholly outside it.
    view : View
        A three-dimensional one.
    """
    margin = 1.05 * solids.bounding_radii_um + _SLACK_UM
    flush = np.abs(solids.centres_um[:, 0]) < 0.999 * solids.bounding_radii_um
    near = view.contains(solids.centres_um, inset_um=-margin)
    whole = view.contains(solids.centres_um, inset_um=margin) & ~flush
    volumes, areas = solids.volumes_um3, solids.areas_um2
    volume, area = [volumes[whole].sum()], [areas[whole].sum()]
    variance, touching = np.zeros(2), int(whole.sum())
    for index in np.flatnonzero(near & ~whole):
        share, piece, squares = _shares(solids, specimen, view, int(index))
        volume.append(share * volumes[index])
        area.append(piece)
        variance += squares
        touching += share > 0
    error = np.sqrt(variance)
    return FieldStatistics(
        volume_um3=float(np.sum(volume)),
        volume_error_um3=float(error[0]),
        surface_um2=float(np.sum(area)),
        surface_error_um2=float(error[1]),
        field_um3=view.volume_um3,
        diameters_um=np.sort(solids.equivalent_diameters_um[whole]),
        touching=touching,
    )


def face_fractions(specimen: Specimen, view: View) -> dict[str, tuple[float, float]]:
    """Area fraction of each phase on a picture's plane, with its error, by fine sampling."""
    fine, coarse = (_sampled_fractions(specimen, view, factor) for factor in (8, 5))
    names = enumerate(PHASES)
    return {name: (float(fine[k]), float(abs(fine[k] - coarse[k]))) for k, name in names}


def _shares(
    solids: Ellipsoids, specimen: Specimen, view: View, index: int
) -> tuple[float, float, Floats]:
    """Volume share, surface [um^2] and squared errors of one solid that a border cuts."""
    outer, patches = solids.surface_points(index, _POINTS)
    kept = _counts(outer, specimen, view)
    piece, whole = float(patches[kept].sum()), float(patches.sum())
    part = piece / whole
    area_error = np.sqrt(part * (1 - part) / _POINTS) * whole
    share, error = _volume_share(solids, specimen, view, index, outer)
    squares = np.square([error * solids.volumes_um3[index], area_error])
    return share, piece, squares


def _volume_share(
    solids: Ellipsoids, specimen: Specimen, view: View, index: int, outer: Floats
) -> tuple[float, float]:
    """Share of one solid's volume in the field of view and in the block, with its error."""
    faces = view.faces()
    if faces is None:  # uneven slices have no flat border
        inner = solids.interior_points(index, _POINTS)
        share = float(np.mean(_counts(inner, specimen, view)))
        return share, float(np.sqrt(share * (1 - share) / _POINTS))
    normals, limits = faces
    if not _above(outer).all():
        block = specimen.faces()
        normals, limits = np.concatenate([normals, block[0]]), np.concatenate([limits, block[1]])
    kept, whole = solids.chords_within(index, normals, limits, _POINTS)
    share = float(kept.sum() / whole.sum())
    return share, abs(share - float(kept[::2].sum() / whole[::2].sum()))


def _counts(points: Floats, specimen: Specimen, view: View) -> NDArray[np.bool_]:
    return view.contains(points) & (specimen.in_block(points) | _above(points))


def _above(points: Floats) -> NDArray[np.bool_]:
    """Beads are the only solids whose every point lies above the top surface."""
    return np.full(len(points), bool(points[:, 0].max() <= 1e-6))


def _sampled_fractions(specimen: Specimen, view: View, factor: int) -> Floats:
    y, x = (
        (np.arange(n * factor) + 0.5) * d / factor - d / 2
        for n, d in zip(view.shape[1:], view.spacing_um[1:], strict=True)
    )
    plane = np.stack(np.meshgrid([0.0], y, x, indexing="ij"), axis=-1).reshape(-1, 3)
    phase = specimen.phase_at(view.to_specimen(plane), time=view.time)
    return np.bincount(phase, minlength=len(PHASES)) / len(phase)
