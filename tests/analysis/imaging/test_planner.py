"""Chains of instruments, from modes that really exist."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scalebridge.analysis.imaging import check_mode, modes, plan_chain


def test_the_best_of_each_is_rejected_and_what_there_is_is_offered(reference):
    wanted = check_mode(field_um=65, voxel_um=0.016, camera_px=1024)
    assert not wanted.possible
    what = "pixels for a field of 65 µm in voxels of 16 nm"
    reference(what, wanted.needed_px, 4063, source="definition")
    assert "16 nm/65 µm cannot be had together: it needs 4063 pixels" in wanted.statement
    assert wanted.statement.endswith("64 nm/65 µm or 16 nm/16 µm")
    for voxel, field in wanted.offers:
        assert check_mode(field_um=field, voxel_um=voxel, camera_px=1024).possible


def test_what_the_camera_holds_is_possible():
    assert check_mode(field_um=65, voxel_um=0.064, camera_px=1024).possible
    assert check_mode(field_um=10.24, voxel_um=0.01, camera_px=1024).needed_px == 1024


def test_no_mode_has_more_pixels_than_its_instrument():
    table = modes()
    pixels = table["field_um"] / table["voxel_um"]
    scanned = table[table["technique"] != "light microscopy"]
    assert (pixels[scanned.index] <= 6144 + 1e-6).all()
    nano = table[table["technique"] == "nano-XRM"]
    assert not ((nano["field_um"] >= 65) & (nano["voxel_um"] <= 0.016)).any()
    assert (table["resolution_um"] >= 2 * table["voxel_um"] - 1e-12).all()


def test_the_planner_does_not_use_the_best_of_each():
    # 65 µm at 50 nm would do it in one image, if the camera had the pixels
    chain = plan_chain(65, 0.05, only=["nano-XRM"])
    assert chain.found
    assert chain.table["field_um"].tolist() == [65.0, 16.0]
    assert chain.table["voxel_um"].tolist() == [0.064, 0.016]


@pytest.mark.parametrize("overlap", [2, 5, 10])
def test_a_chain_bridges_both_ends_with_the_wanted_overlap(overlap):
    chain = plan_chain(5_000, 0.05, overlap=overlap)
    table = chain.table
    assert chain.found
    assert table["field_um"].iloc[0] >= 5_000
    assert table["resolution_um"].iloc[-1] <= 0.05
    overlaps = table["field_um"].to_numpy()[1:] / table["resolution_um"].to_numpy()[:-1]
    assert (overlaps >= overlap).all()
    assert table["overlap"].to_numpy()[1:] == pytest.approx(overlaps)
    gone = table["destructive"].to_numpy()
    assert not (gone[:-1] & ~gone[1:]).any()


def shortest_by_trying(table, first, last, overlap):
    """Fewest instruments of any chain, by going through all of them."""
    rows = list(table.itertuples(index=False))
    best = np.inf
    ways = [[row] for row in rows if row.field_um >= first]
    while ways:
        way = ways.pop()
        if way[-1].resolution_um <= last:
            best = min(best, len({id(r) for r in way}) and changes(way))
            continue
        for row in rows:
            finer = row.resolution_um < way[-1].resolution_um and row.field_um <= way[-1].field_um
            after = way[-1].destructive and not row.destructive
            if finer and not after and row.field_um >= overlap * way[-1].resolution_um:
                ways.append([*way, row])
    return best


def changes(way):
    return 1 + sum(a.technique != b.technique for a, b in pairwise(way))


def test_no_chain_has_fewer_instruments():
    names = ["X-ray microCT", "XRM", "nano-XRM", "FIB-SEM"]
    table = modes()[lambda t: t["technique"].isin(names)]
    for first, last, overlap in ((5_000, 0.05, 3), (20_000, 0.05, 5), (50, 0.2, 5)):
        found = plan_chain(first, last, overlap=overlap, only=names)
        wanted = shortest_by_trying(table, first, last, overlap)
        assert changes(list(found.table.itertuples())) == wanted


def test_where_a_chain_breaks_is_said():
    assert "no field of view holds 100 mm" in plan_chain(1e5, 1).statement
    assert "nothing resolves 0.01 nm" in plan_chain(1e3, 1e-5).statement
    gap = plan_chain(50_000, 0.05, overlap=20, only=["X-ray microCT", "nano-XRM"])
    assert not gap.found
    assert gap.table.empty
    assert "with an overlap of 20; with 6 there is X-ray microCT 25 µm/50 mm" in gap.statement
    table = modes()
    ends = table[(table["field_um"] == 50_000) | (table["technique"] == "TEM")]
    lonely = plan_chain(50_000, 0.01, only=["X-ray microCT", "TEM"], modes_table=ends)
    assert "leave a gap between them" in lonely.statement


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: check_mode(field_um=0, voxel_um=1, camera_px=9), "field_um needs a value above 0"),
        (lambda: plan_chain(1, 5), "length_from_um needs to be larger"),
        (lambda: plan_chain(5, 1, overlap=0.5), "overlap needs 1 or more"),
        (lambda: plan_chain(5, 1, only=["sonar"]), "only needs techniques of the table"),
        (lambda: modes({"sonar": 9}), "pixels needs names of techniques"),
    ],
)
def test_impossible_wishes_are_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
