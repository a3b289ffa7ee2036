"""Volumes that are made: slices that say their number in pixels, a gigabyte, images in images."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

FIELD = 64  # voxels of 512: the number is written in 3 x 3 fields in the middle
BITS = 9


def numbered_volume(edge: int = 512, *, seed: int = 0) -> NDArray[np.uint8]:
    """Blobs and noise; in the middle of each slice its number, most significant bit first."""
    rng = np.random.default_rng(seed)
    blobs = gaussian_filter(rng.normal(size=(64, 64, 64)), 3, mode="wrap")
    blobs = (blobs - blobs.min()) / np.ptp(blobs)
    fine = np.kron(blobs.astype(np.float32), np.ones((2, 2, 2), np.float32))
    tile = (60 + 130 * fine + 12 * rng.normal(size=fine.shape)).clip(0, 255).astype(np.uint8)
    volume = np.tile(tile, [edge // 128] * 3)
    field, low = edge * FIELD // 512, edge // 2 - 3 * (edge * FIELD // 512) // 2
    for z in range(edge):
        for bit in range(BITS):
            row, column = low + field * (bit // 3), low + field * (bit % 3)
            bright = z >> (BITS - 1 - bit) & 1
            volume[z, row : row + field, column : column + field] = 230 if bright else 30
    return volume


def middles(count: int, *, seed: int = 0) -> list[int]:
    """Slices far apart, each the first of two and near the middle of eight.

    So coarser copies show them too, where two or eight slices are one voxel.
    """
    rng = np.random.default_rng(seed)
    found = [8 * 32 + 4]
    while len(found) <= count:
        eight = int(rng.integers(2, 62))
        if abs(eight - found[-1] // 8) >= 8:
            found.append(8 * eight + 2 * int(rng.integers(1, 3)))
    return found[1:]


def nifti(path: Path, volume: NDArray[np.uint8]) -> None:
    """Write a NIfTI-1 file, 1 mm a voxel."""
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *volume.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, 2, 8)  # uint8
    struct.pack_into("<8f", head, 76, 1, 1, 1, 1, 1, 1, 1, 1)
    struct.pack_into("<3f", head, 108, 352, 1, 0)
    struct.pack_into("<hh", head, 252, 0, 1)
    for row in range(3):
        struct.pack_into("<f", head, 280 + 16 * row + 4 * row, 1.0)
    head[344:348] = b"n+1\0"
    path.write_bytes(bytes(head) + volume.tobytes())


def write_image(
    ws: Any, name: str, values: NDArray[Any], spacing_um: Any, *, frame: str | None = None
) -> None:
    """Write an array into a workspace, block by block along its first axis."""
    deep = 64 if values.ndim == 3 else len(values)
    boxes = [slice(z, min(z + deep, len(values))) for z in range(0, len(values), deep)]
    whole = tuple(slice(0, n) for n in values.shape[1:])
    ws.images.write(
        name, shape=values.shape, dtype=values.dtype, axes="zyx"[-values.ndim :],
        blocks=(((box, *whole), values[box]) for box in boxes),
        spacing_um=spacing_um, spacing_source="made for a benchmark", frame=frame,
    )  # fmt: skip


def write_large(ws: Any, name: str, edge: int, *, seed: int = 0) -> None:
    """Write a seeded volume of so many voxels an edge without ever holding it."""
    tile = np.tile(numbered_volume(128, seed=seed), (1, edge // 128, edge // 128))[:64]

    def blocks() -> Iterator[tuple[tuple[slice, ...], NDArray[np.uint8]]]:
        whole = slice(0, edge)
        for z in range(0, edge, 64):
            yield (slice(z, z + 64), whole, whole), np.roll(tile, (17 * z, 29 * z), axis=(1, 2))

    ws.images.write(
        name, shape=(edge,) * 3, dtype=np.uint8, axes="zyx", blocks=blocks(),
        spacing_um=(1.0, 1.0, 1.0), spacing_source="made for a benchmark",
    )  # fmt: skip


def write_nested(ws: Any, *, seed: int = 0) -> None:
    """Write a mosaic of 5 mm, a survey at 1 um and a FIB-SEM stack at 20 nm around one middle."""
    from scalebridge.analysis.registration import AffineTransform

    rng = np.random.default_rng(seed)
    images = {"mosaic": ((2048, 2048), 2.5), "survey": ((200, 400, 400), 1.0),
              "fibsem": ((200, 400, 500), 0.02)}  # fmt: skip
    middle = np.array([0.0, 2560.0, 2560.0])
    for name, (shape, spacing_um) in images.items():
        values = gaussian_filter(rng.normal(size=shape).astype(np.float32), 2)
        values = 70 + 170 * (values - values.min()) / np.ptp(values)  # never as dark as the ground
        write_image(ws, name, values.astype(np.uint8), (spacing_um,) * len(shape))
        if name == "mosaic":
            continue
        own = spacing_um * (np.array(shape) - 1) / 2
        way = AffineTransform.exact(np.eye(3), offset_um=middle - own)
        ws.transforms.add(
            name=f"{name}_to_mosaic", from_frame=name, to_frame="mosaic",
            transform=way.to_dict(), status="accepted", method="known",
        )  # fmt: skip
