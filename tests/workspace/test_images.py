from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

from scalebridge.errors import Conflict, DamagedImage, RefusedRecord, Uncalibrated, WorkspaceError
from scalebridge.locks import locked
from scalebridge.workspace import Workspace
from scalebridge.workspace.pyramid import shrink

RNG = np.random.default_rng(1)
SMALL = RNG.integers(0, 60000, (20, 70, 66), dtype=np.uint16)


@pytest.mark.parametrize("planes", [1, 7, 64, 200])
def test_pixels_come_back_exactly_however_they_were_cut(add_image, planes):
    array = RNG.integers(0, 60000, (131, 70, 66), dtype=np.uint16)
    image = add_image("v", array, planes=planes)
    assert (image.array() == array).all()
    expected = array
    for _ in image.levels[1:]:
        expected = shrink(expected, steps=(2, 2, 2))
    assert len(image.levels) == 3
    assert (image.array(2) == expected).all()


@pytest.mark.parametrize(
    ("axes", "shape"),
    [("yx", (600, 530)), ("cyx", (3, 40, 30)), ("tczyx", (2, 2, 9, 70, 8)), ("tyx", (4, 20, 30))],
)
def test_time_and_channel_are_kept_at_every_level(add_image, axes, shape):
    array = RNG.integers(0, 255, shape, dtype=np.uint8)
    image = add_image("v", array, axes=axes)
    lead = len(shape) - image.ndim
    for level in image.levels:
        assert level.array.shape == level.shape
        assert level.shape[:lead] == shape[:lead]
    assert (image.array() == array).all()


def test_channels_of_one_plane_may_come_together(ws):
    array = RNG.integers(0, 255, (2, 130, 40, 30), dtype=np.uint8)
    blocks = [
        ((slice(0, 2), slice(z, z + 10), slice(0, 40), slice(0, 30)), array[:, z : z + 10])
        for z in range(0, 130, 10)
    ]
    image = ws.images.write(
        "v",
        shape=array.shape,
        dtype=array.dtype,
        axes="czyx",
        blocks=blocks,
        spacing_um=(1, 1, 1),
        spacing_source="made",
    )
    assert (image.array() == array).all()


def test_a_point_stays_at_its_place_in_every_level(add_image):
    spacing, origin = np.array([2.0, 0.5, 0.5]), np.array([100.0, -7.0, 3.0])
    index = np.indices((64, 256, 256)).astype(np.float32)
    centre_um = np.array([31.0, 140.0, 101.0]) * spacing + origin
    distance = sum(((index[k] * spacing[k] + origin[k]) - centre_um[k]) ** 2 for k in range(3))
    blob = (np.exp(-distance / (2 * 9.0**2)) * 1e4).astype(np.float32)
    image = add_image("v", blob, spacing_um=tuple(spacing), origin_um=tuple(origin))
    assert len(image.levels) > 2
    for level in image.levels:
        pixels = np.asarray(level.array[...], dtype=float)
        grid = np.indices(pixels.shape)
        found = [
            (pixels * (grid[k] * level.spacing_um[k] + level.origin_um[k])).sum() / pixels.sum()
            for k in range(3)
        ]
        assert np.allclose(found, centre_um, atol=0.01)


def test_the_map_to_the_frame_places_voxels_by_spacing_and_origin(add_image):
    image = add_image("v", SMALL, spacing_um=(3, 2, 1), origin_um=(10, 20, 30))
    assert (image.voxel_to_frame @ [1, 1, 1, 1]).tolist() == [13, 22, 31, 1]
    flat = add_image("f", SMALL[0], axes="yx", spacing_um=(2, 1), origin_um=(20, 30))
    assert (flat.voxel_to_frame @ [0, 1, 1, 1]).tolist() == [0, 22, 31, 1]


def test_metadata_is_valid_and_other_tools_read_the_same(add_image):
    import ngff_zarr
    from ome_zarr_models.v05 import Image as OmeImage

    image = add_image("v", SMALL, spacing_um=(0.05, 0.01, 0.01), origin_um=(1.0, 2.0, 3.0))
    group = zarr.open_group(str(image.folder), mode="r")
    assert (group["0"][...] == SMALL).all()
    multiscale = OmeImage.from_zarr(group).ome_attributes.multiscales[0]
    assert [axis.unit for axis in multiscale.axes] == ["micrometer"] * 3
    foreign = ngff_zarr.from_ngff_zarr(str(image.folder), version="0.5")
    for theirs, ours in zip(foreign.images, image.levels, strict=True):
        assert theirs.data.shape == ours.shape
        assert np.allclose([theirs.scale[a] for a in "zyx"], ours.spacing_um)
        assert np.allclose([theirs.translation[a] for a in "zyx"], ours.origin_um)
    assert (np.asarray(foreign.images[0].data) == SMALL).all()


