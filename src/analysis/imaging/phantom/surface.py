"""The two instruments that see only the outside: light microscope and tilted SEM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .noise import counted, grain, tiles
from .painting import Grid, Image, gather, paint
from .specimen import Specimen
from .views import View

Floats = NDArray[np.floating]

_FINER = 2
_LIGHT = {"table": 12.0, "pit": 26.0, "matrix": 112.0, "particle": 158.0, "bead": 246.0}
_SECONDARY = {"tape": 24.0, "side": 74.0, "pit": 62.0, "matrix": 112.0, "particle": 140.0}


@dataclass(frozen=True)
class _Rays:
    """One ray a fine pixel: where it meets the plane of the top surface, and its direction."""

    grid: Grid
    on_top_um: Floats  # (ny, nx, 3) specimen coordinates with z = 0
    beam: Floats


def light_mosaic(
    specimen: Specimen, view: View, rng: np.random.Generator
) -> NDArray[np.unsignedinteger]:
    """Look straight down in reflected light: a (y, x) uint8 mosaic with its tiles' shading."""
    rays = _rays(view)
    image = _polished(specimen, rays, _LIGHT["matrix"], _LIGHT["particle"], texture=7.0)
    depth, _ = _pit_walls(specimen, rays, view.time)
    image = np.where(depth > 0, _LIGHT["pit"] + 30 * np.exp(-depth / 12), image)
    image = np.where(_on_block(specimen, rays), image, _LIGHT["table"])
    for height, rim in _bead_profiles(specimen, view, rays):
        # in reflected light a ball sends back what falls near its top and loses the rest
        glint = 1 / (1 + np.exp((rim - 0.78) / 0.035))
        ball = 30 + (_LIGHT["bead"] - 30) * glint
        image[height] = ball * (rim < 1) + image[height] * (rim >= 1)
    image = _gathered(image, view, blur_px=0.75)
    image *= tiles(view.shape[1:], max(view.shape[1] // 4, 1), 0.06)
    return counted(image + grain(rng, view.shape[1:], 4.0), np.uint8)


def sem_picture(
    specimen: Specimen, view: View, rng: np.random.Generator
) -> NDArray[np.unsignedinteger]:
    """Look at the tilted top surface with secondary electrons: a (y, x) uint8 picture.

    Orthographic; beads are brighter towards their limb, pits dark with bright rims.
    """
    rays = _rays(view)
    image = _polished(specimen, rays, _SECONDARY["matrix"], _SECONDARY["particle"], texture=4.0)
    depth, cosine = _pit_walls(specimen, rays, view.time)
    wall = _SECONDARY["pit"] * np.exp(-depth / 60) * (0.65 + 0.35 / np.clip(cosine, 0.25, 1))
    image = np.where(depth > 0, wall + 70 * np.exp(-depth / 2.0), image)
    top = _on_block(specimen, rays)
    side = _side_faces(specimen, rays)
    image = np.where(top, image, np.where(side > 0, _SECONDARY["side"] * side, _SECONDARY["tape"]))
    for window, rim in _bead_profiles(specimen, view, rays):
        slope = np.sqrt(np.clip(1 - rim**2, 0.02, 1))
        ball = np.clip(176 + 16 / slope, 0, 250)
        image[window] = ball * (rim < 1) + image[window] * (rim >= 1)
    image = _gathered(image, view, blur_px=0.7)
    return counted(image + grain(rng, view.shape[1:], 7.0), np.uint8)


def _rays(view: View) -> _Rays:
    grid = Grid.finer(view.shape, view.spacing_um, factors=(1, _FINER, _FINER))
    _, y, x = grid.axes()
    beam, down, across = view.matrix.T
    start = view.offset_um + y[0][..., None] * down + x[0][..., None] * across
    return _Rays(grid, start - start[..., :1] / beam[0] * beam, beam)


def _polished(
    specimen: Specimen, rays: _Rays, matrix: float, particle: float, *, texture: float
) -> Image:
    """The polished section z = 0: etched grains, scratches, intermetallics."""
    seeds = cKDTree(specimen.grains_um)
    shade = np.sin(np.arange(len(specimen.grains_um)) * 2.399963) * texture
    flat = rays.on_top_um[::_FINER, ::_FINER, 1:]
    nearest = seeds.query(flat.reshape(-1, 2).astype(np.float32))[1].reshape(flat.shape[:2])
    grains = np.repeat(np.repeat(shade[nearest], _FINER, axis=0), _FINER, axis=1)
    image = (matrix + grains + _scratches(specimen, rays)).astype(np.float32)
    near = specimen.particles.centres_um[:, 0] < specimen.particles.bounding_radii_um
    plane, offset = _plane_frame(rays)
    seen = specimen.particles[near].seen_through(plane, offset)
    paint(image[None], rays.grid, seen, particle, softness_um=min(rays.grid.step_um))
    return image


def _plane_frame(rays: _Rays) -> tuple[Floats, Floats]:
    """Affine map from (0, y, x) of the picture onto the plane of the top surface."""
    first = rays.on_top_um[0, 0]
    down = (rays.on_top_um[1, 0] - first) / rays.grid.step_um[0]
    across = (rays.on_top_um[0, 1] - first) / rays.grid.step_um[1]
    start_y, start_x = rays.grid.start_um
    matrix = np.column_stack([rays.beam, down, across])
    return matrix, first - start_y * down - start_x * across


def _scratches(specimen: Specimen, rays: _Rays) -> Image:
    y, x = (rays.on_top_um[..., k].astype(np.float32) for k in (1, 2))
    lines = np.zeros(y.shape, np.float32)
    for direction, offset, width, strength in specimen.scratches.astype(np.float32):
        away = np.abs(np.cos(direction) * y + np.sin(direction) * x - offset)
        lines += 9 * strength * np.clip(1.5 - away / (2 * width), 0, 1)
    return lines


def _on_block(specimen: Specimen, rays: _Rays) -> NDArray[np.bool_]:
    _, height, width = specimen.block_um
    y, x = rays.on_top_um[..., 1], rays.on_top_um[..., 2]
    return (np.abs(y) <= height / 2) & (np.abs(x) <= width / 2)


def _pit_walls(specimen: Specimen, rays: _Rays, time: int) -> tuple[Floats, Floats]:
    """Depth at which a ray meets a pit's wall (0 outside) and the cosine of incidence there."""
    shape = rays.on_top_um.shape[:2]
    depth, cosine = np.zeros(shape), np.ones(shape)
    pits = specimen.pits.at(time)
    for centre, radius in zip(pits.centres_um, pits.bounding_radii_um, strict=True):
        away = rays.on_top_um - centre
        gap = radius**2 - np.einsum("...k,...k", away, away)
        inside = np.nonzero(gap > 0)
        along = away[inside] @ rays.beam
        length = -along + np.sqrt(along**2 + gap[inside])
        hit = away[inside] + length[:, None] * rays.beam
        depth[inside] = length * rays.beam[0]
        cosine[inside] = hit @ rays.beam / radius
    return depth, cosine


def _side_faces(specimen: Specimen, rays: _Rays) -> Floats:
    """Brightness factor of the block's side faces where a ray meets one, 0 elsewhere."""
    depth, height, width = specimen.block_um
    half = (height / 2, width / 2)
    factor = np.zeros(rays.on_top_um.shape[:2])
    for axis in (1, 2):
        if abs(rays.beam[axis]) < 1e-6:
            continue
        face = -np.sign(rays.beam[axis]) * half[axis - 1]
        travel = (face - rays.on_top_um[..., axis]) / rays.beam[axis]
        hit = rays.on_top_um + travel[..., None] * rays.beam
        other = 3 - axis
        on_face = (travel > 0) & (hit[..., 0] > 0) & (hit[..., 0] < depth)
        on_face &= np.abs(hit[..., other]) <= half[other - 1]
        stripes = 1 + 0.06 * np.sin(hit[..., 0] * 0.35) * np.sin(hit[..., other] * 0.021)
        factor = np.where(on_face, stripes * (1.0 if axis == 1 else 0.7), factor)
    return factor


def _bead_profiles(
    specimen: Specimen, view: View, rays: _Rays
) -> list[tuple[tuple[slice, slice], Floats]]:
    """Each bead's window in the fine picture and the distance from its middle, in radii."""
    _, y, x = rays.grid.axes()
    profiles = []
    for centre, radius in zip(
        view.to_nominal(specimen.beads.centres_um), specimen.beads.bounding_radii_um, strict=True
    ):
        reach = np.array([0, radius, radius])
        _, rows, columns = rays.grid.window(
            np.array([-1, *(centre - reach)[1:]]), np.array([1, *(centre + reach)[1:]])
        )
        away = np.hypot(y[0, rows] - centre[1], x[0, :, columns] - centre[2])
        profiles.append(((rows, columns), away / radius))
    return profiles


def _gathered(image: Floats | Image, view: View, *, blur_px: float) -> Image:
    """Blur by a fraction of a pixel and sum the fine samples of each pixel."""
    step = view.spacing_um[1] / _FINER
    sigma = blur_px * view.spacing_um[1]
    across = gather(image.astype(np.float32), 1, _FINER, sigma, step)
    return gather(across, 0, _FINER, sigma, step)
