"""The list of formats against the readers, the page and the command."""

from __future__ import annotations

from pathlib import Path

import pytest

from scalebridge.cli import main
from scalebridge.io import format_table, formats
from scalebridge.io.registry import READERS

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def test_every_reader_and_each_of_its_endings_is_listed():
    listed = {one.reader for one in format_table.FORMATS}
    assert listed == {reader.name for reader in READERS} | {"OME-Zarr"}
    for reader in READERS:
        endings = {e for one in format_table.FORMATS if one.reader == reader.name
                   for e in one.endings}  # fmt: skip
        assert set(reader.suffixes) <= endings, reader.name


def test_the_page_holds_the_table_of_the_code():
    assert format_table.formats_page() in PAGE.read_text("utf-8")


def test_what_is_missing_is_said_with_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(format_table, "find_spec", lambda name: None)
    table = formats().set_index("format")
    assert not table.loc["Bruker BCF", "read_here"]
    assert table.loc["Bruker BCF", "install"] == "pip install 'scalebridge[formats]'"
    assert table.loc["ZEISS SEM", "read_here"]
    with pytest.raises(SystemExit) as done:
        main(["formats"])
    said = capsys.readouterr().out
    assert done.value.code == 0
    missing = said[said.index("can be read with what is missing") :]
    assert "ZEISS CZI" in missing
    assert "pylibCZIrw" in missing
    assert "JEOL SEM" not in missing


def test_a_format_without_an_instruments_file_says_so():
    untried = set(formats().query("tried == @format_table.UNTRIED")["format"])
    assert {"JEOL SEM", "Oxford H5OINA", "EBSD text", "VGI", "DICOM", "Igor wave"} <= untried
    assert not untried & {"ZEISS SEM", "Xradia", "Bruker BCF", "Velox EMD", "ZEISS CZI"}