def test_an_image_without_voxel_size_says_so_until_it_is_calibrated(ws, add_image):
    image = add_image("v", SMALL, spacing_um=None, spacing_source="the file says inch")
    assert not image.calibrated
    with pytest.raises(Uncalibrated, match=r"ws\.calibrate\('v'"):
        _ = image.spacing_um
    with pytest.raises(Uncalibrated):
        _ = image.voxel_to_frame
    attributes = json.loads((image.folder / "zarr.json").read_text())["attributes"]
    assert all("unit" not in axis for axis in attributes["ome"]["multiscales"][0]["axes"])
    ws.calibrate("v", spacing_um=(2, 1, 1), source="ruler", uncertainty=0.01)
    calibrated = ws.images["v"]
    assert calibrated.spacing_um == (2, 1, 1)
    assert (calibrated.spacing_source, calibrated.spacing_uncertainty) == ("ruler", 0.01)


def test_nominal_and_calibrated_voxel_size_are_both_kept(folder, ws, add_image):
    image = add_image("v", SMALL, spacing_um=(2, 1, 1), spacing_source="TIFF")
    before = ws.state
    ws.calibrate("v", spacing_um=(2.02, 1.01, 1.01), source="grating")
    now = ws.images["v"]
    assert (now.nominal_spacing_um, now.nominal_spacing_source) == ((2, 1, 1), "TIFF")
    assert (now.spacing_um, now.spacing_source) == ((2.02, 1.01, 1.01), "grating")
    assert Workspace.open(folder, as_of=before).images["v"].spacing_um == (2, 1, 1)
    group = json.loads((image.folder / "zarr.json").read_text())
    scale = group["attributes"]["ome"]["multiscales"][0]["datasets"][0]
    assert scale["coordinateTransformations"][0]["scale"] == [2.02, 1.01, 1.01]


@pytest.mark.parametrize("spacing", [(1, 1), (0, 1, 1), (-1, 1, 1), (float("nan"), 1, 1)])
def test_a_voxel_size_that_is_no_length_is_refused(ws, add_image, spacing):
    add_image("v", SMALL)
    with pytest.raises(ValueError, match="spacing_um needs 3 positive lengths"):
        ws.calibrate("v", spacing_um=spacing, source="ruler")


