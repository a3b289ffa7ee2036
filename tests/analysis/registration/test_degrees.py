"""Degrees of freedom of sums of covariances."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.registration import effective_nu


def test_one_dimension_is_the_rule_of_welch_and_satterthwaite():
    first, second = np.array([[[2.0]]]), np.array([[[3.0]]])
    expected = 25 / (4 / 5 + 9 / 11)
    assert effective_nu([first, second], [5, 11]).item() == pytest.approx(expected)


def test_a_part_scatters_as_its_degrees_of_freedom_say():
    rng = np.random.default_rng(1)
    shapes = [np.diag([3.0, 1.0, 0.5]), np.array([[1, 0.5, 0], [0.5, 2, 0], [0, 0, 4.0]])]
    nus = [6, 15]
    sizes = rng.chisquare(nus, size=(40_000, 2)) / nus
    traces = sizes @ [np.trace(shape) for shape in shapes]
    squares = [(np.trace(s @ s) + np.trace(s) ** 2) / n for s, n in zip(shapes, nus, strict=True)]
    total = sum(shapes)
    found = effective_nu([shape[None] for shape in shapes], nus).item()
    assert found == pytest.approx((np.trace(total @ total) + np.trace(total) ** 2) / sum(squares))
    # the trace alone has 2 tr(S)²/var(tr) degrees of freedom: those of the whole are close to it
    assert found == pytest.approx(2 * np.trace(total) ** 2 / traces.var(), rel=0.15)


def test_known_parts_add_no_doubt_and_unknown_parts_leave_nothing():
    part = np.eye(3)[None]
    assert effective_nu([part, part], [None, np.inf]).tolist() == [np.inf]
    assert effective_nu([part, part], [4, 0]).tolist() == [0.0]
    assert effective_nu([part, part * np.nan], [4, None]).tolist() == [0.0]
    assert effective_nu([part * 0, part], [0, 7]).tolist() == [7.0]
