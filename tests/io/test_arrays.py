from __future__ import annotations

import json
import re

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from scalebridge.errors import ReadError
from scalebridge.io import Answers, describe, open_source

VOLUME = np.random.default_rng(0).integers(0, 4000, (5, 7, 11)).astype(np.uint16)


def read(path, **answers):
    with open_source(path, answers=Answers(**answers)) as source:
        return source.description, source.read()


def test_npy_is_read_in_either_memory_order(tmp_path):
    for name, data in (("c.npy", VOLUME), ("f.npy", np.asfortranarray(VOLUME))):
        np.save(tmp_path / name, data)
        found, pixels = read(tmp_path / name)
        np.testing.assert_array_equal(pixels, VOLUME)
        assert found.spacing_um is None
        assert "taken as slices along z" in found.warnings[0]


def test_a_pickled_array_is_refused_and_not_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    np.save(tmp_path / "a.npy", np.array([[Trap()]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", bad=np.array([[Trap()]], dtype=object))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(ReadError, match="Python objects"):
            describe(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_one_of_several_npz_arrays_is_chosen_by_name(tmp_path, save):
    save(tmp_path / "a.npz", first=VOLUME, second=VOLUME[:, :3])
    with pytest.raises(ReadError, match=r"holds \['first', 'second'\]"):
        describe(tmp_path / "a.npz")
    found, pixels = read(f"{tmp_path / 'a.npz'}::second")
    np.testing.assert_array_equal(pixels, VOLUME[:, :3])
    assert found.path.endswith("a.npz::second")


def test_axes_are_named_by_an_answer_and_put_in_order(tmp_path):
    data = np.random.default_rng(1).integers(0, 9, (3, 4, 5, 2)).astype(np.uint8)
    np.save(tmp_path / "a.npy", data)
    with pytest.raises(ReadError, match="name them"):
        describe(tmp_path / "a.npy")
    found, pixels = read(tmp_path / "a.npy", axes="zyxc", spacing_um=(3, 2, 1))
    assert (found.axes, found.shape, found.spacing_um) == ("czyx", (2, 3, 4, 5), (3, 2, 1))
    np.testing.assert_array_equal(pixels, data.transpose(3, 0, 1, 2))


@pytest.mark.parametrize("flip", ["z", "y", "xz", "zyx"])
def test_flipped_axes_are_read_backwards_in_any_box(tmp_path, flip):
    np.save(tmp_path / "a.npy", VOLUME)
    expected = np.flip(VOLUME, tuple("zyx".index(axis) for axis in flip))
    box = (slice(1, 5, 2), slice(0, 6, 3), slice(2, 9))
    with open_source(tmp_path / "a.npy", answers=Answers(flip=flip)) as source:
        np.testing.assert_array_equal(source.read(), expected)
        np.testing.assert_array_equal(source.read(box), expected[box])


def test_a_left_handed_answer_offers_the_flip_that_fixes_it(tmp_path):
    np.save(tmp_path / "a.npy", VOLUME)
    left = describe(tmp_path / "a.npy", answers=Answers(handedness="left"))
    assert ("flip" in left.missing, left.flip_offered) == (True, "z")
    fixed = describe(tmp_path / "a.npy", answers=Answers(handedness="left", flip="z"))
    assert "flip" not in fixed.missing


def test_raw_with_a_header_beside_it(tmp_path):
    VOLUME.astype(">u2").tofile(tmp_path / "scan.raw")
    header = {"shape": [5, 7, 11], "dtype": "uint16", "byte_order": "big",
              "spacing_um": [3, 2, 1], "modality": "XRM", "operator": "Ada"}  # fmt: skip
    (tmp_path / "scan.raw.json").write_text(json.dumps(header))
    found, pixels = read(tmp_path / "scan.raw")
    np.testing.assert_array_equal(pixels, VOLUME)
    assert (found.spacing_um, found.modality) == ((3, 2, 1), "XRM")
    assert found.metadata["header"]["operator"] == "Ada"


def test_raw_without_a_header_asks_and_takes_answers(tmp_path):
    (tmp_path / "scan.raw").write_bytes(b"12345678" + VOLUME.tobytes())
    with pytest.raises(ReadError, match="expected shape and dtype"):
        describe(tmp_path / "scan.raw")
    found, pixels = read(tmp_path / "scan.raw", shape=(5, 7, 11), dtype="uint16", offset=8)
    np.testing.assert_array_equal(pixels, VOLUME)
    assert found.spacing_um is None


def test_raw_of_another_size_than_its_header_says_is_refused(tmp_path):
    VOLUME.tofile(tmp_path / "scan.raw")
    with pytest.raises(ReadError, match=r"takes 768 bytes.* has 770"):
        describe(tmp_path / "scan.raw", answers=Answers(shape=(4, 8, 12), dtype="uint16"))


def test_a_folder_of_slices_is_stacked_as_a_person_counts(tmp_path):
    for number in range(11):
        tifffile.imwrite(tmp_path / f"s{number}.tif", np.full((4, 6), number, np.uint8))
    (tmp_path / "LICENSE.md").write_text("words")
    found, pixels = read(tmp_path)
    assert (found.axes, found.shape) == ("zyx", (11, 4, 6))
    assert pixels[:, 0, 0].tolist() == list(range(11))
    assert "how far they are apart" in found.spacing_source


def test_a_gap_in_the_numbering_of_slices_is_noticed(tmp_path):
    for number in (0, 1, 2, 4, 5):
        tifffile.imwrite(tmp_path / f"s{number:04}.tif", np.zeros((4, 6), np.uint8))
    assert any(
        "1 slices are missing from the numbering (3)" in w for w in describe(tmp_path).warnings
    )


def test_a_slice_of_another_size_is_named(tmp_path):
    tifffile.imwrite(tmp_path / "s0.tif", np.zeros((4, 6), np.uint8))
    tifffile.imwrite(tmp_path / "s1.tif", np.zeros((4, 7), np.uint8))
    with open_source(tmp_path) as source, pytest.raises(ReadError, match=r"s1\.tif has \(4, 7\)"):
        source.read()


def test_two_kinds_of_slices_are_refused_and_a_pattern_chooses(tmp_path):
    tifffile.imwrite(tmp_path / "s0.tif", np.zeros((4, 6), np.uint8))
    Image.fromarray(np.full((4, 6), 7, np.uint8)).save(tmp_path / "s0.png")
    with pytest.raises(ReadError, match="slices of one kind"):
        describe(tmp_path)
    assert read(f"{tmp_path}::*.png")[1].tolist() == [[[7] * 6] * 4]


def test_slices_keep_their_pixel_size_and_wait_for_their_distance(tmp_path):
    for number in range(3):
        tifffile.imwrite(tmp_path / f"s{number}.tif", np.zeros((4, 6), np.uint8),
                         resolution=(10000, 10000), resolutionunit="CENTIMETER")  # fmt: skip
    assert describe(tmp_path).partial_spacing_um == (None, 1.0, 1.0)
    answered = describe(tmp_path, answers=Answers(spacing_um=(0.05, None, None)))
    assert answered.spacing_um == (0.05, 1.0, 1.0)


def test_hdf5_is_read_by_path_with_its_element_size(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = file.create_dataset("scan/raw", data=VOLUME, chunks=(2, 4, 4), compression="gzip")
        made.attrs["element_size_um"] = [3.0, 2.0, 1.0]
        made.attrs["modality"] = "XRM"
        file["mask"] = VOLUME > 9
    with pytest.raises(ReadError, match="holds 2 images"):
        describe(tmp_path / "a.h5")
    found, pixels = read(f"{tmp_path / 'a.h5'}::/scan/raw")
    np.testing.assert_array_equal(pixels, VOLUME)
    assert (found.spacing_um, found.modality) == ((3, 2, 1), "XRM")
    assert "element_size_um" in found.spacing_source
    mask, values = read(f"{tmp_path / 'a.h5'}::mask")
    assert mask.dtype == "uint8"
    np.testing.assert_array_equal(values, VOLUME > 9)


def test_hdf5_spacing_without_a_unit_waits_for_one(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"] = VOLUME
        file["raw"].attrs["spacing"] = [3.0, 2.0, 1.0]
    assert describe(tmp_path / "a.h5").spacing_um is None
    assert describe(tmp_path / "a.h5", answers=Answers(unit="nm")).spacing_um == pytest.approx(
        (0.003, 0.002, 0.001)
    )


@pytest.mark.parametrize("route", ["external", "soft to external", "external storage", "virtual"])
def test_hdf5_that_leads_into_another_file_is_refused(tmp_path, route):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["raw"] = VOLUME
    with h5py.File(tmp_path / "a.h5", "w") as file:
        if route == "external":
            file["raw"] = h5py.ExternalLink("secret.h5", "/raw")
        elif route == "soft to external":
            file["other"] = h5py.ExternalLink("secret.h5", "/")
            file["raw"] = h5py.SoftLink("/other/raw")
        elif route == "external storage":
            file.create_dataset("raw", (4, 4), "u1", external=[("secret.h5", 0, 16)])
        else:
            layout = h5py.VirtualLayout(VOLUME.shape, "u2")
            layout[...] = h5py.VirtualSource("secret.h5", "raw", VOLUME.shape)
            file.create_virtual_dataset("raw", layout)
    with pytest.raises(ReadError, match="not followed"):
        describe(f"{tmp_path / 'a.h5'}::/raw")


def test_a_picture_has_no_voxel_size(tmp_path):
    data = np.random.default_rng(1).integers(0, 255, (9, 8, 3)).astype(np.uint8)
    Image.fromarray(data).save(tmp_path / "a.png", dpi=(300, 300))
    found, pixels = read(tmp_path / "a.png")
    assert found.spacing_um is None
    np.testing.assert_array_equal(pixels, data.transpose(2, 0, 1))


def test_a_file_that_nobody_knows_says_what_was_tried(tmp_path):
    (tmp_path / "a.xyz").write_bytes(b"hello there")
    with pytest.raises(ReadError, match=r"begins with b'hello th'; tried TIFF, HDF5"):
        describe(tmp_path / "a.xyz")
    (tmp_path / "a.tif").write_bytes(b"hello there")
    with pytest.raises(ReadError, match="named like TIFF"):
        describe(tmp_path / "a.tif")


def test_a_wrong_suffix_does_not_fool_the_reader(tmp_path):
    np.save(tmp_path / "a.npy", VOLUME)
    (tmp_path / "a.npy").rename(tmp_path / "a.tif")
    assert describe(tmp_path / "a.tif").format == "NPY"


def test_complex_pixels_are_refused_in_words(tmp_path):
    np.save(tmp_path / "a.npy", VOLUME.astype(complex))
    with pytest.raises(ReadError, match="got complex128"):
        describe(tmp_path / "a.npy")


def imagej_slices(folder, spacings, unit="um"):
    for number, spacing in enumerate(spacings):
        metadata = {"unit": unit} | ({} if spacing is None else {"spacing": spacing})
        tifffile.imwrite(
            folder / f"s{number}.tif",
            np.zeros((4, 6), np.uint8),
            imagej=True,
            resolution=(4, 4),
            metadata=metadata,
        )


def test_slices_that_agree_on_imagej_s_spacing_say_how_far_they_are_apart(tmp_path):
    imagej_slices(tmp_path, [0.06] * 5)
    found = describe(tmp_path)
    assert found.spacing_um == pytest.approx((0.06, 0.25, 0.25))
    assert "ImageJ spacing" in found.spacing_source


@pytest.mark.parametrize(("spacings", "words"), [
    ([0.06, 0.06, 0.05], "disagree .* 0.06 µm in s0.tif, 0.05 µm in s2.tif"),
    ([0.06, None], "disagree .* nothing in s1.tif"),
    ([None, 0.06], "does not say how far"),
    ([-0.06, -0.06], "does not say how far"),
])  # fmt: skip
def test_slices_that_disagree_have_no_distance(tmp_path, spacings, words):
    imagej_slices(tmp_path, spacings)
    found = describe(tmp_path)
    assert found.partial_spacing_um == (None, pytest.approx(0.25), pytest.approx(0.25))
    assert re.search(words, found.spacing_source)
