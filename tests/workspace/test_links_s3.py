from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge.errors import Unreachable

from ..conftest import lacking

sys.path.insert(0, str(Path(__file__).parents[1] / "io"))
from linked_pyramids import VOLUME, made


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket on this machine that holds one image."""
    try:
        import boto3
        import s3fs  # noqa: F401
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        lacking("remote", f"{error.name} is not installed")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "very-secret",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="specimens")
    folder = made(tmp_path / "hip.ome.zarr", levels=2)
    for file in folder.rglob("*"):
        if file.is_file():
            key = file.relative_to(tmp_path).as_posix()
            client.put_object(Bucket="specimens", Key=f"left/{key}", Body=file.read_bytes())
    try:
        yield client
    finally:
        server.stop()


def test_a_bucket_is_read_with_the_keys_of_the_environment_and_none_is_recorded(ws, bucket):
    image = ws.images.link("s3://specimens/left/hip.ome.zarr")
    np.testing.assert_array_equal(image.levels[1].array[4], VOLUME[8, ::2, ::2])
    np.testing.assert_array_equal(image.levels[0].array[3, 5:9], VOLUME[3, 5:9])
    assert image.address == "s3://specimens/left/hip.ome.zarr"
    ws.close()
    stored = b"".join(file.read_bytes() for file in ws.path.rglob("*") if file.is_file())
    assert b"very-secret" not in stored


def test_a_chunk_missing_from_a_bucket_is_filled_and_a_missing_bucket_is_an_error(ws, bucket):
    image = ws.images.link("s3://specimens/left/hip.ome.zarr")
    bucket.delete_object(Bucket="specimens", Key="left/hip.ome.zarr/0/c/0/0/0")
    assert (image.levels[0].array[0, :16, :16] == 7).all()
    ws.images.links.forget()
    for one in bucket.list_objects_v2(Bucket="specimens")["Contents"]:
        bucket.delete_object(Bucket="specimens", Key=one["Key"])
    bucket.delete_bucket(Bucket="specimens")
    with pytest.raises(Unreachable, match=r"hip\.ome\.zarr"):
        _ = image.levels[0].array[0]


def test_a_bucket_that_is_not_there_is_told_at_linking(ws, bucket):
    with pytest.raises(Unreachable, match="look whether the address"):
        ws.images.link("s3://nothing/hip.ome.zarr")
    assert len(ws.images) == 0
