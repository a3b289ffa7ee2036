"""Where an image lies that is not copied: a folder, a web server or a bucket, without a login."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

_SCHEME = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9+.-]+):")  # one letter is a drive of Windows
_KNOWN = "a folder, http://, https:// or s3://"


@dataclass(frozen=True)
class Address:
    """The place of a linked image.

    Attributes
    ----------
    text : str
        What is recorded: no login, no query, no slash at its end.
    kind : {"folder", "http", "s3"}
    """

    text: str
    kind: Literal["folder", "http", "s3"]

    @property
    def name(self) -> str:
        """The last part, for people."""
        return self.text.rstrip("/").rpartition("/")[2] or self.text


def read_address(address: str | os.PathLike[str]) -> Address:
    """Understand an address, or refuse it.

    Raises
    ------
    ValueError
        For logins, queries, other schemes, and chains of them.

    Examples
    --------
    >>> read_address("https://example.org/data/hip.ome.zarr/").text
    'https://example.org/data/hip.ome.zarr'
    >>> read_address("s3://specimens/hip.ome.zarr").kind
    's3'
    """
    text = os.fspath(address).strip()
    if not text or "::" in text or any(ord(letter) < 32 for letter in text):
        shown = _without_login(text.partition("::")[0])
        raise ValueError(
            f"address needs {_KNOWN}, got {shown!r}: name one OME-Zarr image, its entry as part of "
            "the path"
        )
    scheme = _SCHEME.match(text)
    if scheme is None:
        return Address(str(Path(text).expanduser().resolve()), "folder")
    kind = scheme["name"].lower()
    if kind not in ("http", "https", "s3"):
        raise ValueError(
            f"address needs {_KNOWN}, got the scheme {kind!r}: give a folder by its plain path, "
            "and anything else through a web server"
        )
    return _checked(text, kind)


def _checked(text: str, scheme: str) -> Address:
    shown = _without_login(text)
    parts = urlsplit(text)
    if "@" in parts.netloc:
        raise ValueError(
            f"address needs no login, got one before the host of {shown!r}: it would be recorded; "
            "S3 keys come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
        )
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError(
            f"address needs no part after ? or #, got one in {shown!r}: it may hold a signature, "
            "and chunks are asked for by path"
        )
    try:
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    steps = parts.path.split("/")
    if not parts.hostname or not port_is_fine or ".." in steps or "\\" in text or " " in text:
        raise ValueError(f"address needs {scheme}://host/path without .., got {shown!r}")
    if not text.lower().startswith(f"{scheme}://"):
        raise ValueError(f"address needs {scheme}://host/path, got {shown!r}")
    path = parts.path.rstrip("/")
    if scheme == "s3" and not path:
        raise ValueError(f"address needs s3://bucket/path, got only the bucket {shown!r}")
    return Address(f"{scheme}://{parts.netloc}{path}", "s3" if scheme == "s3" else "http")


def _without_login(text: str) -> str:
    """What a message may show: neither the login nor what stands after ? or #."""
    start, slashes, rest = text.partition("://")
    if not slashes:
        return text
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{start}://{host.rpartition('@')[2]}{slash}{path}"
