"""Images that are not copied: understood as files are, and recorded with where they lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .checking import checked_fields, checked_id, refuse_taken_name
from .collection import Collection
from .importing import name_of
from .links import facts
from .naming import checked_name

if TYPE_CHECKING:
    from .images import Images


def link_image(
    images: Images,
    address: str | os.PathLike[str],
    *,
    name: str | None = None,
    frame: str | None = None,
    modality: str | None = None,
    anonymous: bool = False,
    labels: bool = False,
    note: str = "",
) -> Any:
    """Record an OME-Zarr image that stays where it is; see :meth:`Images.link`."""
    from ..io import Answers
    from ..io.address import read_address
    from ..io.linked_pyramid import read_pyramid

    place = read_address(address)
    title = checked_name(images.kind, name or name_of(place.name))
    frame = checked_name("frames", frame or title)
    images.refuse_writing()
    refuse_taken_name(images, title, {}, "")
    pyramid = read_pyramid(
        images.links.store(place.text, anonymous=anonymous), answers=Answers(modality=modality)
    )
    said = pyramid.description
    fields = {
        "frame": frame,
        "axes": said.axes,
        "shape": said.shape,
        "dtype": said.dtype,
        "modality": said.modality,
        "nominal_spacing_um": said.spacing_um,
        "nominal_spacing_source": said.spacing_source,
        "spacing_um": said.spacing_um,
        "spacing_source": said.spacing_source,
        "channel_names": list(said.channel_names),
        "time": said.time,
        "labels": labels,
        "factors": [[1] * sum(axis in "zyx" for axis in said.axes)],
        "metadata": dict(said.metadata),
        "source": {
            "format": said.format,
            "file_origin_um": said.origin_um,
            "warnings": [*said.warnings, *pyramid.warnings],
            "missing": list(said.missing),
            "partial_spacing_um": list(said.partial_spacing_um),
        },
        "note": note,
        "link": {
            "address": place.text,
            "anonymous": anonymous,
            "documents": pyramid.sums,
            "facts": facts(said, pyramid.levels),
            "levels": [
                {
                    "path": level.path,
                    "shape": list(level.shape),
                    "factors": list(level.factors),
                    "shift_px": list(level.shift_px),
                }
                for level in pyramid.levels
            ],
        },
    }
    checked = checked_fields("images", fields)
    frames = Collection(images.records, "frames")
    with images.records.transaction():
        if checked["frame"] not in frames:
            frames.add(name=checked["frame"])
        return images.add(id=checked_id(None), name=title, **checked)
