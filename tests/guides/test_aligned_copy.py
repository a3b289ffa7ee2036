"""An aligned copy of a textured image: a known shift is found back, to a fraction of a pixel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform
from scalebridge.guides import compare_with_copy

PIXEL_UM = 0.2
SHIFT_PX = np.array([3.0, -5.0])  # of the copy against the moving image


def put(ws: Workspace, name: str, grey: np.ndarray) -> None:
    ws.images.write(
        name,
        shape=grey.shape,
        dtype="uint8",
        axes="yx",
        blocks=[((slice(None),) * 2, grey.astype(np.uint8))],
        spacing_um=(PIXEL_UM, PIXEL_UM),
        spacing_source="made",
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    noise = np.random.default_rng(1).normal(size=(260, 240))
    texture = ndimage.gaussian_filter(noise, 3)
    grey = 128 + 100 * texture / np.abs(texture).max()
    with Workspace.create(tmp_path / "specimen") as made:
        put(made, "moving", grey)
        put(made, "copy", ndimage.shift(grey, SHIFT_PX, order=1, mode="reflect"))
        put(made, "fixed", np.full_like(grey, 50))
        put(made, "other", 128 + 100 * ndimage.gaussian_filter(noise[::-1], 1))
        yield made


def shifted(by_px: np.ndarray) -> AffineTransform:
    offset = np.array([0.0, *by_px]) * PIXEL_UM
    return AffineTransform("affine", np.eye(3), np.zeros(3), offset, sigma_source="exact")


def test_the_right_transform_has_no_error_and_the_wrong_one_has_its_own(ws: Workspace) -> None:
    names = {"moving": "moving", "copy": "copy", "within": "fixed"}
    right = compare_with_copy(ws, shifted(SHIFT_PX), **names)
    assert right.rms_um < 0.02 * PIXEL_UM
    assert right.unmoved_um == pytest.approx(np.hypot(*SHIFT_PX) * PIXEL_UM, rel=0.01)
    wrong = compare_with_copy(ws, shifted(SHIFT_PX + np.array([2.0, 0.0])), **names)
    assert wrong.rms_um == pytest.approx(2 * PIXEL_UM, rel=0.01)
    assert wrong.median_um == pytest.approx(2 * PIXEL_UM, rel=0.01)
    assert wrong.table["dy_um"].mean() == pytest.approx(2 * PIXEL_UM, rel=0.01)
    assert wrong.table["dx_um"].abs().max() < 0.1 * PIXEL_UM


def test_another_image_is_no_copy(ws: Workspace) -> None:
    with pytest.raises(ValueError, match="no block of other is found again in moving"):
        compare_with_copy(ws, shifted(SHIFT_PX), moving="moving", copy="other", within="fixed")
