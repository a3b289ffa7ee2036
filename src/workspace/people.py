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
            return name
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's uid without a passwd entry
        return f"uid {os.getuid()}"
