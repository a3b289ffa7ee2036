"""Path lengths, representative volumes, profiles, and the one call that gives them all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge.analysis.quantification import (
    axis_profile,
    depth_profile,
    measure,
    path_length,
    representative_volume,
    skeleton,
)
from scalebridge.analysis.quantification.geometry_parts import PARTS
from scalebridge.analysis.quantification.path_length import front_lengths


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 0.5)])
def test_a_straight_channel_is_as_long_as_the_straight_line(spacing) -> None:
    channel = np.zeros((12, 14, 40), bool)
    channel[3:8, 4:9] = True
    found = path_length(channel, axis="x", spacing_um=spacing)
    assert found.mean_ratio == pytest.approx(1, abs=1e-9)
    across = path_length(channel, axis="z", spacing_um=spacing)
    assert across.reached_fraction == 0
    assert np.isinf(across.mean_ratio)


def test_a_slanted_channel_is_longer_by_its_angle() -> None:
    y, x = np.indices((140, 100))
    channel = np.abs(y - 15 - x) <= 9
    found = path_length(channel, axis="x", spacing_um=(1, 1))
    assert found.mean_ratio == pytest.approx(np.sqrt(2), rel=0.06)  # it may cut the ends short
    assert found.shortest_ratio < np.sqrt(2) * 1.02


def settled_lengths(phase: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Solve the same difference scheme for all voxels at once, again and again until it stands."""
    lengths = np.full(phase.shape, np.inf)
    start = np.where(phase[0], 0.0, np.inf)
    while True:
        lengths[0] = start
        padded = np.pad(lengths, 1, constant_values=np.inf)
        low = np.sort(
            [
                np.minimum(np.roll(padded, 1, axis), np.roll(padded, -1, axis))[1:-1, 1:-1, 1:-1]
                for axis in range(3)
            ],
            axis=0,
        )
        found = low[0] + spacing[0]
        for count in (2, 3):
            with np.errstate(invalid="ignore"):
                first = low[:count]
                mean = first.mean(axis=0)
                left = spacing[0] ** 2 / count - (first**2).mean(axis=0) + mean**2
                more = mean + np.sqrt(np.maximum(left, 0))
            higher = np.isfinite(first[-1]) & (left >= 0) & (first[-1] < found)
            found = np.where(higher, more, found)
        new = np.where(phase, np.minimum(lengths, found), np.inf)
        if np.array_equal(new, lengths):
            return lengths
        lengths = new


def test_the_front_ends_where_sweeps_over_all_voxels_end() -> None:
    rng = np.random.default_rng(3)
    phase = gaussian_filter(rng.normal(size=(26, 22, 24)), 1.5, mode="wrap") < 0.02
    settled = settled_lengths(phase, (2.0, 2.0, 2.0))[-1]
    reached = settled[np.isfinite(settled)]
    found = front_lengths(phase, axis=0, spacing=(2.0, 2.0, 2.0))[-1]
    assert len(reached) > 50
    assert np.array_equal(np.isfinite(found), np.isfinite(settled))
    np.testing.assert_allclose(found[np.isfinite(found)], reached, rtol=1e-6)
    assert reached.mean() / 50 > 1.05


def test_the_skeleton_of_a_bar_and_of_a_ring_have_their_length() -> None:
    bar = np.zeros((9, 9, 60), bool)
    bar[2:7, 2:7, 5:55] = True
    lines = skeleton(bar, spacing_um=(1, 1, 0.5))
    assert lines.ends == 2
    assert lines.length_um == pytest.approx(24.5, abs=3)
    y, x = np.indices((70, 70)) - 34.6
    ring = np.abs(np.hypot(y, x) - 25) <= 4
    closed = skeleton(ring, spacing_um=(1, 1))
    assert (closed.ends, closed.branches) == (0, 0)
    assert closed.length_um == pytest.approx(2 * np.pi * 25, rel=0.01)


def test_the_integral_range_of_blocks_of_voxels_is_the_volume_of_a_block() -> None:
    small = np.random.default_rng(0).random((32, 32, 32)) < 0.3
    found = representative_volume(np.kron(small, np.ones((2, 2, 2), bool)), spacing_um=(1, 1, 1))
    assert found.integral_range_um3 == pytest.approx(8, rel=0.25)
    assert -1.2 < found.exponent < -0.8
    spread = [small[z : z + 16, y : y + 16, x : x + 16].mean()
              for z in (0, 16) for y in (0, 16) for x in (0, 16)]  # fmt: skip
    assert found.table["standard_deviation"][0] == pytest.approx(np.std(spread, ddof=1))
    phi = found.fraction
    assert found.volume_um3 == pytest.approx(
        4 * phi * (1 - phi) * found.integral_range_um3 / (0.05 * phi) ** 2
    )


