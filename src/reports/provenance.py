"""Which software made a result."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

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
        "platform": f"{sys.platform} {platform.machine()}",
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
