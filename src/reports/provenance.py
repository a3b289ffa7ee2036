"""Which software made a result."""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "scalebridge",
    "numpy",
    "scipy",
    "scikit-image",
    "SimpleITK",
    "pandas",
    "zarr",
    "SQLAlchemy",
    "holoviews",
    "matplotlib",
    "papermill",
)


def versions() -> dict[str, str]:
    """Return the versions that numbers depend on, by name."""
    found = {name: _version(name) for name in _PACKAGES}
    return {
        "Python": platform.python_version(),
        **{name: number for name, number in found.items() if number},
        "source": source_digest(),
        "platform": f"{sys.platform} {platform.machine()}",
    }


@cache
def source_digest() -> str:
    """Return 12 digits that change with any line of this package's code.

    A version alone does not say which code ran where somebody changes it between two releases.
    """
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
