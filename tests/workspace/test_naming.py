from __future__ import annotations

import numpy as np
import pytest

from scalebridge.errors import NotFound, Uncalibrated

POINT = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
COMPOSED, DECOMPOSED = "K\u00f6rper", "Ko\u0308rper"


@pytest.mark.usefixtures("frames")
def test_a_name_is_one_however_it_was_typed(ws, add_image):
    target = ws.targets.add(name=f" {DECOMPOSED} ", frame="survey", position=POINT)
    assert target.name == COMPOSED
    assert ws.targets[DECOMPOSED].id == ws.targets[COMPOSED].id == target.id
    assert ws.history(DECOMPOSED)["id"].tolist() == [target.id]
    with pytest.raises(ValueError, match="already has"):
        ws.targets.add(name=COMPOSED, frame="survey", position=POINT)
    image = add_image(DECOMPOSED, np.zeros((4, 4, 4), "u1"))
    assert (image.name, image.frame) == (COMPOSED, COMPOSED)
    assert ws.targets.rename("K\u00f6rper", "pit ").name == "pit"


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize(
    ("name", "words"),
    [("x" * 121, "at most 120 characters, got 121"), ("  ", "printable"), ("a\nb", "printable")],
)
def test_a_name_that_nobody_could_read_is_refused_in_words(ws, name, words):
    with pytest.raises(ValueError, match=words):
        ws.targets.add(name=name, frame="survey", position=POINT)
    ws.targets.add(name="x" * 120, frame="survey", position=POINT)
    with pytest.raises(ValueError, match=words):
        ws.targets.rename("x" * 120, name)


def test_no_level_of_an_uncalibrated_image_has_a_voxel_size(add_image):
    image = add_image("bare", np.zeros((6, 80, 80), "u1"), spacing_um=None, spacing_source=None)
    for level in image.levels:
        for asked in ("spacing_um", "origin_um"):
            with pytest.raises(Uncalibrated, match="'bare' has no voxel size"):
                getattr(level, asked)


def test_an_image_comes_back_with_its_pixels_or_not_at_all(ws, add_image):
    pixels = np.arange(64, dtype="u1").reshape(4, 4, 4)
    add_image("xrm", pixels)
    ws.images.remove("xrm")
    ws.images.restore("xrm")
    assert np.array_equal(ws.images["xrm"].array(), pixels)
    ws.images.remove("xrm")
    ws.gc(dry_run=False)
    with pytest.raises(NotFound, match="pixels of image 'xrm' were deleted by gc"):
        ws.images.restore("xrm")
    assert "xrm" not in ws.images
