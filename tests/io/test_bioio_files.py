"""Formats that only bioio's plugins know: a film as GIF stands for them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from scalebridge.errors import ReadError
from scalebridge.io import open_source
from scalebridge.io.bioio_files import _reading
from scalebridge.io.registry import reader_for

pytest.importorskip("bioio_imageio")


def film(path):
    frames = [Image.fromarray(np.full((6, 9), 40 * k, np.uint8)) for k in range(1, 4)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)
    return path


def test_what_no_reader_of_ours_knows_is_opened_by_a_plugin(tmp_path):
    with open_source(film(tmp_path / "film.gif")) as source:
        said = source.description
        assert said.format == "bioio (bioio_imageio)"
        assert said.spacing_um is None
        assert said.axes[0] == "t"
        pixels = source.read()
    assert pixels.shape[0] == 3
    greys = [frame[..., 0] if frame.ndim == 3 else frame for frame in pixels]
    assert [int(np.median(grey)) for grey in greys] == [40, 80, 120]


def test_a_damaged_file_of_ours_is_not_handed_on(tmp_path):
    (tmp_path / "scan.tif").write_bytes(b"no picture at all")
    with pytest.raises(ReadError, match="is named like TIFF"):
        reader_for(str(tmp_path / "scan.tif"))
    (tmp_path / "film.gif").write_bytes(b"GIF89a" + b"\0" * 5)
    with pytest.raises(ReadError), open_source(tmp_path / "film.gif") as source:
        source.read()


def test_a_name_that_no_plugin_has_is_refused_with_what_was_tried(tmp_path):
    (tmp_path / "notes.xyz").write_bytes(b"words")
    with pytest.raises(ReadError, match="no reader knows"):
        reader_for(str(tmp_path / "notes.xyz"))


def pretended(units):
    """What bioio says of a volume, with these units of z, y, x."""
    import dask.array as da

    about = [SimpleNamespace(type=None, unit=unit) for unit in units]
    return SimpleNamespace(
        scenes=("a", "b"),
        set_scene=lambda name: None,
        dims=SimpleNamespace(order="TCZYX"),
        dask_data=da.zeros((1, 2, 3, 4, 5), dtype=np.uint16),
        physical_pixel_sizes=SimpleNamespace(Z=300.0, Y=0.1, X=0.1),
        dimension_properties=SimpleNamespace(Z=about[0], Y=about[1], X=about[2]),
        channel_names=["red", "green"],
        reader=SimpleNamespace(),
    )


def test_a_size_counts_where_its_unit_is_said():
    found = _reading(pretended(["nm", "µm", "micrometer"]), "a.lif", None)
    assert dict(found.spacing_um) == pytest.approx({"z": 0.3, "y": 0.1, "x": 0.1})
    assert found.axes == "czyx"
    assert found.channel_names == ("red", "green")
    assert found.entries == ("a", "b")
    bare = _reading(pretended([None, None, None]), "a.lif", "b")
    assert dict(bare.spacing_um) == {}
    assert dict(bare.bare_spacing) == {"z": 300.0, "y": 0.1, "x": 0.1}
    odd = _reading(pretended(["pixel", "µm", "µm"]), "a.lif", None)
    assert "z" not in odd.spacing_um
    assert any("is in pixel, which is not a length" in words for words in odd.faults)
    with pytest.raises(ReadError, match="got 'c': choose one"):
        _reading(pretended(["µm"] * 3), "a.lif", "c")
