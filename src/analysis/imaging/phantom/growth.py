"""How the specimen is drawn from a seed, region by region, the coarse before the fine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ellipsoids import Ellipsoids
from .layout import Layout
from .placement import Crowd, lognormal_radii, spread
from .poses import random_turns
from .specimen import TIMES, Pits, Specimen
from .views import View

Floats = NDArray[np.floating]

_BEAD_UM = 14.0
_KEEP_CLEAR_UM = 27.0  # around the target: only the fine population lives there


@dataclass
class _Field:
    """What is drawn from and what is already taken while the specimen grows."""

    rng: np.random.Generator
    layout: Layout
    target_um: Floats
    zoom: View
    fib: View
    face: View
    crowd: Crowd

    def in_view(self, view: View, widen: float) -> Floats:
        """Draw one call's worth of candidates from a view's box, widened by a factor."""
        unit = (self.rng.random((16, 3)) - 0.5) * widen + 0.5
        return view.box_points(unit)

    def in_block(self, margin_um: float) -> Floats:
        """Draw candidates from the block, away from its faces and from the zoom's centre."""
        size = np.array(self.layout.block_um) - 2 * margin_um
        points = (self.rng.random((16, 3)) - 0.5) * size
        points[:, 0] += self.layout.block_um[0] / 2
        centre = self.zoom.box_points(np.full((1, 3), 0.5))[0]
        near = np.linalg.norm(points - centre, axis=1) < 0.62 * self.zoom.size_um.max() + margin_um
        return points[~near]


def grow_specimen(
    rng: np.random.Generator,
    layout: Layout,
    *,
    target_um: Floats,
    zoom: View,
    fib: View,
    face: View,
) -> Specimen:
    """Draw the specimen around a target that ``zoom``, ``fib`` and, on one face, EDS will look at.

    The surface comes first (beads, pits, flush particles), then the cluster and the fiducials,
    then pores and particles from the largest population to the finest.
    """
    field = _Field(rng, layout, target_um, zoom, fib, face, Crowd())
    beads, pits, flush = _surface(field)
    cluster = _cluster(field)
    markers = _markers(field)
    tungsten = _tungsten(field)
    field.crowd.block(target_um, np.array([_KEEP_CLEAR_UM]))
    block_pores, block_particles = _block_population(field)
    zoom_pores, zoom_particles = _zoom_population(field)
    fine = _Field(rng, layout, target_um, zoom, fib, face, Crowd())
    for solids in (cluster, markers, tungsten, zoom_pores, zoom_particles):
        clear = 2.0 if solids is markers else 0.0
        fine.crowd.block(solids.centres_um, solids.bounding_radii_um + clear)
    fine_pores, fine_particles = _fine_population(fine)
    side = layout.block_um[1]
    return Specimen(
        block_um=layout.block_um,
        pores=Ellipsoids.joined(block_pores, zoom_pores, fine_pores),
        particles=Ellipsoids.joined(
            cluster, flush, block_particles, zoom_particles, fine_particles
        ),
        beads=beads,
        tungsten=tungsten,
        markers=markers,
        pits=pits,
        target_um=target_um,
        grains_um=(rng.random((int((side / 45) ** 2), 2)) - 0.5) * side,
        scratches=_scratches(rng, side),
    )