def test_every_flipped_bit_of_a_chunk_is_found(ws, add_image):
    image = add_image("v", SMALL)
    chunk = image.folder / "0" / "c" / "0" / "0" / "0"
    sound = chunk.read_bytes()
    for position in RNG.integers(0, len(sound) * 8, 200):
        damaged = bytearray(sound)
        damaged[position // 8] ^= 1 << (position % 8)
        chunk.write_bytes(damaged)
        with pytest.raises(DamagedImage, match="crc32c"):
            ws.images["v"].array()
    chunk.write_bytes(sound)
    assert (ws.images["v"].array() == SMALL).all()


@pytest.mark.parametrize("length", [0, 3, 4, 100])
def test_a_chunk_that_was_cut_off_is_found(ws, add_image, length):
    image = add_image("v", SMALL)
    chunk = image.folder / "0" / "c" / "0" / "1" / "0"
    chunk.write_bytes(chunk.read_bytes()[:length])
    with pytest.raises(DamagedImage):
        ws.images["v"].array()


def test_a_missing_chunk_is_an_error_and_not_zeros(ws, add_image):
    image = add_image("v", np.zeros((80, 80, 80), dtype=np.uint8))
    chunks = [path for path in (image.folder / "0" / "c").rglob("*") if path.is_file()]
    assert len(chunks) == 8
    chunks[3].unlink()
    with pytest.raises(DamagedImage, match="got no file"):
        ws.images["v"].array()


def test_damaged_level_metadata_is_found(ws, add_image):
    image = add_image("v", SMALL)
    path = image.folder / "0" / "zarr.json"
    path.write_text(path.read_text().replace("uint16", "int16"))
    with pytest.raises(DamagedImage, match="metadata"):
        ws.images["v"].array()
    path.unlink()
    with pytest.raises(DamagedImage):
        ws.images["v"].array()


def test_a_folder_that_vanished_is_damage(ws, add_image):
    shutil.rmtree(add_image("v", SMALL).folder)
    with pytest.raises(DamagedImage, match="no such folder"):
        ws.images["v"].array()


def test_an_import_that_fails_leaves_nothing(ws):
    def breaking():
        yield (slice(0, 10), slice(0, 70), slice(0, 66)), SMALL[:10]
        raise RuntimeError("the instrument's disk went away")

    with pytest.raises(RuntimeError):
        ws.images.write(
            "v",
            shape=SMALL.shape,
            dtype=SMALL.dtype,
            axes="zyx",
            blocks=breaking(),
            spacing_um=None,
            spacing_source=None,
        )
    assert (len(ws.images), ws.state) == (0, 0)
    assert list((ws.path / "images").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda blocks: blocks[:-1], "fewer"),
        (lambda blocks: blocks[::-1], "slab by slab|fewer|cover"),
        (lambda blocks: [*blocks, blocks[-1]], "slab by slab"),
        (lambda blocks: [(blocks[0][0], blocks[0][1].astype(float)), *blocks[1:]], "dtype"),
    ],
)
def test_blocks_that_do_not_cover_the_image_once_are_refused(ws, change, words):
    array = RNG.integers(0, 9, (130, 20, 20), dtype=np.uint8)
    blocks = [((slice(z, z + 65), slice(0, 20), slice(0, 20)), array[z : z + 65]) for z in (0, 65)]
    with pytest.raises(ValueError, match=words):
        ws.images.write(
            "v",
            shape=array.shape,
            dtype=array.dtype,
            axes="zyx",
            blocks=change(blocks),
            spacing_um=None,
            spacing_source=None,
        )
    assert len(ws.images) == 0


def test_two_imports_of_one_name_do_not_run_at_once(ws, add_image):
    def claim_again():
        with pytest.raises(WorkspaceError, match="another process is importing 'v'"):
            add_image("v", SMALL)
        yield tuple(slice(0, n) for n in SMALL.shape), SMALL

    ws.images.write(
        "v",
        shape=SMALL.shape,
        dtype=SMALL.dtype,
        axes="zyx",
        blocks=claim_again(),
        spacing_um=None,
        spacing_source=None,
    )
    with pytest.raises(ValueError, match="already has 'v'"):
        add_image("v", SMALL)


def test_a_lock_ends_with_its_holder(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "lock", busy="busy"):
            again = locked(tmp_path / "lock", busy="busy")
            with pytest.raises(WorkspaceError, match="busy"):
                again.__enter__()


def test_progress_tells_what_is_done_and_left(add_image):
    seen: list = []
    add_image("v", SMALL, progress=seen.append)
    done = [step.done for step in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1].total == SMALL.size
    written = [step for step in seen if step.phase == "writing"]
    assert written[-1].seconds_left == pytest.approx(0)
    assert seen[-1].phase == "checking"
    assert seen[0].disk_needed_bytes > SMALL.nbytes


def test_label_images_keep_labels_in_every_level(add_image):
    labels = RNG.choice(np.array([3, 200, 70000], dtype=np.uint32), (70, 70, 70))
    image = add_image("phases", labels, labels=True)
    assert set(np.unique(image.array(1))) <= {3, 200, 70000}


def test_removed_pixels_are_freed_by_gc_and_as_of_says_so(folder, ws, add_image):
    image = add_image("v", SMALL)
    kept = add_image("kept", SMALL)
    partial = Path(ws.path / "images" / ".partial-dead")
    partial.mkdir()
    (partial / "chunk").write_bytes(b"x" * 1000)
    before = ws.state
    ws.images.remove("v")
    listed = ws.gc()
    assert set(listed["reason"]) == {"image was removed", "an import that did not finish"}
    assert listed["size_mb"].max() > 0.1
    assert image.folder.exists()
    ws.gc(dry_run=False)
    assert not image.folder.exists()
    assert not partial.exists()
    assert (kept.array() == SMALL).all()
    old = Workspace.open(folder, as_of=before).images["v"]
    assert old.shape == SMALL.shape
    with pytest.raises(KeyError, match="deleted by gc") as caught:
        old.array()
    assert "its records remain" in str(caught.value)
    assert len(ws.gc()) == 0


