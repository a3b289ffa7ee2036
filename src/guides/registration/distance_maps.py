"""One segmented object in two volumes: landmarks first, then its surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...analysis.registration import (
    AffineTransform,
    GreyImage,
    LandmarkFit,
    Model,
    Registration,
    fit_landmarks,
    register,
    signed_distance,
)
from ...workspace import Workspace

_FEWEST = 4  # landmarks: one is left out
_STARTS = 5  # four that meet are taken for a place: turned round, a blob looks much the same


@dataclass(frozen=True, eq=False)
class DistanceMaps:
    """A landmark fit, refined on the signed distance maps of one object, and what that is worth.

    Attributes
    ----------
    start : LandmarkFit
        Of all landmarks.
    registration : Registration
        Of the distance maps, begun there.
    left_out : DataFrame
        One row a landmark: how far it is missed by the fit of the others, ``landmarks_um``, and by
        the distance maps begun at that fit, ``distance_maps_um``.
    """

    start: LandmarkFit
    registration: Registration
    left_out: pd.DataFrame

    @property
    def transform(self) -> AffineTransform:
        """From the moving to the fixed frame."""
        return self.registration.transform

    @property
    def rms_um(self) -> tuple[float, float]:
        """Leave-one-out error of the landmarks and of the distance maps [um]."""
        squared = self.left_out[["landmarks_um", "distance_maps_um"]].to_numpy() ** 2
        before, after = np.sqrt(squared.mean(axis=0))
        return float(before), float(after)

    @property
    def p(self) -> float:
        """Chance of such a difference if neither were better: paired t, two-sided."""
        from scipy.stats import ttest_rel

        return float(ttest_rel(self.left_out["landmarks_um"], self.left_out["distance_maps_um"])[1])

    @property
    def statement(self) -> str:
        """The comparison in words."""
        before, after = self.rms_um
        better = int((self.left_out["distance_maps_um"] < self.left_out["landmarks_um"]).sum())
        words = (
            f"a landmark that took no part is missed by {before:.1f} µm from the other landmarks, "
            f"by {after:.1f} µm after the distance maps; {better} of {len(self.left_out)} are "
            f"nearer (p {self.p:.2f})"
        )
        if after >= before:
            return f"{words}: the distance maps do not improve the landmarks"
        if self.p >= 0.05:
            return f"{words}: better, but so few landmarks cannot tell this from chance"
        return f"{words}: the distance maps improve the landmarks"


def register_distance_maps(
    ws: Workspace,
    moving: str,
    fixed: str,
    *,
    thresholds: Sequence[float],
    model: Model = "similarity",
    clip_um: float = 20.0,
    voxel_um: float = 3.0,
    reach_um: float = 25.0,
    reach_deg: float = 20.0,
    seed: int = 0,
) -> DistanceMaps:
    """Refine a landmark fit on the signed distance maps of one object, and cross-check both.

    Every landmark in turn is left out, of the fit and of what is begun there. Nothing is written.
    The overlap of the two objects is not looked at: what is largest at the best overlap says
    nothing about landmarks.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        Volumes in which the object is bright, with landmarks between their frames.
    thresholds : sequence of float
        Of the moving and of the fixed image.
    model : {"rigid", "similarity", "affine"}
    clip_um : float
        See `signed_distance`: about how far both surfaces may lie apart.
    voxel_um : float
        Of the distance maps.
    reach_um, reach_deg, seed
        As for `register`.

    Raises
    ------
    ValueError
        Fewer than four landmarks.
    Degenerate
        The distance maps tell no place.
    """
    images = [ws.images[name] for name in (moving, fixed)]
    here, there, table = ws.landmark_arrays(images[0].frame, images[1].frame)
    if len(here) < _FEWEST:
        raise ValueError(
            f"needs {_FEWEST} landmarks or more, of which one is left out, got {len(here)}"
        )
    ours, theirs = (
        signed_distance(
            GreyImage(image.array(), image.spacing_um, image.origin_um),
            threshold=threshold,
            clip_um=clip_um,
            voxel_um=voxel_um,
            crop=image is images[0],  # the rest of the moving map is looked up in vain
        )
        for image, threshold in zip(images, thresholds, strict=True)
    )

    def refined(start: AffineTransform) -> Registration:
        return register(
            theirs,
            ours,
            start=start,
            model=model,
            reach_um=reach_um,
            reach_deg=reach_deg,
            starts=_STARTS,
            seed=seed,
        )

    rows = []
    for k, name in enumerate(table["name"]):
        rest = np.arange(len(here)) != k
        start = fit_landmarks(here[rest], there[rest], model=model).transform
        missed = [
            float(np.linalg.norm(one.apply(here[k : k + 1])[0] - there[k]))
            for one in (start, refined(start).transform)
        ]
        rows.append({"landmark": name, "landmarks_um": missed[0], "distance_maps_um": missed[1]})
    start_fit = fit_landmarks(here, there, model=model)
    return DistanceMaps(start_fit, refined(start_fit.transform), pd.DataFrame(rows))