def _surface(field: _Field) -> tuple[Ellipsoids, Pits, Ellipsoids]:
    rng, layout = field.rng, field.layout
    half = layout.block_um[1] / 2
    ground = Crowd(ndim=2)
    radii = _BEAD_UM * rng.uniform(0.97, 1.03, 9)
    grid = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1], indexing="ij"), axis=-1).reshape(-1, 2)
    places = layout.beads_pitch_um * (grid + rng.uniform(-0.22, 0.22, (9, 2)))
    ground.block(places, radii)
    depths: Floats = rng.uniform(*layout.pit_depth_um, layout.pits)
    mouths: Floats = depths * rng.uniform(1.0, 1.25, layout.pits)
    edge = half - mouths.max() - 15

    def beside_zoom(_: int) -> Floats:
        # pits stay off the column above the zoom, so that the target's depth is unambiguous
        draw = rng.uniform(-edge, edge, (64, 2))
        away = np.abs(draw - field.target_um[1:]).max(axis=1)
        return draw[away > 0.57 * field.zoom.size_um.max() + mouths.max()]

    places_pits, mouths = ground.add(mouths, beside_zoom, gap_um=12.0)
    depths = np.clip(np.sort(depths)[::-1][: len(mouths)], None, mouths)
    pits = _growing(rng, places_pits, depths, mouths)
    sizes: Floats = rng.uniform(13, 20, layout.surface_particles)
    flush, sizes = ground.add(
        sizes, lambda _: rng.uniform(-half + 30, half - 30, (32, 2)), gap_um=8.0
    )
    centres = np.column_stack([rng.uniform(-0.3, 0.5, len(sizes)) * sizes, flush])
    particles = _ellipsoids(rng, centres, sizes)
    for solids in (pits.at(TIMES - 1), particles):
        field.crowd.block(solids.centres_um, solids.bounding_radii_um)
    return Ellipsoids.spheres(np.column_stack([-radii, places]), radii), pits, particles


def _growing(rng: np.random.Generator, places: Floats, depths: Floats, mouths: Floats) -> Pits:
    """Pits that reach 30-45, 60-80 and 100 % of their final depth."""
    early = rng.uniform(0.30, 0.45, len(depths))
    share = np.stack([early, rng.uniform(0.60, 0.80, len(depths)), np.ones(len(depths))])
    return Pits(places, share * depths, share**0.8 * mouths)


def _cluster(field: _Field) -> Ellipsoids:
    """The target: one large intermetallic with five satellites around it."""
    rng, turn = field.rng, random_turns(field.rng, 7)
    core = field.target_um[None]
    ring = np.linspace(0, 2 * np.pi, 5, endpoint=False) + rng.uniform(0, 1)
    flat = np.stack([rng.uniform(-0.4, 0.4, 5), np.cos(ring), np.sin(ring)], axis=1)
    satellites = core + rng.uniform(7.6, 8.6, 5)[:, None] * flat @ turn[0].T
    semi = np.concatenate([[[4.6, 4.0, 3.5]], rng.uniform(1.6, 2.2, (5, 3))])
    cluster = Ellipsoids.oriented(np.concatenate([core, satellites]), semi, turn[1:])
    field.crowd.block(cluster.centres_um, cluster.bounding_radii_um)
    return cluster


def _markers(field: _Field) -> Ellipsoids:
    """Small dense spheres: 14 well spread in the FIB-SEM volume, 8 elsewhere in the zoom."""
    inside = _free(field, field.fib, 0.80, 1.45, 3.4)
    outside = _free(field, field.zoom, 0.85, 1.45, 4.0)
    away = np.linalg.norm(outside - field.target_um, axis=1) > 1.3 * _KEEP_CLEAR_UM
    centres = np.concatenate([spread(inside, 14), spread(outside[away], 8)])
    markers = Ellipsoids.spheres(centres, field.rng.uniform(1.15, 1.45, len(centres)))
    field.crowd.block(markers.centres_um, markers.bounding_radii_um + 2.2)
    return markers


def _tungsten(field: _Field) -> Ellipsoids:
    """Dense spheres for X-rays: 8 well spread in the zoom, 6 in the rest of the block."""
    inside = _free(field, field.zoom, 0.84, 6.0, 4.0)
    away = np.linalg.norm(inside - field.target_um, axis=1) > _KEEP_CLEAR_UM + 8
    zoomed = spread(inside[away], 8)
    block = np.concatenate([field.in_block(40.0) for _ in range(12)])
    block = spread(block[field.crowd.free(block, 11.0, 10.0)], 6)
    radii = np.concatenate(
        [field.rng.uniform(5.0, 6.0, len(zoomed)), field.rng.uniform(9.0, 11.0, len(block))]
    )
    tungsten = Ellipsoids.spheres(np.concatenate([zoomed, block]), radii)
    field.crowd.block(tungsten.centres_um, tungsten.bounding_radii_um + 8.0)
    return tungsten


