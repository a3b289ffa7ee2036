"""From a scene's state to what stands in space; what is costly is kept until it changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import CovarianceUnavailable, NoPath
from ..plots.theme import OKABE_ITO, modality_color
from ..quantities import format_length
from .graph_words import typed_words
from .label_surfaces import Labelled, LabelSurfaces, labelled_layer, labelled_record, surfaces_of
from .picture import position_words
from .scene import Placed, box_corners_um
from .slices3d import sheet_of, whole_plane
from .space import Block, Box, Octant, Sheet, Space, Spot, Surface, ellipsoid
from .state import State
from .target_picture import box_corners
from .volumes import block_of
from .world import levels_of

_SHEET_PX = 900
_TARGET, _CUT = OKABE_ITO["yellow"], OKABE_ITO["vermilion"]


def space_of(scene: Any) -> Space:
    """Gather all that stands in a scene."""
    octant = scene.octant()
    blocks = _blocks(scene, octant)
    targets = _targets(scene) if scene.targets else Space()
    plans = _plans(scene)
    notes = [
        f"{block.name} stands where its landmarks bend it to; its volume is drawn unbent."
        for block in blocks
        if block.bends
    ]
    return Space(
        sheets=_sheets(scene) if scene.slices else (),
        blocks=blocks,
        surfaces=(*_surfaces(scene, octant), *targets.surfaces),
        boxes=(*(_boxes(scene) if scene.boxes else ()), *targets.boxes, *plans),
        spots=targets.spots,
        notes=(*notes, *targets.notes),
    )


def _state_of(*parts: State) -> str:
    return repr([sorted(part.trait_values().items()) for part in parts])


def _octant_key(octant: Octant | None) -> Any:
    return octant and (tuple(octant.apex_um), tuple(octant.signs))


def _sheets(scene: Any) -> tuple[Sheet, ...]:
    explorer = scene.explorer
    world = explorer.world
    corners = world.corners_um()
    found = []
    for plane in explorer.planes():
        shown = whole_plane(plane, corners) if scene.reach == "whole" else plane
        key = ("sheet", shown, _state_of(*explorer.layers), explorer.rendering(), world.ws.state)

        def make(shown: Any = shown) -> Sheet | None:
            return sheet_of(
                world,
                explorer.layers,
                shown,
                name=position_words(shown),
                width_px=_SHEET_PX,
                how=explorer.rendering(),
            )

        found.append(scene.keep(key, make))
    return tuple(sheet for sheet in found if sheet is not None)


def _blocks(scene: Any, octant: Octant | None) -> tuple[Block, ...]:
    """The largest first: a finer volume stands in a coarser one's place."""
    explorer = scene.explorer
    items = {volume.image: _item(explorer, volume.image) for volume in scene.volumes}
    size = {name: max(item.levels[0].spacing_um) for name, item in items.items()}
    found = []
    for volume in sorted(scene.volumes, key=lambda one: -size[one.image]):
        item = items[volume.image]
        finer = [items[name] for name in items if size[name] < size[volume.image]]
        own = None if scene.cut == volume.image else octant
        key = (
            "block", _state_of(volume, item.layer), explorer.time, _octant_key(own),
            tuple(other.layer.image for other in finer), explorer.world.ws.state,
        )  # fmt: skip

        def make(
            volume: Any = volume, item: Any = item, own: Any = own, finer: Any = finer
        ) -> Block:
            return block_of(
                volume, item, explorer.world, time=explorer.time, octant=own, finer=finer
            )

        found.append(scene.keep(key, make))
    return tuple(found)


def _item(explorer: Any, image: str) -> Placed:
    """The uppermost layer of an image."""
    layers = [layer for layer in explorer.layers if layer.image == image]
    if not layers:
        raise ValueError(f"{image} has no layer in the explorer: add one, or show another volume")
    return explorer.world.placed([layers[-1]])[0]


