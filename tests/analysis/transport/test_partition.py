"""The parts of SNOW against plain array programs that do the same, slowly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import (
    binary_dilation,
    distance_transform_edt,
    find_objects,
    gaussian_filter,
    generate_binary_structure,
    label,
    maximum_filter,
)
from scipy.spatial.distance import cdist
from skimage.segmentation import watershed

from scalebridge.analysis.transport.flooding_loops import number_rest
from scalebridge.analysis.transport.partition import part_pores
from scalebridge.analysis.transport.peaks import RIM, jumps_to, widest_places
from scalebridge.analysis.transport.region_sizes import sizes_of

from .test_extraction import medium

AROUND = np.ones((3, 3, 3), bool)


def distances(pore: np.ndarray) -> np.ndarray:
    return distance_transform_edt(pore).astype(np.float32)


def all_peaks(pore: np.ndarray) -> np.ndarray:
    blurred = gaussian_filter(distances(pore), 0.4) * pore
    near = ((np.indices((9, 9, 9)) - 4) ** 2).sum(axis=0) < 4**2
    return (blurred == maximum_filter(blurred + 2.0 * ~pore, footprint=near)) & pore


def without_saddles(peaks: np.ndarray, far: np.ndarray) -> np.ndarray:
    """Keep the peaks whose plateau ends, within 20 steps, below nothing."""
    kept = np.zeros_like(peaks)
    labels, count = label(peaks)
    for number in range(1, count + 1):
        grown = labels == number
        for _ in range(20):
            wider = binary_dilation(grown, AROUND)
            level = wider & (far == far[wider].max())
            if (level == grown).all():
                kept |= grown
                break
            if not (level & grown).any():
                break
            grown = level
    return kept & peaks


def without_near(peaks: np.ndarray, far: np.ndarray) -> tuple[np.ndarray, int]:
    """Drop, of each peak and its next, the one nearer to the solid if they are nearer still."""
    labels, count = label(peaks, AROUND)
    middles = np.array([np.argwhere(labels == k + 1).mean(axis=0) for k in range(count)])
    middles = middles.astype(int)
    width = far[tuple(middles.T)] + np.arange(count) * 1e-6
    apart = cdist(middles, middles)
    np.fill_diagonal(apart, np.inf)
    dropped = set()
    for one in range(count):
        other = int(apart[one].argmin())
        if apart[one, other] <= width[one]:
            dropped.add(one if width[one] < width[other] else other)
    return label(peaks & ~np.isin(labels - 1, list(dropped)), AROUND)


@pytest.mark.parametrize(("sigma", "seed"), [(1.2, 3), (2.0, 0), (3.0, 5)])
def test_markers_and_flood_are_those_of_slow_programs(sigma, seed):
    pore = medium(36, sigma, seed)
    far = distances(pore)
    expected, count = without_near(without_saddles(all_peaks(pore), far), far)
    parted = part_pores(pore)
    peaks = widest_places(parted.squared, np.pad(pore, RIM))
    markers = np.zeros(parted.labels.shape, int)
    markers.reshape(-1)[peaks.places] = peaks.pores
    inner = (slice(RIM, -RIM),) * 3
    assert peaks.count == count > 3
    assert (markers[inner] == expected).all()
    # peaks of one height leave its heap in any order: seeds without such a tie
    flooded = watershed(-far, expected, mask=pore)
    reached = flooded > 0
    assert reached.sum() > 0.9 * pore.sum()
    assert (parted.inner == flooded)[reached].all()
    assert not parted.inner[~pore].any()


def test_plateaus_are_one_peak_and_a_ridge_that_climbs_is_none():
    slit = np.zeros((30, 30, 30), bool)
    slit[10:20, 5:25, 5:25] = True
    assert part_pores(slit).count == 1
    z, y, x = np.indices((24, 24, 80))
    cone = np.hypot(z - 12, y - 12) <= 3 + 6 * x / 80  # widens steadily: one pore, wide at the end
    cone[..., [0, -1]] = False
    assert part_pores(cone).count == 1


def test_of_pieces_without_a_peak_those_that_are_closed_and_narrow_get_no_number():
    labels = np.zeros((16, 16, 16), np.int32)
    labels[RIM, 4, 4:8] = -1  # in a face
    labels[8, 4:6, 4:8] = -8
    labels[8, 9, 4:8] = -8
    labels[8, 9, 6] = -9  # wide at one place
    given, closed = number_rest(labels, 5, jumps_to(labels.shape, 1), RIM, 9)
    assert (given, closed) == (7, 8)
    assert set(labels[RIM, 4, 4:8]) == {6}
    assert set(labels[8, 9, 4:8]) == {7}
    assert np.count_nonzero(labels) == 8


def test_sizes_are_those_of_each_region_by_itself():
    pore = medium(36, 2.0, seed=7)
    parted = part_pores(pore)
    sizes = sizes_of(parted, 0.5)
    boxes = find_objects(parted.labels)
    faces = generate_binary_structure(3, 1)
    far = distance_transform_edt(np.pad(pore, RIM, mode="edge"))
    pairs = {}
    for number, box in enumerate(boxes, start=1):
        own = parted.labels == number
        places = np.argwhere(own)
        assert sizes["pore.region_volume"][number - 1] == len(places) * 0.125
        middle = (places.mean(axis=0) - RIM) * 0.5
        assert sizes["pore.coords"][number - 1] == pytest.approx(middle)
        widest = distance_transform_edt(np.pad(own[box], 1)).max()
        assert sizes["pore.inscribed_diameter"][number - 1] == pytest.approx(2 * widest * 0.5)
        touched = binary_dilation(own, faces) & (parted.labels > number)
        for other in np.unique(parted.labels[touched]):
            layer = touched & (parted.labels == other)
            pairs[number - 1, int(other) - 1] = 2 * far[layer].max() * 0.5
    assert [tuple(ends) for ends in sizes["throat.conns"].tolist()] == list(pairs)
    assert sizes["throat.inscribed_diameter"] == pytest.approx(list(pairs.values()))
    ways = sizes["throat.total_length"]
    ends = sizes["pore.coords"][sizes["throat.conns"]]
    straight = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
    assert (ways >= straight - 1e-9).all()
    assert np.median(ways / straight) < 1.5
