"""Series of one specimen: a moving deposit pulls at the maps until it is found and left out."""

from __future__ import annotations

import threading

import h5py
import numpy as np
import pytest
from scipy import ndimage
from scipy.stats import f as f_distribution

from scalebridge.analysis.registration import GreyImage, register_series
from scalebridge.errors import Degenerate, RegistrationCancelled

from .broad_specimen import Specimen, grid, noisy, turn
from .corroding import (
    CORNERS,
    PIXEL_UM,
    SHIFTS,
    SIZE,
    TURNS,
    deposit,
    error_px,
    image,
    seen,
    truth,
)

SEEDS = range(2)


@pytest.fixture(scope="module")
def pulled():
    return [register_series(images(seed)[:2], changing=None, starts=1) for seed in SEEDS]


@pytest.fixture(scope="module")
def freed():
    return [register_series(images(seed), neighbours=True, starts=1) for seed in SEEDS]


def images(seed, **how):
    return [image(time, seed=seed, **how) for time in range(4)]


def off_px(series, time):
    """Error of the drift, y, x [px]."""
    return series.drift.loc[time, ["dy_um", "dx_um"]].to_numpy(float) / PIXEL_UM - SHIFTS[time]


def test_a_part_that_moves_on_its_own_pulls_at_the_map_until_it_is_left_out(pulled, freed):
    biased = np.array([off_px(series, 1) for series in pulled])
    assert (biased[:, 1] > 0.7).all()  # along the growth, of 1.2
    for series in freed:
        assert max(error_px(series.transforms[time], time) for time in (1, 2, 3)) < 0.35
    rest = np.array([[off_px(series, time) for time in (1, 2, 3)] for series in freed])
    assert np.abs(rest).max() < 0.3
    assert np.abs(rest.mean(axis=(0, 1))).max() < 0.15


def test_what_is_left_out_is_what_changed(freed):
    for seed, series in zip(SEEDS, freed, strict=True):
        grey = np.array([seen(grid((1, SIZE, SIZE)), time, seed=seed)[0] for time in range(4)])
        change = np.abs(grey - grey[0]).max(axis=0)
        assert series.changing is not None
        assert series.changing[change > 2.0].mean() > 0.9
        far = ndimage.distance_transform_edt(change < 0.1) > 10
        assert series.changing[far].mean() < 0.01
        assert series.drift["differs"].between(0, series.changing_share).all()
        assert f"{100 * series.changing_share:.1f} % of the reference changes" in series.statement


def test_stated_errors_hold_the_truth(freed):
    chances, ratios = [], []
    for series in freed:
        for time in (1, 2, 3):
            transform = series.transforms[time]
            off = (transform.apply(CORNERS * PIXEL_UM) - truth(CORNERS, time) * PIXEL_UM)[:, 1:]
            slopes = transform.jacobian(CORNERS * PIXEL_UM)[:, 1:].reshape(-1, 3)
            change = np.linalg.lstsq(slopes, off.ravel())[0]
            squared = change @ np.linalg.solve(transform.covariance, change)
            chances.append(f_distribution.sf(squared / 3, 3, transform.nu))
            ratios.append(squared / (3 * transform.nu / (transform.nu - 2)))
    assert np.mean(np.array(chances) > 0.05) >= 5 / 6
    assert min(chances) > 1e-3
    assert 0.25 < np.mean(ratios) < 1.5  # 1.08 +- 0.12 in 15 series


def test_drift_is_a_row_a_time_point_with_its_errors(freed):
    drift = freed[0].drift
    assert drift["time"].tolist() == [0, 1, 2, 3]
    assert (drift.loc[0].drop("time") == 0).all()
    np.testing.assert_allclose(drift["turn_z_deg"], TURNS, atol=0.3)
    assert (
        (drift.loc[1:, ["sy_um", "sx_um"]] > 0.002) & (drift.loc[1:, ["sy_um", "sx_um"]] < 0.15)
    ).all(axis=None)
    assert (drift.loc[1:, "s_turn_z_deg"] > 0.01).all()


def test_neighbours_agree_with_the_way_by_the_reference(freed):
    for series in freed:
        assert series.loops[["time", "next"]].values.tolist() == [[1, 2], [2, 3]]
        assert series.loops["closes"].all()
        assert (series.loops["misclosure_um"] < 0.3).all()
        assert "neighbours agree" in series.statement
        assert series.warnings == series.doubts == ()


def test_neighbours_disagree_where_the_change_was_not_left_out():
    series = register_series(images(0)[:3], changing=None, neighbours=True, starts=1)
    assert series.loops["closes"].tolist() == [False]
    assert "1 of 1 LOOPS of neighbours DO NOT CLOSE" in series.statement
    for time in (1, 2):
        (said,) = series.doubts_at(time)
        assert said.startswith("times 1 and 2: LOOP DOES NOT CLOSE")
    assert series.doubts_at(0) == ()
    assert said in series.warnings


def test_the_same_seed_gives_the_same_bits_whether_read_one_by_one_or_not():
    whole = [image(time, seed=1) for time in (0, 3)]
    calls = []

    def reader(time):
        def read():
            calls.append(time)
            return whole[time]

        return read

    first = register_series(whole, seed=4, starts=1)
    second = register_series([reader(time) for time in range(2)], seed=4, starts=1)
    assert first.drift.equals(second.drift)
    np.testing.assert_array_equal(first.transforms[1].covariance, second.transforms[1].covariance)
    assert calls.count(0) == 1


