"""What no registration of a specimen can give is refused, and nothing that a fit gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scalebridge.analysis.registration import (
    AffineTransform,
    fit_landmarks,
    refuse_unsound,
    transform_from_dict,
)
from scalebridge.errors import Degenerate

TURN = Rotation.from_euler("zyx", [20, -35, 50], degrees=True).as_matrix()
FLIP = np.diag([1.0, 1.0, -1.0])


@pytest.mark.parametrize("dims", [(2, 2), (2, 3), (3, 3)])
@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
@pytest.mark.parametrize("spread_um", [1e-2, 1e4])
def test_every_fit_is_sound_before_and_after_its_record(dims, model, spread_um):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        moving = rng.uniform(0, spread_um, (9, 3)) * ([0, 1, 1] if dims[0] == 2 else 1)
        turn = Rotation.from_euler("z", 30, degrees=True).as_matrix()[::-1, ::-1]
        fixed = moving @ (turn if dims[1] == 2 else TURN).T
        fixed += rng.normal(0, 1e-2 * spread_um, fixed.shape) * ([0, 1, 1] if dims[1] == 2 else 1)
        fit = fit_landmarks(moving[:, 3 - dims[0] :], fixed[:, 3 - dims[1] :], model=model)
        refuse_unsound(fit.transform)
        refuse_unsound(transform_from_dict(fit.transform.to_dict()))


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_mirror_is_refused_unless_it_was_allowed_and_the_fit_says_so(ndim):
    moving = np.random.default_rng(1).uniform(0, 50, (8, ndim))
    fixed = moving * np.array([1.0, 1.0, -1.0])[-ndim:]
    fixed = fixed + np.random.default_rng(2).normal(0, 0.1, fixed.shape)
    mirrored = fit_landmarks(moving, fixed, model="rigid", allow_mirror=True).transform
    refuse_unsound(mirrored)
    again = transform_from_dict(mirrored.to_dict())
    assert again.allow_mirror
    refuse_unsound(again)
    with pytest.raises(Degenerate, match="positive determinant, got -1: it mirrors"):
        refuse_unsound(replace(mirrored, allow_mirror=False))
    assert "allow_mirror" not in AffineTransform.exact().to_dict()


@pytest.mark.parametrize("thin", [0.0, 1e-7])
def test_a_matrix_that_flattens_is_refused(thin):
    with pytest.raises(Degenerate, match="invertible matrix"):
        refuse_unsound(AffineTransform.exact(np.diag([1.0, 1.0, thin])))
    refuse_unsound(AffineTransform.exact(1e-3 * np.diag([1.0, 1.0, 1e-3])))


def test_a_matrix_that_is_not_of_its_model_is_refused():
    stretched = AffineTransform("rigid", 1.01 * TURN, np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="a rigid transform needs a rotation"):
        refuse_unsound(stretched)
    refuse_unsound(replace(stretched, model="similarity"))
    with pytest.raises(ValueError, match="a similarity transform needs a rotation times one scale"):
        refuse_unsound(replace(stretched, model="similarity", matrix=np.diag([1, 1, 1.01])))


def covariance(change) -> np.ndarray:
    root = np.random.default_rng(5).normal(size=(6, 6)) * [1e3, 1e3, 1e3, 1e-6, 1e-6, 1e-6]
    out = root.T @ root
    change(out)
    return out


def set_low(out: np.ndarray) -> None:
    out[3, 4] = out[4, 3] = 1.2 * np.sqrt(out[3, 3] * out[4, 4])


def set_crooked(out: np.ndarray) -> None:
    out[0, 5] += 0.01 * np.sqrt(out[0, 0] * out[5, 5])


def set_negative(out: np.ndarray) -> None:
    out[5, 5] = -1e-20


def set_without_variance(out: np.ndarray) -> None:
    out[4, 4] = 0.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (set_low, "positive semidefinite"),
        (set_crooked, "symmetric"),
        (set_negative, "variances of 0 or more"),
        (set_without_variance, "positive semidefinite"),
    ],
)
def test_a_covariance_that_is_none_is_refused_in_the_units_of_each_parameter(change, words):
    sound = AffineTransform(
        "rigid", TURN, np.zeros(3), np.zeros(3), covariance=covariance(lambda _: None)
    )
    refuse_unsound(sound)
    with pytest.raises(ValueError, match=words):
        refuse_unsound(replace(sound, covariance=covariance(change)))


@pytest.mark.parametrize(
    "odd", [{"nu": -1}, {"nu": float("nan")}, {"nu": "4"}, {"sigma_um": -1.0}, {"sigma_um": True}]
)
def test_an_error_that_is_no_number_is_refused(odd):
    with pytest.raises(ValueError, match=f"{next(iter(odd))} needs a finite"):
        refuse_unsound(replace(AffineTransform.exact(), **odd))
