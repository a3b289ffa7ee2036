"""Results that hold measurements are walked through, looked up and tabled in one way."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.quantification import measure, measure_phases

CUBE = (1.0, 1.0, 1.0)


def block() -> np.ndarray:
    labels = np.zeros((16, 16, 16), np.uint8)
    labels[4:12, 4:12, 4:12] = 1
    return labels


def of_labels():
    return measure(block(), spacing_um=CUBE, what=("phases",), names=("matrix", "grain"))


def of_grey_values():
    return measure_phases(
        100.0 * block(), thresholds=(50,), threshold_uncertainty=1, spacing_um=CUBE,
        names=("matrix", "grain"), correct=False,
    )  # fmt: skip


@pytest.mark.parametrize("measured", [of_labels, of_grey_values])
def test_measurements_are_found_by_key_and_stand_in_the_table_in_order(measured):
    found = measured()
    keys = [m.key for m in found]
    assert len(found) == len(keys) > 2
    assert list(found.table()["key"]) == keys
    assert found["grain.volume_fraction"].value == 0.125
    with pytest.raises(KeyError, match=r"no measurement 'grain\.colour': there are matrix\.volume"):
        found["grain.colour"]


def test_the_table_tells_parts_and_the_scatter_between_fields():
    found = of_labels()
    row = found.table().set_index("key").loc["grain.specific_surface"]
    m = found["grain.specific_surface"]
    assert (row.lower, row.upper, row.unit) == (*m.interval95, "1/µm")
    assert row.from_voxels == m.parts["voxels"]
    grains = np.roll(block(), 2)  # no longer in the middle: blocks differ
    found = measure(grains, spacing_um=CUBE, what=("phases",), names=("matrix", "grain"))
    share, row = found["grain.volume_fraction"], found.table().set_index("key")
    assert row.between_fields["grain.volume_fraction"] == share.sampling > 0
    assert row.uncertainty_for_material["grain.volume_fraction"] == share.for_material
