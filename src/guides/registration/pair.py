"""A pair of images, its landmarks, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...analysis.quantification.measurement import Check, Measurement
from ...analysis.registration import LandmarkFit
from ...analysis.registration.bend_offer import BendOffer
from ...columns import significant
from ...widgets import LandmarkPicker, SliceExplorer
from ..coverage import field_points
from .standing import other_model

_SAID = {
    "residual_um": "residual_um",
    "loo_um": "leave-one-out [µm]",
    "leverage": "leverage",
}


@dataclass(frozen=True)
class PairResult:
    """A pair of images, its landmarks, and what they say.

    Attributes
    ----------
    picker : LandmarkPicker
        Holds the landmarks and their fit.
    comparison : DataFrame
        Every model with its leave-one-out error and verdict.
    reason : str
        Why leave-one-out chooses the one it does, in words.
    fit : LandmarkFit
        Of the model that is used.
    accepted : Record or None
        The transform that somebody accepted.
    refused : Record or None
        The transform that somebody refused, with the landmarks as they are now.
    measurements : tuple of Measurement
    checks : tuple of Check
    bend : BendOffer or None
        A bend that left-out landmarks ask for, where nobody has chosen the model.
    """

    picker: LandmarkPicker
    comparison: pd.DataFrame
    reason: str
    fit: LandmarkFit
    accepted: Any
    refused: Any
    measurements: tuple[Measurement, ...]
    checks: tuple[Check, ...]
    bend: BendOffer | None = None

    @property
    def name(self) -> str:
        """``moving_to_fixed``, which is also the name of its transform."""
        return f"{self.picker.moving}_to_{self.picker.fixed}"

    @property
    def title(self) -> str:
        """The registration in words."""
        return f"{self.picker.moving} in {self.picker.fixed}"

    @property
    def key_measurements(self) -> list[Measurement]:
        """The scale; the RMS errors stand in the tables."""
        return [found for found in self.measurements if found.key.endswith(".scale")]

    @property
    def differs(self) -> bool:
        """Whether the fit is of another model than the transform that was accepted."""
        return self.accepted is not None and other_model(self.fit, self.accepted)

    def landmarks(self) -> pd.DataFrame:
        """One row a pair: places in both images, residual, leave-one-out error, leverage."""
        table = self.picker.table()
        shown = pd.DataFrame({"landmark": table["name"]})
        for side in ("moving", "fixed"):
            image = self.picker.images[side]
            axes = "xyz" if image.ndim == 3 else "xy"
            places = table[[f"{side}_{axis}_um" for axis in axes]].to_numpy(float)
            shown[f"{', '.join(axes)} in {image.name} [µm]"] = [
                _place(row, min(image.spacing_um)) for row in places
            ]
        for column, said in _SAID.items():
            shown[said] = significant(table[column])
        if not table["active"].all():
            shown["used"] = table["active"]
        return shown

    def errors(self) -> pd.DataFrame:
        """``name``, ``residual_um``, ``loo_um`` of the active pairs."""
        table = self.picker.table()
        return table.loc[table["active"], ["name", "residual_um", "loo_um"]]

    def overlay(self) -> tuple[SliceExplorer, str]:
        """Both images on one plane through the fit, and what to look for."""
        explorer = self.picker.overlay()
        moving = self.picker.images["moving"]
        if moving.ndim == 2 and self.picker.images["fixed"].ndim == 3:
            explorer.face_of(moving.name)
        aim = self.picker.target_in_moving()
        middle = field_points(moving, grid=2).mean(axis=0, keepdims=True)
        place = self.fit.transform.apply(middle if aim is None or moving.ndim == 2 else aim)[0]
        size = np.ptp(self.fit.transform.apply(field_points(moving, grid=2)), axis=0).max()
        explorer.look_at(
            dict(zip(("z_um", "y_um", "x_um"), place.tolist(), strict=True)),
            width_um=1.1 * float(size),
        )
        return explorer, (
            f"{self.picker.moving} (orange) over {self.picker.fixed} (blue), each at its own "
            f"resolution, through the {self.fit.transform.model} fit."
        )


def _place(position_um: np.ndarray, spacing_um: float) -> str:
    """Write a place to a tenth of a voxel, and at least to 10 nm."""
    decimals = max(2, 1 - int(np.floor(np.log10(spacing_um))))
    return ",\u00a0".join(f"{value:.{decimals}f}" for value in position_um)
