"""Images of a workspace that stay where they are: how they are asked for, and what was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ChangedImage, ScalebridgeError, UnsafeWorkspace
from .record import Record

if TYPE_CHECKING:
    from ..io.linked_store import ByteCache, LinkedStore


class Links:
    """The open links of a workspace; all handles on an image share one.

    Attributes
    ----------
    limit_mb : float
        What one reading may unpack [MB]; a whole large image is refused.
    problems : dict of str to str
        By id of an image, why it could not be read when it was asked for last.
    """

    def __init__(self) -> None:
        self.limit_mb = 2048.0
        self.problems: dict[str, str] = {}
        self._timeout_s, self._cache_mb = 20.0, 256.0
        self._cache: dict[str, ByteCache] = {}
        self._stores: dict[str, LinkedStore] = {}
        self._levels: dict[str, tuple[Any, ...]] = {}

    @property
    def timeout_s(self) -> float:
        """How long each request may take [s]; 20 unless set. Setting it asks anew."""
        return self._timeout_s

    @timeout_s.setter
    def timeout_s(self, seconds: float) -> None:
        if not seconds > 0:
            raise ValueError(f"timeout_s needs seconds above 0, got {seconds}")
        self._timeout_s = float(seconds)
        self.forget()

    @property
    def cache_mb(self) -> float:
        """What is kept in memory of what was fetched, for each image [MB]; 256 unless set."""
        return self._cache_mb

    @cache_mb.setter
    def cache_mb(self, megabytes: float) -> None:
        if not megabytes >= 0:
            raise ValueError(f"cache_mb needs 0 or more, got {megabytes}")
        self._cache_mb = float(megabytes)
        self.forget()

    def forget(self) -> None:
        """Hang up, empty the caches and ask anew: after a server has come back, say."""
        self._stores.clear()
        self._levels.clear()
        self.problems.clear()

    def store(self, address: str, *, anonymous: bool = False) -> LinkedStore:
        """Reach for an address; nothing is asked for yet."""
        from ..io.address import read_address
        from ..io.linked_reach import reach
        from ..io.linked_store import ByteCache

        return reach(
            read_address(address),
            timeout_s=self.timeout_s,
            cache=ByteCache(int(self.cache_mb * 2**20)),
            anonymous=anonymous,
        )

    def levels(self, image: Record) -> tuple[Any, ...]:
        """Open the levels of an image, after its metadata were compared with the record.

        Raises
        ------
        Unreachable, ChangedImage
        """
        if image.id not in self._levels:
            from ..io.linked_pyramid import open_levels

            store, link = self.store_of(image), image.fields["link"]
            try:
                self._levels[image.id] = open_levels(
                    store,
                    paths=[level["path"] for level in link["levels"]],
                    recorded=link["documents"],
                )
            except ChangedImage as error:
                raise ChangedImage(f"{error}. {what_changed(image, store)}") from error
        return self._levels[image.id]

    def store_of(self, image: Record) -> LinkedStore:
        """Give the store of an image; made once."""
        if image.id not in self._stores:
            link = image.fields["link"]
            try:
                store = self.store(link["address"], anonymous=link["anonymous"])
            except ValueError as error:  # no address that Scalebridge itself would have recorded
                raise UnsafeWorkspace(
                    f"{image.label} is linked to what is not followed: {error}. Remove it, or link "
                    "it again"
                ) from error
            self._stores[image.id] = store
        return self._stores[image.id]

    def tell(self, image: Record, error: ScalebridgeError | None) -> None:
        """Remember how the last question ended."""
        if error is None:
            self.problems.pop(image.id, None)
        else:
            self.problems[image.id] = str(error)


def facts(description: Any, levels: Any) -> dict[str, Any]:
    """List what a person would call the image: compared when its metadata have changed."""
    spacing = description.spacing_um
    return {
        "voxel size [µm]": None if spacing is None else list(spacing),
        "axes": description.axes,
        "shape": list(description.shape),
        "pixel type": description.dtype,
        "origin [µm]": None if description.origin_um is None else list(description.origin_um),
        "levels": [[level.path, *level.shape] for level in levels],
    }


def what_changed(image: Record, store: LinkedStore) -> str:
    """Say in words what the metadata say now that they did not say before."""
    from ..io import Answers
    from ..io.linked_pyramid import read_pyramid

    store.documents = {}
    try:
        pyramid = read_pyramid(store, answers=Answers())
    except ScalebridgeError as error:
        return f"They cannot be understood any more: {error}"
    finally:
        store.documents = {}
    before, now = image.fields["link"]["facts"], facts(pyramid.description, pyramid.levels)
    changes = [f"{k}: {before.get(k)} is now {now[k]}" for k in now if now[k] != before.get(k)]
    known = "voxel size, axes, shape, pixel type and levels are as they were"
    return "; ".join(changes) if changes else f"Something else was changed: {known}"
