"""The specimen's closed forms against brute force, and the geometry it promises."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.imaging.phantom import LAYOUTS, PHASES, Ellipsoids, Session
from scalebridge.analysis.imaging.phantom.statistics import field_statistics


@pytest.fixture(scope="module", params=[0, 1])
def session(request: pytest.FixtureRequest) -> Session:
    return Session.begin(seed=request.param, scale="small")


def scattered(low: list[float], high: list[float], count: int) -> np.ndarray:
    return np.random.default_rng(5).uniform(low, high, (count, 3))


def test_an_ellipsoid_knows_its_volume_and_surface() -> None:
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
    one = Ellipsoids.oriented(np.zeros((1, 3)), np.array([[3.0, 2.0, 1.0]]), turn[None])
    points, patches = one.surface_points(0, 20_000)
    assert one.volumes_um3[0] == pytest.approx(8 * np.pi)
    assert one.areas_um2[0] == pytest.approx(48.882147, rel=1e-6)  # 3:2:1, elliptic integrals
    assert patches.sum() == pytest.approx(one.areas_um2[0], rel=2e-4)
    assert np.linalg.norm(points @ one.shapes[0].T, axis=1) == pytest.approx(1)
    ball = Ellipsoids.spheres(np.zeros((1, 3)), np.array([2.0]))
    assert ball.areas_um2[0] == pytest.approx(16 * np.pi)
    assert np.linalg.norm(ball.interior_points(0, 4096), axis=1).mean() == pytest.approx(
        1.5, rel=2e-3
    )


def test_no_two_solids_share_a_point(session: Session) -> None:
    alloy = session.specimen
    everything = Ellipsoids.joined(alloy.pores, alloy.particles, alloy.dense, alloy.pits.at(2))
    owner = np.repeat(np.arange(len(everything)), 60)
    points = np.concatenate([everything.surface_points(k, 60)[0] for k in range(len(everything))])
    for index in range(len(everything)):
        others = points[(owner != index) & (points[:, 0] > 0)]
        assert not everything[np.array([index])].inside(others).any()


def test_phase_volumes_agree_with_random_points(session: Session) -> None:
    alloy = session.specimen
    depth, height, width = alloy.block_um
    points = scattered([0, -height / 2, -width / 2], [depth, height / 2, width / 2], 400_000)
    phase = alloy.phase_at(points, time=2)
    block = depth * height * width
    expected = {
        "pore": alloy.pores.volumes_um3.sum(),
        "outside": alloy.pits.volume_um3(2),
        "dense": alloy.tungsten.volumes_um3.sum() + alloy.markers.volumes_um3.sum(),
    }
    for name, volume in expected.items():
        share = volume / block
        sigma = np.sqrt(share * (1 - share) / len(points))
        assert np.mean(phase == PHASES.index(name)) == pytest.approx(share, abs=4 * sigma)


def test_the_target_is_an_intermetallic_60_to_100_um_deep(session: Session) -> None:
    alloy = session.specimen
    assert PHASES[alloy.phase_at(alloy.target_um[None])[0]] == "particle"
    assert 60 <= alloy.target_um[0] <= 100


def test_pits_grow_and_stay_off_the_zoom(session: Session) -> None:
    alloy = session.specimen
    lost = [alloy.pits.volume_um3(time) for time in range(3)]
    assert lost[0] < lost[1] < lost[2]
    assert alloy.solid_volume_um3(0) - alloy.solid_volume_um3(2) == pytest.approx(lost[2] - lost[0])
    inside = session.views["xrm_zoom"].box_points(np.random.default_rng(0).random((20_000, 3)))
    assert not np.any(alloy.phase_at(inside, time=2) == PHASES.index("outside"))


def test_fiducials_are_many_and_spread_enough_for_an_affine_fit(session: Session) -> None:
    alloy = session.specimen
    fib = session.views["fibsem"]
    markers = alloy.markers.centres_um[fib.contains(alloy.markers.centres_um, inset_um=1.5)]
    assert len(markers) >= 10
    spread = np.linalg.svd(markers - markers.mean(axis=0), compute_uv=False)
    assert spread[-1] / np.sqrt(len(markers)) > 3.0  # um rms along the thinnest direction
    beads = alloy.beads.centres_um[:, 1:]
    assert 8 <= len(beads) <= 10
    across = np.linalg.svd(beads - beads.mean(axis=0), compute_uv=False)
    assert across[1] > 0.5 * across[0]


def test_statistics_of_a_cut_population_match_random_points(session: Session) -> None:
    alloy, view = session.specimen, session.views["fibsem"]
    unit = np.random.default_rng(3).random((400_000, 3))
    edges = view.edges_um
    nominal = unit * view.size_um - 0.5 * np.array(view.spacing_um)
    # even in true depth, not in slices: uneven slices must not be weighted alike
    depth = edges[0] + unit[:, 0] * (edges[-1] - edges[0])
    drift = view.to_nominal(view.to_specimen(nominal))
    assert np.allclose(drift, nominal, atol=1e-6)
    index = np.interp(depth, edges, np.arange(len(edges)) - 0.5)
    nominal[:, 0] = index * view.spacing_um[0]
    phase = alloy.phase_at(view.to_specimen(nominal), time=2)
    for name, solids in (("pore", alloy.pores), ("particle", alloy.particles)):
        found = field_statistics(solids, alloy, view)
        share = found.volume_um3 / found.field_um3
        sigma = np.sqrt(share * (1 - share) / len(phase))
        assert np.mean(phase == PHASES.index(name)) == pytest.approx(share, abs=4 * sigma)


def test_another_scale_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="scale needs one of full, small, got 'huge'"):
        Session.begin(seed=0, scale="huge")
    assert set(LAYOUTS) == {"full", "small"}


def test_chords_cut_by_flat_faces_give_caps_and_corners_of_a_ball_their_volume() -> None:
    ball = Ellipsoids.spheres(np.array([[1.0, 2.0, 3.0]]), np.array([2.0]))

    def share(normals: list[list[int]], limits: list[float]) -> float:
        kept, whole = ball.chords_within(0, np.array(normals, float), np.array(limits), 4096)
        return float(kept.sum() / whole.sum())

    height = 0.5  # of a cap, in radii
    cap = height**2 * (3 - height) / 4
    assert share([[1, 0, 0]], [0.0]) == pytest.approx(cap, rel=1e-4)
    corner = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert share(corner, [1.0, 2.0, 3.0]) == pytest.approx(1 / 8, rel=1e-3)
    slab = [[0, 0, 1], [0, 0, -1]]  # one radius thick, against the middle
    assert share(slab, [4.0, -3.0]) == pytest.approx(0.5 - cap, rel=1e-4)
