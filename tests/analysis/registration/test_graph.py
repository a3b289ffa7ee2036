"""Points carried along chains of transforms, forwards and backwards."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import (
    AffineTransform,
    DisplacementField,
    Edge,
    FrameGraph,
    ThinPlateSpline,
    fit_landmarks,
)
from scalebridge.errors import CovarianceUnavailable, NoPath

from .constellations import BELOW, CUBE, SURFACE, turn, turn_2d

POINTS = np.array([[10.0, -20.0, 30.0], [60.0, 5.0, -45.0]])


def fitted(seed, *, model="similarity", scale=1.3, sigma=None, noise=0.3):
    rng = np.random.default_rng(seed)
    fixed = scale * CUBE @ turn(seed).T + [10.0 * seed, -5, 3]
    fixed = fixed + noise * rng.standard_normal(CUBE.shape)
    return fit_landmarks(CUBE, fixed, model=model, sigma_um=sigma).transform


def chain():
    edges = [
        Edge("sem_to_zoom", "sem", "zoom", fitted(1)),
        Edge("survey_to_zoom", "survey", "zoom", fitted(2, model="affine")),
    ]
    return FrameGraph(edges)


def test_a_way_applies_its_steps_in_the_order_in_which_they_are_walked():
    graph = chain()
    sem_to_zoom, survey_to_zoom = (edge.transform for edge in graph.edges)
    located = graph.locate(POINTS, "sem", "survey")
    expected = survey_to_zoom.inverse_apply(sem_to_zoom.apply(POINTS))
    np.testing.assert_allclose(located.points_um, expected, atol=1e-9)
    back = graph.locate(located.points_um, "survey", "sem").points_um
    np.testing.assert_allclose(back, POINTS, atol=1e-9)
    assert located.path == ("sem", "zoom", "survey")
    assert located.edges == ("sem_to_zoom", "survey_to_zoom")


@pytest.mark.parametrize("ends", [("sem", "survey"), ("survey", "sem")])
def test_the_covariance_of_a_chain_agrees_with_draws_both_ways(ends):
    graph = FrameGraph(
        [
            Edge("sem_to_zoom", "sem", "zoom", fitted(1, sigma=0.3)),
            Edge("survey_to_zoom", "survey", "zoom", fitted(2, model="affine", sigma=0.5)),
        ]
    )
    own = np.diag([0.2, 0.1, 0.05])
    way = graph.path(*ends)
    rng = np.random.default_rng(3)
    drawn = way.draw(POINTS, 40_000, rng)
    drawn = drawn + (rng.standard_normal(drawn.shape) @ np.sqrt(own)) @ way.matrix().T
    located = graph.locate(POINTS, ends[0], ends[1], own)
    for k in range(len(POINTS)):
        predicted = located.covariance_um2[k]
        np.testing.assert_allclose(
            np.cov(drawn[:, k].T), predicted, atol=0.03 * np.trace(predicted)
        )


def test_noisy_chains_scatter_as_far_as_they_say():
    rng = np.random.default_rng(4)
    first, second = 1.2 * turn(5), turn(6)
    truth = POINTS[:1] @ first.T @ second.T
    squares, predicted = [], []
    for _ in range(600):
        a = fit_landmarks(CUBE, CUBE @ first.T + rng.normal(0, 0.4, CUBE.shape), model="similarity")
        b = fit_landmarks(CUBE @ second.T, CUBE + rng.normal(0, 0.6, CUBE.shape), model="rigid")
        graph = FrameGraph([Edge("ab", "a", "b", a.transform), Edge("cb", "c", "b", b.transform)])
        located = graph.locate(POINTS[:1], "a", "c")
        squares.append(np.sum((located.points_um - truth) ** 2))
        predicted.append(np.trace(located.covariance_um2[0]))
    assert np.mean(squares) == pytest.approx(np.mean(predicted), rel=0.1)


def test_the_degrees_of_freedom_of_a_chain_are_more_than_the_smallest_on_the_way():
    located = chain().locate(POINTS, "sem", "survey")
    assert (located.nus > 12).all()  # of the affine; the similarity has 17
    assert (located.nus < 29).all()
    assert located.nu == located.nus.min()
    assert any("those of sem_to_zoom, survey_to_zoom together" in note for note in located.notes)
    assert located.stated


def test_an_edge_without_landmarks_to_spare_makes_the_answer_too_few_to_say():
    corners = CUBE[[0, 1, 2, 4]]
    exact = fit_landmarks(corners, corners, model="affine").transform
    located = FrameGraph([Edge("a_to_b", "a", "b", exact)]).locate(POINTS, "a", "b")
    assert not located.stated
    assert np.isnan(located.covariance_um2).all()
    assert any("too few to say" in note for note in located.notes)


def test_errors_that_were_typed_by_hand_are_named():
    graph = FrameGraph([Edge("a_to_b", "a", "b", fitted(1, sigma=0.3))])
    located = graph.locate(POINTS, "a", "b")
    assert any("a_to_b (300 nm) was stated by hand" in note for note in located.notes)
    assert located.error_source == "localisation error typed by hand: a_to_b (300 nm)"
    assert set(located.table()["error_source"]) == {located.error_source}


def triangle(*, wrong_um=0.0, **options):
    move = fitted(1, sigma=0.3)
    return FrameGraph(
        [
            Edge("a_to_b", "a", "b", move),
            Edge("b_to_c", "b", "c", AffineTransform.exact(offset_um=[0, 0, wrong_um])),
            Edge("a_to_c", "a", "c", fitted(1, sigma=0.3)),
        ],
        **options,
    )


def test_fewest_edges_win_and_the_loop_says_that_it_closes():
    located = triangle().locate(POINTS, "a", "c")
    assert located.edges == ("a_to_c",)
    assert any(
        "a → b → c → a" in note and "within what the errors" in note for note in located.notes
    )


def test_without_adjustment_the_other_ways_are_compared():
    graph = triangle(adjust=False)
    located = graph.locate(POINTS, "a", "c")
    assert any("a → b → c" in note and "within what the errors" in note for note in located.notes)
    assert graph.locate(POINTS, "a", "c", via="b").edges == ("a_to_b", "b_to_c")
    again = triangle().locate(POINTS, "a", "c", via="a_to_c")
    np.testing.assert_allclose(again.covariance_um2, located.covariance_um2)


@pytest.mark.parametrize("adjust", [True, False])
def test_a_loop_that_does_not_close_widens_the_covariance_and_says_so(adjust):
    graph = triangle(wrong_um=40, adjust=adjust)
    located = graph.locate(POINTS, "a", "c")
    assert any(note.startswith("LOOP DOES NOT CLOSE") for note in located.notes)
    assert any(("30.8 µm" if adjust else "40 µm") in note for note in located.notes)
    alone = FrameGraph(graph.edges[2:]).locate(POINTS, "a", "c")
    assert np.trace(located.covariance_um2[0]) > 100 * np.trace(alone.covariance_um2[0])


def test_exact_ways_that_differ_are_named():
    edges = [
        Edge("a_to_b", "a", "b", AffineTransform.exact()),
        Edge("b_to_c", "b", "c", AffineTransform.exact(offset_um=[0, 3, 0])),
        Edge("a_to_c", "a", "c", AffineTransform.exact()),
    ]
    notes = FrameGraph(edges).locate(POINTS, "a", "c").notes
    assert any("misses by 3 µm, though all its transforms are said to be exact" in n for n in notes)
    assert any("up to 3 µm away, though both are said to be exact" in note for note in notes)


def test_of_equally_short_ways_the_first_by_name_is_gone_and_all_end_at_the_same_place():
    edges = [
        Edge("4_b_to_d", "b", "d", fitted(2, sigma=0.3)),
        Edge("3_a_to_b", "a", "b", fitted(3, sigma=0.3)),
        Edge("2_c_to_d", "c", "d", fitted(2, sigma=0.3)),
        Edge("1_a_to_c", "a", "c", fitted(3, sigma=0.3)),
    ]
    graph = FrameGraph(edges)
    assert graph.path("a", "d").edges == ("1_a_to_c", "2_c_to_d")
    other = FrameGraph(graph.adjusted.edges, adjust=False).path("a", "d", via="b")
    np.testing.assert_allclose(
        other.apply(POINTS), graph.locate(POINTS, "a", "d").points_um, atol=1e-8
    )
    assert graph.locate(POINTS, "a", "d", via="b").path == ("a", "b", "d")
    assert graph.locate(POINTS, "a", "d", via=["4_b_to_d"]).path == ("a", "b", "d")


def test_frames_that_nothing_joins_are_refused_with_what_can_be_reached():
    graph = FrameGraph([Edge("a_to_b", "a", "b", AffineTransform.exact())], frames=["eds"])
    with pytest.raises(
        NoPath, match="no accepted transforms connect a to eds; from a one reaches b"
    ):
        graph.locate(POINTS, "a", "eds")
    with pytest.raises(NoPath, match="no frame 'tem'; known frames: eds, a, b"):
        graph.locate(POINTS, "a", "tem")
    here = graph.locate(POINTS, "eds", "eds")
    assert (here.points_um == POINTS).all()
    assert (here.covariance_um2 == 0).all()


def test_errors_go_through_a_bend_that_has_them_place_by_place():
    rng = np.random.default_rng(3)
    moves = rng.normal(0, 0.2, (3, 3, 3, 3))
    field = DisplacementField(moves, spacing_um=[10, 10, 10], sigma_um=0.5)
    twice = AffineTransform.exact(2 * np.eye(3), offset_um=[1, 2, 3])
    graph = FrameGraph([Edge("bend", "lm", "xm", field), Edge("twice", "xm", "em", twice)])
    points = rng.uniform(1, 19, (4, 3))
    own = np.diag([0.04, 0.01, 0.09])
    there = graph.locate(points, "lm", "em", localisation_um2=own)
    np.testing.assert_allclose(there.points_um, twice.apply(field.apply(points)))
    slope = field.gradient(points)
    wanted = 4 * (0.25 * np.eye(3) + slope @ own @ slope.transpose(0, 2, 1))
    np.testing.assert_allclose(there.covariance_um2, wanted)
    assert np.isinf(there.nus).all()
    assert there.error_source == "that a bend came with: bend"
    assert any("bend bends" in note for note in there.notes)
    way = graph.path("lm", "em")
    with pytest.raises(CovarianceUnavailable, match="how alike the errors of several are"):
        way.draw(points, 5, rng)
    apart = way.difference_covariance(points[0], points[1])
    np.testing.assert_allclose(apart, 4 * (0.25 + 0.25) * np.eye(3), atol=1e-12)


def test_a_spline_gives_positions_and_refuses_a_covariance_in_words():
    rng = np.random.default_rng(9)
    cloud = rng.uniform(-50, 50, (12, 3))
    spline = ThinPlateSpline(cloud, cloud + rng.normal(0, 2, cloud.shape))
    graph = FrameGraph([Edge("lm_to_em", "lm", "em", spline)])
    with pytest.raises(CovarianceUnavailable, match=r"thin-plate spline.*positions only"):
        graph.locate(POINTS, "lm", "em")
    np.testing.assert_array_equal(graph.positions(POINTS, "lm", "em"), spline.apply(POINTS))
    back = graph.positions(graph.positions(POINTS, "lm", "em"), "em", "lm")
    np.testing.assert_allclose(back, POINTS, atol=1e-6)


def test_a_picture_is_located_in_a_volume_and_the_volume_in_the_picture():
    rng = np.random.default_rng(10)
    picture = rng.uniform(0, 100, (7, 2))
    pose, mosaic = turn(11), turn_2d(25)
    space = picture @ pose[:, 1:].T + [5, 6, 7] + rng.normal(0, 0.2, (7, 3))
    light = picture @ mosaic.T + rng.normal(0, 0.5, (7, 2))
    graph = FrameGraph(
        [
            Edge(
                "sem_to_survey",
                "sem",
                "survey",
                fit_landmarks(picture, space, model="rigid").transform,
            ),
            Edge(
                "sem_to_light",
                "sem",
                "light",
                fit_landmarks(picture, light, model="rigid").transform,
            ),
        ]
    )
    there = graph.locate([[40.0, 60.0]], "light", "survey")
    back = graph.locate(there.points_um, "survey", "light")
    np.testing.assert_allclose(back.points_um, [[0, 40, 60]], atol=1e-9)
    assert there.covariance_um2.shape == (1, 3, 3)
    assert (np.linalg.eigvalsh(there.covariance_um2[0]) > 0).all()


def test_the_table_names_axes_and_units():
    table = chain().locate(POINTS, "sem", "survey").table()
    assert list(table.columns[:6]) == ["x_um", "y_um", "z_um", "sx_um", "sy_um", "sz_um"]
    assert list(table["error_source"]) == ["from residuals: sem_to_zoom, survey_to_zoom"] * 2


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_frames_swapped_give_the_inverse_positions_and_errors(model):
    rng = np.random.default_rng(12)
    fixed = SURFACE @ turn(13).T + rng.normal(0, 0.01, SURFACE.shape)
    if model == "affine":
        moving, target, fixed = CUBE, CUBE[:1] / 2, CUBE @ turn(13).T
    else:
        moving, target = SURFACE, BELOW
    there = fit_landmarks(moving, fixed, model=model, sigma_um=1.0)
    back = fit_landmarks(fixed, moving, model=model, sigma_um=1.0)
    place = there.transform.apply(target)
    np.testing.assert_allclose(back.transform.apply(place), target, atol=0.05)
    np.testing.assert_allclose(back.tre_at(place), there.tre_at(target), rtol=1e-3)
    forward = FrameGraph([Edge("t", "a", "b", there.transform)]).locate(place, "b", "a")
    np.testing.assert_allclose(
        np.trace(forward.covariance_um2[0]), back.tre_at(place)[0] ** 2, rtol=1e-3
    )


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_a_doubled_spacing_doubles_every_length(model):
    rng = np.random.default_rng(14)
    fixed = CUBE @ turn(15).T + rng.normal(0, 1, CUBE.shape)
    once = fit_landmarks(CUBE, fixed, model=model)
    twice = fit_landmarks(2 * CUBE, 2 * fixed, model=model)
    assert twice.fre_um == pytest.approx(2 * once.fre_um)
    np.testing.assert_allclose(twice.loo_um, 2 * once.loo_um)
    np.testing.assert_allclose(twice.tre_at(2 * POINTS), 2 * once.tre_at(POINTS))
    np.testing.assert_allclose(twice.leverage, once.leverage)


def test_axes_renamed_rename_the_covariance_and_change_nothing_else():
    rng = np.random.default_rng(16)
    fixed = CUBE @ turn(17).T + rng.normal(0, 1, CUBE.shape)
    order = [2, 0, 1]
    plain = fit_landmarks(CUBE, fixed, model="rigid").transform
    renamed = fit_landmarks(CUBE[:, order], fixed[:, order], model="rigid").transform
    np.testing.assert_allclose(
        renamed.covariance_at(POINTS[:, order]),
        plain.covariance_at(POINTS)[:, order][:, :, order],
        atol=1e-12,
    )


@pytest.mark.parametrize("ends", [("sem", "survey"), ("survey", "sem")])
def test_the_covariance_of_a_difference_agrees_with_draws_both_ways(ends):
    graph = FrameGraph(
        [
            Edge("sem_to_zoom", "sem", "zoom", fitted(1, sigma=0.3)),
            Edge("survey_to_zoom", "survey", "zoom", fitted(2, model="affine", sigma=0.5)),
        ]
    )
    way = graph.path(*ends)
    drawn = way.draw(POINTS, 40_000, np.random.default_rng(4))
    expected = np.cov((drawn[:, 1] - drawn[:, 0]).T)
    found = way.difference_covariance(*POINTS)
    np.testing.assert_allclose(found, expected, atol=0.03 * np.trace(expected))
    same = way.difference_covariance(POINTS[0], POINTS[0])
    np.testing.assert_allclose(same, np.zeros((3, 3)), atol=1e-18)


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
@pytest.mark.parametrize("flat", [False, True])
def test_the_scale_is_known_as_well_as_drawn_transforms_agree_on_it(model, flat):
    rng = np.random.default_rng(5)
    moving = SURFACE[:, 1:] if flat else CUBE
    fixed = moving @ turn(6)[:, 3 - moving.shape[1] :].T
    fixed = fixed + 0.4 * rng.standard_normal(fixed.shape)
    transform = fit_landmarks(moving, fixed, model=model, sigma_um=0.4).transform
    matrices, _ = transform.draw(20_000, rng)
    scales = np.abs(np.linalg.det(matrices)) ** (1 / 3)
    expected = scales.std() / transform.scale
    assert transform.scale_sigma == pytest.approx(expected, rel=0.03, abs=1e-12)
