from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scalebridge.errors import DamagedImage, Unreachable
from scalebridge.workspace import publish_image, published_images, remove_unlisted

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


PIXELS = np.random.default_rng(3).integers(0, 60000, (20, 24, 28), dtype=np.uint16)


@pytest.fixture
def image(ws: Any) -> Any:
    return ws.images.write(
        "left hip",
        shape=PIXELS.shape,
        dtype=PIXELS.dtype,
        axes="zyx",
        blocks=[(tuple(slice(0, n) for n in PIXELS.shape), PIXELS)],
        spacing_um=(2.0, 1.0, 1.0),
        spacing_source="made",
    )


def stopped_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """End an upload before one of its files, as a kill or a lost network would."""
    import s3fs

    put = s3fs.S3FileSystem._pipe_file
    sent: list[str] = []

    async def pipe_file(self: Any, path: str, data: bytes, **more: Any) -> Any:
        if len(sent) == count:
            raise OSError("the network is gone")
        sent.append(path)
        return await put(self, path, data, **more)

    monkeypatch.setattr(s3fs.S3FileSystem, "_pipe_file", pipe_file)


def test_a_published_image_is_listed_last_and_reads_the_same(ws, bucket, image):
    published = publish_image(image, "s3://specimens/shared")
    [row] = published_images("s3://specimens/shared").itertuples()
    assert (row.name, row.address, row.problem) == ("left hip", published.address, "")
    keys = bucket.list_objects_v2(Bucket="specimens", Prefix="shared/")["Contents"]
    newest = max(one["LastModified"] for one in keys)
    [listing] = [one for one in keys if "/listing/" in one["Key"]]
    assert listing["LastModified"] == newest
    linked = ws.images.link(published.address, name="linked")
    np.testing.assert_array_equal(linked.levels[0].array[:], PIXELS)
    assert linked.spacing_um == (2.0, 1.0, 1.0)
    text = json.dumps([one["Key"] for one in keys])
    assert "very-secret" not in text


def test_an_upload_that_is_stopped_at_any_file_lists_nothing(bucket, image):
    whole = publish_image(image, "s3://specimens/first").files
    for count in sorted({0, 1, whole // 2, whole - 1, whole}):
        with pytest.MonkeyPatch.context() as patched:
            stopped_after(count, patched)
            with pytest.raises(Unreachable, match="the network is gone"):
                publish_image(image, "s3://specimens/stopped")
        assert len(published_images("s3://specimens/stopped")) == 0
    publish_image(image, "s3://specimens/stopped")
    assert len(published_images("s3://specimens/stopped")) == 1
    assert remove_unlisted("s3://specimens/stopped") == []  # they may still be on their way
    assert len(remove_unlisted("s3://specimens/stopped", older_than_h=0)) == 4
    assert list(published_images("s3://specimens/stopped")["problem"]) == [""]
    assert list(published_images("s3://specimens/first")["problem"]) == [""]


def test_two_people_who_publish_one_name_at_once_have_two_images(bucket, image):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(publish_image(image, "s3://specimens/both").address)
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    table = published_images("s3://specimens/both")
    assert sorted(table["address"]) == sorted(found)
    assert list(table["problem"]) == ["", ""]


def test_what_was_changed_or_lost_in_the_bucket_is_said(bucket, image):
    for change in ("lost", "changed"):
        place = publish_image(image, f"s3://specimens/{change}").address.removeprefix("s3://")
        key = place.partition("/")[2]
        if change == "lost":
            files = bucket.list_objects_v2(Bucket="specimens", Prefix=f"{key}/0/c/")["Contents"]
            bucket.delete_object(Bucket="specimens", Key=files[0]["Key"])
        else:
            told = bucket.get_object(Bucket="specimens", Key=f"{key}/0/zarr.json")["Body"].read()
            other = told.replace(b"uint16", b"uint32")
            bucket.put_object(Bucket="specimens", Key=f"{key}/0/zarr.json", Body=other)
        [problem] = published_images(f"s3://specimens/{change}")["problem"]
        assert "files are there" in problem or "0/zarr.json is not the one" in problem


def test_a_damaged_image_is_not_published_and_a_folder_is_no_bucket(bucket, image):
    with pytest.raises(ValueError, match="address needs s3://"):
        publish_image(image, "/somewhere")
    with pytest.raises(Unreachable, match="look whether the address"):
        publish_image(image, "s3://nothing/here")
    with pytest.raises(Unreachable, match="look whether the address"):
        published_images("s3://nothing/here")
    chunk = next(one for one in (image.folder / "0" / "c").rglob("*") if one.is_file())
    chunk.chmod(0o644)
    chunk.write_bytes(b"x" + chunk.read_bytes()[1:])
    with pytest.raises(DamagedImage, match="is not published"):
        publish_image(image, "s3://specimens/damaged")
    assert len(published_images("s3://specimens/damaged")) == 0
