"""ZEISS ``.czi`` through pylibCZIrw (the ``formats`` extra): every scene is an image.

Scaling distances are metres. Scenes share the pixel coordinates of the file, in which each has its
rectangle: that is the frame.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .hdf5_family import with_entries
from .ome_tiff import parse_ome
from .reading import Lengths, Reading, inspect_lengths

NEEDS = "scalebridge[formats]"
_MAGIC = b"ZISRAWFILE"
_TYPES = {"Gray8": ("u1", 1), "Gray16": ("u2", 1), "Gray32Float": ("f4", 1),
          "Bgr24": ("u1", 3), "Bgr48": ("u2", 3)}  # fmt: skip


def recognises(path: str, head: bytes) -> bool:
    """Say whether the first bytes are a CZI's."""
    return head.startswith(_MAGIC)


class CziPixels:
    """Planes of one scene."""

    sequential = False

    def __init__(
        self, document: Any, *, scene: int | None, box: tuple[int, int, int, int],
        planes: dict[str, tuple[int, int]], kind: tuple[str, int],
    ) -> None:  # fmt: skip
        self._document, self._scene, self._box = document, scene, box
        self._names, self._samples = "".join(planes), kind[1]
        image = (box[3], box[2]) if kind[1] == 1 else (box[3], box[2], kind[1])
        self._starts = [start for start, _ in planes.values()]
        self.shape = (*(count for _, count in planes.values()), *image)
        self.dtype = np.dtype(kind[0])
        self.segment_bytes = box[2] * box[3] * kind[1] * self.dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        depth = len(self._names)
        lead = [range(n)[part] for n, part in zip(self.shape, selection[:depth], strict=False)]
        inside = selection[depth:]
        shape = [len(range(n)[p]) for n, p in zip(self.shape[depth:], inside, strict=True)]
        out = np.empty([*map(len, lead), *shape], self.dtype)
        for place in np.ndindex(*map(len, lead)):
            numbers = [r[i] + s for r, i, s in zip(lead, place, self._starts, strict=True)]
            plane = dict(zip(self._names, numbers, strict=True))
            out[place] = self._plane(plane)[inside]
        return out

    def _plane(self, plane: dict[str, int]) -> np.ndarray:
        options = {} if self._scene is None else {"scene": self._scene}
        read = self._document.read(roi=self._box, plane={"C": 0, **plane}, **options)
        return read[..., 0] if self._samples == 1 else read[..., ::-1]  # blue comes first

    def close(self) -> None:
        """Let go of the file."""
        self._document.close()


def open_czi(path: str, answers: Answers) -> Reading:
    """Open one scene.

    Raises
    ------
    ReadError
        If the extra is not installed, the file is damaged, or there is no such scene.
    """
    try:
        from pylibCZIrw import czi
    except ImportError:
        raise ReadError(f"{path} is read with pylibCZIrw: pip install '{NEEDS}'") from None
    try:
        document = czi.CziReader(path)
        return _reading(document, path, answers.entry)
    except (ReadError, MemoryError):
        raise
    except Exception as error:
        raise ReadError(f"{path} is a damaged CZI ({error}): copy or export it again") from error


def _reading(document: Any, path: str, entry: str | None) -> Reading:
    from dataclasses import replace

    scenes = document.scenes_bounding_rectangle
    names = {f"scene {number}": number for number in scenes} or {"image": None}
    wanted = next(iter(names)) if entry is None else entry
    if wanted not in names:
        raise ReadError(f"{path} holds {list(names)}, got {entry!r}: choose one of them")
    scene = names[wanted]
    found = document.total_bounding_rectangle if scene is None else scenes[scene]
    bounds = document.total_bounding_box
    planes = {
        name: (int(bounds[name][0]), int(bounds[name][1] - bounds[name][0]))
        for name in "TCZ"
        if name in bounds and bounds[name][1] - bounds[name][0] > 1
    }
    kinds = set(document.pixel_types.values())
    if len(kinds) != 1 or next(iter(kinds)) not in _TYPES:
        raise ReadError(
            f"expected one pixel type of {sorted(_TYPES)}, {path} has {kinds}: export it"
        )
    kind = _TYPES[next(iter(kinds))]
    box = (int(found.x), int(found.y), int(found.w), int(found.h))
    pixels = CziPixels(document, scene=scene, box=box, planes=planes, kind=kind)
    lengths, channels, instrument = _described(document.raw_metadata, path)
    axes = "".join(planes).lower() + ("yx" if kind[1] == 1 else "yxs")
    used = {axis: size for axis, size in lengths.um.items() if axis in axes}
    reading = Reading(
        format="CZI",
        pixels=pixels,
        axes=axes,
        spacing_um=used,
        spacing_source="CZI Scaling (m)",
        faults=lengths.faults,
        origin_um=_origin(box, used) if "z" not in axes else {},
        frame="scenes" if "z" not in axes else "",
        channel_names=channels,
        modality="LM",
        instrument=instrument,
        entries=tuple(names),
        metadata={"rectangle_px": dict(zip("xywh", box, strict=True))},
    )
    return replace(with_entries(reading, str(wanted), path))


def _origin(box: tuple[int, int, int, int], sizes: dict[str, float]) -> dict[str, float]:
    if not {"y", "x"} <= set(sizes):
        return {}
    return {"y": box[1] * sizes["y"], "x": box[0] * sizes["x"]}


def _described(xml: str, path: str) -> tuple[Lengths, tuple[str, ...], str | None]:
    """Voxel sizes, channel names and microscope of the metadata."""
    root = parse_ome(xml, path=path)
    sizes: dict[str, float] = {}
    for distance in root.iterfind(".//Scaling/Items/Distance"):
        axis, value = (distance.get("Id") or "").lower(), distance.findtext("Value") or ""
        if axis in ("x", "y", "z") and re.fullmatch(r"[-+0-9.eE]{1,40}", value.strip()):
            sizes[axis] = float(value) * 1e6
    lengths = inspect_lengths(sizes, source="CZI Scaling")
    if not sizes:
        lengths = Lengths({}, ("the CZI metadata hold no Scaling",))
    channels = root.iterfind(".//Information/Image/Dimensions/Channels/Channel")
    names = tuple(str(c.get("Name") or c.get("Id") or "") for c in channels)
    system = root.findtext(".//Information/Instrument/Microscopes/Microscope/System")
    return lengths, names, f"ZEISS {system}" if system else None
