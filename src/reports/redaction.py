"""Secrets are taken out of a text before it stands in a report that people pass on."""

from __future__ import annotations

import os
import re

_HIDDEN = "•••"
_URL_LOGIN = re.compile(r"(?P<scheme>[a-zA-Z][\w+.-]*://)[^\s/@'\"]+@")
_ASSIGNED = re.compile(
    r"(?i)(?P<name>[\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)[\w-]*"
    r"['\"]?\s*[=:]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;&)]+)"
)
_SECRET_VARIABLE = re.compile(r"(?i)password|passwd|secret|token|(api|access|private)_?key")
_ANSI = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


def redacted(text: str) -> str:
    """Hide logins in URLs, values assigned to secret names, and this process's own secrets.

    Examples
    --------
    >>> redacted("postgresql://ada:lovelace@db/scale")
    'postgresql://•••@db/scale'
    """
    text = _ANSI.sub("", text)
    for name, value in os.environ.items():
        if _SECRET_VARIABLE.search(name) and len(value) >= 8:
            text = text.replace(value, _HIDDEN)
    text = _URL_LOGIN.sub(rf"\g<scheme>{_HIDDEN}@", text)
    return _ASSIGNED.sub(rf"\g<name>{_HIDDEN}", text)
