from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from scalebridge.io import (
    Answers,
    ImageDescription,
    describe,
    load_answers,
    open_source,
    refusal,
    remembered_key,
    save_answers,
    summary,
)


def folder_of(tmp_path, count=3):
    for number in range(count):
        tifffile.imwrite(tmp_path / f"view{number}.tif", np.zeros((4, 6), np.uint8))
    return [tmp_path / f"view{number}.tif" for number in range(count)]


def test_one_answer_serves_a_folder_and_is_remembered(tmp_path):
    files = folder_of(tmp_path)
    memory = tmp_path / "answers" / "answers.json"
    first = describe(files[0])
    save_answers(memory, remembered_key(first), Answers(spacing_um=(0.5, 0.25), modality="LM"))
    for file in files[1:]:
        known = load_answers(memory)[remembered_key(describe(file))]
        found = describe(file, answers=known)
        assert (found.spacing_um, found.modality) == ((0.5, 0.25), "LM")
        assert found.spacing_source == "answered"
        assert refusal(found) is None


def test_remembering_one_instrument_forgets_no_other(tmp_path):
    memory = tmp_path / "answers.json"
    save_answers(memory, "a", Answers(unit="nm"))
    save_answers(memory, "b", Answers(flip="", axes="zyx"))
    save_answers(memory, "a", Answers(unit="mm"))
    assert load_answers(memory) == {"a": Answers(unit="mm"), "b": Answers(flip="", axes="zyx")}
    assert load_answers(tmp_path / "absent.json") == {}


def test_an_instrument_is_remembered_wherever_its_files_lie():
    one, other = (
        ImageDescription(
            path=path,
            format="ZEISS SEM TIFF",
            shape=(2, 2),
            axes="yx",
            dtype="uint8",
            spacing_um=None,
            spacing_source="",
            instrument="ZEISS Auriga 60-46-17",
        )
        for path in ("/a/1.tif", "/b/2.tif")
    )
    assert remembered_key(one) == remembered_key(other) == "ZEISS Auriga 60-46-17"


@pytest.mark.parametrize(("wrong", "words"), [
    ({"spacing_um": (1.0, 0.0)}, "it is zero"),
    ({"spacing_um": (1.0, -2.0)}, "negative"),
    ({"spacing_um": (float("nan"), 1.0)}, "NaN"),
    ({"spacing_um": (1e9, 1.0)}, "no voxel size of a microscope"),
    ({"unit": "inch"}, "unit needs a length"),
    ({"axes": "zyy"}, "each once"),
    ({"flip": "t"}, "letters of 'zyx'"),
    ({"handedness": "both"}, "'right' or 'left'"),
    ({"tilt_correction": 90.0}, "between -85 and 85"),
    ({"shape": (0, 2)}, "positive whole numbers"),
])  # fmt: skip
def test_a_wrong_answer_is_refused_when_it_is_given(wrong, words):
    with pytest.raises(ValueError, match=words):
        Answers(**wrong)


def test_an_ion_beam_stack_asks_whether_its_tilt_was_corrected_until_somebody_says(tmp_path):
    file = tmp_path / "stack.npy"
    np.save(file, np.zeros((3, 4, 5), np.uint8))

    def asked(**answers):
        found = describe(file, answers=Answers(spacing_um=(0.02, 0.01, 0.01), **answers))
        return found.spacing_um[1], any("tilt of the face" in words for words in found.warnings)

    assert asked(modality="FIB-SEM") == (0.01, True)
    assert asked(modality="FIB-SEM", tilt_correction=0) == (0.01, False)
    assert asked(modality="XRM") == (0.01, False)
    y_um, told = asked(modality="PFIB-SEM", tilt_correction=38)
    assert y_um == pytest.approx(0.01 / np.cos(np.radians(38)))
    assert not told


def test_a_description_survives_json(tmp_path):
    file = folder_of(tmp_path, 1)[0]
    found = describe(file, answers=Answers(spacing_um=(0.5, 0.25)))
    assert ImageDescription.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_an_answer_for_a_volume_serves_a_flat_image_too(tmp_path):
    file = folder_of(tmp_path, 1)[0]
    assert describe(file, answers=Answers(spacing_um=(9, 0.5, 0.25))).spacing_um == (0.5, 0.25)


def test_the_summary_says_what_is_missing_and_how_to_answer(tmp_path):
    file = folder_of(tmp_path, 1)[0]
    found = describe(file)
    for words in ("y 4, x 6 (uint8", "uncalibrated", "modality    not stated", "missing     voxel"):
        assert words in summary(found)
    assert "give spacing_um=(y,x) in µm" in (refusal(found) or "")


def test_the_refusal_of_a_mirrored_image_offers_the_flip(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 5), np.uint8))
    left = Answers(handedness="left", spacing_um=(1, 1, 1))
    assert "flip='z' takes it back" in (refusal(describe(tmp_path / "a.npy", answers=left)) or "")


def test_modality_is_never_invented(tmp_path):
    with open_source(folder_of(tmp_path, 1)[0]) as source:
        assert source.description.modality is None


def test_imports_at_once_forget_no_answer(tmp_path):
    memory = tmp_path / "answers.json"
    script = (
        "import sys; from scalebridge.io import Answers, save_answers\n"
        "for k in range(25): save_answers(sys.argv[1], f'{sys.argv[2]}-{k}', Answers(unit='nm'))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(memory), name]) for name in ("a", "b")
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(load_answers(memory)) == 50
    assert [path.name for path in tmp_path.iterdir()] == ["answers.json"]