def _free(field: _Field, view: View, widen: float, radius: float, gap: float) -> Floats:
    draw = np.concatenate([field.in_view(view, widen) for _ in range(40)])
    return draw[field.crowd.free(draw, radius, gap)]


def _block_population(field: _Field) -> tuple[Ellipsoids, Ellipsoids]:
    rng, layout = field.rng, field.layout
    pores = lognormal_radii(rng, layout.large_pores, median_um=30, spread=0.25, limits_um=(18, 52))
    centres, pores = field.crowd.add(pores, lambda _: field.in_block(62.0), gap_um=12.0)
    sizes = lognormal_radii(
        rng, layout.large_particles, median_um=23, spread=0.22, limits_um=(14, 38)
    )
    places, sizes = field.crowd.add(sizes, lambda _: field.in_block(45.0), gap_um=12.0)
    return Ellipsoids.spheres(centres, pores), _ellipsoids(rng, places, sizes)


def _zoom_population(field: _Field) -> tuple[Ellipsoids, Ellipsoids]:
    rng, layout = field.rng, field.layout

    def near(_: int) -> Floats:
        points = field.in_view(field.zoom, 1.3)
        return points[points[:, 0] > 20.0]

    pores = lognormal_radii(rng, layout.zoom_pores, median_um=9, spread=0.2, limits_um=(6, 15))
    centres, pores = field.crowd.add(pores, near, gap_um=3.0)
    sizes = lognormal_radii(
        rng, layout.zoom_particles, median_um=9.5, spread=0.18, limits_um=(6.5, 14)
    )
    places, sizes = field.crowd.add(sizes, near, gap_um=3.0)
    return Ellipsoids.spheres(centres, pores), _ellipsoids(rng, places, sizes)


def _fine_population(field: _Field) -> tuple[Ellipsoids, Ellipsoids]:
    rng = field.rng
    pores = lognormal_radii(rng, 30, median_um=1.9, spread=0.18, limits_um=(1.3, 2.8))

    def near(_: int) -> Floats:
        return field.in_view(field.fib, 1.12)

    # the face of the EDS map cuts some pores, whatever the seed
    cut, on_face = field.crowd.add(pores[:4], lambda _: field.in_view(field.face, 0.75), gap_um=0.6)
    centres, pores = field.crowd.add(pores[4:], near, gap_um=0.6)
    centres, pores = np.concatenate([cut, centres]), np.concatenate([on_face, pores])
    sizes = lognormal_radii(rng, 30, median_um=2.0, spread=0.18, limits_um=(1.3, 2.9))
    places, sizes = field.crowd.add(sizes, near, gap_um=0.6)
    return Ellipsoids.spheres(centres, pores), _ellipsoids(rng, places, sizes)


def _ellipsoids(rng: np.random.Generator, centres: Floats, radii: Floats) -> Ellipsoids:
    """Mildly flattened, randomly turned ellipsoids inside balls of the given radii."""
    flat = rng.uniform(0.72, 1.0, (len(radii), 3))
    flat[:, 0] = 1.0
    return Ellipsoids.oriented(centres, radii[:, None] * flat, random_turns(rng, len(radii)))


def _scratches(rng: np.random.Generator, side: float) -> Floats:
    count = int(side / 9)
    direction = rng.choice([0.35, 1.9], count) + rng.normal(0, 0.12, count)
    offset = rng.uniform(-0.65, 0.65, count) * side
    return np.column_stack(
        [direction, offset, rng.uniform(0.5, 1.3, count), rng.uniform(-1, 1, count)]
    )
