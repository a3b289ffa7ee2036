"""The plane of a picture inside a volume: an SEM, EDS or light image of a section."""

from __future__ import annotations

from .find import find_slice
from .found import Rival, SliceInVolume
from .on_slice import place_on_slice
from .virtual import virtual_slices

__all__ = ["Rival", "SliceInVolume", "find_slice", "place_on_slice", "virtual_slices"]