def test_a_mask_that_is_given_is_used_and_any_time_can_be_the_reference():
    points = grid((1, SIZE, SIZE))[0]
    # the reference is the third image: the mask is on its voxels
    there = truth(points, 2)
    mask = np.any([deposit(there, time)[0] > 0.01 for time in range(4)], axis=0)
    series = register_series(images(2), reference=2, changing=mask, starts=0)
    np.testing.assert_array_equal(series.changing, mask)
    there = series.transforms[0].inverse_apply(CORNERS * PIXEL_UM) / PIXEL_UM
    assert np.linalg.norm(there - truth(CORNERS, 2), axis=1).max() < 0.35
    assert np.isnan(series.drift.loc[[0, 1, 3], "differs"]).all()
    assert series.registrations[2] is None


def test_volumes_drift_and_turn_in_space():
    size, shift, turned = 24, np.array([1.3, -2.2, 0.8]), turn((1.5, -2.0, 1.0))
    middle, specimen, points = np.full(3, (size - 1) / 2), Specimen(4, size), grid((size,) * 3)
    later = (points - middle - shift) @ turned + middle  # back by the inverse turn
    pit = 1 / (1 + np.exp(np.linalg.norm(later - [9, 12, 12], axis=-1) - 3))
    first = GreyImage(noisy(specimen.xray(points), 0), [2.0] * 3)
    second = GreyImage(noisy(specimen.xray(later) * (1 - pit), 1), [2.0] * 3)
    series = register_series([first, second], starts=1, reach_um=10)
    row = series.drift.loc[1]
    np.testing.assert_allclose(row[["dz_um", "dy_um", "dx_um"]].tolist(), 2 * shift, atol=0.2)
    turns = row[["turn_z_deg", "turn_y_deg", "turn_x_deg"]].tolist()
    np.testing.assert_allclose(turns, [1.5, -2.0, 1.0], atol=0.25)
    assert series.changing is not None
    assert series.changing[9, 12, 12]
    assert series.changing.mean() < 0.2


def test_a_time_point_without_a_place_is_named_and_the_next_ones_go_on():
    other = GreyImage(noisy(Specimen(77, SIZE).grains(grid((1, SIZE, SIZE))), 5)[0], [PIXEL_UM] * 2)
    three = images(0)[:3]
    series = register_series([three[0], other, three[2]], changing=None, reach_um=5, reach_deg=5)
    assert series.transforms[1] is None
    assert any(words.startswith("time 1: no place stands out") for words in series.warnings)
    assert np.isnan(series.drift.loc[1, "dy_um"])
    assert error_px(series.transforms[2], 2) < 0.5
    assert series.statement.startswith("1 of 2 time points")
    with pytest.raises(Degenerate, match="no time point finds its place; time 1: no place"):
        register_series([three[0], other], reach_um=5, reach_deg=5)


def test_grey_values_of_another_contrast_are_not_compared_and_this_is_said():
    grains = Specimen(3, SIZE).grains(grid((1, SIZE, SIZE)))[0]
    one, other = (GreyImage(noisy(grey, 0), [PIXEL_UM] * 2) for grey in (grains, grains**2))
    series = register_series([one, other])
    assert series.changing is None
    assert any("do not follow the reference's in a straight line" in w for w in series.doubts)


def test_it_tells_how_far_it_is_and_stops_when_told():
    told, stop = [], threading.Event()
    register_series(images(0)[:2], progress=lambda words, share: told.append((words, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert all(words.startswith("time 1: ") for words, _ in told)
    assert 0 <= shares[-1] <= 1
    stop.set()
    with pytest.raises(RegistrationCancelled):
        register_series(images(0)[:2], cancel=stop)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"reference": 2}, "reference among them, got 2 and reference 2"),
        ({"model": "bent"}, "model needs one of translation"),
        ({"changing": "all"}, "changing needs 'find', a mask or None, got 'all'"),
        ({"changing": np.zeros((3, 3))}, r"shape of the reference, \(96, 96\), got \(3, 3\)"),
    ],
)
def test_what_cannot_be_meant_is_refused(how, words):
    with pytest.raises(ValueError, match=words):
        register_series(images(0)[:2], **how)


def test_flat_images_and_volumes_do_not_mix():
    flat, solid = image(0), GreyImage(np.zeros((4, 4, 4)), [1] * 3)
    with pytest.raises(ValueError, match="all flat or all in space"):
        register_series([flat, solid])


@pytest.mark.parametrize("model", ["translation", "rigid"])
def test_the_known_drift_of_a_measured_pair_is_found(data, model):
    folder = data / "odemis_align_drift"
    pictures = []
    for name in ("example_input.h5", "example_drifted.h5"):
        with h5py.File(folder / name) as file:
            grey = file["Acquisition0/ImageData/Image"][0, 0, 0]
        pictures.append(GreyImage(grey, [1, 1], mask=grey > 0))  # 0 where nothing was seen
    series = register_series(pictures, model=model)
    row = series.drift.loc[1]
    # the file that came with it says (-3, 5) as x, y of the way back
    assert row["dy_um"] == pytest.approx(-5, abs=0.02)
    assert row["dx_um"] == pytest.approx(3, abs=0.02)
    assert abs(row["turn_z_deg"]) < 0.01
    assert abs(row["dy_um"] + 5) < 3 * row["sy_um"]
    # brought in by as many rows and columns, the second is the first
    np.testing.assert_array_equal(pictures[1].values[0, :-5, 3:], pictures[0].values[0, 5:, :-3])
