from __future__ import annotations

import pytest

from scalebridge.io.address import read_address


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://me:secret@example.org/a.zarr", "no login"),
        ("s3://key:secret@bucket/a.zarr", "no login"),
        ("https://example.org/a.zarr?X-Amz-Signature=secret", "after \\? or #"),
        ("file:///data/a.zarr", "the scheme 'file'"),
        ("FILE:/data/a.zarr", "the scheme 'file'"),
        ("ftp://example.org/a.zarr", "the scheme 'ftp'"),
        ("gs://bucket/a.zarr", "the scheme 'gs'"),
        ("memory://a.zarr", "the scheme 'memory'"),
        ("simplecache::https://example.org/a.zarr", "its entry as part of"),
        ("zip://a.zarr::https://me:secret@example.org/a.zip", "its entry as part of"),
        ("https://example.org/a/../../b.zarr", "without \\.\\."),
        ("https:/example.org/a.zarr", "https://host/path"),
        ("http://example.org:x/a.zarr", "http://host/path"),
        ("s3://bucket", "only the bucket"),
        ("", "a folder"),
    ],
)
def test_what_is_no_plain_address_is_refused_in_words_without_its_secret(address, words):
    with pytest.raises(ValueError, match=words) as refused:
        read_address(address)
    assert "secret" not in str(refused.value)


def test_folders_are_recorded_as_absolute_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = read_address("a.ome.zarr")
    assert (found.kind, found.text) == ("folder", str(tmp_path.resolve() / "a.ome.zarr"))


def test_a_web_address_keeps_its_port_and_path():
    found = read_address("HTTP://example.org:8080/some/a.ome.zarr//")
    assert (found.kind, found.text) == ("http", "http://example.org:8080/some/a.ome.zarr")
    assert found.name == "a.ome.zarr"
