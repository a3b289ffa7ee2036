"""Who is at work: the name written beside every decision."""

from __future__ import annotations

import getpass
import os

_VARIABLES = ("SCALEBRIDGE_USER", "JUPYTERHUB_USER")


def current_person() -> str:
    """Name the person at work.

    ``SCALEBRIDGE_USER`` wins, then JupyterHub's user, then the login.

    Returns
    -------
    str
        Never empty.
    """
    for variable in _VARIABLES:
        if name := os.environ.get(variable, "").strip():
            return _readable(name)
    try:
        return _readable(getpass.getuser())
    except (OSError, KeyError, ImportError):  # a container's uid without a passwd entry
        return f"uid {os.getuid()}"


def _readable(name: str) -> str:
    """Replace what no letter stands for: a login may come in another encoding."""
    return name.encode("utf-8", "replace").decode()
