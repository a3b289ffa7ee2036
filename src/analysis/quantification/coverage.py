"""Are the intervals honest? How often they cover the truth, and how wide they are for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..segmentation.thresholds import suggest_thresholds
from .phases import measure_phases
from .sphere_scene import sphere_scene

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SphereCase:
    """Spheres and an imaging of them, in voxels of the smallest edge.

    Attributes
    ----------
    radii_um : tuple of float
    fraction : float
    gap_um : float
        Least distance between spheres [µm].
    blur_um : float
        Standard deviation [µm].
    noise : float
        Standard deviation, for a contrast of 100.
    smoothing_px : float
        Before thresholding.
    spacing_um : tuple of float
    edge_um : float
        Of the cubic field of view.
    """

    radii_um: tuple[float, float] = (6, 12)
    fraction: float = 0.15
    gap_um: float = 6.0
    blur_um: float = 1.5
    noise: float = 20.0
    smoothing_px: float = 0.8
    spacing_um: tuple[float, float, float] = (1.0, 1.0, 1.0)
    edge_um: float = 96.0


def coverage_on_spheres(case: SphereCase, seeds: Iterable[int]) -> pd.DataFrame:
    """Measure imaged spheres of known size, one row a seed and quantity.

    Thresholds and their uncertainty are suggested from each image; nothing is read from the truth.

    Returns
    -------
    DataFrame
        `seed`, `quantity`, `truth`, `value`, `uncertainty`, `as_segmented`, `covered`.
    """
    import pandas as pd

    rows = []
    counts = [round(case.edge_um / s) for s in case.spacing_um]
    shape = (counts[0], counts[1], counts[2])
    for seed in seeds:
        scene = sphere_scene(
            shape=shape, spacing_um=case.spacing_um, radii_um=case.radii_um,
            fraction=case.fraction, gap_um=case.gap_um, seed=seed,
        )  # fmt: skip
        image = scene.image(blur_um=case.blur_um, noise=case.noise, seed=seed)
        found = suggest_thresholds(image)
        measured = measure_phases(
            image,
            thresholds=found.values,
            threshold_uncertainty=found.uncertainty,
            spacing_um=case.spacing_um,
            names=("matrix", "sphere"),
            phase="sphere",
            smoothing_px=case.smoothing_px,
            min_size_px=30,
        )
        for quantity, truth in scene.truth().items():
            m = measured[f"sphere.{quantity}"]
            covered = m.interval95[0] <= truth <= m.interval95[1]
            rows.append((seed, quantity, truth, m.value, m.uncertainty, m.as_segmented, covered))
    columns = ["seed", "quantity", "truth", "value", "uncertainty", "as_segmented", "covered"]
    return pd.DataFrame(rows, columns=columns)


def coverage_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise: share covered, and median half-width over median actual error.

    Returns
    -------
    DataFrame
        `quantity`, `seeds`, `covered`, `median_error`, `median_half_width`, `width_over_error`,
        `median_error_as_segmented` (the three in units of the truth).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame([(0, "v", 1.0, 1.1, 0.2, 1.1, True)], columns=["seed", "quantity",
    ...     "truth", "value", "uncertainty", "as_segmented", "covered"])
    >>> round(float(coverage_table(rows)["width_over_error"][0]), 6)
    2.0
    """
    import pandas as pd

    found = []
    for quantity, group in rows.groupby("quantity", sort=False):
        error = np.median(np.abs(group["value"] / group["truth"] - 1))
        width = np.median(group["uncertainty"] / group["truth"])
        raw = np.median(np.abs(group["as_segmented"] / group["truth"] - 1))
        found.append(
            (quantity, len(group), float(group["covered"].mean()), error, width, width / error, raw)
        )
    columns = ["quantity", "seeds", "covered", "median_error", "median_half_width",
               "width_over_error", "median_error_as_segmented"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)
