"""Where a search for a pose begins: coarse renderings around the stage's, shifted to fit best."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..tangent import Model
from ..transform import AffineTransform
from .scene import Scene

if TYPE_CHECKING:
    import pandas as pd

_PIXELS = 110  # along the picture's longer side
_STEP_DEG = 5.0
_KEPT = 4
_NEAR_DEG = 6.0  # starts closer than this, and than their shift, end alike


@dataclass(frozen=True, eq=False)
class Starts:
    """The likeliest coarse poses.

    Attributes
    ----------
    poses : tuple of AffineTransform
        Best first.
    rows : list of int
        Their rows in the table.
    table : DataFrame
        All that were tried: tilt, rotation, lean, correlation.
    """

    poses: tuple[AffineTransform, ...]
    rows: list[int]
    table: pd.DataFrame


def coarse_starts(
    scene: Scene, centre_um: NDArray[np.float64], *, model: Model, reach_deg: float
) -> Starts:
    """Render at angles around the stage's, shift each over the picture, and keep the best."""
    import pandas as pd

    part = scene.at(max(scene.view.shape) * scene.pixel_um / _PIXELS)
    nominal = scene.view.nominal_pose(centre_um, model=model)
    rows, poses = [], []
    for tilt, rotation, lean in _angles(reach_deg):
        pose = _turned(scene, nominal, tilt, rotation, lean)
        shift, score = _shift(part, pose)
        rows.append((tilt, rotation, lean, score))
        poses.append(replace(pose, centre_um=pose.centre_um + np.append(0.0, shift)))
    names = ["tilt_off_deg", "rotation_off_deg", "lean_deg", "correlation"]
    table = pd.DataFrame(rows, columns=names).assign(information=np.nan)
    chosen: list[int] = []
    for k in np.argsort(-table["correlation"].to_numpy(), kind="stable"):
        apart = [
            np.abs(table.loc[k, names[:3]] - table.loc[j, names[:3]]).max() > _NEAR_DEG
            or np.linalg.norm(poses[k].centre_um - poses[j].centre_um) > 4 * part.pixel_um
            for j in chosen
        ]
        if all(apart) and len(chosen) < _KEPT:
            chosen.append(int(k))
    return Starts(tuple(poses[k] for k in chosen), chosen, table)


def _angles(reach_deg: float) -> list[tuple[float, float, float]]:
    def steps(reach: float) -> NDArray[np.float64]:
        count = int(np.ceil(reach / _STEP_DEG))
        return np.linspace(-reach, reach, 2 * count + 1)

    return list(product(steps(reach_deg), steps(reach_deg), steps(reach_deg / 2)))


def _turned(
    scene: Scene, nominal: AffineTransform, tilt: float, rotation: float, lean: float
) -> AffineTransform:
    view = scene.view
    tilted = float(np.clip(view.tilt_deg + tilt, -88, 88))
    axes = replace(view, tilt_deg=tilted, rotation_deg=view.rotation_deg + rotation).axes
    c, s = np.cos(np.radians(lean)), np.sin(np.radians(lean))
    return replace(nominal, matrix=axes @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]))


def _shift(part: Scene, pose: AffineTransform) -> tuple[NDArray[np.float64], float]:
    """Shift of a rendering that correlates best with the picture, y, x [um], and how well."""
    from scipy import fft

    picture, weight = part.image.values[0], part.image.mask
    counted = np.ones_like(picture) if weight is None else weight[0].astype(np.float32)
    here = (picture - np.average(picture, weights=counted)) * counted
    drawn = np.minimum(part.seen(pose).picture, 4.0)
    drawn = drawn - drawn.mean()
    shape = [fft.next_fast_len(2 * n, real=True) for n in picture.shape]
    product_ = fft.rfft2(here, shape) * np.conj(fft.rfft2(drawn, shape))
    size = float(np.linalg.norm(here) * np.linalg.norm(drawn))
    correlation = fft.irfft2(product_, shape) / max(size, 1e-12)
    peak = np.array(np.unravel_index(np.argmax(correlation), correlation.shape))
    shift = np.where(peak > np.array(shape) / 2, peak - shape, peak)
    return shift * np.asarray(part.view.spacing_um), float(correlation.max())
