"""What is imaged once more of a large image, and what its parts say about the whole."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.quantification import imaged_blocks as blocks_module
from scalebridge.analysis.quantification.imaged_blocks import imaged_blocks
from scalebridge.analysis.quantification.level_set import level_set_area
from scalebridge.analysis.quantification.phases import measure_phases
from scalebridge.analysis.quantification.sphere_scene import sphere_scene


@pytest.fixture(scope="module")
def scene():
    return sphere_scene(
        shape=(130, 130, 130), spacing_um=(1, 1, 1), radii_um=(5, 9), fraction=0.12, gap_um=4,
        seed=2,
    )  # fmt: skip


def test_blocks_of_a_large_image_lie_apart_with_their_surroundings() -> None:
    seen = np.zeros((300, 200, 170), np.uint8)
    for block in imaged_blocks(seen.shape):
        part = tuple(
            slice(outer.start + inner.start, outer.start + inner.stop)
            for outer, inner in zip(block.outer, block.inner, strict=True)
        )
        seen[part] += 1
        assert block.without_halo(seen).shape == (64, 64, 64)
        assert np.array_equal(block.without_halo(seen), seen[part])
    assert seen.max() == 1
    # every half along every axis has its share
    for axis, size in enumerate(seen.shape):
        assert np.take(seen, range(size // 2), axis).sum() == seen.sum() / 2


def test_blocks_outside_the_specimen_are_left_out() -> None:
    inside = np.zeros((300, 200, 170), bool)
    inside[:150] = True
    assert {block.outer[0].stop <= 150 for block in imaged_blocks(inside.shape, inside)} == {True}
    nowhere = np.zeros_like(inside)
    assert imaged_blocks(inside.shape, nowhere) == imaged_blocks(inside.shape)


def test_the_area_of_a_whole_is_that_of_its_parts() -> None:
    z, y, x = np.indices((80, 80, 80), dtype=np.float32)
    grey = np.sin(z / 4) + np.sin((y + 0.3 * z) / 5) + np.sin((x - 0.2 * y) / 4.5)
    parts = [
        level_set_area(grey[a : a + 40, b : b + 40, c : c + 40], level=0.2, spacing_um=(1, 1, 1))
        for a in (0, 40) for b in (0, 40) for c in (0, 40)
    ]  # fmt: skip
    whole = level_set_area(grey, level=0.2, spacing_um=(1, 1, 1))
    assert np.mean(parts) == pytest.approx(whole, rel=0.004)


def test_blocks_say_what_the_whole_says(scene, monkeypatch) -> None:
    image = scene.image(blur_um=0.8, noise=10, seed=3)

    def measured():
        return measure_phases(
            image, thresholds=(100,), threshold_uncertainty=0.3, spacing_um=(1, 1, 1),
            names=("matrix", "sphere"), phase="sphere",
        )  # fmt: skip

    whole = measured()
    monkeypatch.setattr(blocks_module, "_WHOLE_VOXELS", 1_000_000)
    in_blocks = measured()
    for key in ("sphere.volume_fraction", "sphere.specific_surface"):
        one, many = whole[key], in_blocks[key]
        assert many.as_segmented == one.as_segmented
        assert abs(many.value - one.value) < np.hypot(many.parts["imaging"], one.parts["imaging"])
        true = scene.truth()[key.removeprefix("sphere.")]
        assert many.interval95[0] <= true <= many.interval95[1]
