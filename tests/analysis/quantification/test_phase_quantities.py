"""A quantity is said the same way wherever it was measured."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.quantification import measure, measure_classes, measure_phases
from scalebridge.analysis.quantification.phase_quantities import QUANTITIES

BY_KEY = {quantity.key: quantity for quantity in QUANTITIES}


def scene(ndim: int) -> np.ndarray:
    labels = np.zeros((20,) * ndim, np.uint8)
    labels[(slice(3, 9),) * ndim] = labels[(slice(11, 17),) * ndim] = 1
    return labels


@pytest.mark.parametrize("ndim", [2, 3])
def test_thresholds_labels_and_classes_say_what_they_measured_alike(ndim):
    labels, spacing, names = scene(ndim), (1.0,) * ndim, ("matrix", "grain")
    found = (
        measure(labels, spacing_um=spacing, what=("phases",), names=names, phase="grain"),
        measure_classes(labels, [labels] * 5, spacing_um=spacing, names={1: "grain"}),
        measure_phases(
            100.0 * labels, thresholds=(50,), threshold_uncertainty=1, spacing_um=spacing,
            names=names, phase="grain", correct=False,
        ),
    )  # fmt: skip
    said = [[(m.key, m.name, m.unit, m.convention, m.as_segmented) for m in one] for one in found]
    assert len(said[0]) == len(QUANTITIES)
    assert said[0] == said[1] == said[2]


def test_the_interval_ends_where_values_end():
    share = BY_KEY["volume_fraction"].measurement(
        "pore", 0.9, {"voxels": 0.3, "spacing": 0.4}, ndim=3, connectivity=26
    )
    assert share.uncertainty == pytest.approx(0.5)
    assert share.interval95 == (pytest.approx(0.4), 1.0)
    assert share.as_segmented == 0.9


def test_pieces_name_their_neighbours_and_dimensions_their_units():
    density = BY_KEY["object_density"]
    flat = density.measurement("pore", 2, {}, ndim=2, connectivity=4, as_segmented=3)
    assert (flat.unit, flat.name, flat.as_segmented) == ("1/µm²", "pore: objects per area", 3.0)
    assert flat.convention.startswith("4-connected objects")
    assert density.measurement("pore", 2, {}, ndim=3, connectivity=26).unit == "1/µm³"
