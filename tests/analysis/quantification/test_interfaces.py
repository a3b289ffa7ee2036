"""Interfaces, triple lines and curvature of bodies whose values are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from scalebridge.analysis.quantification import (
    curvature,
    curvature_of_grey,
    interface_table,
    surface,
    triple_line_table,
)


def places(count: int, spacing: tuple[float, ...], offset: np.ndarray) -> np.ndarray:
    axes = [
        (np.arange(int(count / s)) - int(count / s) / 2) * s + o
        for s, o in zip(spacing, offset, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def halved_ball(radius, rotation, spacing, offset) -> np.ndarray:
    """Label a ball 1 and 2 on both sides of a plane through its middle."""
    at = places(2 * radius + 4 * max(2.0, *spacing), spacing, offset) @ rotation.as_matrix()
    ball = (at**2).sum(-1) <= radius**2
    return (ball * np.where(at[..., 0] < 0, 1, 2)).astype(np.uint8)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_interfaces_and_triple_line_of_a_halved_ball_are_right_on_average(spacing) -> None:
    rng = np.random.default_rng(0)
    radius, areas = 16.0, []
    for rotation in Rotation.random(20, rng=rng):
        labels = halved_ball(radius, rotation, spacing, rng.uniform(-0.5, 0.5, 3))
        areas.append(interface_table(labels, spacing_um=spacing)["area_um2"].to_numpy())
    outer, flat = 2 * np.pi * radius**2, np.pi * radius**2
    found = np.mean(areas, axis=0)
    assert found[:2] == pytest.approx([outer, outer], rel=0.02)
    assert found[2] == pytest.approx(flat, rel=0.06)  # its rim is where three phases meet


VOXELS = pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (5.0, 1.0, 1.0)])
ROTATIONS = pytest.mark.parametrize("count", [12, pytest.param(50, marks=pytest.mark.full)])


@VOXELS
@ROTATIONS
def test_the_rim_of_a_halved_ball_has_its_length_in_any_rotation(spacing, count, reference) -> None:
    rng = np.random.default_rng(0)
    radius, lines = 8.0 * max(spacing), []
    for rotation in Rotation.random(count, rng=rng):
        labels = halved_ball(radius, rotation, spacing, rng.uniform(-0.5, 0.5, 3))
        lines.append(triple_line_table(labels, spacing_um=spacing)["length_um"].sum())
    found = np.array(lines) / (2 * np.pi * radius)
    what = f"triple line of a halved ball, voxels {spacing[0]:g}:1:1, mean of {count} rotations"
    reference(what, found.mean(), 1.0, rel=0.02, source="2 pi R")
    assert found.std() < 0.02


@VOXELS
@ROTATIONS
def test_straight_triple_lines_of_any_direction_have_their_length(spacing, count, reference):
    """Three sectors with angles of 180, 90 and 90 degrees around a line through the box."""
    rng = np.random.default_rng(1)
    found = []
    for rotation in Rotation.random(count, rng=rng):
        box = places(16 * max(spacing), spacing, rng.uniform(-0.5, 0.5, 3))
        at = box @ rotation.as_matrix()
        labels = np.where(at[..., 0] < 0, 0, np.where(at[..., 1] < 0, 1, 2)).astype(np.uint8)
        along = rotation.as_matrix()[:, 2]
        walls = np.stack([box[0, 0, 0], box[-1, -1, -1]]) + np.outer((-0.5, 0.5), spacing)
        crossed = np.sort(walls / along, axis=0)
        length = crossed[1].min() - crossed[0].max()
        found.append(triple_line_table(labels, spacing_um=spacing)["length_um"].sum() / length)
    what = f"straight triple lines, voxels {spacing[0]:g}:1:1, mean of {count} directions"
    reference(what, np.mean(found), 1.0, rel=0.02, source="drawn")
    assert np.max(np.abs(np.array(found) - 1)) < 0.06


def test_a_film_between_two_phases_has_no_triple_line_and_axes_only_turn_it() -> None:
    rng = np.random.default_rng(2)
    field = gaussian_filter(rng.standard_normal((3, 40, 40, 40)), (0, 4, 4, 4))
    labels = field.argmax(axis=0)
    length = triple_line_table(labels, spacing_um=(1, 1, 1))["length_um"]
    turned = triple_line_table(np.moveaxis(labels, 0, 2), spacing_um=(1, 1, 1))["length_um"]
    swapped = triple_line_table((labels + 1) % 3, spacing_um=(2, 2, 2))["length_um"]
    assert turned.to_numpy() == pytest.approx(length.to_numpy(), rel=1e-4)
    assert swapped.to_numpy() == pytest.approx(2 * length.to_numpy(), rel=1e-4)
    layers = np.zeros((12, 12, 12), int)
    layers[5], layers[6:] = 1, 2
    assert triple_line_table(layers, spacing_um=(1, 1, 1)).empty


def test_the_interfaces_of_a_phase_add_up_to_its_surface() -> None:
    field = gaussian_filter(np.random.default_rng(1).standard_normal((40, 44, 48)), 3)
    labels = np.digitize(field, np.quantile(field, (0.4, 0.7)))
    table = interface_table(labels, spacing_um=(2, 1, 1))
    ones = table[(table["phase"] == 1) | (table["other"] == 1)]["area_um2"].sum()
    assert ones == pytest.approx(surface(labels == 1, spacing_um=(2, 1, 1)).area_um2, rel=0.02)


def test_a_mask_leaves_out_the_triple_lines_beyond_it() -> None:
    labels = np.zeros((8, 8, 8), int)
    labels[:, :4, :4], labels[:, 4:, :4] = 1, 2
    whole = triple_line_table(labels, spacing_um=(1, 1, 1))
    assert whole[["first", "second", "third"]].to_numpy().tolist() == [[0, 1, 2]]
    mask = np.zeros(labels.shape, bool)
    mask[:4] = True
    half = triple_line_table(labels, spacing_um=(1, 1, 1), mask=mask)
    assert half["length_um"][0] == pytest.approx(whole["length_um"][0] / 2, rel=1e-3)
    mask[:, 4:] = False
    assert triple_line_table(labels, spacing_um=(1, 1, 1), mask=mask).empty


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
def test_a_ball_has_the_curvature_of_its_radius_and_a_hole_the_negative(spacing) -> None:
    ball = halved_ball(15.0, Rotation.identity(), spacing, np.array([0.3, 0.1, -0.2])) > 0
    found, hole = curvature(ball, spacing_um=spacing), curvature(~ball, spacing_um=spacing)
    assert found.mean_per_um == pytest.approx(1 / 15, rel=0.03)
    assert found.gaussian_per_um2 == pytest.approx(1 / 15**2, rel=0.03)
    assert hole.mean_per_um == pytest.approx(-found.mean_per_um, rel=1e-9)
    assert hole.gaussian_per_um2 == pytest.approx(found.gaussian_per_um2, rel=1e-9)


def test_a_cylinder_along_an_axis_shows_its_mean_curvature_and_no_gaussian() -> None:
    y, x = np.indices((90, 90)) - 44.3
    tube = np.broadcast_to(y**2 + x**2 <= 14**2, (30, 90, 90))
    found = curvature(tube, spacing_um=(1, 1, 1))
    assert found.gaussian_per_um2 == pytest.approx(0, abs=1e-12)
    along = [curvature(np.moveaxis(tube, 0, a), spacing_um=(1, 1, 1)).mean_per_um for a in range(3)]
    assert along == pytest.approx([found.mean_per_um] * 3, rel=1e-9)
    assert found.mean_per_um == pytest.approx(1 / 28, abs=found.mean_error_per_um)
    assert found.mean_error_per_um < 0.08 / 28


@pytest.mark.parametrize(("radius", "tolerance"), [(20.0, 0.05), (10.0, 0.10)])
def test_the_curvature_of_a_ball_is_found_on_its_mask(radius, tolerance) -> None:
    ball = halved_ball(radius, Rotation.identity(), (1.0, 1.0, 1.0), np.array([0.2, 0.0, 0.4])) > 0
    found = curvature_of_grey(ball, level=0.5, spacing_um=(1, 1, 1), smoothing_um=2.0)
    mean = np.average(found.mean_per_um, weights=found.weights_um2)
    gaussian = np.average(found.gaussian_per_um2, weights=found.weights_um2)
    assert mean == pytest.approx(1 / radius, rel=tolerance)
    assert gaussian == pytest.approx(1 / radius**2, rel=2 * tolerance)
    area = found.weights_um2.sum()
    assert area == pytest.approx(4 * np.pi * radius**2, rel=0.10)
