"""Drainage by balls: pressures, saturations and trapped shares that can be reckoned."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.transport import drain

TENSION = 0.05  # so that a tube of 1 µm enters at 100 kPa
UNIT = 100.0


def tubes(radii: list[float], *, side: int = 31, length: int = 12) -> np.ndarray:
    """Round tubes along z, one a square of the cross-section."""
    y, x = np.meshgrid(*[np.arange(side) - side / 2 + 0.5] * 2, indexing="ij")
    cross = np.concatenate([y**2 + x**2 <= r**2 for r in radii], axis=1)
    return np.broadcast_to(cross, (length, *cross.shape))


def test_a_bundle_of_tubes_empties_one_after_the_other_at_its_own_pressure(reference):
    """The last ball of each tube leaves corners of single voxels; half of a tube tells its turn."""
    radii = [12.3, 9.3, 6.3]
    pore, step = tubes(radii), 0.5
    found = drain(pore, spacing_um=(step,) * 3)
    curve = found.curves(tension_n_per_m=TENSION)
    free = curve[~curve["trapping"]]
    shares = np.array([np.count_nonzero(tubes([r])) for r in radii]) / np.count_nonzero(pore)
    left = 1 - np.cumsum(shares)
    for r, before, after in zip(radii, [1.0, *left[:-1]], left, strict=True):
        passed = free[free["wetting_saturation"] < (before + after) / 2]
        entry = float(passed["pressure_kpa"].iloc[0])
        reference(
            f"drainage of voxels, tube of {r:g} voxels of 0.5 µm empties at", entry,
            UNIT / (r * step), rel=0.6 / r, unit="kPa", source="Young & Laplace",
        )  # fmt: skip
    assert free["wetting_saturation"].iloc[-1] == pytest.approx(0, abs=1e-12)
    assert np.all(np.diff(free["pressure_kpa"]) > 0)
    assert found.trapped == 0
    assert found.unreached == 0


def test_pressures_go_with_one_over_the_size_of_the_voxels():
    pore = tubes([6.3, 4.3])
    one, two = (drain(pore, spacing_um=(h,) * 3).curves(tension_n_per_m=TENSION) for h in (1, 2))
    assert one["pressure_kpa"].to_numpy() == pytest.approx(2 * two["pressure_kpa"].to_numpy())
    assert one["wetting_saturation"].equals(two["wetting_saturation"])


def test_a_side_pocket_behind_a_throat_is_trapped_and_only_where_that_is_asked():
    """A wide slit leads through; a chamber beside it hangs on a narrow neck."""
    pore = np.zeros((30, 30), bool)
    pore[:, 2:11] = True
    pore[10:20, 16:26] = True
    pore[14:16, 11:16] = True  # the neck
    found = drain(pore, spacing_um=(1, 1), axis="y")
    pocket = 10 * 10 + 2 * 5
    assert found.trapped == pytest.approx(pocket / np.count_nonzero(pore), abs=0.005)
    curve = found.curves(tension_n_per_m=TENSION)
    last = curve.groupby("trapping")["wetting_saturation"].min()
    assert last[True] == pytest.approx(found.trapped)
    assert last[False] == pytest.approx(0, abs=1e-12)
    assert found.free.threshold_um == pytest.approx(9 / 2, abs=0.51)


def test_what_has_no_way_to_the_first_layer_is_told_and_left_out():
    pore = np.zeros((20, 20), bool)
    pore[:, 3:8] = True
    pore[8:14, 12:17] = True
    found = drain(pore, spacing_um=(1, 1), axis="y")
    assert found.unreached == pytest.approx(30 / 130)
    assert found.curves(tension_n_per_m=TENSION)["wetting_saturation"].min() == pytest.approx(0)


def test_every_axis_gives_what_the_turned_image_gives():
    rng = np.random.default_rng(0)
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(rng.normal(size=(20, 24, 28)), 2)
    pore = field > np.quantile(field, 0.5)
    along_x = drain(pore, spacing_um=(1, 1, 1), axis="x")
    turned = drain(np.moveaxis(pore, 2, 0), spacing_um=(1, 1, 1), axis="z")
    a, b = (one.curves(tension_n_per_m=TENSION) for one in (along_x, turned))
    assert a["pressure_kpa"].to_numpy() == pytest.approx(b["pressure_kpa"].to_numpy())
    free = ~a["trapping"]
    assert a.loc[free, "wetting_saturation"].to_numpy() == pytest.approx(
        b.loc[free, "wetting_saturation"].to_numpy()
    )


def test_a_pore_that_does_not_reach_the_first_layer_is_refused():
    pore = np.zeros((8, 8), bool)
    pore[3:, 3] = True
    with pytest.raises(ValueError, match="first layer along y, got none there: choose another"):
        drain(pore, spacing_um=(1, 1), axis="y")
    with pytest.raises(ValueError, match="no pores where there is no wall"):
        drain(np.ones((8, 8), bool), spacing_um=(1, 1), axis="y")