def _surfaces(scene: Any, octant: Octant | None) -> tuple[Surface, ...]:
    world, found = scene.explorer.world, []
    for shown in scene.surfaces:
        layer = next((one for one in scene.explorer.layers if one.name == shown.source), None)
        image = layer.image if layer else scene.ws.segmentations[shown.source].image
        own = None if scene.cut == image else octant
        key = (
            "surface", _state_of(shown, *([layer] if layer else [])), scene.explorer.time,
            _octant_key(own), scene.ws.state,
        )  # fmt: skip

        def make(shown: Any = shown, image: str = image, own: Any = own) -> tuple[Surface, ...]:
            labelled = _labelled(scene, shown)
            frame = world.images[image].frame
            return surfaces_of(
                shown, labelled, lambda points: world.from_frame(points, frame), octant=own
            )

        found += scene.keep(key, make)
    return tuple(found)


def _labelled(scene: Any, shown: LabelSurfaces) -> Labelled:
    explorer = scene.explorer
    for item in explorer.world.placed(explorer.layers):
        if item.layer.name == shown.source and item.layer.mode == "labels":
            return labelled_layer(item, time=explorer.time, most_voxels=shown.most_voxels)
    record = scene.ws.segmentations[shown.source]
    image = explorer.world.images[record.image]
    return labelled_record(record, image, most_voxels=shown.most_voxels)


def _boxes(scene: Any) -> tuple[Box, ...]:
    world = scene.explorer.world
    visible = {layer.image for layer in scene.explorer.layers if layer.visible}
    return tuple(
        Box(
            name=name,
            corners_um=world.from_frame(box_corners_um(levels_of(image)), image.frame),
            color=modality_color(image.modality),
        )
        for name, image in world.images.items()
        if name in visible or name in {volume.image for volume in scene.volumes}
    )


def _targets(scene: Any) -> Space:
    """Every target that can be told in this frame, with its 95 % ellipsoid where it is stated."""
    from ..analysis.registration import confidence_region

    surfaces, boxes, spots, notes = [], [], [], []
    world = scene.explorer.world
    for record in scene.ws.targets:
        own = np.array([record.position[name] for name in ("z_um", "y_um", "x_um")])
        try:
            place = world.from_frame(own, record.frame)[0]
            located = scene.ws.locate(dict(record.position), from_=record.frame, to=world.frame)
            region = confidence_region(located.covariance_um2[0], nu=located.nu)
        except NoPath:
            continue
        except CovarianceUnavailable as error:
            region, words = None, str(error)
        else:
            words = _region_words(region) + typed_words(located.error_source)
        if region is not None and region.stated and region.radii_um[0] > 0:
            vertices, faces = ellipsoid(place, region.radii_um, region.axes)
            surfaces.append(
                Surface(
                    name=f"{record.name}, 95 %", vertices_um=vertices, faces=faces, color=_TARGET
                )
            )
        if record.half_size:
            half = np.array([record.half_size[name] for name in ("z_um", "y_um", "x_um")])
            corners = world.from_frame(box_corners(own, half), record.frame)
            boxes.append(Box(name="", corners_um=corners, color=_TARGET))
        spots.append(Spot(name=record.name, position_um=place, color=_TARGET))
        notes.append(f"Target {record.name}: {words}.")
    return Space(
        surfaces=tuple(surfaces), boxes=tuple(boxes), spots=tuple(spots), notes=tuple(notes)
    )


def _region_words(region: Any) -> str:
    if not region.stated:
        return region.statement
    if not region.radii_um[0] > 0:
        return "placed in this frame"
    radii = " × ".join(format_length(radius, digits=2) for radius in region.radii_um)
    return f"95 % ellipsoid with the semi-axes {radii}"


def _plans(scene: Any) -> tuple[Box, ...]:
    world = scene.explorer.world
    return tuple(
        Box(
            name=f"cut for {plan.name}",
            corners_um=world.from_frame(
                box_corners(np.asarray(plan.position_um), np.asarray(plan.cut_size_um) / 2), frame
            ),
            color=_CUT,
            width_px=2.2,
        )
        for frame, plan in scene.plans
    )
