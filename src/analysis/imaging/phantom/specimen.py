"""The specimen: a corroding magnesium alloy, known analytically.

z points downwards from the original top surface, y and x from the middle of the block, all in
true micrometres. Solids never overlap, so that every volume and surface has a closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ellipsoids import Ellipsoids

Floats = NDArray[np.floating]

PHASES = ("outside", "pore", "matrix", "particle", "dense")
TIMES = 3


@dataclass(frozen=True)
class Pits:
    """Corrosion pits: spherical caps eaten into the top surface, growing in time.

    Attributes
    ----------
    centres_um : array, shape (n, 2)
        Where they opened (y, x) [um].
    depths_um, mouths_um : arrays, shape (times, n)
        Depth and radius of the opening at each time [um].
    """

    centres_um: Floats
    depths_um: Floats
    mouths_um: Floats

    def at(self, time: int) -> Ellipsoids:
        """The spheres whose caps below z = 0 are missing at a time."""
        depth, mouth = self.depths_um[time], self.mouths_um[time]
        radius = (mouth**2 + depth**2) / (2 * depth)
        centres = np.column_stack([depth - radius, self.centres_um])
        return Ellipsoids.spheres(centres, radius)

    def volume_um3(self, time: int) -> float:
        """Volume of metal that the pits have taken by a time, exact [um^3]."""
        depth, mouth = self.depths_um[time], self.mouths_um[time]
        return float(np.sum(np.pi * depth * (3 * mouth**2 + depth**2) / 6))


@dataclass(frozen=True)
class Specimen:
    """The alloy block with everything in it.

    Attributes
    ----------
    block_um : tuple of float
        Edge lengths (z, y, x) [um]; the block fills 0 <= z <= block_um[0].
    pores : Ellipsoids
        Closed spherical pores, none touching another or a face.
    particles : Ellipsoids
        Intermetallics; some are cut by the top surface.
    beads : Ellipsoids
        Dense beads lying on the top surface.
    tungsten, markers : Ellipsoids
        Dense spheres inside: large ones for X-rays, small ones for X-rays and FIB-SEM.
    pits : Pits
        Corrosion from the top.
    target_um : array, shape (3,)
        Middle of the intermetallic cluster that everybody wants to reach [um].
    film_um : float
        Thickness of the oxide film that lines the pores [um].
    grains_um : array, shape (g, 2)
        Seeds of the grains that etching shows on the top surface [um].
    scratches : array, shape (s, 4)
        Polishing scratches: direction [rad], offset [um], half width [um], strength [-1, 1].
    """

    block_um: tuple[float, float, float]
    pores: Ellipsoids
    particles: Ellipsoids
    beads: Ellipsoids
    tungsten: Ellipsoids
    markers: Ellipsoids
    pits: Pits
    target_um: Floats
    grains_um: Floats
    scratches: Floats
    film_um: float = 0.18

    @property
    def dense(self) -> Ellipsoids:
        """Everything dense, in the order beads, tungsten, markers."""
        return Ellipsoids.joined(self.beads, self.tungsten, self.markers)

    def fiducials(self) -> dict[str, Floats]:
        """Centres of all fiducials by name, each of shape (3,) [um]."""
        groups = {"bead": self.beads, "tungsten": self.tungsten, "marker": self.markers}
        return {
            f"{kind}_{number}": centre
            for kind, solids in groups.items()
            for number, centre in enumerate(solids.centres_um)
        }

    def in_block(self, points_um: Floats) -> NDArray[np.bool_]:
        """Say which (n, 3) points lie between the block's original faces."""
        half = np.array(self.block_um) / 2
        return np.all(np.abs(points_um - np.array([half[0], 0, 0])) <= half, axis=1)

    def faces(self) -> tuple[Floats, Floats]:
        """Return the block as half-spaces ``normals @ p <= limits`` (6, 3), (6,) [um]."""
        depth, height, width = self.block_um
        limits = np.array([depth, height / 2, width / 2, 0, height / 2, width / 2])
        return np.concatenate([np.eye(3), -np.eye(3)]), limits

    def phase_at(self, points_um: Floats, *, time: int = 0) -> NDArray[np.uint8]:
        """Return what fills (n, 3) points at a time, as an index into ``PHASES``.

        Examples
        --------
        >>> from scalebridge.analysis.imaging.phantom import Session
        >>> alloy = Session.begin(seed=0, scale="small").specimen
        >>> PHASES[alloy.phase_at(alloy.target_um[None])[0]]
        'particle'
        """
        points = np.asarray(points_um, float)
        phase = np.full(len(points), PHASES.index("matrix"), np.uint8)
        phase[self.particles.inside(points)] = PHASES.index("particle")
        phase[self.pores.inside(points)] = PHASES.index("pore")
        gone = ~self.in_block(points) | self.pits.at(time).inside(points)
        phase[gone] = PHASES.index("outside")
        phase[self.dense.inside(points)] = PHASES.index("dense")
        return phase

    def solid_volume_um3(self, time: int) -> float:
        """Volume of block minus pores minus pits at a time, dense spheres included [um^3]."""
        lost = self.pores.volumes_um3.sum() + self.pits.volume_um3(time)
        return float(np.prod(self.block_um) - lost)
