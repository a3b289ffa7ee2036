from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import zarr

from scalebridge.errors import ReadError, ReadLimit
from scalebridge.io import Answers, OmeZarrSource, describe, open_source, preview

VOLUME = np.random.default_rng(0).integers(0, 4000, (2, 8, 20, 24)).astype(np.uint16)


def axes(unit="micrometer"):
    space = {"type": "space"} | ({"unit": unit} if unit else {})
    return [{"name": "c", "type": "channel"}] + [{"name": n, **space} for n in "zyx"]


def write(folder, *, version, unit="micrometer", chunks=(1, 4, 8, 8), whole=None):
    """Write a two-level image as its specification says."""
    old = version == "0.4"
    group = zarr.open_group(str(folder), mode="w", zarr_format=2 if old else 3)
    for level, factor in enumerate((1, 2)):
        data = VOLUME[:, :, ::factor, ::factor]
        made = group.create_array(str(level), shape=data.shape, chunks=chunks, dtype="uint16")
        made[...] = data
    multiscale: dict[str, Any] = {
        "axes": axes(unit),
        "datasets": [
            {"path": str(level), "coordinateTransformations": [
                {"type": "scale", "scale": [1, 0.5, 0.1 * f, 0.1 * f]},
                {"type": "translation", "translation": [0, 7.0, 1.0, 2.0]},
            ]}
            for level, f in enumerate((1, 2))
        ],
    }  # fmt: skip
    if whole:
        multiscale["coordinateTransformations"] = [{"type": "scale", "scale": whole}]
    omero: dict[str, Any] = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}
    if old:
        group.attrs.update({"multiscales": [{"version": "0.4", **multiscale}], "omero": omero})
    else:
        ome: Any = {"version": "0.5", "multiscales": [multiscale], "omero": omero}
        group.attrs.update({"ome": ome})
    return folder


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_both_versions_are_opened_lazily_in_the_caller(tmp_path, version):
    write(tmp_path / "a.zarr", version=version)
    with open_source(tmp_path / "a.zarr") as source:
        assert isinstance(source, OmeZarrSource)
        found = source.description
        assert found.format == f"OME-Zarr {version}"
        assert (found.axes, found.shape) == ("czyx", VOLUME.shape)
        assert found.spacing_um == pytest.approx((0.5, 0.1, 0.1))
        assert found.origin_um == pytest.approx((7.0, 1.0, 2.0))
        assert found.channel_names == ("DAPI", "GFP")
        assert [level.shape for level in source.levels] == [(2, 8, 20, 24), (2, 8, 10, 12)]
        np.testing.assert_array_equal(source.read(), VOLUME)
        for box, block in source.blocks(depth=3):
            np.testing.assert_array_equal(block, VOLUME[box])


def test_the_scale_of_the_whole_image_multiplies_that_of_its_levels(tmp_path):
    write(tmp_path / "a.zarr", version="0.5", unit="nanometer", whole=[1, 100, 100, 100])
    found = describe(tmp_path / "a.zarr")
    assert found.spacing_um == pytest.approx((0.05, 0.01, 0.01))
    assert found.origin_um == pytest.approx((0.7, 0.1, 0.2))


def test_a_scale_without_a_unit_is_no_voxel_size_until_one_is_answered(tmp_path):
    write(tmp_path / "a.zarr", version="0.4", unit=None)
    assert describe(tmp_path / "a.zarr").spacing_um is None
    answered = describe(tmp_path / "a.zarr", answers=Answers(unit="um"))
    assert answered.spacing_um == pytest.approx((0.5, 0.1, 0.1))


def test_flips_and_previews_work_as_for_any_file(tmp_path):
    write(tmp_path / "a.zarr", version="0.5")
    with open_source(tmp_path / "a.zarr", answers=Answers(flip="y")) as source:
        np.testing.assert_array_equal(source.read(), VOLUME[:, :, ::-1])
    seen = preview(tmp_path / "a.zarr", max_side=12, max_planes=4)
    np.testing.assert_array_equal(seen.image, VOLUME[:, list(seen.planes)][:, :, 1::2, 1::2])


@pytest.mark.parametrize("where", ["filter", "compressor", "object"])
def test_a_codec_that_would_unpickle_is_refused_before_zarr_sees_it(tmp_path, where):
    write(tmp_path / "a.zarr", version="0.4")
    file = tmp_path / "a.zarr" / "0" / ".zarray"
    metadata = json.loads(file.read_text())
    if where == "filter":
        metadata["filters"] = [{"id": "pickle", "protocol": 5}]
    elif where == "compressor":
        metadata["compressor"] = {"id": "pickle"}
    else:
        metadata |= {"dtype": "|O", "fill_value": None}
    file.write_text(json.dumps(metadata))
    with pytest.raises(ReadError, match=r"only unpack numbers|numeric Zarr type"):
        describe(tmp_path / "a.zarr")


def test_a_hidden_codec_inside_shards_is_refused(tmp_path):
    write(tmp_path / "a.zarr", version="0.5")
    file = tmp_path / "a.zarr" / "0" / "zarr.json"
    metadata = json.loads(file.read_text())
    metadata["codecs"] = [{"name": "sharding_indexed", "configuration": {
        "chunk_shape": [1, 4, 8, 8], "codecs": [{"name": "numcodecs.pickle"}],
        "index_codecs": [{"name": "bytes"}]}}]  # fmt: skip
    file.write_text(json.dumps(metadata))
    with pytest.raises(ReadError, match=r"numcodecs\.pickle"):
        describe(tmp_path / "a.zarr")


def test_a_level_outside_the_folder_is_refused(tmp_path):
    write(tmp_path / "other.zarr", version="0.5")
    write(tmp_path / "a.zarr", version="0.5")
    file = tmp_path / "a.zarr" / "zarr.json"
    file.write_text(file.read_text().replace('"path": "0"', '"path": "../other.zarr/0"'))
    with pytest.raises(ReadError, match="outside of itself"):
        describe(tmp_path / "a.zarr")


def test_a_chunk_larger_than_the_memory_is_refused(tmp_path):
    write(tmp_path / "a.zarr", version="0.5")
    file = tmp_path / "a.zarr" / "0" / "zarr.json"
    metadata = json.loads(file.read_text())
    metadata["chunk_grid"]["configuration"]["chunk_shape"] = [2, 4096, 4096, 64]
    file.write_text(json.dumps(metadata))
    with pytest.raises(ReadLimit, match="allowed are 1024 MB"):
        describe(tmp_path / "a.zarr")


def test_a_damaged_chunk_is_an_error_and_not_zeros(tmp_path):
    write(tmp_path / "a.zarr", version="0.5")
    chunk = next(p for p in (tmp_path / "a.zarr" / "0" / "c").rglob("*") if p.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-9])
    with open_source(tmp_path / "a.zarr") as source, pytest.raises(ReadError, match="chunk"):
        source.read()


def test_zarr_without_multiscales_names_what_is_inside(tmp_path):
    group = zarr.open_group(str(tmp_path / "plate.zarr"), mode="w", zarr_format=3)
    group.create_group("A")
    write(tmp_path / "plate.zarr" / "A" / "1", version="0.5")
    with pytest.raises(ReadError, match=r"holds \['A'\]"):
        describe(tmp_path / "plate.zarr")
    assert describe(f"{tmp_path / 'plate.zarr'}::A/1").shape == VOLUME.shape
    with pytest.raises(ReadError, match="entry inside"):
        describe(f"{tmp_path / 'plate.zarr'}::../other")
