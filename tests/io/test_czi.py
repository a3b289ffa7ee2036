"""CZI: every scene is an image in the file's pixel coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.errors import ReadError

from .looking import look, opened, pixels_of

pylibCZIrw = pytest.importorskip("pylibCZIrw.czi")


def test_the_two_scenes_of_a_confocal_file_are_two_volumes(data):
    file = data / "instrument_files_bio" / "xyz__multiple_images.czi"
    found = look(file)
    assert found.entries == ("scene 0", "scene 1")
    assert (found.axes, found.shape, found.dtype) == ("zyx", (2, 251, 251), "uint16")
    assert found.spacing_um == pytest.approx((0.3, 0.195644376, 0.195644376))
    second = pixels_of(f"{file}::scene 1")
    assert not np.array_equal(pixels_of(file), second)
    box = opened(f"{file}::scene 1").pixels.read((slice(1, 2), slice(3, 9, 2), slice(0, 5)))
    np.testing.assert_array_equal(box, second[1:2, 3:9:2, 0:5])
    with pytest.raises(ReadError, match="scene 7"):
        look(f"{file}::scene 7")


def write(file, images, **scaling):
    with pylibCZIrw.create_czi(str(file)) as out:
        for channel, image in enumerate(images):
            out.write(image[..., None], plane={"C": channel}, location=(30, 20))
        out.write_metadata("made", channel_names={0: "red", 1: "green"}, **scaling)


def test_what_was_written_comes_back_with_its_size_and_place(tmp_path):
    images = np.arange(2 * 6 * 8, dtype=np.uint8).reshape(2, 6, 8)
    write(tmp_path / "a.czi", images, scale_x=2e-7, scale_y=5e-7)
    found = look(tmp_path / "a.czi")
    assert (found.axes, found.channel_names) == ("cyx", ("red", "green"))
    assert found.spacing_um == pytest.approx((0.5, 0.2))
    assert found.origin_um == pytest.approx((10.0, 6.0))
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.czi"), images)


def test_a_czi_without_scaling_is_asked_for_and_one_cut_short_refused(tmp_path):
    write(tmp_path / "a.czi", np.zeros((1, 6, 8), np.uint8))
    assert look(tmp_path / "a.czi").spacing_um is None
    raw = (tmp_path / "a.czi").read_bytes()
    (tmp_path / "a.czi").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(ReadError, match="damaged CZI"):
        look(tmp_path / "a.czi")
