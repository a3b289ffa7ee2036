"""The group's metadata of an image, which other programs read: written from the record only."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import DamagedImage
from .guard import fingerprint
from .manifest import replace_text
from .ome import ome_attributes
from .record import Record
from .schema import field_defaults

FILE = "zarr.json"


def group_bytes(name: str, fields: dict[str, Any]) -> bytes:
    """Write an image's group metadata, always in the same bytes."""
    known = {**field_defaults("images"), **fields}
    keys = ("axes", "factors", "spacing_um", "origin_um", "labels")
    attributes = ome_attributes(name=name, **{key: known[key] for key in keys})
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return json.dumps(group, indent=2, ensure_ascii=False, allow_nan=False).encode()


def write_group(folder: Path, data: bytes) -> None:
    """Write the group's metadata in one step, where it says something else."""
    path = folder / FILE
    if path.is_file() and path.read_bytes() == data:
        return
    replace_text(path, data.decode())


def with_fingerprint(image: Record) -> Record:
    """Give a record the fingerprint of the group metadata that it stands for."""
    prints = image.fields["fingerprints"]
    current = fingerprint(group_bytes(image.name or image.id, image.fields))
    if prints.get(FILE) == current:
        return image
    return replace(image, fields={**image.fields, "fingerprints": {**prints, FILE: current}})


def fingerprinted(image: Record) -> Record:
    """Give a version of before there were fingerprints the one that it would have."""
    return image if FILE in image.fields["fingerprints"] else with_fingerprint(image)


def group_problem(folder: Path, image: Record) -> str:
    """Say in words what is wrong with the group's metadata; nothing if it is as recorded.

    Images of before these fingerprints have none, and are not judged.
    """
    recorded = image.fields["fingerprints"].get(FILE)
    if recorded is None:
        return ""
    path = folder / FILE
    if not path.is_file():
        return f"expected metadata at {path}, got no file"
    data = path.read_bytes()
    if fingerprint(data) != recorded:
        return f"expected the metadata that was recorded at {path}, got other bytes"
    return _other_place(data, image, path)


def _other_place(data: bytes, image: Record, path: Path) -> str:
    """Say where file and record disagree: bytes are as recorded, the record itself is not."""
    known = _transformations(group_bytes(image.name or image.id, image.fields))
    try:
        found = _transformations(data)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return f"expected OME-Zarr metadata at {path}, got none that can be understood"
    if found == known:
        return ""
    return f"expected the scales and places that its record has, {known}, at {path}, got {found}"


def _transformations(data: bytes) -> list[Any]:
    levels = json.loads(data)["attributes"]["ome"]["multiscales"][0]["datasets"]
    return [step[step["type"]] for level in levels for step in level["coordinateTransformations"]]


def damaged_group(image: Record, problem: str) -> DamagedImage:
    """Say what to do about a group's metadata."""
    return DamagedImage(
        f"image {image.name!r}: {problem}. Other programs read the voxel size there: "
        f"ws.images.publish_metadata({image.name!r}) writes it again from the record, and "
        f"ws.images[{image.name!r}].verify() checks the pixels"
    )
