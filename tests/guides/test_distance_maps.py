"""A landmark fit refined on the surface of an object that both volumes show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.guides import register_distance_maps

SIZE, VOXEL_UM = 20, 4.0
MIDDLE = np.full(3, (SIZE - 1) / 2 * VOXEL_UM)
SHIFT = np.array([4.0, -3.0, 6.0])
TRUTH = AffineTransform("rigid", np.eye(3), MIDDLE, MIDDLE + SHIFT)


def knobbly(points_um):
    """Positive inside, of about 50 µm."""
    arms = points_um - MIDDLE
    bumps = np.sin(arms / 10.0 + [0, 1, 2]).sum(axis=-1)
    return 24 - np.linalg.norm(arms * [1.0, 1.4, 0.8], axis=-1) + 5 * bumps


def specimen(folder: Path, *, landmarks: int, sigma_um: float = 5.0) -> Workspace:
    ws, rng = Workspace.create(folder), np.random.default_rng(3)
    points = np.moveaxis(np.indices((SIZE,) * 3), 0, -1) * VOXEL_UM
    insides = {"scan": knobbly(points + SHIFT) > 4, "stack": knobbly(points) > 0}  # thinner in one
    for name, inside in insides.items():
        ws.images.write(
            name,
            shape=inside.shape,
            dtype=np.uint8,
            axes="zyx",
            blocks=[((slice(None),) * 3, (255 * inside).astype(np.uint8))],
            spacing_um=(VOXEL_UM,) * 3,
            spacing_source="made for a test",
        )
    for k, place in enumerate(rng.uniform(10, 68, (landmarks, 3))):
        seen = TRUTH.apply([place])[0] + sigma_um * rng.normal(size=3)
        ws.landmarks.add(
            name=f"mark {k}",
            moving_frame="scan",
            fixed_frame="stack",
            moving=dict(zip(("z_um", "y_um", "x_um"), map(float, place), strict=True)),
            fixed=dict(zip(("z_um", "y_um", "x_um"), map(float, seen), strict=True)),
        )
    return ws


def test_poor_landmarks_are_refined_and_each_is_left_out_once(tmp_path):
    with specimen(tmp_path / "specimen", landmarks=4) as ws:
        found = register_distance_maps(
            ws, "scan", "stack", thresholds=(127.5, 127.5), model="rigid", voxel_um=4.0
        )
        assert len(ws.transforms) == 0
    places = np.array([[20.0, 30, 40], [60, 40, 20], [40, 60, 60]])
    truth = TRUTH.apply(places)
    errors = [
        np.linalg.norm(one.apply(places) - truth, axis=1).max()
        for one in (found.start.transform, found.transform)
    ]
    assert errors[1] < VOXEL_UM / 2 < errors[0]
    assert found.left_out["landmark"].tolist() == [f"mark {k}" for k in range(4)]
    before, after = found.rms_um
    assert after < before
    assert f"missed by {before:.1f} µm from the other landmarks" in found.statement
    np.testing.assert_allclose(found.left_out["landmarks_um"], found.start.loo_um, rtol=1e-6)


def test_too_few_landmarks_are_refused(tmp_path):
    with (
        specimen(tmp_path / "specimen", landmarks=3) as ws,
        pytest.raises(ValueError, match="needs 4 landmarks or more, of which one is left out"),
    ):
        register_distance_maps(ws, "scan", "stack", thresholds=(1, 1))
