"""Images that were taken on one stage: where they lie to each other needs no fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ...analysis.registration import AffineTransform, refuse_unsound
from ...workspace import Workspace

Direction = Literal["along", "against"]
_SIGNS = {"along": 1.0, "against": -1.0}


@dataclass(frozen=True)
class OnStage:
    """Where a flat image lies on the stage.

    Attributes
    ----------
    y_um, x_um : float
        Stage position of the centre of the image's first pixel [um].
    rows, columns : {"along", "against"}
        Whether stage Y grows from row to row, and stage X from column to column. No file says
        the first reliably: look at the picture, and answer.
    """

    y_um: float
    x_um: float
    rows: Direction
    columns: Direction = "along"

    def __post_init__(self) -> None:
        if not np.isfinite([self.y_um, self.x_um]).all():
            raise ValueError(f"a stage position needs finite lengths, got {self.y_um}, {self.x_um}")
        for name, value in (("rows", self.rows), ("columns", self.columns)):
            if value not in _SIGNS:
                raise ValueError(f"{name} needs along or against, got {value!r}")

    @property
    def origin_um(self) -> np.ndarray:
        """As z, y, x."""
        return np.array([0.0, self.y_um, self.x_um])

    @property
    def signs(self) -> np.ndarray:
        """Of z, y, x."""
        return np.array([1.0, _SIGNS[self.rows], _SIGNS[self.columns]])


def stage_transform(moving: OnStage, fixed: OnStage, *, sigma_um: float) -> AffineTransform:
    """Tell where points of one image lie in another from the stage alone.

    Parameters
    ----------
    moving, fixed : OnStage
    sigma_um : float
        Repeatability of the stage between the two, per axis [um].

    Returns
    -------
    AffineTransform
        A shift (with axes turned round where the pictures are), its error stated.

    Raises
    ------
    ValueError
        `sigma_um` is not above 0.
    Degenerate
        The answers would mirror the specimen: one of the four directions is wrong, or one image
        has to be flipped at import.

    Examples
    --------
    >>> light = OnStage(y_um=-106155.1, x_um=4652.4, rows="along")
    >>> spectra = OnStage(y_um=-105970.3, x_um=4950.8, rows="along")
    >>> stage_transform(spectra, light, sigma_um=0.5).apply([[0, 0, 0]]).round(3).tolist()
    [[0.0, 184.8, 298.4]]
    """
    if not (np.isfinite(sigma_um) and sigma_um > 0):
        raise ValueError(
            f"sigma_um needs a length above 0, the stage's repeatability, got {sigma_um}"
        )
    transform = AffineTransform(
        model="rigid",
        matrix=np.diag(fixed.signs * moving.signs),
        centre_um=np.zeros(3),
        offset_um=fixed.signs * (moving.origin_um - fixed.origin_um),
        ndim_moving=2,
        ndim_fixed=2,
        covariance=np.diag([sigma_um**2, sigma_um**2, 0.0]),
        sigma_um=sigma_um,
        sigma_source="stated",
    )
    refuse_unsound(transform)
    return transform


def join_by_stage(
    ws: Workspace,
    *,
    moving: str,
    fixed: str,
    moving_on_stage: OnStage,
    fixed_on_stage: OnStage,
    sigma_um: float,
    name: str | None = None,
) -> Any:
    """Propose the transform between two flat images that share a stage.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        Images; their frames are joined, whose origins may lie off the first pixel.
    moving_on_stage, fixed_on_stage : OnStage
    sigma_um : float
        As for `stage_transform`.
    name : str, optional
        ``<moving frame>_to_<fixed frame>`` by default.

    Returns
    -------
    Record
        Proposed; accept it when it has been looked at.

    Raises
    ------
    ValueError, Degenerate
        As for `stage_transform`, or an image is not flat.
    """
    images = [ws.images[n] for n in (moving, fixed)]
    places = [
        OnStage(*_frame_zero(image, place), rows=place.rows, columns=place.columns)
        for image, place in zip(images, (moving_on_stage, fixed_on_stage), strict=True)
    ]
    transform = stage_transform(*places, sigma_um=sigma_um)
    start, end = (image.frame for image in images)
    return ws.transforms.add(
        name=name or f"{start}_to_{end}",
        from_frame=start,
        to_frame=end,
        transform=transform.to_dict(),
        status="proposed",
        method="stage positions, no fit",
        note=f"stage repeatability {sigma_um:g} µm, stated by hand",
    )


def _frame_zero(image: Any, place: OnStage) -> tuple[float, float]:
    """Stage position of a frame's origin, whose first pixel lies elsewhere in it."""
    if image.ndim != 2:
        raise ValueError(f"the stage joins flat images, {image.name} has {image.ndim} dimensions")
    zero = place.origin_um[1:] - place.signs[1:] * np.asarray(image.origin_um, float)
    return float(zero[0]), float(zero[1])
