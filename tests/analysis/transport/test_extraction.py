"""Pores and throats of an image: bodies of known size, porespy's answer, and what must not matter.

Nothing here needs openpnm; what a network conducts is tested in `test_network.py`.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter, label

from scalebridge.analysis.transport import extract_network, pore_network

CUBE = (1.0, 1.0, 1.0)
BALL, NECK, STEP = 8, 3, 24  # voxels


def lattice(balls: tuple[int, int, int] = (3, 2, 2)) -> np.ndarray:
    """Return balls around voxels of a cubic lattice, joined by round tubes along the axes."""
    shape = tuple(STEP * n + 1 for n in balls)
    middles = [np.arange(n) * STEP + STEP // 2 for n in balls]
    far = [
        np.min(np.abs(np.arange(n)[:, None] - m), axis=1)
        for n, m in zip(shape, middles, strict=True)
    ]
    z, y, x = np.meshgrid(*far, indexing="ij", sparse=True)
    pore = z**2 + y**2 + x**2 <= BALL**2
    for axis, (a, b) in enumerate(((y, x), (z, x), (z, y))):
        ends = middles[axis][[0, -1]]
        along = np.arange(shape[axis])
        within = ((along >= ends[0]) & (along <= ends[1])).reshape(np.roll((-1, 1, 1), axis))
        pore |= (a**2 + b**2 <= NECK**2) & within
    return pore


def medium(n: int = 48, sigma: float = 2.5, seed: int = 0, share: float = 0.5) -> np.ndarray:
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(n,) * 3), sigma, mode="wrap")
    return field > np.quantile(field, 1 - share)


def ball(n: int, radius: float, middle: tuple[float, float, float]) -> np.ndarray:
    grid = np.indices((n,) * 3) - np.reshape(middle, (3, 1, 1, 1))
    return (grid**2).sum(axis=0) <= radius**2


def test_balls_joined_by_tubes_are_the_pores_and_the_tubes_the_throats():
    balls = (3, 2, 2)
    pore = lattice(balls)
    found = extract_network(pore, spacing_um=(0.5,) * 3)
    pores, throats = found.pores, found.throats
    middles = {tuple(p) for p in itertools.product(*(range(n) for n in balls))}
    cells = (pores[["z_um", "y_um", "x_um"]].to_numpy() / 0.5 - STEP // 2) / STEP
    assert np.abs(cells - cells.round()).max() < 0.05
    assert {tuple(cell) for cell in cells.round().astype(int).tolist()} == middles
    assert not pores["at_border"].any()
    assert len(throats) == 2 * 4 + 3 * 2 + 3 * 2
    assert throats["length_um"].to_numpy() == pytest.approx(0.5 * STEP, rel=0.05)
    # on the axis of a tube the nearest solid is (NECK, 1) away
    assert throats["diameter_um"].to_numpy() == pytest.approx(np.hypot(NECK, 1))
    assert pores["diameter_um"].between(0.5 * 2 * BALL, 0.5 * 2 * (BALL + 1)).all()
    assert pores["volume_um3"].sum() == pytest.approx(np.count_nonzero(pore) * 0.5**3)
    half = np.pi * NECK**2 * (STEP / 2 - np.sqrt(BALL**2 - NECK**2))
    expected = 4 / 3 * np.pi * BALL**3 + pores["throats"] * half
    assert pores["volume_um3"].to_numpy() / 0.5**3 == pytest.approx(expected.to_numpy(), rel=0.06)
    ends = throats[["pore_1", "pore_2"]].to_numpy()
    places = pores.set_index("pore")[["z_um", "y_um", "x_um"]]
    apart = places.loc[ends[:, 0]].to_numpy() - places.loc[ends[:, 1]].to_numpy()
    assert np.linalg.norm(apart, axis=1) == pytest.approx(0.5 * STEP, rel=0.05)


def test_every_axis_is_the_same_to_balls_and_tubes_and_nearly_so_to_a_medium():
    pore = lattice()
    one = extract_network(pore, spacing_um=CUBE)
    for order in itertools.permutations(range(3)):
        other = extract_network(pore.transpose(order), spacing_um=CUBE)
        for table, column in (("pores", "volume_um3"), ("throats", "diameter_um")):
            a, b = (sorted(getattr(network, table)[column]) for network in (one, other))
            assert a == pytest.approx(b, rel=0.03), (order, column)
        assert sorted(one.pores["diameter_um"]) == sorted(other.pores["diameter_um"])
    pore = medium()
    one, other = (extract_network(p, spacing_um=CUBE) for p in (pore, pore.transpose(2, 0, 1)))
    assert len(other.pores) == pytest.approx(len(one.pores), rel=0.03)
    assert len(other.throats) == pytest.approx(len(one.throats), rel=0.03)
    for table, column in (("pores", "volume_um3"), ("throats", "diameter_um")):
        a, b = (getattr(network, table)[column].mean() for network in (one, other))
        assert a == pytest.approx(b, rel=0.03)


def test_any_number_of_threads_gives_the_same_bits():
    pore = medium()
    one = extract_network(pore, spacing_um=CUBE, threads=1).sizes
    for threads in (2, 3):
        other = extract_network(pore, spacing_um=CUBE, threads=threads).sizes
        assert {k: v.tobytes() for k, v in one.items()} == {
            k: v.tobytes() for k, v in other.items()
        }


def test_twice_the_spacing_is_twice_the_lengths():
    pore = medium(32)
    one, two = (extract_network(pore, spacing_um=(h,) * 3) for h in (0.25, 0.5))
    for name, power in (("diameter_um", 1), ("volume_um3", 3), ("x_um", 1)):
        assert two.pores[name].to_numpy() == pytest.approx(2**power * one.pores[name].to_numpy())
    assert two.throats["length_um"].to_numpy() == pytest.approx(
        2 * one.throats["length_um"].to_numpy()
    )


def test_a_ball_alone_is_one_pore():
    pore = ball(25, 9, (12, 12, 12))
    found = extract_network(pore, spacing_um=CUBE)
    (row,) = found.pores.to_dict("records")
    assert [row[f"{axis}_um"] for axis in "zyx"] == pytest.approx([12, 12, 12])
    assert row["volume_um3"] == np.count_nonzero(pore)
    assert row["diameter_um"] == pytest.approx(2 * distance_transform_edt(pore).max())
    assert row["throats"] == 0
    assert not row["at_border"]
    assert len(found.throats) == 0
    assert not found.outside.any()


def test_what_lies_in_a_face_leads_to_a_pore_outside():
    pore = ball(25, 9, (3, 12, 12))
    found = extract_network(pore, spacing_um=CUBE)
    assert found.pores["at_border"].tolist() == [True]
    assert len(found.throats) == 0
    ((first, second),) = found.sizes["throat.conns"].tolist()
    assert (found.outside[first], found.outside[second]) == (False, True)
    # all of the disk but its edge, three voxels deep
    disk = distance_transform_edt(np.pad(pore[0], 1))[1:-1, 1:-1]
    assert np.count_nonzero(disk > np.sqrt(2)) == found.sizes["pore.region_volume"][second] / 3
    assert found.sizes["pore.coords"][second] == pytest.approx([-2, 12, 12])
    # the ball that fits goes on beyond the face as it ends
    assert found.sizes["throat.inscribed_diameter"][0] == pytest.approx(
        2 * distance_transform_edt(np.pad(pore, ((3, 0), (0, 0), (0, 0)), "edge"))[2].max()
    )


def test_a_volume_without_solid_is_one_pore_open_on_all_sides():
    found = extract_network(np.ones((20, 24, 22), bool), spacing_um=CUBE)
    (row,) = found.pores.to_dict("records")
    assert row["volume_um3"] == 20 * 24 * 22
    assert row["diameter_um"] == pytest.approx(20, abs=1)
    assert row["at_border"]
    assert np.count_nonzero(found.outside) == 6
    assert np.isfinite(found.sizes["throat.inscribed_diameter"]).all()


def test_thin_pieces_are_pores_where_they_reach_a_face_and_elsewhere_it_is_said():
    pore = np.zeros((24, 24, 24), bool)
    pore[:, 3:5, 3:5] = True  # two voxels wide, through
    wide = ball(24, 5, (12, 15, 15))
    pore |= wide
    plain = extract_network(pore, spacing_um=CUBE)
    assert sorted(plain.pores["volume_um3"]) == [4 * 24, np.count_nonzero(wide)]
    assert plain.convention == "SNOW2"
    pore[3:5, 20, 3] = True  # closed
    found = extract_network(pore, spacing_um=CUBE)
    assert found.pores.equals(plain.pores)
    share = 100 * 2 / np.count_nonzero(pore)
    assert f"without {share:.3g} % of the pore, closed and narrower than 6" in found.convention
    with pytest.raises(ValueError, match=r"room for a ball of radius 3 voxels.*image finer"):
        extract_network(np.pad(np.ones((1, 1, 1), bool), 4), spacing_um=CUBE)


def test_a_speck_in_the_solid_leads_from_no_pore_to_another():
    pore = ball(31, 5, (7, 15, 15)) | ball(31, 5, (23, 15, 15))
    pore[14:17, 14:16, 14:16] = True  # a voxel of solid on either side
    found = extract_network(pore, spacing_um=CUBE)
    assert len(found.pores) == 2
    assert len(found.throats) == 0
    assert found.pores["volume_um3"].sum() == np.count_nonzero(pore) - 12


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 12, 13), (12, 1, 13), (12, 13, 1), (2, 3, 40)])
def test_thin_volumes_have_networks_too(shape):
    found = extract_network(np.ones(shape, bool), spacing_um=CUBE)
    assert found.pores["volume_um3"].tolist() == [np.prod(shape)]
    pore = np.random.default_rng(0).random(shape) > 0.3
    pore[0, 0, 0] = True
    found = extract_network(pore, spacing_um=CUBE)
    assert found.pores["volume_um3"].sum() == np.count_nonzero(pore)


def test_outside_a_mask_there_are_no_pores_and_its_side_cuts_them():
    pore = medium(40, seed=3)
    inside = np.zeros_like(pore)
    inside[:, 6:34, 6:34] = True
    found = extract_network(pore, spacing_um=CUBE, mask=inside)
    walled = extract_network(pore & inside, spacing_um=CUBE)
    assert {k: v.tobytes() for k, v in found.sizes.items()} == {
        k: v.tobytes() for k, v in walled.sizes.items()
    }
    pores = found.pores
    assert pores["y_um"].between(6, 33).all()
    assert pores["volume_um3"].sum() == pytest.approx(np.count_nonzero(pore & inside), rel=0.01)
    middle = pores[pores["z_um"].between(10, 30)]
    side = middle[["y_um", "x_um"]].sub(19.5).abs().max(axis=1) > 12
    assert middle["at_border"][side].all()
    assert not middle["at_border"].all()
    assert (~walled.pores["at_border"] & pores["at_border"]).any()
    whole = extract_network(pore, spacing_um=CUBE, mask=np.ones_like(pore))
    assert whole.cut is None


def test_it_is_porespys_network_and_conducts_as_much(monkeypatch):
    porespy = pytest.importorskip("porespy")
    pytest.importorskip("openpnm")
    monkeypatch.setitem(porespy.settings.tqdm, "disable", True)
    pore = medium(64, 4.0, seed=1)
    pieces, _ = label(pore)
    pore = pieces == np.bincount(pieces[pore]).argmax()  # porespy gives specks to pores elsewhere
    found = extract_network(pore, spacing_um=CUBE)
    snow = porespy.networks.snow2(pore, boundary_width=3, parallel_kw=None).network
    ours = found.sizes
    for name in (
        "pore.region_volume", "pore.equivalent_diameter", "pore.inscribed_diameter",
        "throat.inscribed_diameter", "throat.total_length",
    ):  # fmt: skip
        assert len(ours[name]) == len(snow[name])
        assert np.sort(ours[name]) == pytest.approx(np.sort(snow[name]), rel=1e-3)
    theirs = {name: np.asarray(snow[name]) for name in ours}
    theirs["pore.coords"] = theirs["pore.coords"] - 3
    other = type(found)(found.shape, 1.0, theirs, "porespy")
    for axis in "zyx":
        one, two = (
            pore_network(pore, spacing_um=CUBE, axis=axis, extracted=network)
            for network in (found, other)
        )
        assert one.diffusivity == pytest.approx(two.diffusivity, rel=0.02)
        assert one.permeability_um2 == pytest.approx(two.permeability_um2, rel=0.02)
