"""The way to an image that lies elsewhere: a folder, a web server or a bucket."""

from __future__ import annotations

import weakref
from typing import Any

from zarr.core.sync import _get_loop
from zarr.storage import FsspecStore, LocalStore

from ..errors import ReadError
from .address import Address
from .linked_store import ByteCache, LinkedStore

_INSTALL = "install it with pip install 'scalebridge[remote]'"


def reach(
    address: Address, *, timeout_s: float, cache: ByteCache, anonymous: bool = False
) -> LinkedStore:
    """Give the store of an address; nothing is asked for yet.

    Parameters
    ----------
    address : Address
    timeout_s : float
        For each request [s].
    cache : ByteCache
    anonymous : bool
        Ask a bucket without keys.

    Raises
    ------
    ReadError
        If the package that speaks with such a server is not installed.
    """
    if not timeout_s > 0:
        raise ValueError(f"timeout_s needs seconds above 0, got {timeout_s}")
    given: dict[str, Any] = {"address": address, "timeout_s": timeout_s, "cache": cache}
    if address.kind == "folder":
        return LinkedStore(LocalStore(address.text, read_only=True), **given)
    system = _web(timeout_s) if address.kind == "http" else _bucket(timeout_s, anonymous)
    path = address.text.removeprefix("s3://")
    store = LinkedStore(FsspecStore(system, read_only=True, path=path), **given)
    weakref.finalize(store, _hang_up, system)
    return store


def _web(timeout_s: float) -> Any:
    try:
        import aiohttp
        from fsspec.implementations.http import HTTPFileSystem
    except ImportError as error:
        raise ReadError(f"images behind http need aiohttp, it is missing: {_INSTALL}") from error
    return HTTPFileSystem(
        asynchronous=True,
        skip_instance_cache=True,
        client_kwargs={"timeout": aiohttp.ClientTimeout(total=timeout_s)},
    )


def _bucket(timeout_s: float, anonymous: bool) -> Any:
    try:
        from s3fs import S3FileSystem
    except ImportError as error:
        raise ReadError(f"images in buckets need s3fs, it is missing: {_INSTALL}") from error
    system = S3FileSystem(
        anon=anonymous,
        asynchronous=True,
        skip_instance_cache=True,
        config_kwargs={
            "connect_timeout": timeout_s,
            "read_timeout": timeout_s,
            "retries": {"max_attempts": 1},
        },
    )
    system.retries = 2  # else it tries again for longer than anybody was told to wait
    return system


def _hang_up(system: Any) -> None:
    """Close what stays open: in asynchronous use fsspec leaves that to its caller."""
    session = getattr(system, "_session", None) or getattr(system, "_s3", None)
    if session is not None:
        system.close_session(_get_loop(), session)
