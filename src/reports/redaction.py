"""Secrets are taken out of a text before it stands in a report that people pass on."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from ..workspace.records_address import VARIABLE

_HIDDEN = "•••"
# Up to the last @ before a slash; a password may hold slashes too, but a port ends at the first.
_URL_LOGIN = re.compile(
    r"(?P<scheme>[a-zA-Z][\w+.-]*://)"
    r"(?P<login>[^\s/'\"<>]+|[^\s/@:'\"<>]*:(?!\d{1,5}/)[^\s@'\"<>]+)@"
)
# SQLAlchemy takes everything up to the @ for the password, also spaces and quotes.
_ADDRESS = re.compile(r"\s*[a-zA-Z][\w+.-]*://[^\s:/@]*:(?P<password>[^@]+)@")
# Glands and cells secrete, too: their secretion is measured, not hidden.
_WORDS = r"password|passwd|passphrase|secret(?!ion|e|or)|token|credential"
_KEYS = r"(?:api|access|private)[_-]?key"
_ASSIGNED = re.compile(
    rf"(?i)(?P<name>[\w-]*(?:{_WORDS}|{_KEYS})[\w-]*"
    r"['\"]?\s*[=:]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;&)]+)"
)
_AUTHORIZED = re.compile(
    r"(?i)(?P<name>authorization['\"]?\s*[=:]\s*['\"]?(?:(?:bearer|basic|digest|token)\s+)?)"
    r"(?P<value>[^\s,;'\"]+)"
)
_SECRET_VARIABLE = re.compile(rf"(?i){_WORDS}|{_KEYS}")
_SECRET_PARAMETER = re.compile(rf"(?i){_WORDS}|(^|_)pwd$|authorization|(^|_|api)key$")
_ANSI = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")
# A shorter secret is part of too many words and numbers to be looked for in what is displayed.
_SHORTEST, _SHORTEST_DISPLAYED = 4, 6


def redacted(text: str) -> str:
    """Hide logins in URLs, values assigned to secret names, and this process's own secrets.

    Examples
    --------
    >>> redacted("postgresql://ada:lovelace@db/scale")
    'postgresql://•••@db/scale'
    >>> redacted("{'Authorization': 'Bearer abc.def'}, secretion_rate=3.1")
    "{'Authorization': 'Bearer •••'}, secretion_rate=3.1"
    """
    text = uncoloured(text)
    for name, value in os.environ.items():
        if _SECRET_VARIABLE.search(name) and len(value) >= 8:
            text = text.replace(value, _HIDDEN)
    for secret in _records_secrets():
        text = text.replace(secret, _HIDDEN)
    text = _without_logins(text)
    for pattern in (_AUTHORIZED, _ASSIGNED):
        text = pattern.sub(rf"\g<name>{_HIDDEN}", text)
    return text


def uncoloured(text: str) -> str:
    """Take a terminal's colours out of a text."""
    return _ANSI.sub("", text)


def is_secret(name: str) -> bool:
    """Say whether a parameter of this name is kept from every page and record.

    Examples
    --------
    >>> [is_secret(name) for name in ("db_password", "api_key", "key", "key_image", "tokens")]
    [True, True, True, False, True]
    """
    return _SECRET_PARAMETER.search(name) is not None


@dataclass(frozen=True)
class Secrets:
    """The secrets of one run.

    Attributes
    ----------
    texts : tuple of str
        In every spelling in which they may stand, the longest first.
    """

    texts: tuple[str, ...] = ()

    @classmethod
    def among(cls, values: Mapping[str, Any]) -> Secrets:
        """Find the values of secret names, the passwords in URLs, and that of the records.

        Examples
        --------
        >>> Secrets.among({"records": "postgresql://ada:lovelace@db/scale"}).texts
        ('lovelace',)
        """
        found = {
            spelling
            for name, value in values.items()
            for text in _texts(value)
            for secret in ([text] if is_secret(name) else _passwords(text))
            for spelling in _spellings(secret)
            if len(spelling) >= _SHORTEST
        }
        found.update(_records_secrets())
        return cls(tuple(sorted(found, key=lambda text: (-len(text), text))))

    def hide(self, text: str) -> str:
        """Hide them in what was printed, and all that `redacted` hides."""
        text = uncoloured(text)
        for secret in self.texts:
            text = text.replace(secret, _HIDDEN)
        return redacted(text)

    def blot(self, value: Any) -> Any:
        """Hide them in code or plain data, and logins in URLs; the rest stays as it is."""
        if isinstance(value, str):
            for secret in self.texts:
                if len(secret) >= _SHORTEST_DISPLAYED:
                    value = value.replace(secret, _HIDDEN)
            return _without_logins(value)
        if isinstance(value, Mapping):
            return {key: self.blot(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.blot(part) for part in value)
        return value

    def told(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters as they may stand in a record."""
        return {
            name: _HIDDEN if is_secret(name) and value is not None else self.blot(value)
            for name, value in values.items()
        }


def _records_secrets() -> tuple[str, ...]:
    """Return the password of the records' database as it may be spelt, the longest first."""
    given = [*_passwords(os.environ.get(VARIABLE, "")), os.environ.get("PGPASSWORD", "")]
    spelt = {spelling for secret in given for spelling in _spellings(secret)}
    return tuple(
        sorted((text for text in spelt if len(text) >= _SHORTEST_DISPLAYED), key=len, reverse=True)
    )


def _without_logins(text: str) -> str:
    return _URL_LOGIN.sub(rf"\g<scheme>{_HIDDEN}@", text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, str) or (type(value) is int and len(str(value)) >= _SHORTEST_DISPLAYED):
        yield str(value)


def _passwords(text: str) -> Iterator[str]:
    found = {match["login"].partition(":")[2] for match in _URL_LOGIN.finditer(text)}
    if (address := _ADDRESS.match(text)) is not None:
        found.add(address["password"])
    for password in found - {""}:
        yield from {password, unquote(password)}


def _spellings(secret: str) -> tuple[str, ...]:
    """Return a secret as Python, JSON, HTML and URLs spell it."""
    return (
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        html.escape(secret),
        *(quote(secret, safe=kept) for kept in ("", "/", " +")),  # the last is SQLAlchemy's
        quote_plus(secret),
    )
