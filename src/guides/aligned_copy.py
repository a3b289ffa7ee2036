"""A registration checked against somebody else's: a copy of the moving image that is aligned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from ..analysis.quantification.measurement import Measurement
from ..analysis.registration import AffineTransform
from ..analysis.registration.blocks import match_blocks
from ..workspace import Workspace

_STEP_PX, _HALF_PX, _SEARCH_PX, _RIM_PX = 30, 24, 18, 60
_SURE = 0.9  # correlation of two copies of one image; a lower one was found by chance


@dataclass(frozen=True)
class CopyErrors:
    """How far a transform is from what an aligned copy of the moving image says.

    Attributes
    ----------
    table : DataFrame
        One row a place of the fixed frame: ``x_um``, ``y_um`` there, ``dx_um``, ``dy_um`` (ours
        less theirs) and ``error_um``.
    unmoved_um : float
        The same difference without any registration, RMS [µm].
    """

    table: pd.DataFrame
    unmoved_um: float

    @property
    def rms_um(self) -> float:
        """Root mean square of the errors [µm]."""
        return float(np.sqrt(np.mean(np.square(self.table["error_um"]))))

    @property
    def median_um(self) -> float:
        """Half of the places have a smaller error [µm]."""
        return float(self.table["error_um"].median())

    def measurements(self, name: str) -> tuple[Measurement, Measurement]:
        """Write both RMS values as measurements of a registration; neither has an interval."""
        convention = f"RMS over {len(self.table)} places of the aligned copy"
        found = (
            ("against_copy_um", "distance from the aligned copy", self.rms_um),
            ("unmoved_um", "the same without any registration", self.unmoved_um),
        )
        first, second = (
            Measurement(f"registration.{name}.{k}", said, v, (v, v), 0.0, "µm", convention)
            for k, said, v in found
        )
        return first, second


def compare_with_copy(
    ws: Workspace, transform: AffineTransform, *, moving: str, copy: str, within: str
) -> CopyErrors:
    """Compare a transform with an aligned copy of its moving image, place by place.

    Where a block of the copy is found in the moving image, the copy says where that place was
    before it was aligned; the transform has to bring it back.

    Parameters
    ----------
    ws : Workspace
    transform : AffineTransform
        From the moving to the fixed frame, both flat.
    moving : str
        Image that was registered.
    copy : str
        The same image as somebody else aligned it, in the fixed frame.
    within : str
        Fixed image; places where it is black are left out. All three share one grid of pixels.

    Returns
    -------
    CopyErrors

    Raises
    ------
    ValueError
        No block of the copy is found again in the moving image.
    """
    before, after, fixed = (ws.images[name].array() for name in (moving, copy, within))
    pixel_um = ws.images[copy].spacing_um
    places = _places((fixed > 0) & (after > 0))
    found = match_blocks(
        after, before, centres_px=places, half_size_px=_HALF_PX, search_px=_SEARCH_PX
    )
    sure = found.score > _SURE
    if not sure.any():
        raise ValueError(
            f"no block of {copy} is found again in {moving} with a correlation over {_SURE}: is it "
            "a copy of the same image, less than 18 pixels away?"
        )
    theirs, was = places[sure] * pixel_um, found.places_px[sure] * pixel_um
    ours = np.asarray(transform.apply(np.column_stack([np.zeros(len(was)), was])))[:, 1:]
    return CopyErrors(_table(theirs, ours - theirs), _rms(was - theirs))


def _places(seen: np.ndarray) -> np.ndarray:
    """Spread block centres over the part that both images show, y, x [px]."""
    whole = ndimage.minimum_filter(seen, 2 * _HALF_PX + 1, mode="constant")
    rows, columns = (np.arange(_RIM_PX, size - _RIM_PX // 2, _STEP_PX) for size in seen.shape)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    kept: np.ndarray = grid[whole[grid[:, 0], grid[:, 1]]]
    return kept


def _table(places: np.ndarray, errors: np.ndarray) -> pd.DataFrame:
    columns: dict[str, Any] = {"x_um": places[:, 1], "y_um": places[:, 0]}
    columns |= {"dx_um": errors[:, 1], "dy_um": errors[:, 0]}
    return pd.DataFrame(columns | {"error_um": np.linalg.norm(errors, axis=1)})


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.sum(errors**2, axis=1))))
