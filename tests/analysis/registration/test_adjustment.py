"""Edges adjusted together: loops close, errors shrink as they should, wrong edges are named."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    AffineTransform,
    Edge,
    FrameGraph,
    ThinPlateSpline,
    adjust,
    fit_landmarks,
)
from scalebridge.analysis.registration.cycles import independent_loops

from .constellations import CUBE, turn

POINTS = np.array([[10.0, -20.0, 30.0], [60.0, 5.0, -45.0]])
PICTURE = np.array([[0, 0], [0, 80], [60, 0], [60, 80], [10, 40], [50, 30]], dtype=float)
MOVE = np.array([3.0, 4.0])


def shifted(shift_um, *, sigma=1.0, model="rigid", scale=1.0):
    fixed = scale * CUBE + np.asarray(shift_um)
    return fit_landmarks(CUBE, fixed, model=model, sigma_um=sigma).transform


def noisy(seed, matrix, *, model, sigma=1.0, known=True, start=None):
    rng = np.random.default_rng(seed)
    moving = CUBE if start is None else CUBE @ start.T
    fixed = moving @ matrix.T + sigma * rng.standard_normal(CUBE.shape)
    return fit_landmarks(moving, fixed, model=model, sigma_um=sigma if known else None).transform


def three(seed=1, *, known=True):
    """Rigid, similarity and affine fits around a loop of three frames."""
    first, second = turn(3), 1.2 * turn(4)
    return [
        Edge("ab", "a", "b", noisy(seed, first, model="rigid", known=known)),
        Edge(
            "bc", "b", "c", noisy(seed + 100, second, model="similarity", known=known, start=first)
        ),
        Edge("ac", "a", "c", noisy(seed + 200, second @ first, model="affine", known=known)),
    ]


def test_two_transforms_between_the_same_frames_become_their_weighted_mean():
    edges = [
        Edge("sure", "a", "b", shifted([0, 0, 0], sigma=1.0)),
        Edge("vague", "a", "b", shifted([0, 0, 1.0], sigma=2.0)),
    ]
    located = FrameGraph(edges).locate(POINTS, "a", "b")
    np.testing.assert_allclose(located.points_um, POINTS + np.array([0, 0, 0.2]), atol=1e-9)
    alone = edges[0].transform.covariance_at(POINTS)
    np.testing.assert_allclose(located.covariance_um2, 0.8 * alone, rtol=1e-9)


@pytest.mark.parametrize("known", [True, False])
def test_every_way_through_an_adjusted_loop_gives_the_same_place_and_the_same_error(known):
    graph = FrameGraph(three(known=known))
    direct = graph.path("a", "c")
    around = graph._after(FrameGraph(graph.edges, adjust=False).path("a", "c", via="b"))
    assert around.edges == ("ab", "bc")
    np.testing.assert_allclose(around.apply(POINTS), direct.apply(POINTS), atol=1e-8)
    np.testing.assert_allclose(
        around.covariance_at(POINTS), direct.covariance_at(POINTS), rtol=1e-4
    )
    np.testing.assert_allclose(around.nu_at(POINTS), direct.nu_at(POINTS), rtol=1e-3)
    plain = graph.edges[2].transform.covariance_at(POINTS)
    assert (np.linalg.eigvalsh(plain - direct.covariance_at(POINTS)) > -1e-9).all()


@pytest.mark.parametrize("known", [True, False])
def test_draws_of_an_adjusted_way_scatter_as_its_covariance_says(known):
    way = FrameGraph(three(known=known)).path("c", "a")
    drawn = way.draw(POINTS, 40_000, np.random.default_rng(3))
    for k, predicted in enumerate(way.covariance_at(POINTS)):
        nu = min(way.nu_of(name) or np.inf for name in ("ab", "bc", "ac"))
        wider = 0.03 if known else 2.2 / (nu - 2)  # drawn by the t distribution
        atol = wider * np.trace(predicted)
        np.testing.assert_allclose(np.cov(drawn[:, k].T), predicted, atol=atol)
    expected = np.cov((drawn[:, 1] - drawn[:, 0]).T)
    found = way.difference_covariance(*POINTS)
    np.testing.assert_allclose(found, expected, atol=wider * np.trace(expected))


def test_neither_the_order_of_the_edges_nor_the_control_points_matter():
    edges = three()
    plain = FrameGraph(edges).locate(POINTS, "a", "c")
    turned = FrameGraph(edges[::-1]).locate(POINTS, "a", "c")
    np.testing.assert_allclose(turned.points_um, plain.points_um, atol=1e-7)
    np.testing.assert_allclose(turned.covariance_um2, plain.covariance_um2, rtol=1e-4)
    far = adjust(
        edges, control_points_um=dict.fromkeys("abc", 300 * np.vstack([np.zeros(3), np.eye(3)]))
    )
    moved = FrameGraph(far.edges, adjust=False).positions(POINTS, "a", "c")
    np.testing.assert_allclose(moved, plain.points_um, atol=1e-6)
    near = FrameGraph(edges).loops
    assert far.loops["chi2"].item() == pytest.approx(near["chi2"].item(), rel=0.02)


@pytest.mark.parametrize(
    ("models", "dof"),
    [
        (("rigid", "rigid"), 6),
        (("similarity", "rigid"), 7),
        (("affine", "rigid"), 12),
    ],
)
def test_a_loop_is_tested_in_as_many_directions_as_its_edges_can_open_it(models, dof):
    edges = [
        Edge(f"{k}", "a", "b", noisy(k, turn(5), model=model)) for k, model in enumerate(models)
    ]
    assert FrameGraph(edges).loops["dof"].tolist() == [dof]


def test_a_loop_of_pictures_closes_in_their_plane_only():
    rng = np.random.default_rng(6)
    pose = turn(7)[:, 1:]

    def noise(shape):
        return 0.3 * rng.standard_normal(shape)

    edges = [
        Edge(
            name,
            name[0],
            name[1],
            fit_landmarks(PICTURE, fixed + noise(fixed.shape), model=model).transform,
        )
        for name, fixed, model in (
            ("pq", PICTURE + MOVE, "similarity"),
            ("pv", PICTURE @ pose.T, "rigid"),
            ("qv", (PICTURE - MOVE) @ pose.T, "rigid"),
        )
    ]
    graph = FrameGraph(edges)
    row = graph.loops.iloc[0]
    assert (row["dof"], row["closes"], row["left_um"]) == (7, True, 0.0)
    spot = np.array([[0.0, 20.0, 30.0]])
    around = graph._after(FrameGraph(edges, adjust=False).path("p", "v", via="q"))
    np.testing.assert_allclose(around.apply(spot), graph.positions(spot, "p", "v"), atol=1e-8)


def test_an_exact_edge_stays_where_it_is_and_the_others_take_up_the_misclosure():
    exact = AffineTransform.exact(offset_um=[0, 0, 0.5])
    edges = [Edge("exact", "a", "b", exact), Edge("fitted", "a", "b", shifted([0, 0, 0]))]
    located = FrameGraph(edges).locate(POINTS, "a", "b")
    np.testing.assert_allclose(located.points_um, POINTS + np.array([0, 0, 0.5]), atol=1e-9)
    np.testing.assert_allclose(located.covariance_um2, 0, atol=1e-12)


def square(wrong_um):
    """Four frames, all six joined; one of the edges is wrong."""
    at = {name: np.array([0.0, 10.0 * k, 0.0]) for k, name in enumerate("abcd")}
    pairs = ("ab", "bc", "cd", "ac", "bd", "ad")
    return [
        Edge(p, p[0], p[1], shifted(at[p[1]] - at[p[0]] + [0, 0, wrong_um * (p == "cd")]))
        for p in pairs
    ]


def test_a_wrong_edge_makes_its_loops_grow_and_is_named_by_the_loops_that_close():
    good, bad = FrameGraph(square(0.0)), FrameGraph(square(12.0))
    assert good.loops["closes"].all()
    table = bad.loops
    assert len(table) == 3
    failing = table[~table["closes"]]
    assert len(failing) == 1
    assert (failing["p"] < 0.01).all()
    assert all("cd" in edges for edges in failing["edges"])
    assert failing["statement"].str.startswith("LOOP DOES NOT CLOSE").all()
    notes = bad.locate(POINTS, "c", "d").notes
    assert any(note.startswith("LOOP") and "were multiplied by" in note for note in notes)
    suspects = failing["statement"].iloc[0].split("One of ")[1]
    assert "cd" in suspects
    assert "ab" not in suspects
    before = good.locate(POINTS, "c", "d")
    after = bad.locate(POINTS, "c", "d")
    assert np.trace(after.covariance_um2[0]) > 3 * np.trace(before.covariance_um2[0])
    miss = (after.points_um - before.points_um)[0]
    assert np.linalg.norm(miss) < 1.0  # of the 12 µm


def test_a_contradiction_that_no_error_explains_is_said_and_not_adjusted():
    edges = [
        Edge("calibrated", "a", "b", AffineTransform.exact(1.02 * np.eye(3))),
        Edge("fitted", "a", "b", shifted([0, 0, 0], sigma=0.1)),
    ]
    graph = FrameGraph(edges)
    row = graph.loops.iloc[0]
    assert row["left_um"] > 0.5
    assert not row["closes"]
    assert "no error of its transforms explains" in row["statement"]
    assert graph.adjusted.apart == {"calibrated", "fitted"}
    np.testing.assert_array_equal(
        graph.adjusted.edges[1].transform.matrix, edges[1].transform.matrix
    )
    located = graph.locate(POINTS, "a", "b", via="fitted")
    assert any("LOOP DOES NOT CLOSE" in note for note in located.notes)
    alone = edges[1].transform.covariance_at(POINTS)
    assert np.trace(located.covariance_um2[1]) > 10 * np.trace(alone[1])


def test_a_transform_read_backwards_cannot_be_closed_and_spoils_no_other_loop():
    matrix = turn(8)
    good = noisy(1, matrix, model="rigid")
    edges = [
        Edge("one", "a", "b", good),
        Edge("two", "a", "b", noisy(2, matrix, model="rigid")),
        Edge("backwards", "b", "a", noisy(3, matrix, model="rigid")),
    ]
    graph = FrameGraph(edges)
    names = map(frozenset, graph.loops["edges"])
    closes = dict(zip(names, graph.loops["closes"], strict=True))
    assert closes[frozenset(("one", "two"))]
    assert list(closes.values()).count(False) == 1
    located = graph.locate(POINTS, "a", "b")
    assert any(note.startswith("LOOP DOES NOT CLOSE") for note in located.notes)


def test_a_loop_elsewhere_has_no_say():
    elsewhere = [
        Edge(e.name.upper(), e.from_frame.upper(), e.to_frame.upper(), e.transform)
        for e in three(7)
    ]
    joined = Edge("cA", "c", "A", shifted([0, 0, 9]))
    alone, both = FrameGraph(three()), FrameGraph([*three(), joined, *elsewhere])
    assert set(both.path("a", "c").contributions(POINTS)) == {"ac", "ab", "bc"}
    assert len(both.loops) == 2
    one, two = (graph.locate(POINTS, "a", "c") for graph in (alone, both))
    np.testing.assert_allclose(two.covariance_um2, one.covariance_um2, rtol=1e-6)
    assert two.notes == one.notes


def test_splines_and_fits_without_a_landmark_to_spare_are_compared_only():
    rng = np.random.default_rng(9)
    cloud = rng.uniform(-50, 50, (12, 3))
    spline = ThinPlateSpline(cloud, cloud + rng.normal(0, 0.5, cloud.shape))
    corners = CUBE[[0, 1, 2, 4]]
    bare = fit_landmarks(corners, corners + rng.normal(0, 0.1, (4, 3)), model="affine").transform
    good = shifted([0, 0, 0])
    edges = [
        Edge("good", "a", "b", good),
        Edge("spline", "a", "b", spline),
        Edge("bare", "a", "b", bare),
    ]
    graph = FrameGraph(edges)
    assert len(graph.loops) == 0
    located = graph.locate(POINTS, "a", "b", via="good")
    np.testing.assert_allclose(located.covariance_um2, good.covariance_at(POINTS))
    default = graph.locate(POINTS, "a", "b")
    assert default.edges == ("bare",)
    assert not default.stated
    assert any("it has no covariance" in note for note in located.notes)
    assert any("too few to say whether that is much" in note for note in located.notes)


def test_as_many_loops_are_found_as_are_independent_and_they_are_short():
    loops = independent_loops(square(0.0))
    assert [len(loop.steps) for loop in loops] == [3, 3, 3]
    parallel = [Edge(str(k), "a", "b", AffineTransform.exact()) for k in range(4)]
    assert [len(loop.steps) for loop in independent_loops(parallel)] == [2, 2, 2]
    chain = [Edge(n, n[0], n[1], AffineTransform.exact()) for n in ("ab", "bc", "cd")]
    assert independent_loops(chain) == []
