"""A zarr store of an image that lies elsewhere: what cannot be fetched is never taken for zeros.

zarr and fsspec answer a missing key with the fill value, whatever made it missing. This store
raises :class:`~scalebridge.errors.Unreachable` for every refusal, failure and silence of a server,
and believes in a missing chunk only where the array's metadata still stand beside it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from zarr.abc.store import ByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.storage import WrapperStore

from ..errors import ChangedImage, DamagedImage, ScalebridgeError, Superseded, Unreachable
from .address import Address
from .asking import ASKING

METADATA = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
_CONFIRMED_S = 30.0  # so long a missing chunk needs no second look at the metadata


class ByteCache:
    """The stored bytes that were fetched last, up to a number of bytes.

    Parameters
    ----------
    most_bytes : int
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._kept: OrderedDict[Any, Buffer | None] = OrderedDict()

    def __contains__(self, key: Any) -> bool:
        return key in self._kept

    def get(self, key: Any) -> Buffer | None:
        """Give what is kept under a key; None stands for a chunk that does not exist."""
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: Any, found: Buffer | None) -> None:
        """Keep something, and let go of what was used longest ago."""
        if key in self._kept or _size(found) > self.most_bytes:
            return
        self._kept[key] = found
        self.bytes += _size(found)
        while self.bytes > self.most_bytes:
            _, old = self._kept.popitem(last=False)
            self.bytes -= _size(old)


def _size(found: Buffer | None) -> int:
    return 64 + (0 if found is None else len(found))


class LinkedStore(WrapperStore[Store]):
    """Read-only access to the chunks of one image.

    Parameters
    ----------
    store : Store
        What asks: zarr's FsspecStore, or LocalStore for a folder.
    address : Address
    timeout_s : float
        For each request [s].
    cache : ByteCache

    Attributes
    ----------
    documents : dict of str to bytes
        Metadata that were compared with what was recorded; zarr gets these and no others.
    may_miss : dict of str to bool
        By path of a level, whether its metadata say what a missing chunk holds.
    requests : int
        How many were sent.
    """

    def __init__(
        self, store: Store, *, address: Address, timeout_s: float, cache: ByteCache
    ) -> None:
        super().__init__(store)
        self.address, self.timeout_s, self.cache = address, timeout_s, cache
        self.documents: dict[str, bytes] = {}
        self.may_miss: dict[str, bool] = {}
        self.requests = 0
        self._silent: tuple[float, str] | None = None
        self._confirmed: dict[str, float] = {}

    def _with_store(self, store: Store) -> LinkedStore:
        return self

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a key: metadata from what was checked, chunks from where they lie."""
        if key.rpartition("/")[2] in METADATA:
            known = self.documents.get(key)
            return None if known is None else prototype.buffer.from_bytes(known)
        place = (key, byte_range)
        if place in self.cache:
            return self.cache.get(place)
        found = await self.fetch(key, prototype, byte_range)
        if found is None:
            await self._believe_missing(key)
        self.cache.put(place, found)
        return found

    async def fetch(
        self,
        key: str,
        prototype: BufferPrototype | None = None,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Ask for a key; None only where the answer was that there is none.

        Raises
        ------
        Unreachable
        """
        self._refuse_while_silent()
        question = ASKING.get()
        if question is not None:
            if not question.wanted():
                raise Superseded(f"{self.address.text}/{key} is no longer wanted")
            question.sent += 1
        self.requests += 1
        asked = self._store.get(key, prototype or default_buffer_prototype(), byte_range)
        try:
            found = await asyncio.wait_for(asked, self.timeout_s)
        except ScalebridgeError:
            raise
        except Exception as error:  # every library below has exceptions of its own
            raise self._unreachable(key, error) from error
        if question is not None:
            question.came += 1
            question.bytes += 0 if found is None else len(found)
        if found is not None:
            self._check_length(key, byte_range, len(found))
        return found

    async def _believe_missing(self, key: str) -> None:
        """Take a chunk for missing if its array still stands there, and says what that means."""
        level = next((path for path in self.may_miss if key.startswith(f"{path}/")), "")
        document = next((k for k in self.documents if k.rpartition("/")[0] == level), "")
        if time.monotonic() - self._confirmed.get(level, -_CONFIRMED_S) >= _CONFIRMED_S:
            found = await self.fetch(document)
            data = None if found is None else found.to_bytes()
            refuse_changed(self.address, {document: data}, self.sums())
            self._confirmed[level] = time.monotonic()
        if not self.may_miss.get(level, False):
            raise DamagedImage(
                f"expected a chunk at {self.address.text}/{key}, there is none, and the metadata "
                "do not say what a missing one holds (fill_value null): have it written again"
            )

    def sums(self) -> dict[str, str]:
        """Give the SHA-256 of every document."""
        return {key: sha256(data).hexdigest() for key, data in self.documents.items()}

    def _refuse_while_silent(self) -> None:
        if self._silent is not None and time.monotonic() < self._silent[0]:
            raise Unreachable(self._silent[1])

    def _unreachable(self, key: str, error: Exception) -> Unreachable:
        words = f"{self.address.text}/{key} could not be read: {_reason(error, self.timeout_s)}"
        if not _answered(error):  # a view asks for many chunks: nobody waits for each of them
            self._silent = (time.monotonic() + self.timeout_s / 2, words)
        return Unreachable(words)

    def _check_length(self, key: str, byte_range: ByteRequest | None, got: int) -> None:
        wanted = None
        if isinstance(byte_range, RangeByteRequest):
            wanted = byte_range.end - byte_range.start
        elif isinstance(byte_range, SuffixByteRequest):
            wanted = byte_range.suffix
        if wanted is not None and got != wanted:
            raise Unreachable(
                f"{self.address.text}/{key} could not be read: expected {wanted} bytes of a shard, "
                f"got {got}: the server does not answer byte ranges, import the image instead"
            )