def test_the_error_stated_for_an_image_covers_the_truth_19_times_of_20() -> None:
    rng, inside = np.random.default_rng(1), []
    for _ in range(60):
        found = representative_volume(rng.random((32, 32, 32)) < 0.3, spacing_um=(1, 1, 1))
        inside.append(abs(found.fraction - 0.3) <= found.image_error)
    assert 0.88 < np.mean(inside) <= 1


def test_profiles_see_layers_and_depths() -> None:
    phase = np.zeros((20, 10, 10), bool)
    phase[5:10] = True
    profile = axis_profile(phase, axis="z", spacing_um=(0.5, 1, 1))
    assert profile["fraction"].to_numpy().tolist() == [0] * 5 + [1] * 5 + [0] * 10
    assert profile["position_um"].iloc[-1] == 9.5
    body = np.ones(phase.shape, bool)
    body[:3] = False
    depth = depth_profile(phase, body=body, spacing_um=(0.5, 1, 1), step_um=0.5)
    assert depth["fraction"].to_numpy().tolist() == [0] * 2 + [1] * 5 + [0] * 10


def layered() -> np.ndarray:
    field = gaussian_filter(np.random.default_rng(2).standard_normal((40, 44, 48)), 3)
    return np.digitize(field, np.quantile(field, (0.4, 0.7)))


def test_one_call_gives_every_part_with_units_and_conventions() -> None:
    found = measure(layered(), spacing_um=(2, 1, 1), what=list(PARTS), names=("a", "b", "c"))
    table = found.table()
    assert table["key"].is_unique
    assert (table["unit"].str.len() > 0).all()
    assert (table["convention"].str.len() > 0).all()
    assert set(found.tables) == {
        "interfaces", "triple_lines", "chords", "correlation", "local_thickness", "porosimetry",
        "bodies", "objects", "representative_volume", "profiles",
    }  # fmt: skip
    for name in ("a", "b", "c"):
        assert found[f"{name}.volume_fraction"].value > 0
    assert np.isnan(found["a.euler_number"].uncertainty)
    assert found["a.specific_surface"].parts["voxels"] > 0


def test_an_image_goes_through_the_parts_that_know_it_and_a_mask_through_all() -> None:
    labels = layered()
    image = [p for p in PARTS if p not in ("triple_lines", "curvature")]
    flat = measure(labels[20], spacing_um=(1, 1), what=image, phase=0)
    assert flat["class 0.volume_fraction"].value == pytest.approx((labels[20] == 0).mean())
    mask = np.zeros(labels.shape, bool)
    mask[4:36, 4:40, 4:44] = True
    masked = measure(labels, spacing_um=(1, 1, 1), what=list(PARTS), phase=1, mask=mask)
    assert masked["class 1.volume_fraction"].value == pytest.approx((labels[mask] == 1).mean())
    box = measure(labels[4:36, 4:40, 4:44], spacing_um=(1, 1, 1), what=["euler"], phase=1)
    for key in ("class 1.euler_number", "class 1.euler_density"):
        assert masked[key].value == box[key].value


def test_doubling_the_voxel_scales_every_value_by_the_power_of_its_unit() -> None:
    what = ["phases", "chords", "local_thickness", "porosimetry", "bodies", "paths", "curvature"]
    one = measure(layered(), spacing_um=(2, 1, 1), what=what, phase=1)
    two = measure(layered(), spacing_um=(4, 2, 2), what=what, phase=1, threads=1)
    powers = {"1": 0, "µm": 1, "1/µm": -1, "1/µm²": -2, "1/µm³": -3}
    for a, b in zip(one, two, strict=True):
        assert b.value == pytest.approx(a.value * 2.0 ** powers[a.unit], rel=1e-6), a.key


def test_what_is_not_known_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"what needs a list of some of .*got \['size'\]"):
        measure(np.eye(9, dtype=int), spacing_um=(1, 1), what=["size"])
    with pytest.raises(TypeError, match="labels needs whole numbers of 0 and more, got float64"):
        measure(np.eye(9), spacing_um=(1, 1))


def test_no_path_leads_through_a_wall_whose_voxels_touch_by_their_edges_alone() -> None:
    y, x = np.indices((60, 60))
    thin = (y + x != 64) | (y < 10)  # oblique, one voxel thick, open at the top
    filled = thin & ((y + x != 65) | (y < 10))
    one, two = (path_length(wall, axis="x", spacing_um=(1, 1)) for wall in (thin, filled))
    assert one.mean_ratio == pytest.approx(two.mean_ratio, rel=0.03)
    assert two.mean_ratio > 1.2
    assert min(one.error, two.error) >= 0
