"""A workspace, or a part of it, as one portable file.

A bundle is a zip with RO-Crate metadata: what it is, whose, of when, and every file with its size
and SHA-256. Records travel as text, one line a version, so that what was written on one database
opens on another.
"""

from __future__ import annotations

from .limits import BundleLimits
from .reading import read_bundle
from .writing import BundleWritten, write_bundle

__all__ = ["BundleLimits", "BundleWritten", "read_bundle", "write_bundle"]
