from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from scalebridge.analysis.segmentation.corrections import Corrections, correct
from scalebridge.analysis.segmentation.strokes import Stroke

SPACING = (2.0, 1.0, 0.5)
ORIGIN = (10.0, -3.0, 1.0)


def places() -> np.ndarray:
    """Positions of all voxels of a block of 9 x 20 x 40."""
    index = np.indices((9, 20, 40)).transpose(1, 2, 3, 0)
    return index * SPACING + ORIGIN


def corrected(*strokes: Stroke, start: Any = None) -> np.ndarray:
    labels = np.zeros((9, 20, 40), np.uint8) if start is None else start.copy()
    correct(labels, strokes, spacing_um=SPACING, origin_um=ORIGIN)
    return labels


def brush(*points: tuple[float, float, float], **given: Any) -> Stroke:
    return Stroke(**{"tool": "brush", "label": 3, "points_um": points, "radius_um": 3.0, **given})


def test_a_brush_paints_a_ball_in_micrometres_whatever_the_voxels() -> None:
    centre = np.array([18.0, 6.0, 10.0])
    found = corrected(brush(tuple(centre)))
    np.testing.assert_array_equal(
        found == 3, np.linalg.norm(places() - centre, axis=-1) <= 3.0 * (1 + 1e-9)
    )
    assert np.count_nonzero(found) == pytest.approx(4 / 3 * np.pi * 27, rel=0.15)


def test_a_brush_that_is_drawn_leaves_no_gap() -> None:
    start, end = np.array([18.0, 2.0, 4.0]), np.array([18.0, 12.0, 18.0])
    found = corrected(brush(tuple(start), tuple(end), radius_um=1.5)) == 3
    along = end - start
    share = np.clip((places() - start) @ along / (along @ along), 0, 1)
    away = np.linalg.norm(places() - start - share[..., None] * along, axis=-1)
    np.testing.assert_array_equal(found, away <= 1.5 * (1 + 1e-9))


def test_a_lasso_takes_what_it_surrounds_as_deep_as_told() -> None:
    corners = ((18.0, 0.2, 3.2), (18.0, 0.2, 15.2), (18.0, 9.2, 15.2), (18.0, 9.2, 3.2))
    lasso = Stroke(tool="lasso", label=2, points_um=corners, radius_um=2.0, normal=(1.0, 0.0, 0.0))
    z, y, x = np.moveaxis(places(), -1, 0)
    expected = (np.abs(z - 18) <= 2) & (y > 0.2) & (y < 9.2) & (x > 3.2) & (x < 15.2)
    np.testing.assert_array_equal(corrected(lasso) == 2, expected)
    turned = Stroke(
        tool="lasso", label=2, radius_um=1.0, normal=(0.0, 0.0, 1.0),
        points_um=((11.0, 0.2, 8.0), (11.0, 9.2, 8.0), (19.0, 9.2, 8.0), (19.0, 0.2, 8.0)),
    )  # fmt: skip
    expected = (np.abs(x - 8) <= 1) & (z > 11) & (z < 19) & (y > 0.2) & (y < 9.2)
    np.testing.assert_array_equal(corrected(turned) == 2, expected)


def test_a_fill_takes_one_piece_and_stops_at_its_rim() -> None:
    start = np.zeros((9, 20, 40), np.uint8)
    start[2:5, 3:9, 4:12] = start[2:5, 12:15, 20:30] = 1
    seed = tuple(places()[3, 5, 8])
    fill = Stroke(tool="fill", label=7, points_um=(seed,), radius_um=50.0)
    found = corrected(fill, start=start)
    assert (found[2:5, 3:9, 4:12] == 7).all()
    np.testing.assert_array_equal(found == 7, (found != start))
    near = Stroke(tool="fill", label=7, points_um=(seed,), radius_um=1.2)
    assert 0 < np.count_nonzero(corrected(near, start=start) == 7) < 30


def test_taking_away_brings_back_what_the_thresholds_said() -> None:
    start = np.random.default_rng(0).integers(0, 3, (9, 20, 40)).astype(np.uint8)
    painted = brush((18.0, 6.0, 10.0), radius_um=5.0)
    away = brush((18.0, 6.0, 10.0), radius_um=2.0, label=None)
    found = corrected(painted, away, start=start)
    inner = np.linalg.norm(places() - (18.0, 6.0, 10.0), axis=-1) <= 2.0
    np.testing.assert_array_equal(found[inner], start[inner])
    assert (found[~inner] == 3).any()
    np.testing.assert_array_equal(
        corrected(painted, brush((18.0, 6.0, 10.0), radius_um=9.0, label=None), start=start), start
    )


def test_a_stroke_beside_the_image_changes_nothing_and_a_flat_image_has_no_depth() -> None:
    assert not corrected(brush((500.0, 6.0, 10.0))).any()
    flat = np.zeros((20, 40), int)
    correct(flat, [brush((500.0, 10.0, 20.0))], spacing_um=(1.0, 1.0))
    assert np.count_nonzero(flat) == 29  # a disc of radius 3


def test_a_stroke_comes_back_from_its_record() -> None:
    lasso = Stroke(
        tool="lasso", label=None, radius_um=2.0, normal=(0.0, 1.0, 0.0),
        points_um=((1.0, 0, 0), (1.0, 0, 4.0), (5.0, 0, 2.0)),
    )  # fmt: skip
    assert Stroke.from_dict(json.loads(json.dumps(lasso.to_dict()))) == lasso


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tool": "axe"}, "one of brush, pen, lasso, area, fill"),
        ({"radius_um": 0.0}, "positive radius_um"),
        ({"points_um": []}, "at least 1 points"),
        ({"points_um": [[0, 0, float("nan")]]}, "finite points"),
        ({"tool": "lasso", "points_um": [[0, 0, 0]] * 3}, "unit normal"),
    ],
)
def test_what_is_no_stroke_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    told = {"tool": "brush", "label": 1, "points_um": [[0, 0, 0]], "radius_um": 1.0, **change}
    with pytest.raises(ValueError, match=words):
        Stroke.from_dict(told)
    with pytest.raises(ValueError, match="needs tool, label"):
        Stroke.from_dict({"tool": "brush"})


def test_a_fill_acts_in_the_block_that_holds_its_point_and_not_beside_the_image() -> None:
    start = np.zeros((9, 20, 40), np.uint8)
    start[2:5, 3:9, 4:12] = 1
    fill = Stroke(tool="fill", label=7, points_um=(tuple(places()[3, 5, 8]),), radius_um=50.0)
    grid = Corrections((fill,), SPACING, ORIGIN)
    whole = start.copy()
    grid.apply(whole)
    for box in (np.s_[0:6, 0:12, 0:20], np.s_[6:9, 10:20, 20:40]):
        block = start[box].copy()
        grid.apply(block, box)
        np.testing.assert_array_equal(block, whole[box])
    beside = Stroke(tool="fill", label=7, points_um=((3.0, 6.0, 10.0),), radius_um=50.0)
    assert not (corrected(beside) == 7).any()


def test_a_long_stroke_is_painted_part_by_part() -> None:
    turns = np.linspace(0, 3 * np.pi, 200)
    line = np.stack([10 + turns, 6 + 4 * np.sin(turns), 10 + 4 * np.cos(turns)], axis=1)
    found = corrected(brush(*map(tuple, line), radius_um=1.2)) == 3
    away = np.min(
        [np.linalg.norm(places() - point, axis=-1) for point in line], axis=0
    )  # the points lie closer than the brush is wide
    assert (found >= (away <= 1.2)).all()
    assert (found <= (away <= 1.22)).all()
