"""Files damaged on purpose: refused in words, or what another parser reads in their headers."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from scalebridge.io.format_table import FORMATS
from scalebridge.io.workers import Workers
from scalebridge.reports.mutations.__main__ import main
from scalebridge.reports.mutations.counting import count_mutations
from scalebridge.reports.mutations.damage import damaged
from scalebridge.reports.mutations.originals import ORIGINALS
from scalebridge.reports.mutations.page import BEGIN, END, table, with_table
from scalebridge.reports.mutations.stated import Stated, contradiction

from ..conftest import lacking

COUNT = int(os.environ.get("SCALEBRIDGE_MUTATIONS", "20"))  # 500 in `make validate`
NEEDS = {"Bruker BCF": "rsciio", "Renishaw WDF": "rsciio", "Gatan": "rsciio",
         "Digital Surf": "rsciio", "ZEISS CZI": "pylibCZIrw", "Gwyddion": "gwyfile",
         "other formats": "bioio_imageio"}  # fmt: skip


@pytest.fixture(scope="module")
def workers():
    made = Workers(apart=False)
    yield made
    made.end()


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda one: one.key)
def test_damaged_files_end_in_a_typed_error_or_are_what_their_header_says(
    tmp_path, request, workers, original
):
    data = request.getfixturevalue("data") if original.source else None
    package = NEEDS.get(original.format)
    if package is not None and find_spec(package) is None:
        lacking("formats", f"{package} is not installed")
    folder = tmp_path / "files"
    folder.mkdir()
    every = 20 if ORIGINALS.index(original) % 4 == 0 or COUNT > 20 else 10**6
    result = count_mutations(
        original, COUNT, seed=6, folder=folder, data=data, workers=workers, imports_every=every
    )
    assert result["failures"] == []
    assert result["error"] + result["image"] == COUNT
    assert result["peak_mb"] < 1024
    assert result["slowest_s"] < 10


def test_every_format_that_is_read_is_damaged():
    kinds = {one.format for one in ORIGINALS}
    # the spectra of a Velox file are damaged with its images
    assert {one.name for one in FORMATS} - kinds == {"Velox EMD spectra"}
    assert len({one.key for one in ORIGINALS}) == len(ORIGINALS)


def test_damage_is_the_same_for_the_same_number_and_another_for_the_next():
    data = bytes(range(256)) * 40 + b"width = 640, height = 480"
    made = [damaged(data, number, seed=1, name="a") for number in range(12)]
    assert made == [damaged(data, number, seed=1, name="a") for number in range(12)]
    assert len({*made, data}) == 13


def told(**changes):
    from scalebridge.io.description import ImageDescription

    about = {
        "path": "/a", "format": "a", "shape": (4, 16, 18), "axes": "zyx", "dtype": "uint8",
        "spacing_um": (3.0, 1.0, 1.0), "partial_spacing_um": (3.0, 1.0, 1.0),
        "spacing_source": "made",
    }  # fmt: skip
    return ImageDescription(**{**about, **changes})


RIGHT = {"grid": (16, 18), "others": 4, "dtypes": ("uint8",),
         "sizes_um": {"z": (3.0,), "y": (1.0,), "x": (0.7, 1.0)}}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), [
    ({}, ""),
    ({"grid": (18, 16)}, "16, 18"),
    ({"others": 5}, "4 planes, the header says 5"),
    ({"dtypes": ("uint16",)}, "pixels of uint8"),
    ({"sizes_um": {"z": (3.0,), "y": (1.001,), "x": (1.0,)}}, "along y"),
    ({"sizes_um": {"y": (1.0,), "x": (1.0,)}}, "along z"),
    ({"sizes_um": None}, ""),
])  # fmt: skip
def test_an_image_that_is_not_what_its_header_says_is_found(change, words):
    found = contradiction(told(), Stated(**{**RIGHT, **change}))
    assert words in found
    assert bool(found) == bool(words)


def test_a_size_that_no_image_has_is_found_without_a_header():
    assert "1e+09" in contradiction(told(partial_spacing_um=(1e9, 1.0, 1.0)), Stated())


def test_the_page_is_written_between_its_marks_and_goes_on_where_it_was(
    tmp_path, monkeypatch, capsys
):
    from scalebridge.reports.mutations import __main__ as module

    few = [one for one in ORIGINALS if one.key in ("NumPy a.npy", "picture a.png")]
    monkeypatch.setattr(module, "ORIGINALS", few)
    page = tmp_path / "formats.md"
    page.write_text(f"# Files\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    given = ["--output", str(page), "--work", str(tmp_path / "work"), "--count", "6"]
    assert main(given) == 0
    text = page.read_text()
    assert "**12 damaged files: none ended other than promised.**" in text
    assert "| NumPy | `a.npy`, by specification | 6 |" in text
    assert "old" not in text
    assert text.endswith(f"{END}\n\nafter\n")
    said = capsys.readouterr().out
    assert "2 of 2: picture a.png, 6 files" in said
    monkeypatch.setattr(module, "counted", lambda *_, **__: pytest.fail("it was finished"))
    assert main(given) == 0
    assert page.read_text() == text


def test_a_page_without_marks_is_not_written_over():
    with pytest.raises(ValueError, match="needs the lines"):
        with_table("# Files\n", "table")


def test_what_ended_wrong_stands_in_the_table():
    one = {"format": "NumPy", "file": "a.npy", "real": False, "count": 3, "error": 1, "image": 2,
           "judged": 2, "stopped": 0, "imported": 1, "failures": ["0: it took 14.0 s"],
           "slowest_s": 14.0, "peak_mb": 40}  # fmt: skip
    assert "3 damaged files: 1 ended other" in table([one], seed=6)


def test_a_fault_of_a_reader_is_counted(tmp_path, workers, monkeypatch):
    from scalebridge.reports.mutations import counting

    original = next(one for one in ORIGINALS if one.key == "NumPy a.npy")
    monkeypatch.setattr(
        counting, "_opened", lambda *_: (_ for _ in ()).throw(ZeroDivisionError("in a reader"))
    )
    folder = Path(tmp_path / "files")
    folder.mkdir()
    result = count_mutations(original, 2, seed=6, folder=folder, data=None, workers=workers)
    assert len(result["failures"]) == 3
    assert "ZeroDivisionError" in result["failures"][0]
    assert np.all([result["error"] == 0, result["image"] == 0])