def refuse_changed(
    address: Address, found: Mapping[str, bytes | None], recorded: Mapping[str, str]
) -> None:
    """Compare metadata documents with the sums that were recorded.

    Raises
    ------
    Unreachable
        If one is not there.
    ChangedImage
        If one says something else.
    """
    for key, data in found.items():
        if data is None:
            raise Unreachable(
                f"{address.text}/{key} could not be read: it is not there (404): look whether the "
                "image was moved, and link it at its new address"
            )
    changed = [k for k, d in found.items() if d and sha256(d).hexdigest() != recorded.get(k)]
    if changed:
        raise ChangedImage(
            f"expected the metadata of {address.text} as they were when it was linked, got others "
            f"in {', '.join(changed)}: link it again under another name, or have the old state "
            "restored there"
        )


def _answered(error: Exception) -> bool:
    """Whether somebody said no, instead of nobody saying anything."""
    return _status(error) is not None or isinstance(error, PermissionError | FileNotFoundError)


def _status(error: Exception) -> int | None:
    status = getattr(error, "status", None)  # aiohttp
    if status is None:
        response = getattr(error.__cause__ or error, "response", None)  # botocore
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def _reason(error: Exception, timeout_s: float) -> str:
    status = _status(error)
    if isinstance(error, TimeoutError):
        return (
            f"no answer within {timeout_s:g} s: try again, or give it longer with "
            "ws.images.links.timeout_s"
        )
    if status in (401, 403) or isinstance(error, PermissionError):
        code = f"{status} " if status else ""
        return (
            f"the answer was {code}access refused: ask for permission; a bucket that may not be "
            "listed says so of missing objects too"
        )
    if status is not None:
        return f"the answer was {status}: try again later, or ask who runs the server"
    if type(error).__name__ == "NoCredentialsError":
        return (
            "there are no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or link it with "
            "anonymous=True if everybody may read it"
        )
    if isinstance(error, FileNotFoundError):
        return f"{error}: look whether the folder is there, or was moved"
    said = str(error) or type(error).__name__
    return f"{said}: look whether the network and the address are right"
