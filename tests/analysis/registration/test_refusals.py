"""Landmarks that do not carry a model are refused or flagged in words."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import AffineTransform, confidence_region, fit_landmarks
from scalebridge.errors import CovarianceUnavailable, Degenerate

from .constellations import BELOW, CUBE, SURFACE, TETRAHEDRON, turn

LINE = np.outer(np.arange(5.0), [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("model", "count", "needed"), [("rigid", 2, 3), ("similarity", 2, 3), ("affine", 3, 4)]
)
def test_too_few_landmarks_are_refused_with_the_number_needed(model, count, needed):
    with pytest.raises(Degenerate, match=f"needs {needed} landmark pairs or more, got {count}"):
        fit_landmarks(CUBE[:count], CUBE[:count], model=model)


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_landmarks_on_a_line_are_refused(model):
    with pytest.raises(Degenerate, match="on a line"):
        fit_landmarks(LINE, LINE @ turn(1).T, model=model)


def test_landmarks_on_a_line_carry_a_rigid_fit_of_pictures_but_no_affine():
    line = LINE[:, 1:]
    assert fit_landmarks(line, line + 1, model="rigid").fre_um < 1e-9
    with pytest.raises(Degenerate, match="on a line"):
        fit_landmarks(line, line + 1, model="affine")
    with pytest.raises(Degenerate, match="on a line"):
        fit_landmarks(line, LINE, model="rigid")


def test_landmarks_in_a_plane_are_refused_for_an_affine():
    with pytest.raises(Degenerate, match="in a plane"):
        fit_landmarks(SURFACE, SURFACE @ turn(2).T, model="affine", sigma_um=1.0)


@pytest.mark.parametrize(("height", "error"), [(0.25, "208 µm"), (1.0, "52 µm")])
def test_nearly_flat_landmarks_are_judged_by_the_predicted_error_and_not_by_rank(height, error):
    uneven = SURFACE + np.outer([height, -height, -height, height, 0], [1, 0, 0])
    assert np.linalg.matrix_rank(uneven - uneven.mean(axis=0)) == 3
    with pytest.raises(Degenerate, match=f"{error} RMS, at the target"):
        fit_landmarks(uneven, uneven, model="affine", sigma_um=1.0, target_um=BELOW)
    with pytest.raises(Degenerate, match="nearly in a plane"):
        fit_landmarks(uneven, uneven, model="affine", sigma_um=1.0)
    rigid = fit_landmarks(uneven, uneven, model="rigid", sigma_um=1.0, target_um=BELOW)
    assert rigid.tre_at(BELOW)[0] == pytest.approx(0.92, abs=0.01)
    assert rigid.warnings == ()


def test_a_target_in_the_plane_of_the_landmarks_passes_where_one_below_does_not():
    uneven = SURFACE + np.outer([2, -2, -2, 2, 0], [1, 0, 0])
    fit = fit_landmarks(uneven, uneven, model="affine", sigma_um=1.0, target_um=[[0.0, 70.0, 90.0]])
    assert fit.tre_at([[0.0, 70.0, 90.0]])[0] < 1.5


def test_landmarks_nearly_on_a_line_do_not_carry_a_rotation_about_it():
    rng = np.random.default_rng(9)
    rod = np.outer(np.linspace(-100, 100, 6), [0.2, 0.3, 0.9]) + rng.normal(0, 0.8, (6, 3))
    with pytest.raises(Degenerate, match="nearly on a line"):
        fit_landmarks(rod, rod, model="rigid", sigma_um=1.0)


def test_a_weak_direction_is_flagged_before_it_has_to_be_refused():
    bent = SURFACE + np.outer([6, -6, -6, 6, 0], [1, 0, 0])
    fit = fit_landmarks(bent, bent, model="affine", sigma_um=1.0)
    assert "predicts an error of" in fit.warnings[0]
    assert "use a simpler model than affine" in fit.warnings[0]


@pytest.mark.parametrize(("axis", "name"), [(0, "z"), (1, "y"), (2, "x")])
@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_a_mirrored_image_is_refused_with_the_flip_that_mends_it(model, axis, name):
    rng = np.random.default_rng(3)
    flip = np.ones(3)
    flip[axis] = -1
    fixed = CUBE + rng.normal(0, 0.5, CUBE.shape)
    with pytest.raises(Degenerate, match=f"Flip the {name} axis"):
        fit_landmarks(CUBE * flip, fixed, model=model)
    kept = fit_landmarks(CUBE * flip, fixed, model=model, allow_mirror=True)
    assert np.linalg.det(kept.transform.matrix) < 0
    assert kept.fre_um < 1.5
    assert fit_landmarks(CUBE, fixed, model=model).fre_um == pytest.approx(kept.fre_um, rel=1e-9)


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_a_picture_with_y_down_is_refused_and_mended(model):
    rng = np.random.default_rng(4)
    picture = rng.uniform(0, 100, (6, 2))
    fixed = picture * [-1, 1] + rng.normal(0, 0.3, picture.shape)
    with pytest.raises(Degenerate, match="Flip the y axis"):
        fit_landmarks(picture, fixed, model=model)
    assert fit_landmarks(picture, fixed, model=model, allow_mirror=True).fre_um < 1


def test_honest_landmarks_are_not_called_mirrored():
    rng = np.random.default_rng(5)
    for _ in range(300):
        flat = rng.uniform(-50, 50, (5, 3)) * [0.05, 1, 1]
        fit_landmarks(flat, flat @ turn(6).T + rng.normal(0, 1, flat.shape), model="rigid")


def test_a_landmark_that_nothing_checks_is_named():
    crowd = np.vstack([TETRAHEDRON / 50, [[0, 0, 400.0]], TETRAHEDRON / 40])
    fit = fit_landmarks(crowd, crowd, model="similarity", sigma_um=0.01)
    assert any("landmark 4 dominates the fit" in warning for warning in fit.warnings)
    assert fit_landmarks(CUBE, CUBE, model="rigid", sigma_um=0.1).warnings == ()


def test_a_swapped_pair_is_named():
    rng = np.random.default_rng(7)
    landmarks = np.vstack([CUBE, TETRAHEDRON / 2])
    fixed = landmarks + rng.normal(0, 0.5, landmarks.shape)
    fixed[9] += [0, 12, 0]
    fit = fit_landmarks(landmarks, fixed, model="rigid")
    assert any("landmark 9 does not agree with the others" in text for text in fit.warnings)


def test_an_error_stated_too_small_is_contradicted_by_the_residuals():
    rng = np.random.default_rng(8)
    fixed = CUBE + rng.normal(0, 2.0, CUBE.shape)
    fit = fit_landmarks(CUBE, fixed, model="rigid", sigma_um=0.5)
    assert any("larger than the stated localisation error" in text for text in fit.warnings)


def test_a_map_without_an_error_does_not_speak_of_landmarks():
    bare = AffineTransform("rigid", np.eye(3), [0, 0, 0], [1, 2, 3])
    with pytest.raises(CovarianceUnavailable, match="came without an error: state one"):
        bare.covariance_at([[0, 0, 0]])


def test_landmarks_that_only_just_determine_a_model_give_positions_and_no_covariance():
    fit = fit_landmarks(TETRAHEDRON, TETRAHEDRON, model="affine")
    assert fit.transform.nu == 0
    with pytest.raises(CovarianceUnavailable, match="add landmarks, choose a simpler model"):
        fit.tre_at([[0, 0, 0]])


def test_two_degrees_of_freedom_are_too_few_to_say():
    region = confidence_region(np.eye(3), nu=2)
    assert not region.stated
    assert region.statement.startswith("too few to say")
    assert np.isnan(region.radii_um).all()
    assert confidence_region(np.eye(3), nu=3).stated


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"moving_um": CUBE[:, :1]}, r"needs shape \(n, 3\)"),
        ({"moving_um": CUBE[:5]}, "one row a pair, got 5 and 8"),
        ({"fixed_um": CUBE * np.nan}, "finite coordinates"),
        ({"fixed_um": CUBE[:, 1:]}, "cannot be fitted into a 2-D one"),
        ({"model": "perspective"}, "got 'perspective'"),
        ({"sigma_um": -1.0}, "0 or more"),
        ({"sigma_um": np.ones(5)}, "one value"),
        ({"sigma_um": 1.0, "sigma_fixed_um": 1.0}, "both given"),
        ({"sigma_um": 0.0}, "above 0"),
    ],
)
def test_wrong_arguments_are_refused_with_what_was_expected_and_got(change, words):
    arguments = {"moving_um": CUBE, "fixed_um": CUBE, "model": "rigid"} | change
    moving, fixed = arguments.pop("moving_um"), arguments.pop("fixed_um")
    with pytest.raises(ValueError, match=words):
        fit_landmarks(moving, fixed, **arguments)


def test_a_singular_transform_is_refused():
    with pytest.raises(Degenerate, match="singular"):
        AffineTransform.exact(np.diag([1.0, 1.0, 0.0]))


def test_a_pair_given_twice_is_no_second_landmark():
    noisy = CUBE + np.random.default_rng(1).normal(0, 1, CUBE.shape)
    with pytest.raises(Degenerate, match="landmarks 0 and 8 are the same pair"):
        fit_landmarks(np.vstack([CUBE, CUBE[:1]]), np.vstack([noisy, noisy[:1]]), model="rigid")
    picked_again = np.vstack([noisy, noisy[:1] + 0.1])
    assert fit_landmarks(np.vstack([CUBE, CUBE[:1]]), picked_again, model="rigid").nu == 21


def test_residuals_of_zero_state_no_error_unless_it_is_given():
    fit = fit_landmarks(CUBE, CUBE @ turn(3).T, model="rigid")
    assert any("residuals are zero: copied or generated" in warning for warning in fit.warnings)
    assert (fit.transform.covariance, fit.transform.nu) == (None, 0.0)
    with pytest.raises(CovarianceUnavailable, match="copied or generated"):
        fit.tre_at(BELOW)
    given = fit_landmarks(CUBE, CUBE @ turn(3).T, model="rigid", sigma_um=1.0)
    assert given.tre_at(BELOW)[0] > 0.1


def told(landmarks, *, seed=0, **how):
    errors = np.random.default_rng(seed).normal(0, 0.5, landmarks.shape)
    return " | ".join(fit_landmarks(landmarks, landmarks + errors, **how).warnings)


def test_an_error_that_few_residuals_tell_is_called_unsure_with_how_many_would_help():
    said = told(TETRAHEDRON[:3], model="rigid")
    assert "3 landmarks leave 3 degrees of freedom to tell the error" in said
    assert "0.57 to 3.7 times the stated one (95 %)" in said
    assert "add 1 landmark or more" in said
    assert "degrees of freedom" not in told(TETRAHEDRON, model="rigid")  # six of them
    assert "degrees of freedom" not in told(TETRAHEDRON[:3], model="rigid", sigma_um=0.5)
    assert "4 landmarks leave 5 degrees" in told(TETRAHEDRON, model="similarity")
    flat = TETRAHEDRON[:3, 1:]
    assert "3 landmarks leave 2 degrees" in (said := told(flat, model="similarity"))
    assert "add 2 landmarks" in said


def test_how_wrong_the_error_of_few_residuals_may_be_is_so_in_95_of_100():
    found = [
        fit_landmarks(
            TETRAHEDRON[:3],
            TETRAHEDRON[:3] + np.random.default_rng(seed).normal(0, 0.5, (3, 3)),
            model="rigid",
        ).transform.sigma_um
        for seed in range(300)
    ]
    inside = np.mean([0.57 < 0.5 / sigma < 3.73 for sigma in found])
    assert abs(inside - 0.95) < 3.3 * np.sqrt(0.95 * 0.05 / 300)


@pytest.mark.parametrize(("height", "warned"), [(0.0, True), (0.05, True), (0.3, False)])
def test_landmarks_nearly_in_a_plane_are_named_by_their_shape(height, warned):
    heights = np.array([[1], [-1], [-1], [1], [0]]) * [height * 75, 0, 0]
    uneven = (SURFACE + heights) @ turn(3).T
    said = told(uneven, model="rigid")
    assert ("nearly in a plane" in said) is warned
    assert ("add a landmark off the plane" in said) is warned
    assert "nearly" not in told(uneven[:, 1:], model="rigid")


def test_flat_landmarks_are_not_called_so_where_the_target_is_near_them():
    assert "nearly" not in told(SURFACE, model="rigid", target_um=BELOW)
    assert "nearly in a plane" in told(SURFACE, model="rigid", target_um=4 * BELOW)


def test_landmarks_nearly_on_a_line_say_that_the_turn_about_it_is_known_less_well():
    rod = np.linspace(-100, 100, 8)[:, None] * [0, 0, 1.0]
    rod = rod + np.array([(0, 4), (4, 0), (0, -4), (-4, 0)] * 2) @ np.eye(3)[:2]
    said = told(rod / 10, model="rigid", sigma_um=0.05)
    assert "nearly on a line" in said
    assert "a turn about the line is known less well" in said


def test_a_mirror_is_called_unseen_only_where_landmarks_stick_out_less_than_they_err():
    uneven = SURFACE + np.outer([4, -4, -4, 4, 0], [1, 0, 0])
    assert "a mirror across it would not be seen" in told(uneven, model="rigid", sigma_um=2.0)
    seen = told(uneven, model="rigid", sigma_um=0.5)
    assert "nearly in a plane" in seen
    assert "mirror" not in seen
