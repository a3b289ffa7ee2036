"""Images in a bucket: written under a prefix of their own, and listed last.

A bucket cannot rename. The files of an image go under a prefix that nobody else has; once all of
them are there, one small object names the prefix. That object is written at once or not at all, so
an image is absent or whole: what an upload leaves behind that did not come to its end is listed
nowhere, and `remove_unlisted` takes it away.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import DamagedImage, MissingPackage, Unreachable
from ..io.address import read_address

if TYPE_CHECKING:
    import pandas as pd

    from .image import Image

_LISTING = "listing"
_KEY = re.compile(r"[\w.-]+-[0-9a-f]{32}")
_COLUMNS = ("name", "address", "published", "files", "bytes", "problem")


@dataclass(frozen=True)
class PublishedImage:
    """An image that was published.

    Attributes
    ----------
    address : str
        Of its OME-Zarr folder, for ``ws.images.link``.
    files, bytes : int
    """

    address: str
    files: int
    bytes: int


def publish_image(image: Image, address: str) -> PublishedImage:
    """Copy an image into a bucket, where others see it whole or not at all.

    Keys come from the environment (``AWS_ACCESS_KEY_ID``); none is recorded.

    Parameters
    ----------
    image : Image
        Compared with its checksums before anything is sent.
    address : str
        ``s3://bucket`` or ``s3://bucket/folder``.

    Returns
    -------
    PublishedImage

    Raises
    ------
    DamagedImage
        It is not as it was recorded.
    Unreachable
        The bucket does not answer or refuses; nothing is listed then.

    Examples
    --------
    >>> publish_image(ws.images["hip"], "s3://specimens/left").address  # doctest: +SKIP
    's3://specimens/left/hip-4f0c52b2b4c24c4c8b6d3c1c2f5a7e90'
    """
    damaged = image.verify().query("damaged > 0")
    if len(damaged):
        raise DamagedImage(
            f"{image.name} is not as it was recorded and is not published: scalebridge doctor says "
            "what is damaged"
        )
    root = _root(address)
    key = f"{re.sub(r'[^A-Za-z0-9_.-]', '_', image.name)}-{uuid4().hex}"
    sizes, sums = {}, {}
    with _asking(address) as bucket:
        for file in sorted(one for one in image.folder.rglob("*") if one.is_file()):
            name, data = file.relative_to(image.folder).as_posix(), file.read_bytes()
            bucket.pipe_file(f"{root}/{key}/{name}", data)
            sizes[name] = len(data)
            if file.name == "zarr.json":
                sums[name] = hashlib.sha256(data).hexdigest()
        _refuse_missing(bucket, f"{root}/{key}", sizes)
        said = {
            "name": image.name,
            "published": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": len(sizes),
            "bytes": sum(sizes.values()),
            "documents": sums,
        }
        bucket.pipe_file(f"{root}/{_LISTING}/{key}.json", json.dumps(said, indent=1).encode())
    return PublishedImage(f"s3://{root}/{key}", len(sizes), sum(sizes.values()))


def published_images(address: str) -> pd.DataFrame:
    """List what was published, the oldest first.

    Parameters
    ----------
    address : str
        As for `publish_image`.

    Returns
    -------
    DataFrame
        ``name``, ``address``, ``published``, ``files``, ``bytes`` and ``problem``: what is not as
        it was listed, files that are missing or metadata that are others; empty if nothing is.

    Raises
    ------
    Unreachable
    """
    import pandas as pd

    root, rows = _root(address), []
    with _asking(address) as bucket:
        for key in _listed(bucket, root):
            said = json.loads(bucket.cat_file(f"{root}/{_LISTING}/{key}.json"))
            problem = _problem(bucket, f"{root}/{key}", said)
            told = (said["name"], f"s3://{root}/{key}", said["published"], said["files"])
            rows.append((*told, said["bytes"], problem))
    return pd.DataFrame(rows, columns=list(_COLUMNS)).sort_values("published", ignore_index=True)


def remove_unlisted(address: str, *, older_than_h: float = 24.0) -> list[str]:
    """Take away what uploads left behind that did not come to their end.

    Parameters
    ----------
    address : str
        As for `publish_image`.
    older_than_h : float
        Younger ones may still be on their way [h].

    Returns
    -------
    list of str
        Addresses of what was removed; nothing that has another name than ours is touched.

    Raises
    ------
    Unreachable
    """
    root, removed = _root(address), []
    before = datetime.now(UTC) - timedelta(hours=older_than_h)
    with _asking(address) as bucket:
        listed = set(_listed(bucket, root))
        for place in bucket.ls(root, detail=False, refresh=True):
            key = place.rstrip("/").rpartition("/")[2]
            if key in listed or not _KEY.fullmatch(key):
                continue
            files = bucket.find(place, detail=True)
            if files and max(one["LastModified"] for one in files.values()) <= before:
                bucket.rm(place, recursive=True)
                removed.append(f"s3://{place}")
    return removed


def _root(address: str) -> str:
    place = read_address(address)
    if place.kind != "s3":
        raise ValueError(f"address needs s3://bucket/folder, got {place.text!r}")
    return place.text.removeprefix("s3://")


@contextmanager
def _asking(address: str) -> Iterator[Any]:
    """Give the bucket; what it refuses is told without its keys."""
    try:
        from s3fs import S3FileSystem
    except ImportError:
        raise MissingPackage("s3fs", extra="remote", purpose="images in buckets") from None
    bucket = S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    try:
        yield bucket
    except OSError as error:
        raise Unreachable(
            f"expected an answer of {read_address(address).text}, got {type(error).__name__}: "
            f"{error}: look whether the address and the rights of the keys are right"
        ) from error


def _listed(bucket: Any, root: str) -> list[str]:
    try:
        files = bucket.ls(f"{root}/{_LISTING}", detail=False, refresh=True)
    except FileNotFoundError:
        bucket.ls(root.partition("/")[0], refresh=True)  # a bucket that is not there is an error
        return []
    names = [one.rpartition("/")[2].removesuffix(".json") for one in files]
    return [name for name in names if _KEY.fullmatch(name)]


def _refuse_missing(bucket: Any, place: str, sizes: dict[str, int]) -> None:
    there = {
        name.removeprefix(f"{place}/"): about["size"]
        for name, about in bucket.find(place, detail=True).items()
    }
    if there != sizes:
        lost = sorted(set(sizes.items()) ^ set(there.items()))[:3]
        raise OSError(f"{len(there)} of {len(sizes)} files came whole, among the others {lost}")


def _problem(bucket: Any, place: str, said: dict[str, Any]) -> str:
    files = bucket.find(place, detail=True)
    if len(files) != said["files"] or sum(one["size"] for one in files.values()) != said["bytes"]:
        return f"{len(files)} of {said['files']} files are there, or not as long as they were"
    for name, expected in said["documents"].items():
        if hashlib.sha256(bucket.cat_file(f"{place}/{name}")).hexdigest() != expected:
            return f"{name} is not the one that was published"
    return ""
