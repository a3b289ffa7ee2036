"""Small workspaces whose images all sample the same analytic beads, each on its own grid."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform

BEADS_UM = np.array([(6.0, 12.0, 14.0), (7.5, 17.0, 21.0), (5.0, 20.0, 11.0), (8.0, 9.0, 25.0)])
SIGMA_UM = 0.9
# From the fine image's frame into the survey's.
TURN = np.array(
    [[0.94, -0.12, 0.31946], [0.20786, 0.94594, -0.24934], [-0.27189, 0.30083, 0.91415]]
)
OFFSET_UM = np.array([6.4, 14.5, 17.0])


def rotation() -> NDArray[np.float64]:
    left, _, right = np.linalg.svd(TURN)
    return left @ right


def fine_to_survey() -> AffineTransform:
    return AffineTransform.exact(rotation(), offset_um=OFFSET_UM)


def grey(points_um: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Grey value of the specimen at points of the survey's frame."""
    square = ((points_um[..., None, :] - BEADS_UM) ** 2).sum(axis=-1)
    return np.rint(40 + 200 * np.exp(-square / (2 * SIGMA_UM**2)).sum(axis=-1)).astype(np.uint8)


def grid(shape: tuple[int, ...], spacing_um: tuple[float, ...], origin_um: Any) -> NDArray:
    """Voxel centres, z, y, x; a plane at z = 0 for two axes."""
    axes = np.stack(np.indices(shape), axis=-1) * spacing_um + np.asarray(origin_um)
    pad = np.zeros((*shape, 3 - len(shape)))
    return np.concatenate([pad, axes], axis=-1)


def write(ws: Workspace, name: str, array: NDArray, **fields: Any) -> Any:
    given = {"axes": "zyx"[-array.ndim :], "spacing_source": "made for a test", **fields}
    block = [(tuple(slice(0, n) for n in array.shape), array)]
    return ws.images.write(name, shape=array.shape, dtype=array.dtype, blocks=block, **given)


def beads(folder: Path) -> Workspace:
    """A coarse survey, a fine turned volume and a fine picture of one of the survey's planes."""
    shutil.copytree(_beads_once(), folder / "beads")
    return Workspace.open(folder / "beads")


@cache
def _beads_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="scalebridge-beads-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ws = Workspace.create(folder / "beads")
    survey = grid((14, 30, 40), (1.0, 1.0, 0.9), (0.5, 0.5, 0.5))
    write(ws, "survey", grey(survey), spacing_um=(1, 1, 0.9), origin_um=(0.5, 0.5, 0.5))
    small = {"spacing_um": (0.2, 0.1, 0.1), "origin_um": (-3.0, -6.0, -6.0)}
    fine = grid((30, 120, 120), *small.values())
    write(
        ws, "fine", grey(fine_to_survey().apply(fine.reshape(-1, 3)).reshape(fine.shape)), **small
    )
    view = grid((200, 280), (0.1, 0.1), (0.05, 0.05))
    at_depth = view + np.array([6.0, 5.0, 5.0])
    write(ws, "view", grey(at_depth), spacing_um=(0.1, 0.1), origin_um=(0.05, 0.05), modality="SEM")
    ws.close()
    return folder / "beads"


def join_fine(ws: Workspace) -> None:
    ws.transforms.add(
        name="fine_to_survey",
        from_frame="fine",
        to_frame="survey",
        transform=fine_to_survey().to_dict(),
        status="accepted",
        method="known",
    )
