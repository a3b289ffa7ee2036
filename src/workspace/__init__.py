"""One specimen's images, frames, decisions and measurements, with their history.

>>> from scalebridge.workspace import Workspace
"""

from __future__ import annotations

from .backup import BackedUp, back_up
from .bucket import PublishedImage, publish_image, published_images, remove_unlisted
from .bundle import BundleLimits, BundleWritten, read_bundle, write_bundle
from .collection import Collection
from .doctor import Diagnosis, examine
from .image import Image, Level
from .images import Images
from .landmarks import LandmarkArrays
from .migrating import Migration, migrate
from .progress import ImportProgress
from .record import Record
from .running_import import RunningImport
from .workspace import Workspace

__all__ = [
    "BackedUp",
    "BundleLimits",
    "BundleWritten",
    "Collection",
    "Diagnosis",
    "Image",
    "Images",
    "ImportProgress",
    "LandmarkArrays",
    "Level",
    "Migration",
    "PublishedImage",
    "Record",
    "RunningImport",
    "Workspace",
    "back_up",
    "examine",
    "migrate",
    "publish_image",
    "published_images",
    "read_bundle",
    "remove_unlisted",
    "write_bundle",
]
