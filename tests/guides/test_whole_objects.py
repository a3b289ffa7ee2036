"""Balls of known size: their volume, surface, inmost place, and how far two of them overlap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.guides import inmost_place, overlap, segmentations_to_measure, whole_object

RADIUS_UM = 12.0
CENTRE_UM = np.array([20.3, 22.6, 24.1])
SHIFT_UM = np.array([0.0, 0.0, RADIUS_UM])


def ball(
    shape: tuple[int, int, int], spacing_um: tuple[float, ...], centre: np.ndarray
) -> np.ndarray:
    """A ball with an edge as soft as a voxel, like a mask that was interpolated."""
    axes = [np.arange(n) * s for n, s in zip(shape, spacing_um, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    distance = np.linalg.norm(grid - centre, axis=-1)
    return np.rint(255 * np.clip(0.5 + RADIUS_UM - distance, 0, 1)).astype(np.uint8)


def put(ws: Workspace, name: str, spacing_um: tuple[float, ...], centre: np.ndarray) -> None:
    shape = tuple(int(48 / s) for s in spacing_um)
    grey = ball(shape, spacing_um, centre)  # type: ignore[arg-type]
    ws.images.write(
        name,
        shape=shape,
        dtype="uint8",
        axes="zyx",
        blocks=[((slice(None),) * 3, grey)],
        spacing_um=spacing_um,
        spacing_source="made",
    )
    ws.segmentations.add(
        name=name,
        image=name,
        thresholds=[127.5],
        threshold_uncertainty=[2.0],
        phases=[{"label": 0, "name": "background"}, {"label": 1, "name": "ball"}],
        accepted=True,
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "specimen") as made:
        put(made, "here", (1.0, 1.0, 1.0), CENTRE_UM)
        put(made, "there", (1.5, 1.0, 1.0), CENTRE_UM - SHIFT_UM / 3)
        yield made


def test_volume_and_surface_are_those_of_the_ball_on_either_grid(ws: Workspace) -> None:
    for name in ("here", "there"):
        (settings,) = segmentations_to_measure(ws, segmentation=name)
        volume, surface = whole_object(ws, settings, phase="ball")
        assert volume.key == f"quantification.{name}.ball.volume_um3"
        assert volume.value == pytest.approx(4 / 3 * np.pi * RADIUS_UM**3, rel=0.01)
        assert surface.value == pytest.approx(4 * np.pi * RADIUS_UM**2, rel=0.03)
        assert (volume.unit, surface.unit) == ("µm³", "µm²")
        assert 0 < volume.uncertainty < 0.1 * volume.value


def test_the_field_of_view_does_not_change_the_object(ws: Workspace) -> None:
    grey = np.pad(ws.images["here"].array(), 7)
    ws.images.write(
        "wide",
        shape=grey.shape,
        dtype="uint8",
        axes="zyx",
        blocks=[((slice(None),) * 3, grey)],
        spacing_um=(1.0, 1.0, 1.0),
        spacing_source="made",
    )
    fields = {**ws.segmentations["here"].fields, "image": "wide"}
    ws.segmentations.add(name="wide", **fields)
    found = [
        whole_object(ws, segmentations_to_measure(ws, segmentation=name)[0], phase="ball")[0]
        for name in ("here", "wide")
    ]
    assert found[0].value == pytest.approx(found[1].value, rel=1e-12)


def test_an_object_that_is_not_there_is_refused(ws: Workspace) -> None:
    (settings,) = segmentations_to_measure(
        ws, image="here", thresholds=[255.5], phases=["background", "ball"]
    )
    with pytest.raises(ValueError, match="expected an object in the image, got none"):
        whole_object(ws, settings, phase="ball")


def test_the_inmost_place_of_a_ball_is_its_centre(ws: Workspace) -> None:
    found = inmost_place(ws, "here", threshold=127.5)
    assert list(found.position.values()) == pytest.approx(CENTRE_UM, abs=0.8)
    assert found.depth_um == pytest.approx(RADIUS_UM, abs=1.0)


def exact(matrix: np.ndarray, offset_um: np.ndarray) -> AffineTransform:
    return AffineTransform("affine", matrix, np.zeros(3), offset_um, sigma_source="exact")


def test_a_ball_in_place_shares_all_and_a_shifted_one_shares_a_lens(ws: Workspace) -> None:
    cuts = (127.5, 127.5)
    home = exact(np.eye(3), -SHIFT_UM / 3)
    there = overlap(ws, "here", "there", transform=home, thresholds=cuts)
    assert there.dice == pytest.approx(1, abs=0.03)
    assert there.best_dice == pytest.approx(1, abs=0.01)
    away = exact(np.eye(3), SHIFT_UM - SHIFT_UM / 3)
    shifted = overlap(ws, "here", "there", transform=away, thresholds=cuts)
    lens = np.pi / 12 * (4 * RADIUS_UM + RADIUS_UM) * (2 * RADIUS_UM - RADIUS_UM) ** 2
    assert shifted.shared_um3 == pytest.approx(lens, rel=0.03)


def test_a_scale_changes_the_mapped_volume_and_what_overlap_can_reach(ws: Workspace) -> None:
    grown = exact(1.2 * np.eye(3), -0.2 * CENTRE_UM - SHIFT_UM / 3)
    found = overlap(ws, "here", "there", transform=grown, thresholds=(127.5, 127.5))
    assert found.mapped_um3 == pytest.approx(1.2**3 * found.moving_um3)
    assert found.best_dice == pytest.approx(2 / (1 + 1.2**3), abs=0.01)
    assert found.dice == pytest.approx(found.best_dice, abs=0.02)
    assert set(found.table()["object"]) == {"here", "there", "both"}
