"""`scalebridge import` as a person meets it, through a pseudo-terminal."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from scalebridge import Workspace
from scalebridge.io import Answers, save_answers
from scalebridge.io.example_files import _FEI_TAG

from .terminal import Terminal

RNG = np.random.default_rng(5)
VOLUME = RNG.integers(0, 60000, (4, 6, 8), dtype=np.uint16)


@pytest.fixture
def place(tmp_path):
    return tmp_path / "specimen"


@pytest.fixture
def terminal(tmp_path, place):
    def start(*arguments):
        return Terminal("import", *arguments, "-w", place, home=tmp_path / "home")

    return start


def mirrored_nrrd(path):
    """Its y points down: x, y, z are left-handed."""
    header = (
        "NRRD0005\ntype: uint16\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {' '.join(map(str, VOLUME.shape[::-1]))}\n"
        "space directions: (0.5,0,0) (0,-0.5,0) (0,0,0.5)\n"
        'space units: "um" "um" "um"\nendian: little\nencoding: raw\n\n'
    )
    path.write_bytes(header.encode() + VOLUME.astype("<u2").tobytes())
    return path


def mirrored_nifti(path):
    """Its x runs to the left while y and z run to front and top, as many programs write.

    Reversing x or y takes it back; x, y and z of our world run left, back and up.
    """
    header = np.zeros(348, np.uint8)

    def put(offset, values, kind):
        raw = np.atleast_1d(np.asarray(values, kind)).view(np.uint8)
        header[offset : offset + len(raw)] = raw

    put(0, 348, "<i4")
    put(40, [3, *VOLUME.shape[::-1], 1, 1, 1, 1], "<i2")
    put(70, 512, "<i2")
    put(72, 16, "<i2")
    put(76, [1, 0.5, 0.5, 0.5, 1, 1, 1, 1], "<f4")
    put(108, 352, "<f4")
    header[123] = 3
    put(252, [0, 1], "<i2")
    put(280, [-0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0], "<f4")
    header[344:348] = np.frombuffer(b"n+1\0", np.uint8)
    path.write_bytes(header.tobytes() + bytes(4) + VOLUME.astype("<u2").tobytes())
    return path


def is_untouched(place):
    return not place.exists() or not any((place / "images").iterdir())


@pytest.mark.parametrize(
    ("write", "name", "axis"), [(mirrored_nrrd, "y.nrrd", 1), (mirrored_nifti, "x.nii", 1)]
)
def test_the_flip_that_fixes_a_mirror_image_is_offered_and_taken_with_return(
    tmp_path, place, terminal, write, name, axis
):
    screen = terminal(write(tmp_path / name))
    assert "z 4, y 6, x 8" in screen.expect("picture")
    assert is_untouched(place), "nothing is written before the person agreed"
    screen.expect(f"axes to reverse (nothing: {'zyx'[axis]}")
    screen.type("")
    screen.expect("import this image?")
    screen.type("y")
    assert screen.ended() == 0, screen.screen
    with Workspace.open(place) as ws:
        (image,) = ws.images
        assert (image.array() == np.flip(VOLUME, axis)).all()
        assert image.spacing_um == pytest.approx((0.5, 0.5, 0.5))
        assert (place / "previews" / f"{image.name}.png").read_bytes()[:4] == b"\x89PNG"


def test_wrong_entries_are_asked_again_and_one_answer_serves_the_folder(tmp_path, place, terminal):
    files = [tmp_path / f"view{number}.npy" for number in range(3)]
    for file in files:
        np.save(file, VOLUME)
    screen = terminal(*files)
    for wrong, said in (
        ("half", "lengths in µm look like"),
        ("1,2", "expected a length for each of z,y,x, got '1,2'"),
        ("0,1,1", "it is zero"),
        ("1,1,-4", "negative"),
    ):
        screen.expect("voxel size z,y,x in µm")
        screen.type(wrong)
        screen.expect(said)
    screen.expect("voxel size z,y,x in µm")
    screen.type("300 200 200 nm")
    assert "voxel size z,y,x in µm" not in screen.expect("import these 3 images?")
    screen.type("perhaps")
    screen.expect("expected y, n or c, got 'perhaps'")
    screen.type("")
    assert screen.ended() == 0, screen.screen
    with Workspace.open(place) as ws:
        assert {image.spacing_um for image in ws.images} == {(0.3, 0.2, 0.2)}
        assert len(ws.images) == 3


def test_axes_tilt_and_modality_are_corrected_before_the_import(tmp_path, place, terminal):
    np.save(tmp_path / "a.npy", VOLUME)
    screen = terminal(tmp_path / "a.npy", "--voxel-um", "0.5")
    assert screen.ended() == 2, "one length for three axes is refused, not spread"
    screen = terminal(tmp_path / "a.npy", "--voxel-um", "0.5,0.25,0.25")
    screen.expect("c: correct something]")
    screen.type("c")
    for entry, said in (
        ("colour=red", "expected one of voxel, axes"),
        ("axes=zy", "names 2 axes"),
        ("axes=xyz", "z 8, y 6, x 4"),
        ("tilt=95", "between -85 and 85"),
        ("tilt=60", "corrected for a tilt of 60°"),
        ("modality=FIB-SEM", "modality    FIB-SEM"),
        ("handedness=left", "axes to reverse"),
        ("z", "modality    FIB-SEM"),
    ):
        screen.type(entry)
        screen.expect(said)
    screen.type("")
    screen.expect("c: correct something]")
    screen.type("y")
    assert screen.ended() == 0, screen.screen
    with Workspace.open(place) as ws:
        image = ws.images["a"]
        assert image.spacing_um == pytest.approx((0.5, 0.5, 0.25))
        assert (image.array() == VOLUME.transpose()[::-1]).all()
        assert image.modality == "FIB-SEM"


@pytest.mark.parametrize("leave", ["press_ctrl_c", "press_ctrl_d"])
def test_leaving_at_a_question_writes_nothing_at_all(tmp_path, place, terminal, leave):
    np.save(tmp_path / "a.npy", VOLUME)
    screen = terminal(tmp_path / "a.npy")
    screen.expect("voxel size z,y,x in µm")
    getattr(screen, leave)()
    assert screen.ended() == 130
    assert "nothing more is imported" in screen.screen
    assert not place.exists()


def test_ctrl_c_during_the_import_leaves_nothing_half_written(tmp_path, place, terminal):
    header = {"shape": [2048, 1024, 1024], "dtype": "uint16", "spacing_um": [1, 1, 1]}
    (tmp_path / "big.raw.json").write_text(json.dumps(header))
    with (tmp_path / "big.raw").open("wb") as file:
        file.truncate(2 * 2048 * 1024 * 1024)
    screen = terminal(tmp_path / "big.raw")
    screen.expect("import this image?")
    screen.type("y")
    screen.expect("left, up to 4.91 GB on disk")
    screen.press_ctrl_c()
    assert screen.ended() == 130, screen.screen
    assert "'big' is not imported, and nothing of it is left" in screen.screen
    assert list((place / "images").iterdir()) == []
    with Workspace.open(place) as ws:
        assert (len(ws.images), len(ws.gc())) == (0, 0)


def sem_picture(path):
    """A picture of a known instrument without a pixel size."""
    text = "[System]\r\nType=DualBeam\r\nDnumber=9900\r\nSystemType=Helios NanoLab\r\n"
    tags = [(_FEI_TAG, "s", 0, text, True)]
    tifffile.imwrite(path, VOLUME[0], metadata=None, extratags=tags)
    return path


def test_an_answer_for_an_instrument_is_offered_at_the_next_specimen(tmp_path, place, terminal):
    screen = terminal(sem_picture(tmp_path / "one.tif"))
    screen.expect("voxel size y,x in µm")
    screen.type("0.02")
    screen.expect("import this image?")
    screen.type("y")
    assert screen.ended() == 0, screen.screen
    other = tmp_path / "elsewhere"
    other.mkdir()
    screen = Terminal(
        "import", sem_picture(other / "two.tif"), "-w", other / "ws", home=tmp_path / "home"
    )
    screen.expect("at another specimen you answered for")
    screen.type("")
    screen.expect("import this image?")
    screen.type("y")
    assert screen.ended() == 0, screen.screen
    with Workspace.open(other / "ws") as ws:
        assert ws.images["two"].spacing_um == (0.02, 0.02)


def test_remembered_answers_never_overrule_a_voxel_size_of_the_file(tmp_path, place, terminal):
    tifffile.imwrite(
        tmp_path / "known.tif", VOLUME[0], imagej=True, resolution=(4, 4), metadata={"unit": "um"}
    )
    key = f"ImageJ TIFF in {tmp_path}"
    Workspace.create(place).close()
    save_answers(place / "answers.json", key, Answers(spacing_um=(9, 9), tilt_correction=60))
    screen = terminal(tmp_path / "known.tif")
    screen.expect("import this image?")
    screen.type("")
    assert screen.ended() == 0, screen.screen
    with Workspace.open(place) as ws:
        assert ws.images["known"].spacing_um == pytest.approx((0.5, 0.25))