def test_gc_from_an_earlier_state_sees_todays_images(folder, ws, add_image):
    before = ws.state
    add_image("v", SMALL)
    assert len(Workspace.open(folder, as_of=before).gc()) == 0


def test_gc_leaves_an_import_that_is_under_way(ws):
    def look():
        assert len(ws.gc()) == 0
        yield tuple(slice(0, n) for n in SMALL.shape), SMALL

    ws.images.write(
        "v",
        shape=SMALL.shape,
        dtype=SMALL.dtype,
        axes="zyx",
        blocks=look(),
        spacing_um=None,
        spacing_source=None,
    )
    names = {path.name for path in (ws.path / "images").iterdir()}
    assert all(name.endswith(".ome.zarr") for name in names)


def test_memory_of_an_import_stays_within_its_limit(ws):
    import tracemalloc

    edge, slab = 256, RNG.integers(0, 999, (16, 256, 256), dtype=np.uint16)
    blocks = (
        ((slice(z, z + 16), slice(0, edge), slice(0, edge)), slab) for z in range(0, edge, 16)
    )
    tracemalloc.start()
    ws.images.write(
        "v",
        shape=(edge,) * 3,
        dtype=slab.dtype,
        axes="zyx",
        blocks=blocks,
        spacing_um=None,
        spacing_source=None,
        memory_mb=16,
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 2**20 < edge**3 * 2


def test_instrument_metadata_is_kept_with_its_nan_as_words(add_image):
    image = add_image("v", SMALL, metadata={"dose": float("nan"), "kV": np.float32(2.0)})
    assert image.metadata == {"dose": "NaN", "kV": 2.0}


def test_axes_that_ome_zarr_does_not_know_are_refused(add_image):
    for axes, shape in itertools.product(["xyz", "zxy"], [(4, 4, 4)]):
        with pytest.raises(ValueError, match="axes need"):
            add_image("v", np.zeros(shape, dtype=np.uint8), axes=axes)


def test_the_table_of_images_has_one_column_an_axis(ws, add_image):
    add_image("volume", SMALL, spacing_um=(3, 2, 1))
    add_image("view", SMALL[0], axes="yx", spacing_um=None, spacing_source="none")
    table = ws.images.table().set_index("name")
    spacing = table[["spacing_x_um", "spacing_y_um", "spacing_z_um"]]
    assert spacing.loc["volume"].tolist() == [1, 2, 3]
    assert spacing.loc["view"].isna().all()


def test_an_image_that_is_sent_twice_is_written_once_and_its_id_serves_no_other(ws, add_image):
    first = add_image("v", SMALL, id="sent")
    assert add_image("v", SMALL, id="sent").record == first.record
    ws.frames.add(name="sem", id="frame")
    for name, array, identity in (
        ("w", SMALL, "sent"),
        ("v", SMALL[:9], "sent"),
        ("w", SMALL, "frame"),
    ):
        with pytest.raises(Conflict, match="but you add a new one with its id"):
            add_image(name, array, id=identity)
    ws.images.remove("v")
    with pytest.raises(Conflict):
        add_image("v", SMALL, id="sent")
    assert [path.name for path in first.folder.parent.glob("*.zarr")] == ["sent.ome.zarr"]


def test_an_image_that_is_written_and_calibrated_in_one_transaction_is_readable_inside(
    ws, add_image
):
    with ws.transaction():
        add_image("v", SMALL)
        ws.calibrate("v", spacing_um=(3, 2, 1), source="ruler")
        assert (ws.images["v"].array() == SMALL).all()
    assert ws.images["v"].verify()["damaged"].sum() == 0


def test_a_voxel_size_with_too_few_lengths_is_refused_without_the_whole_record(ws, add_image):
    add_image("v", SMALL, metadata={"operator": "somebody"})
    with pytest.raises(RefusedRecord) as refused:
        ws.images.edit("v", version=1, spacing_um=(1.0,))
    assert str(refused.value) == (
        "images.spacing_um needs 3 values (z, y, x), got 1: (1.0,); images 'v' stays at version 1"
    )
